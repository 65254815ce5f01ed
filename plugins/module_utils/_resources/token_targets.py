# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which routes and accounts get requests with a token of the managed identity, as the shipped fragments say it.

Fragment ``set-backend-authorization`` holds, for each route and for each account, a text of fields between tabs; one of
them tells which token requests there carry. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml

_DATA = "llmTargets."
_LITERAL = r'"((?:[^"\\]|\\.)*)"'
_ROW = re.compile(
    rf'\bcase {_LITERAL}\s*:|\btargets\[name\] = {_LITERAL}|JProperty\("accounts", {_LITERAL}|(\bbreak;)|{_LITERAL}'
)
_FIELD, _LINE = r"\t", r"\n"
# Fields before that of the token: type, family, scope and retries.
_TOKEN_FIELD = 4
_NO_TOKEN = "-"  # noqa: S105 (that there is none)


def token_targets(policy: PolicyXml) -> dict[str, bool]:
    """Return for each route and account that a fragment names, in lower case, whether requests there carry a token."""
    found: dict[str, bool] = {}
    for child in policy.children:
        if child.element.get("name", "").startswith(_DATA):
            for name, fields in _rows(child.element.get("value", "")):
                # An account may also be a route, and one of the two is enough for a token to go there.
                found[name] = found.get(name, False) or fields[_TOKEN_FIELD] != _NO_TOKEN
    return found


def _rows(code: str) -> list[tuple[str, list[str]]]:
    """Return name and fields of the routes and accounts in a block of C#; literals are left as they are written."""
    rows: list[tuple[str, list[str]]] = []
    labels: list[str] = []
    for label, route, accounts, end, _other in _ROW.findall(code):
        if label:
            labels.append(label)
        elif route:
            rows += [(name.lower(), route.split(_FIELD)) for name in labels]
        elif accounts:
            lines = [line.split(_FIELD) for line in accounts.split(_LINE)]
            rows += [(line[0].lower(), line[1:]) for line in lines]
        elif end:
            labels = []
    return [(name, fields) for name, fields in rows if len(fields) > _TOKEN_FIELD]
