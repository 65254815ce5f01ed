# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the policies of all scopes at `<base/>` to the one that a request runs through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Scope = Literal["global", "product", "api", "operation"]


@dataclass(frozen=True)
class ScopedPolicy:
    """A policy document of one scope.

    path: of its resource, e.g. "/apis/x", for messages. xml: the stored text in format rawxml.
    """

    scope: Scope
    path: str
    xml: str


@dataclass(frozen=True)
class EffectivePolicy:
    """The joined policy; key tells equal ones, program is the engine's JSON form of it."""

    key: str
    program: bytes


class CompositionError(Exception):
    """The policies cannot be joined: a fragment or a named value does not exist, or a text is none."""


def compose(
    scopes: Sequence[ScopedPolicy], fragments: Mapping[str, str], named_values: Mapping[str, str]
) -> EffectivePolicy:
    """Join policies, the outermost first, with fragments and named values put in.

    A scope without a policy is left out, and is then like one whose sections hold only `<base/>`. fragments: id ->
    stored text in format rawxml; named_values: display name -> value. Raises CompositionError.
    """
    raise NotImplementedError
