# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests through a gateway must show: each declared name reaches a declared backend, and nothing leaks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from tests.gateway.gateway import CHAT, HELLO, Gateway
from tests.properties.cases import Case
from tests.properties.expectations import (
    Credential,
    Declared,
    Member,
    accounts,
    declared,
    provider_settings,
    same_name,
    secret_of,
)

# What cannot stand in a path that a client asks for: it ends the path or is part of a template.
_NOT_IN_A_PATH = frozenset("/\\?#%{}")
_OF_THE_CLIENT = "of-the-client"


@dataclass(frozen=True)
class _Answer:
    """An answer of the gateway, and the requests that providers got meanwhile."""

    response: requests.Response
    reached: list[dict[str, Any]]

    def __str__(self) -> str:
        request = self.response.request
        return f"{request.path_url} {request.body!r} was answered {self.response.status_code} {self.response.text}"


class Traffic:
    """Requests through a gateway that serves an inventory, whose providers know its secrets."""

    def __init__(self, gateway: Gateway, case: Case) -> None:
        self._gateway = gateway
        self._models = declared(case)
        self._by_name = {key: model for model in self._models for key in model.names}
        self._settings = provider_settings(case)
        self._universal = _is_usual(case.variables.get("llm_universal_api"), "models")
        self._accounts = accounts(case)
        # The API in the shape of model inference has no operations on what is kept.
        has_operations = (case.variables.get("llm_universal_api") or {}).get("type") == "openai"
        self._keeps = has_operations and len(self._accounts) == len(case.backends)
        self._azure = _is_usual(case.variables.get("llm_azure_openai_api"), "openai")
        self._headers = {"api-key": gateway.key, "Authorization": f"Bearer {_OF_THE_CLIENT}", "Cookie": _OF_THE_CLIENT}
        secrets = {secret_of(backend) for backend in case.backends}
        self._secrets = {*secrets, gateway.key, _OF_THE_CLIENT} - {""}

    def check(self) -> None:
        """Ask for every declared name, for one that is not declared, and for what a refused request falls back to."""
        for host, settings in self._settings.items():
            self._gateway.provider(host, **settings)
        try:
            for model in self._models:
                self._check_model(model)
            if self._universal:
                self._check_unknown()
                self._check_list()
                if self._keeps:
                    self._check_stored()
                self._check_fallback()
        finally:
            for host in self._settings:
                self._gateway.azure.admin("DELETE", f"providers/{host}")

    def _check_model(self, model: Declared) -> None:
        for name in model.names.values() if model.known else ():
            if self._universal:
                self._check_answer(self._ask(CHAT, {"model": name, "messages": HELLO}), model.first)
            if self._azure and not set(name) & _NOT_IN_A_PATH:
                # Names are equal without regard to case, of which only that of ASCII is beyond doubt.
                other = name.swapcase() if name.isascii() else name
                path = f"/openai/deployments/{quote(other, safe='')}/chat/completions?api-version=2024-10-21"
                self._check_answer(self._ask(path, {"messages": HELLO}), model.first)

    def _check_answer(self, answer: _Answer, expected: Sequence[Member]) -> None:
        assert answer.reached, f"no provider was reached: {answer}"
        self._check_reached(answer, expected)
        if all(member.accepted for member in expected):
            assert answer.response.status_code == 200, str(answer)
            assert len(answer.reached) == 1, f"asked {len(answer.reached)} times: {answer}"

    def _check_unknown(self) -> None:
        answer = self._ask(CHAT, {"model": "no such model", "messages": HELLO})
        assert (answer.response.status_code, answer.reached) == (400, []), str(answer)

    def _check_list(self) -> None:
        listed = self._gateway.ask("/models/deployments", method="GET").json()["value"]
        names = {same_name(entry["name"]) for entry in listed}
        expected = {next(iter(model.names)) for model in self._models}
        assert names == expected, f"listed are {names}, not {expected}"

    def _check_stored(self) -> None:
        """A response of one model is found again where it is kept, and nobody is asked with another's credential."""
        if not self._models or not all(account.keeps for account in self._accounts):
            return
        model = self._models[0]
        made = self._ask("/models/responses", {"model": next(iter(model.names.values())), "input": "Hello!"})
        self._check_answer(made, model.first)
        keeper = next(each for each in self._accounts if each.host == made.reached[0]["host"])
        # An external account is asked beside those of Azure only when the client names it.
        named = keeper.is_external and not all(each.is_external for each in self._accounts)
        path = f"/models/responses/{made.response.json()['id']}"
        found = self._ask(path, None, method="GET", **({"x-llm-backend": keeper.account} if named else {}))
        assert found.response.status_code == 200, str(found)
        assert found.reached[-1]["host"] == keeper.host, str(found)
        self._check_reached(found, self._accounts)

    def _check_fallback(self) -> None:
        """Let all members of one model refuse: the next model of its chain takes the request, when it can."""
        for model in self._models:
            targets = [self._by_name[key] for name in model.fallbacks if (key := same_name(name)) in self._by_name]
            chain = [model, *targets]
            refusing = {member.host for member in model.members}
            if not targets or not all(each.known and each.members for each in chain):
                continue
            for host in refusing:
                self._gateway.provider(host, status=429, retry_after=1)
            answer = self._ask(CHAT, {"model": next(iter(model.names.values())), "messages": HELLO})
            self._check_reached(answer, [member for each in chain for member in each.members])
            able = [member for member in targets[0].first if member.accepted and member.host not in refusing]
            if len(able) == len(targets[0].first) and all(member.accepted for member in model.members):
                assert answer.response.status_code == 200, str(answer)
                self._check_reached(_Answer(answer.response, answer.reached[-1:]), able)
            return

    def _ask(self, path: str, body: Mapping[str, Any] | None, method: str = "POST", **headers: str) -> _Answer:
        self._gateway.azure.forget()
        response = self._gateway.ask(path, body, method=method, headers={**self._headers, **headers})
        return _Answer(response, self._gateway.log("provider"))

    def _check_reached(self, answer: _Answer, expected: Sequence[Member]) -> None:
        """Every request that reached a provider was for one of these members, with its credential and no other."""
        for entry in answer.reached:
            seen = _seen(entry)
            fits = [member for member in expected if (member.host, member.credential) == seen]
            assert fits, f"{seen} was reached, not one of {expected}: {answer}"
            named = entry["deployment"]
            if named is not None:
                names = {named if member.is_external else same_name(named): member for member in fits}
                assert any(member.deployment in names for member in fits), f"{named}: {answer}"
            shown = json.dumps(entry, ensure_ascii=False)
            leaked = [secret for secret in self._secrets if secret in shown]
            assert not leaked, f"{leaked} reached {entry['host']}"


def _is_usual(api: Any, path: str) -> bool:
    return isinstance(api, dict) and api.get("deploy") is True and api.get("path") == path


def _seen(entry: Mapping[str, Any]) -> tuple[str, Credential | None]:
    """Return host and the one credential of a request that a provider logged."""
    shown = entry["credentials"]
    assert len(shown) < 2, f"{entry['host']} got several credentials: {shown}"
    return entry["host"], Credential(
        shown[0]["name"].lower(), shown[0]["kind"], shown[0].get("client_id")
    ) if shown else None
