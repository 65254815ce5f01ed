# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URL template of an operation: `/deployments/{deployment-id}/*`, and which paths it takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote

_PARAMETER = re.compile(r"\{([^{}]+)\}")


class UrlTemplate:
    """A compiled template. Literal text ignores case; `*` and `{*rest}` at the end take the rest of the path.

    A template may ask for query parameters after `?`: `{name}` takes any value, literal text that very value.
    """

    def __init__(self, template: str) -> None:
        path, _, query = template.partition("?")
        segments = path.strip("/").split("/")
        self._pattern, self._names = _compile(segments)
        self._query = [(name.lower(), value) for name, value in parse_qsl(query, keep_blank_values=True)]
        # Segment by segment, literal text before a parameter before a wildcard; Azure documents no order.
        self.rank = (tuple(map(_looseness, segments)), -len(self._query))

    def match(self, path: str, query: Mapping[str, Sequence[str]]) -> dict[str, str] | None:
        """Return the decoded parameters of a percent-encoded path below the API, or None when it does not match.

        `query` holds the values of each query parameter by its name in lower case.
        """
        found = self._pattern.fullmatch(path.strip("/"))
        if found is None:
            return None
        values = {name: unquote(value or "") for name, value in zip(self._names, found.groups(), strict=True)}
        for name, wanted in self._query:
            sent = query.get(name)
            parameter = _PARAMETER.fullmatch(wanted)
            if not sent or (parameter is None and wanted not in sent):
                return None
            if parameter is not None:
                values[parameter[1]] = sent[0]
        return values


def _looseness(segment: str) -> int:
    if segment.strip("{}").startswith("*"):
        return 2
    return 1 if _PARAMETER.search(segment) else 0


def _compile(segments: Sequence[str]) -> tuple[re.Pattern[str], list[str]]:
    names: list[str] = []
    pattern = ""
    for index, segment in enumerate(segments):
        separator = "/" if index else ""
        name = segment.strip("{}")
        if name.startswith("*") and index == len(segments) - 1:
            # The separator is part of the optional tail: `/a/*` takes `/a`, too.
            pattern += f"(?:{separator}(.*))?"
            names.append(name[1:] or "*")
            continue
        pattern += separator
        for position, part in enumerate(_PARAMETER.split(segment)):
            if position % 2:
                names.append(part)
                pattern += "([^/]+)"
            else:
                pattern += re.escape(part)
    return re.compile(pattern, re.IGNORECASE), names
