# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets one member of a pool fail for a while: in the embedded Azure by its provider, elsewhere by its address.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import (
    ArmError,
    ClientError,
    ConfigurationError,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Member

try:
    import requests
except ImportError:  # libraries.require() reports it before anything here is used
    requests = None  # type: ignore[assignment]

_ADMIN_SECONDS = 30
_SERVER_ERROR = 500
_THROTTLED = {"status": 429, "retry_after": 1}
# RFC 6761: no name below it exists, so that a gateway finds nobody there.
_NOBODY = "https://made-to-fail-by-a-validation.invalid"


class NotPutBack(ClientError):
    """What made a member fail is still there."""


class Fault(Protocol):
    """A way to let a member fail.

    :ivar cause: what the member does then, in words.
    :ivar stand_in: URL below which it has its own path then, its name; empty when it keeps its URL.
    """

    cause: str
    stand_in: str

    def failing(self, member: Member) -> Any:
        """Return a context in which the member fails, and after which it is as before.

        It raises NotPutBack when it could not be made as before, another ClientError when it could not be made to fail.
        """

    def is_open(self, member: Member) -> bool | None:
        """Tell whether the member's circuit breaker is open; None where nothing tells."""

    def settle(self) -> None:
        """Wait until a member that fails no more can serve again."""


class EmbeddedFault:
    """Tells the providers of the embedded Azure to throttle one deployment (its admin API)."""

    cause = "answered 429"
    stand_in = ""

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
        try:
            self._call("PUT", path, {**before, **fault})
            yield
        finally:
            self._put_back(path, before)

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

    def _put_back(self, path: str, before: Mapping[str, Any]) -> None:
        try:
            self._call("PUT", path, before)
        except ClientError as error:
            raise NotPutBack(f"the provider goes on failing: {error}") from error

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self._session.request(method, f"{self._url}/{path}", json=body, timeout=_ADMIN_SECONDS)
            if answer.ok:
                return answer.json() if answer.content else None
        except requests.RequestException as error:
            problem = f"emulator_admin_url is {self._url}, which does not answer {method} {path}: {error}"
            raise ConfigurationError([problem]) from error
        raise ConfigurationError([f"the embedded Azure refuses {method} {path}: {answer.text}"])


class AddressFault:
    """Gives a backend an address where nobody is, by ARM: for real services whose owner allows it.

    Requests that go there meanwhile fail over as those of the trial do. A run that is killed inside leaves the address;
    the next onboarding repairs it.
    """

    cause = "had an address where nobody answers"
    stand_in = _NOBODY

    def __init__(self, connect: Callable[[], ArmClient], propagation: float) -> None:
        """Remember how to reach ARM: the deadline of one client must not keep a backend from getting its address back.

        :param connect: returns a client with a deadline of its own.
        :param propagation: seconds until every gateway has seen a change of a backend.
        """
        self._connect = connect
        self._propagation = propagation

    @contextmanager
    def failing(self, member: Member) -> Iterator[None]:
        """Let the member have no address inside the context."""
        client = self._connect()
        path = f"{client.service_path}/backends/{member.backend}"
        entity = client.get(path)
        if entity is None:
            raise ConfigurationError([f"the backend {member.backend} does not exist"])
        address, stand_in = str(entity.body["properties"]["url"]), f"{_NOBODY}/{member.backend}"
        try:
            client.patch(path, _address(stand_in), if_match=entity.etag or "*")
        except ArmError as error:
            # A refusal has changed nothing; when the answer was lost, nobody knows.
            if error.status is None or error.status >= _SERVER_ERROR:
                self._put_back(path, address, stand_in)
            raise
        try:
            client.wait(self._propagation)
            yield
        finally:
            self._put_back(path, address, stand_in)

    def is_open(self, member: Member) -> bool | None:
        """Return None: nothing tells of breakers outside of the embedded Azure."""
        del member
        return None

    def settle(self) -> None:
        """Wait until every gateway has seen the address again."""
        time.sleep(self._propagation)

    def _put_back(self, path: str, address: str, stand_in: str) -> None:
        try:
            self._connect().patch(path, _address(address), if_match="*")
        except ClientError as error:
            raise NotPutBack(f"the backend still has the address {stand_in} in place of {address}: {error}") from error


def _address(url: str) -> dict[str, Any]:
    return {"properties": {"url": url}}


def _behaviour(providers: Mapping[str, Mapping[str, Any]], host: str) -> dict[str, Any]:
    """Return what the provider of a host was told of its behaviour: a PUT replaces all of it."""
    found = providers.get(host, {})
    names = ("status", "retry_after", "latency_ms", "refuse", "token_delay_ms", "stall_ms", "cut_after", "times")
    return {name: found[name] for name in (*names, "per_deployment") if found.get(name) is not None}
