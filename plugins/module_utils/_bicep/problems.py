# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a parameter file, collected so that a person sees all of them at once.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Place:
    """A place in a text; both numbers count from 1, as editors show them. Without numbers it is no place."""

    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong or lost: where, what, and what to do about it.

    What data says that was not read from a text has no place; then the message names its path.
    """

    place: Place
    message: str
    remedy: str

    def __str__(self) -> str:
        text = f"{self.message}; {self.remedy}"
        return f"{self.place}: {text}" if self.place.line else text


@dataclass
class Problems:
    """Collects problems while a file is read; reading goes on after each of them.

    :ivar found: what stops the conversion.
    :ivar lost: what does not stop it, but does not arrive on the other side either.
    """

    found: list[Problem] = field(default_factory=list)
    lost: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str, remedy: str) -> None:
        """Record a problem that stops the conversion; of several with one place, the first one counts."""
        if not place.line or all(problem.place != place for problem in self.found):
            self.found.append(Problem(place, message, remedy))

    def lose(self, place: Place, message: str, remedy: str) -> None:
        """Record something that cannot be carried over and is left out."""
        self.lost.append(Problem(place, message, remedy))

    def raise_if_any(self, source: str = "parameter file") -> None:
        """Raise :class:`ParameterFileError` with everything that stops the conversion, if there is anything."""
        if self.found:
            raise ParameterFileError(source, sorted(self.found))


class ParameterFileError(ValueError):
    """Something that cannot be converted; its text lists every problem with place and remedy."""

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.problems = problems
        count = len(problems)
        heading = f"The {source} has {count} problem{'s' if count > 1 else ''}; nothing was written:"
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in problems)]))
