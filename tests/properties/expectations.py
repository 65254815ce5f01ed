# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory declares, read from its own words: which backends serve a model, by what name and credential.

Nothing here asks the collection; it would agree with itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tests.integration.harness import IDENTITY_CLIENT_ID
from tests.properties.cases import Backend, Case
from tests.properties.endpoints import Endpoint, read_endpoint
from tests.properties.plausible import NAMED_VALUES, VAULT


@dataclass(frozen=True)
class Credential:
    """What a request shows: the header (lower case), its kind as the provider's log calls it, whose token it is."""

    header: str
    kind: str
    client_id: str | None = None


@dataclass(frozen=True)
class Member:
    """One deployment that may answer for a model.

    :ivar account: id of its backend.
    :ivar deployment: without regard to case, except at external providers, which may tell names apart by it.
    :ivar accepted: whether a provider takes this credential in this header; an inventory may give a wrong one.
    :ivar keeps: whether it keeps responses, and shows them to this credential.
    """

    account: str
    host: str
    deployment: str
    priority: int
    credential: Credential | None
    accepted: bool
    keeps: bool
    is_external: bool


@dataclass
class Declared:
    """One model: its names as they are spelled first, its members, and the names that it falls back to."""

    names: dict[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    fallbacks: list[str] = field(default_factory=list)
    known: bool = True

    @property
    def first(self) -> list[Member]:
        """The members of the best priority: one of them gets a request while all are well."""
        best = min(member.priority for member in self.members)
        return [member for member in self.members if member.priority == best]


def text_of(value: Any) -> str:
    """Return what a scalar of YAML says as text, without surrounding space."""
    return (value.isoformat() if isinstance(value, date) else str(value)).strip()


def same_name(name: str) -> str:
    """Return the form in which names of models are equal: .NET lowers each UTF-16 unit by itself."""
    return "".join(_lower(character) for character in name)


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and ord(character) <= 0xFFFF else character


def declared(case: Case) -> list[Declared]:
    """Return the models of an inventory that has no problems.

    One of which some backend has an endpoint that these tests do not know is not `known`.
    """
    found: dict[str, Declared] = {}
    exclude = (case.variables.get("llm_retirement") or {}).get("retired") == "exclude"
    for backend in case.backends:
        for model in backend["supported_models"]:
            entry = model if isinstance(model, dict) else {"name": model}
            names = [text_of(name) for name in [entry["name"], *(entry.get("aliases") or ())]]
            served = found.setdefault(same_name(names[0]), Declared())
            for name in names:
                served.names.setdefault(same_name(name), name)
            served.fallbacks = served.fallbacks or [text_of(name) for name in entry.get("fallbacks") or ()]
            if not (exclude and _is_retired(entry)):
                _add_member(served, backend, text_of(entry.get("deployment") or entry["name"]))
    return [model for model in found.values() if model.members or not model.known]


def _is_retired(entry: dict[str, Any]) -> bool:
    day = entry.get("retirement_date")
    return bool(day) and date.fromisoformat(text_of(day)[:10]) < datetime.now(UTC).date()


def accounts(case: Case) -> list[Member]:
    """Return every backend as one that may be asked for what is kept; of endpoints that these tests know."""
    endpoints = [(each, read_endpoint(each["backend_type"], each["endpoint"])) for each in case.backends]
    return [_member(backend, endpoint, "") for backend, endpoint in endpoints if endpoint]


def _add_member(served: Declared, backend: Backend, deployment: str) -> None:
    endpoint = read_endpoint(backend["backend_type"], backend["endpoint"])
    if endpoint is None:
        served.known = False
    elif (member := _member(backend, endpoint, deployment)) not in served.members:
        served.members.append(member)


def _member(backend: Backend, endpoint: Endpoint, deployment: str) -> Member:
    priority = backend.get("priority")
    credential = credential_of(backend, endpoint)
    accepted = _is_accepted(endpoint, credential)
    return Member(
        account=text_of(backend["backend_id"]),
        host=endpoint.host,
        deployment=deployment if endpoint.site.is_external else same_name(deployment),
        priority=1 if priority is None else int(priority),
        credential=credential,
        accepted=accepted,
        keeps=accepted and (endpoint.site.is_external or not endpoint.site.is_pathless),
        is_external=endpoint.site.is_external,
    )


def secret_of(backend: Backend) -> str:
    """Return the secret that a backend declares, wherever it is kept; empty for none."""
    credential = backend.get("credential") or {}
    if credential.get("value") is not None:
        return str(credential["value"]).strip()
    if credential.get("named_value") is not None:
        return NAMED_VALUES.get(text_of(credential["named_value"]), "")
    return VAULT.get(text_of(credential.get("key_vault_secret_id", "")).rstrip("/"), "")


def header_of(backend: Backend, endpoint: Endpoint) -> str:
    """Return the header of a key or token, in lower case."""
    bearer = backend["auth_scheme"] == "token" or endpoint.site.bearer_keys
    header = (backend.get("credential") or {}).get("header")
    return text_of(header or ("Authorization" if bearer else "api-key")).lower()


def credential_of(backend: Backend, endpoint: Endpoint) -> Credential | None:
    """Return what the provider of a backend must see, None for nothing."""
    if backend["auth_scheme"] == "managed_identity":
        return Credential("authorization", f"bearer aud={endpoint.audience}", IDENTITY_CLIENT_ID)
    if backend.get("credential") is None:
        return None
    header = header_of(backend, endpoint)
    return Credential(header, "bearer" if header == "authorization" else "api-key")


def _is_accepted(endpoint: Endpoint, credential: Credential | None) -> bool:
    if endpoint.site.is_external:
        return True
    if credential is None:
        return False
    if credential.client_id or credential.header == "api-key":
        return True
    return credential.header == "authorization" and endpoint.site.bearer_keys


def provider_settings(case: Case) -> dict[str, dict[str, Any]]:
    """Return what the provider of each host must be told: its keys, the header that holds them, where paths begin."""
    found: dict[str, dict[str, Any]] = {}
    for backend in case.backends:
        endpoint = read_endpoint(backend["backend_type"], backend["endpoint"])
        if endpoint is None:
            continue
        settings = found.setdefault(endpoint.host, {"api_keys": []})
        settings["api_keys"] += [secret] if (secret := secret_of(backend)) else []
        if endpoint.site.is_external:
            header = header_of(backend, endpoint)
            settings["base_path"] = endpoint.path.rstrip("/")
            settings["key_header"] = None if header == "authorization" else header
    return found
