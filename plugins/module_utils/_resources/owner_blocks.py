# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of owners inside the shipped policy fragments: how several inventories share one fragment.

Such a fragment is code, the same for every inventory, and blocks that hold the data of one inventory each. Blocks are
children of the fragment, ordered by owner:

- data, ``<set-variable name="llmRoutes.OWNER" ...>`` and its like, before all code;
- tokens, ``<choose>`` whose first ``<when>`` asks for ``"llmTokens.OWNER"``, behind ``targetTokens``.

The text that was rendered for an owner is the whole truth about the code and that owner's blocks; blocks of others
are taken over from what ARM holds. PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import Child, PolicyXml, spelled

_OWNER = r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?)"
_DATA = re.compile(rf"(?:llmRoutes|llmTargets|llmModels)\.{_OWNER}")
_TOKENS = re.compile(rf'"llmTokens\.{_OWNER}"')
_ROUTES = "llmRoutes."
# A label of the switch over models, or the start of what the labels before it lead to; both outside of literals, in
# which quotes are escaped.
_LABEL_OR_RETURN = re.compile(
    r'\bcase "(?P<label>(?:[^"\\]|\\.)*)"\s*:|\breturn (?P<result>"(?:[^"\\]|\\.)*"|\w+)', re.DOTALL
)
_NO_MODEL = r'"\t'
# The variable behind which the blocks for tokens stand.
_TOKENS_ANCHOR = "targetTokens"
_BEFORE_BLOCK = "\n    "


@dataclass(frozen=True)
class _Block:
    """A block of an owner; ``is_data`` tells its two forms apart."""

    owner: str
    is_data: bool
    child: Child


def with_foreign_blocks(wanted: PolicyXml, current: PolicyXml, owner: str) -> PolicyXml:
    """Return the text that was rendered for ``owner``, with the blocks that other owners have in ``current``."""
    foreign = [block for block in _blocks(current) if block.owner != owner]
    if not foreign:
        return wanted
    children = wanted.children
    own = {block.is_data: block for block in _blocks(wanted) if block.owner == owner}
    places: dict[int, list[_Block]] = {}
    for block in sorted(foreign, key=lambda block: block.owner):
        places.setdefault(_place(block, own.get(block.is_data), children), []).append(block)
    text = wanted.text
    for position in sorted(places, reverse=True):
        lines = [spelled(block.child.element, wanted.format) for block in places[position]]
        text = text[:position] + "".join(f"{line}{_BEFORE_BLOCK}" for line in lines) + text[position:]
    return PolicyXml(text, wanted.format)


def without_blocks(current: PolicyXml, owner: str) -> PolicyXml:
    """Return a fragment without the blocks of an owner."""
    text = current.text
    for block in reversed(_blocks(current)):
        if block.owner == owner:
            text = text[: block.child.start] + text[block.child.end :]
    return PolicyXml(text, current.format)


def contested_models(policy: PolicyXml) -> dict[str, list[str]]:
    """Return the models that the routes of several owners serve, in lower case, with the owners in ordinal order.

    The routes of a model are joined in that order, and the first that a product allows serves it.
    """
    owners_of: dict[str, list[str]] = {}
    for block in sorted(_blocks(policy), key=lambda block: block.owner):
        if block.child.element.get("name", "").startswith(_ROUTES):
            for model in _models(block.child.element.get("value", "")):
                owners_of.setdefault(model, []).append(block.owner)
    return {model: owners for model, owners in owners_of.items() if len(owners) > 1}


def _models(code: str) -> set[str]:
    """Return the labels that lead to routes; those of names of deployments, which are no models, lead to a tab."""
    models: set[str] = set()
    labels: list[str] = []
    for match in _LABEL_OR_RETURN.finditer(code):
        if match["label"] is not None:
            labels.append(match["label"])
            continue
        if not match["result"].startswith(_NO_MODEL):
            models.update(labels)
        labels = []
    return models


def _blocks(policy: PolicyXml) -> list[_Block]:
    return [block for child in policy.children if (block := _block_of(child))]


def _block_of(child: Child) -> _Block | None:
    """Return the block that an element of a fragment is, None when it is code."""
    if child.element.tag == "set-variable":
        match = _DATA.fullmatch(child.element.get("name", ""))
        return _Block(match["owner"], True, child) if match else None
    match = _TOKENS.search(_first_condition(child.element))
    return _Block(match["owner"], False, child) if match else None


def _first_condition(element: ET.Element) -> str:
    first = next(iter(element), None)
    is_choice = element.tag == "choose" and first is not None and first.tag == "when"
    return first.get("condition", "") if is_choice and first is not None else ""


def _place(block: _Block, own: _Block | None, children: Sequence[Child]) -> int:
    """Return where in the rendered text a block of another owner belongs: blocks of a form are ordered by owner."""
    if own:
        return own.child.start if block.owner < own.owner else own.child.end
    if block.is_data:
        return children[0].start
    anchor = next((child for child in children if child.element.get("name") == _TOKENS_ANCHOR), children[-1])
    return anchor.end
