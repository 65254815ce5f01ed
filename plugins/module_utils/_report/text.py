# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of a report: which characters it may hold, how wide they are, how they are cut and wrapped.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
import unicodedata

# What XML 1.0 forbids (section 2.2, Char), and what a terminal or a browser would obey instead of showing it: the other
# control characters, line and paragraph separators, and the marks that turn the direction of all text that follows.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]",
)
_ELLIPSIS = "…"


def printable(text: str) -> str:
    """Return a text as a plain string without characters that XML 1.0 forbids or that control an output.

    Ends of lines become ``\\n``.
    """
    return _FORBIDDEN.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return a text with each run of white space as one space."""
    return " ".join(text.split())


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for wide characters, none for those that combine."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def shorten(text: str, limit: int) -> str:
    """Return a text of one line that takes at most ``limit`` columns, with an ellipsis for what its middle lost.

    The end stays because names of models, deployments and pools often differ there.
    """
    text = one_line(text)
    if columns(text) <= limit:
        return text
    if limit < 1:
        return ""
    kept = limit - 1
    return f"{_start(text, kept - kept // 2)}{_ELLIPSIS}{_start(text[::-1], kept // 2)[::-1]}"


def _start(text: str, limit: int) -> str:
    """Return as much of the start of a text as fits."""
    taken = 0
    for position, character in enumerate(text):
        taken += _columns_of(character)
        if taken > limit:
            return text[:position]
    return text


def wrap(text: str, limit: int) -> list[str]:
    """Return the lines of a text, wrapped between words. A word longer than a line stays whole, for copying."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            if line and columns(line) + 1 + columns(word) > limit:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, such as ``1 check`` or ``2,000 checks``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
