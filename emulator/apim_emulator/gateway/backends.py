# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backends of one service as its gateway uses them: which one serves, and what state its breaker is in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from apim_emulator.arm.view import BackendView, Snapshot
from apim_emulator.gateway.balancing import Balancer
from apim_emulator.gateway.breakers import Breaker, BreakerRule
from apim_emulator.gateway.wire import Headers, replaced_headers, replaced_query
from apim_emulator.runtime import ForwardError

SOURCE = "forward-request"

_NAMED_VALUE = re.compile(r"\{\{\s*([A-Za-z0-9-._]+)\s*\}\}")


class BackendUnavailable(ForwardError):
    """The breaker of a backend, or of each member of a pool, is open: status 503."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(SOURCE, reason, message, 503)


class Backends:
    """Breakers and balancers by backend. Their state lives until the backend changes or goes."""

    def __init__(self) -> None:
        self._views: Mapping[str, BackendView] = {}
        self._etags: Mapping[str, str] = {}
        self._breakers: dict[str, Breaker] = {}
        self._balancers: dict[str, Balancer] = {}

    def update(self, snapshot: Snapshot, etags: Mapping[str, str]) -> None:
        """Serve by this snapshot from now on.

        `etags` are those of the backends by lower-case name: they tell one that was removed and made again, between two
        snapshots, from the one before.
        """
        kept = {name for name in snapshot.backends if self._etags.get(name) == etags[name]}
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in kept}
        self._balancers = {name: balancer for name, balancer in self._balancers.items() if name in kept}
        for name, view in snapshot.backends.items():
            if view.is_pool:
                self._balancers.setdefault(name, Balancer.of(view))
            elif view.breaker is not None and name not in self._breakers:
                self._breakers[name] = Breaker(BreakerRule.of(view.breaker))
        self._views, self._etags = snapshot.backends, etags

    def choose(self, backend_id: str) -> BackendView:
        """Return the single backend that serves a request to this backend: itself, or a member of the pool.

        Raises BackendUnavailable, and ForwardError when there is no such backend.
        """
        name = backend_id.lower()
        view = self._views.get(name)
        if view is None:
            raise ForwardError(SOURCE, "BackendNotFound", f"Backend with id '{backend_id}' could not be found.", 500)
        if view.is_pool:
            member = self._balancers[name].choose(self._is_available)
            if member is None:
                text = f"Backend pool '{view.id}' is temporarily unavailable."
                raise BackendUnavailable("BackendPoolUnavailable", text)
            return self._views[member]
        if not self._is_available(name):
            text = f"Backend '{view.id}' is temporarily unavailable."
            raise BackendUnavailable("BackendUnavailable", text)
        return view

    def breaker(self, backend: BackendView) -> Breaker | None:
        """Return the breaker of a single backend, or None when it has none."""
        return self._breakers.get(backend.id.lower())

    def breakers(self) -> Iterator[tuple[str, Breaker]]:
        """Return backend and breaker of all that have one, ordered by backend."""
        for name in sorted(self._breakers):
            yield self._views[name].id, self._breakers[name]

    def _is_available(self, name: str) -> bool:
        breaker = self._breakers.get(name)
        return name in self._views and (breaker is None or not breaker.is_open())


def with_credentials(
    backend: BackendView, named_values: Mapping[str, str], path_and_query: str, headers: Headers
) -> tuple[str, Headers]:
    """Return path with query, and headers, with the backend's credentials in the place of others of the same names.

    Facts 3.2: credentials are attached when a request is forwarded; values may hold {{named values}}.
    """
    credentials = backend.credentials
    values = {
        place: {
            name: [_resolved(value, named_values) for value in several]
            for name, several in credentials.get(place, {}).items()
        }
        for place in ("header", "query")
    }
    authorization = credentials.get("authorization")
    if authorization is not None:
        parameter = _resolved(authorization["parameter"], named_values)
        values["header"]["Authorization"] = [f"{authorization['scheme']} {parameter}"]
    return replaced_query(path_and_query, values["query"]), replaced_headers(headers, values["header"])


def _resolved(text: str, named_values: Mapping[str, str]) -> str:
    return _NAMED_VALUE.sub(lambda match: named_values.get(match[1], match[0]), text)
