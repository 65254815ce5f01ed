# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of an inventory, collected so that a person sees all of them at once.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import MASK, masked

# A value longer than this tells a reader nothing more; a wrongly placed certificate or key would fill the screen.
_SHOWN_CHARACTERS = 60

_SCHEME = re.compile(r"(?i)\s*(bearer|basic|api-key|token)\s+\S.*", re.DOTALL)
# Names of fields, and what a field may be chosen from, are words; keys and passwords mostly have digits in them.
_WORD = re.compile(r"[A-Za-z_][A-Za-z_-]{0,38}[A-Za-z0-9_]?")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, what is wrong with it, and what to do.

    :ivar path: place in the inventory, e.g. ``llm_backends[3].supported_models[1].name``.
    :ivar message: what is wrong, with the value.
    :ivar remedy: what to write instead.
    """

    path: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}; {self.remedy}"


@dataclass
class Problems:
    """Collects problems while an inventory is read; reading goes on after each of them."""

    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, message: str, remedy: str) -> None:
        """Record one problem."""
        self.found.append(Problem(path, message, remedy))

    def raise_if_any(self) -> None:
        """Raise :class:`InventoryError` with all problems found so far, if there are any."""
        if self.found:
            raise InventoryError(self.found)


class InventoryError(ValueError):
    """An inventory that cannot be onboarded; its text lists every problem with path and remedy."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = list(problems)
        count = len(self.problems)
        heading = f"The inventory has {count} problem{'s' if count > 1 else ''}; nothing was written:"
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in self.problems)]))


def shown(value: Any) -> str:
    """Return a value as it is quoted in a message: one line, cut when it is long, without what may be a secret.

    Mappings and lists are only named: a misplaced one may hold anything.
    """
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, int) and value.bit_length() > 4 * _SHOWN_CHARACTERS:
        return f"an integer of {value.bit_length()} bits"  # Python refuses to write out the largest ones
    text = repr(_without_credentials(str(value))) if isinstance(value, str) else str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}... ({len(text)} characters)"


def is_word(text: str) -> bool:
    """Tell whether a text is a word that may be quoted where a word is expected, and not a secret in its place."""
    return _WORD.fullmatch(text) is not None and masked(text) == text


def _without_credentials(text: str) -> str:
    """Return a text without what looks like a credential, and without what stands before the ``@`` of a URL."""
    if scheme := _SCHEME.fullmatch(text):
        return f"{scheme[1]} {MASK}"
    scheme_name, separator, rest = text.partition("://")
    return masked(f"{scheme_name}{separator}***@{rest.rpartition('@')[2]}" if "@" in rest else text)
