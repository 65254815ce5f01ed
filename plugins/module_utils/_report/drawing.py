# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What charts are made of: marks at fixed places, which a template writes as SVG.

Lengths are pixels, y grows downwards. A mark's kind is the class that gives it colour.
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, TypeAlias

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import columns, one_line, shorten

WIDE = 880
NARROW = 328
# Rows beyond this number say nothing to the eye; tables hold them all.
MOST_ROWS = 40
SIZE = 12
# Width of a character by font size: that of monospaced fonts, which names are set in, and more than that of others.
_ADVANCE = 0.615


class Box(NamedTuple):
    """The rectangle that a mark takes."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Rect:
    """A rectangle; its title is what a pointer reveals."""

    tag: ClassVar[str] = "rect"
    x: float
    y: float
    width: float
    height: float
    kind: str
    title: str = ""
    radius: float = 0

    @property
    def box(self) -> Box:
        """The rectangle itself."""
        return Box(self.x, self.y, self.x + self.width, self.y + self.height)


@dataclass(frozen=True)
class Circle:
    """A circle around a point."""

    tag: ClassVar[str] = "circle"
    x: float
    y: float
    radius: float
    kind: str
    title: str = ""

    @property
    def box(self) -> Box:
        """The square around the circle."""
        return Box(self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius)


@dataclass(frozen=True)
class Path:
    """A path in the language of SVG, and the rectangle that it stays in."""

    tag: ClassVar[str] = "path"
    data: str
    box: Box
    kind: str
    title: str = ""


@dataclass(frozen=True)
class Text:
    """A line of text at its baseline; ``anchor`` is start, middle or end."""

    tag: ClassVar[str] = "text"
    x: float
    y: float
    text: str
    kind: str
    anchor: str = "start"
    size: float = SIZE
    title: str = ""

    @property
    def box(self) -> Box:
        """The rectangle that the text takes at most."""
        width = text_width(self.text, self.size)
        left = self.x - width * {"start": 0, "middle": 0.5, "end": 1}[self.anchor]
        return Box(left, self.y - 0.8 * self.size, left + width, self.y + 0.25 * self.size)


Mark: TypeAlias = Rect | Circle | Path | Text


@dataclass
class Drawing:
    """A drawing with what a screen reader says of it."""

    title: str
    description: str
    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        """The kinds of its marks, for a legend."""
        return {mark.kind for mark in self.marks}


def text_width(text: str, size: float = SIZE) -> float:
    """Return the width that a text takes at most."""
    return columns(text) * size * _ADVANCE


def fitted(x: float, y: float, text: str, kind: str, room: float, *, anchor: str = "start", size: float = SIZE) -> Text:
    """Return a text that takes at most the given room: what does not fit is shortened, with all of it as its title."""
    whole = one_line(text)
    short = shorten(whole, int(room / (size * _ADVANCE)))
    return Text(x, y, short, kind, anchor, size, whole if short != whole else "")


def line(x1: float, y1: float, x2: float, y2: float, kind: str, title: str = "") -> Path:
    """Return a straight line."""
    box = Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
    return Path(f"M{place(x1)} {place(y1)}L{place(x2)} {place(y2)}", box, kind, title)


def cross(x: float, y: float, reach: float, kind: str, title: str = "") -> Path:
    """Return a cross around a point."""
    size = place(2 * reach)
    data = f"M{place(x - reach)} {place(y - reach)}l{size} {size}m0 -{size}l-{size} {size}"
    return Path(data, Box(x - reach, y - reach, x + reach, y + reach), kind, title)


def diamond(x: float, y: float, reach: float, kind: str, title: str = "") -> Path:
    """Return a square that stands on a corner."""
    side = place(reach)
    data = f"M{place(x)} {place(y - reach)}l{side} {side}l-{side} {side}l-{side} -{side}z"
    return Path(data, Box(x - reach, y - reach, x + reach, y + reach), kind, title)


def place(value: float) -> str:
    """Return a length with two digits at most, without those that are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
