# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``csharp_literal``: the only way by which a value of an inventory enters a policy expression."""

from __future__ import annotations

DOCUMENTATION = r"""
name: csharp_literal
short_description: Write text as a C# string literal for a policy expression
version_added: 1.0.0
author: citadel.ai_gateway contributors (@citadel)
description:
  - Returns a quoted C# string literal whose value is exactly the given text, whatever that holds.
  - Every character other than an ASCII letter or digit, space, C(.), C(_), C(/) and C(-) is written as an escape like
    C(\u0022), a tab and a line feed as C(\t) and C(\n). No quote, backslash, brace, angle bracket, ampersand or line
    break of the text so reaches the policy's XML, the substitution of named values, or the C# around the literal.
positional: _input
options:
  _input:
    description: The text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show a model's name as it stands in a policy expression
  ansible.builtin.debug:
    msg: "{{ 'gpt-4o \"preview\"' | citadel.ai_gateway.csharp_literal }}"  # "gpt-4o \u0022preview\u0022"
"""

RETURN = r"""
_value:
  description: The literal, with its quotes; ASCII only, and on one line.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError


def csharp_literal(text: Any) -> str:
    """Return ``text`` as a quoted C# string literal.

    :raises AnsibleFilterError: when ``text`` is no string.
    """
    # Ansible loads every filter to find one, so what this one needs waits until it is called.
    from ansible_collections.citadel.ai_gateway.plugins.plugin_utils import _csharp

    try:
        return _csharp.csharp_literal(text)
    except TypeError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Names the filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"csharp_literal": csharp_literal}
