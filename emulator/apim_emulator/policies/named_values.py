# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named values, `{{display-name}}`, in the values of a policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from apim_emulator.policies.document import Element
from apim_emulator.policies.errors import element_detail

_REFERENCE = re.compile(r"\{\{([A-Za-z0-9._-]+)\}\}")


def has_reference(value: str) -> bool:
    """Whether a named value is mentioned."""
    return _REFERENCE.search(value) is not None


@dataclass
class NamedValues:
    """Puts named values in, once and as text: what stands in a value is not looked at again.

    values: display name -> value, secrets included. `used` and `problems` tell what was asked for and what is missing
    (ARM's observed text "Cannot find a property 'x'"; it names the very element that mentions it).
    """

    values: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    problems: list[dict[str, str]] = field(default_factory=list)

    def resolve(self, element: Element, value: str) -> str:
        """The value with each reference replaced; one that does not exist stays and is a problem."""

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            self.used.add(name)
            if name in self.values:
                return self.values[name]
            self.problems.append(element_detail(element, f"Cannot find a property '{name}'"))
            return match[0]

        return _REFERENCE.sub(replace, value)

    def mask(self, text: str) -> str:
        """The text without the values that were put in: a compiler quotes what it does not understand."""
        for name in sorted(self.used & self.values.keys(), key=lambda name: len(self.values[name]), reverse=True):
            if self.values[name]:
                text = text.replace(self.values[name], f"{{{{{name}}}}}")
        return text
