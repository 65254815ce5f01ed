# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which API and which operation a request is for: the longest suffix of an API, then method and URL template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from apim_emulator.arm.view import ApiView, OperationView
from apim_emulator.gateway.url_template import UrlTemplate


@dataclass(frozen=True, slots=True)
class Route:
    """What a request is for. `path` is the rest of its path below the API, percent-encoded, with a leading slash.

    `operation` is None when no operation of the API takes the request.
    """

    api: ApiView
    path: str
    operation: OperationView | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


class Routes:
    """The APIs of one snapshot. Paths ignore case."""

    def __init__(self, apis: Iterable[ApiView]) -> None:
        reachable = [api for api in apis if "https" in api.protocols]
        self._apis = {tuple(_segments(api.path.lower())): api for api in reachable}
        self._longest = max(map(len, self._apis), default=0)
        self._operations = {api.id: _by_method(api.operations) for api in reachable}

    def find(self, method: str, path: str, query: Mapping[str, Sequence[str]]) -> Route | None:
        """Return the route of a percent-encoded path, or None when no API has such a suffix.

        `query` holds the values of each query parameter by its name in lower case.
        """
        segments = _segments(path)
        lower = tuple(unquote(segment).lower() for segment in segments[: self._longest])
        for length in range(len(lower), -1, -1):
            api = self._apis.get(lower[:length])
            if api is not None:
                below = "/" + "/".join(segments[length:])
                return self._within(api, method, below, query)
        return None

    def _within(self, api: ApiView, method: str, path: str, query: Mapping[str, Sequence[str]]) -> Route:
        for template, operation in self._operations[api.id].get(method.upper(), ()):
            parameters = template.match(path, query)
            if parameters is not None:
                return Route(api, path, operation, parameters)
        return Route(api, path)


def _segments(path: str) -> list[str]:
    trimmed = path.removeprefix("/")
    return trimmed.split("/") if trimmed else []


def _by_method(operations: Iterable[OperationView]) -> dict[str, list[tuple[UrlTemplate, OperationView]]]:
    found: dict[str, list[tuple[UrlTemplate, OperationView]]] = {}
    for operation in operations:
        found.setdefault(operation.method.upper(), []).append((_template(operation.url_template), operation))
    for several in found.values():
        several.sort(key=lambda item: item[0].rank)
    return found


@lru_cache(maxsize=4096)
def _template(text: str) -> UrlTemplate:
    return UrlTemplate(text)
