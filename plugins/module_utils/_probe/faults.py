# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets one member of a pool fail for a while: in the embedded Azure by its provider, elsewhere by its address.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member

try:
    import requests
except ImportError:  # libraries.require() reports it before anything here is used
    requests = None  # type: ignore[assignment]

_ADMIN_SECONDS = 30
_THROTTLED = {"status": 429, "retry_after": 1}
# RFC 6761: no name below it exists, so that a gateway finds nobody there.
_NOBODY = "https://made-to-fail-by-a-validation.invalid"


class Fault(Protocol):
    """A way to let a member fail.

    :ivar cause: what the member does then, in words.
    """

    cause: str

    def failing(self, member: Member) -> Any:
        """Return a context in which the member fails, and after which it is as before."""

    def is_open(self, member: Member) -> bool | None:
        """Tell whether the member's circuit breaker is open; None where nothing tells."""

    def settle(self) -> None:
        """Wait until a member that fails no more can serve again."""


class EmbeddedFault:
    """Tells the providers of the embedded Azure to throttle one deployment (its admin API)."""

    cause = "answered 429"

    def __init__(self, admin_url: str, service: str) -> None:
        """:param service: RESOURCE_GROUP/NAME."""
        self._url = admin_url.rstrip("/")
        self._service = service.lower()
        self._session = requests.Session()
        self._session.trust_env = False

    @contextmanager
    def failing(self, member: Member) -> Iterator[None]:
        """Let the member's deployment, or its whole host when it has several, answer 429 inside the context."""
        path = f"providers/{member.host}"
        before = _behaviour(self._call("GET", "providers"), member.host)
        fault: dict[str, Any] = dict(_THROTTLED)
        if member.deployment:
            fault = {"per_deployment": {**before.get("per_deployment", {}), member.deployment: _THROTTLED}}
        self._call("PUT", path, {**before, **fault})
        try:
            yield
        finally:
            self._call("PUT", path, before)

    def is_open(self, member: Member) -> bool | None:
        """Tell whether the member's circuit breaker is open."""
        return any(
            each["service"].lower() == self._service and each["backend"].lower() == member.backend.lower()
            for each in self._call("GET", "breakers")
            if each["state"] == "open"
        )

    def settle(self) -> None:
        """Wait as long as the providers' Retry-After said."""
        time.sleep(_THROTTLED["retry_after"] + 0.2)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self._url}/{path}", json=body, timeout=_ADMIN_SECONDS)
        if not answer.ok:
            raise ConfigurationError([f"the embedded Azure refuses {method} {path}: {answer.text}"])
        return answer.json() if answer.content else None


class AddressFault:
    """Gives a backend an address where nobody is, by ARM: for real services whose owner allows it.

    Requests that go there meanwhile fail over as those of the trial do. A run that is killed inside leaves the address;
    the next onboarding repairs it.
    """

    cause = "had an address where nobody answers"

    def __init__(self, client: ArmClient, propagation: float) -> None:
        """:param propagation: seconds until every gateway has seen a change of a backend."""
        self._client = client
        self._propagation = propagation

    @contextmanager
    def failing(self, member: Member) -> Iterator[None]:
        """Let the member have no address inside the context."""
        path = f"{self._client.service_path}/backends/{member.backend}"
        entity = self._client.get(path)
        if entity is None:
            raise ConfigurationError([f"the backend {member.backend} does not exist"])
        try:
            self._client.patch(path, {"properties": {"url": _NOBODY}}, if_match=entity.etag or "*")
            time.sleep(self._propagation)
            yield
        finally:
            self._client.patch(path, {"properties": {"url": entity.body["properties"]["url"]}}, if_match="*")

    def is_open(self, member: Member) -> bool | None:
        """Return None: nothing tells of breakers outside of the embedded Azure."""
        del member
        return None

    def settle(self) -> None:
        """Wait until every gateway has seen the address again."""
        time.sleep(self._propagation)


def _behaviour(providers: Mapping[str, Mapping[str, Any]], host: str) -> dict[str, Any]:
    """Return what the provider of a host was told of its behaviour: a PUT replaces all of it."""
    found = providers.get(host, {})
    names = ("status", "retry_after", "latency_ms", "refuse", "token_delay_ms", "stall_ms", "cut_after", "times")
    return {name: found[name] for name in (*names, "per_deployment") if found.get(name)}
