# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""C# string literals that carry any text safely through XML, named values and C#.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from typing import Any

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._/-]")
# What stands between the fields of a row, which are most of what is escaped.
_SHORT = {"\t": "\\t", "\n": "\\n"}


def csharp_literal(text: Any) -> str:
    """Return ``text`` as a quoted C# string literal.

    Escapes are UTF-16 code units, because that is what a C# string consists of: a character above the Basic
    Multilingual Plane becomes a surrogate pair.

    :param text: a string; a number would hide that its caller has to choose a spelling.
    :raises TypeError: when ``text`` is no string.
    """
    if not isinstance(text, str):
        raise TypeError(f"csharp_literal takes a string, not {type(text).__name__}")
    return f'"{_NOT_PLAIN.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    if match.group() in _SHORT:
        return _SHORT[match.group()]
    units = match.group().encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
