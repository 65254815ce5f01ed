# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads C# as far as needed to find where a policy expression ends and which of its white space means nothing.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re

# Tried in this order at each place: what may hold brackets or quotes that do not count comes first.
_TOKEN = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<string>(?:\$@|@\$)"(?:[^"]|"")*"|@"(?:[^"]|"")*"|\$?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
    | (?P<open>[({])
    | (?P<close>[)}])
    | (?P<space>\s+)
    | (?P<other>[^\s"'@$/(){}]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def expression_end(text: str, start: int) -> int:
    """Return the index after the policy expression that starts at ``start`` with ``@(`` or ``@{``.

    :raises ValueError: when a bracket is not closed.
    """
    depth = 0
    for token in _TOKEN.finditer(text, start + 1):
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if depth == 0:
            return token.end()
    raise ValueError(f"the expression that starts with {text[start : start + 30]!r} is not closed")


def without_layout(code: str) -> str:
    """Return C# with comments dropped and white space outside literals shortened.

    ARM lays out expressions anew. In a literal a line break counts as a space: reading XML makes them the same.
    """
    parts: list[str] = []
    for token in _TOKEN.finditer(code):
        if token.lastgroup == "string":
            parts.append(re.sub(r"\r\n|[\r\n\t]", " ", token[0]))
        elif token.lastgroup not in {"space", "comment"}:
            parts.append(token[0])
        elif not parts or parts[-1] != " ":
            parts.append(" ")
    return "".join(parts).strip()
