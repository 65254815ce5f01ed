# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of owners in a fragment: what others wrote is kept, in any layout, and comes out the same in any order."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.owner_blocks import (
    with_foreign_blocks,
    without_blocks,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from hypothesis import given
from hypothesis import strategies as st

from .documents import PLAIN, Element, Expression, Layout, Literal, Token, documents, expressions, layouts
from .objects import owners

# Of an owner: the value of the data, whether there is a block for tokens, and what is in that.
Part = tuple[Expression, bool, tuple[Element, ...]]

_ANCHOR = Element("set-variable", (("name", Literal("targetTokens")), ("value", Literal("none"))))
_contents = st.tuples(expressions, st.booleans(), documents)
_parts = st.dictionaries(owners, _contents, min_size=1, max_size=4)


def fragment(code: tuple[Element, ...], parts: dict[str, Part]) -> list[Element]:
    """Return the elements of a fragment in which each of these owners has data and, maybe, a block for tokens."""
    names = sorted(parts)
    data = [
        Element("set-variable", (("name", Literal(f"llmRoutes.{name}")), ("value", parts[name][0]))) for name in names
    ]
    tokens = [
        Element("choose", children=(Element("when", (("condition", asks(name)),), children=parts[name][2]),))
        for name in names
        if parts[name][1]
    ]
    return [*data, *code, _ANCHOR, *tokens, *code]


def asks(owner: str) -> Expression:
    """Return the condition by which a block for tokens is known."""
    return Expression((Token("tokens.Contains("), Token(f"llmTokens.{owner}", "regular"), Token(")")))


@given(documents, _parts, owners, _contents, layouts)
def test_an_owner_joins_leaves_and_comes_again(
    code: tuple[Element, ...],
    parts: dict[str, Part],
    owner: str,
    content: Part,
    layout: Layout,
) -> None:
    rendered = PLAIN.spell(fragment(code, {owner: content}))
    joined = PLAIN.spell(fragment(code, {**parts, owner: content}))
    others = fragment(code, {name: part for name, part in parts.items() if name != owner})

    for held in (layout.spell(fragment(code, parts)), layout.spell(others), joined):
        merged = with_foreign_blocks(rendered, held, owner)
        assert (merged, merged.format, merged.fault()) == (joined, "rawxml", "")

    assert without_blocks(layout.spell(fragment(code, {**parts, owner: content})), owner) == PLAIN.spell(others)


@given(documents, documents, expressions, layouts)
def test_code_is_always_that_of_the_last_to_write(
    old: tuple[Element, ...], new: tuple[Element, ...], data: Expression, layout: Layout
) -> None:
    held = layout.spell(fragment(old, {"alpha": (data, True, old)}))
    rendered = PLAIN.spell(fragment(new, {"beta": (data, False, new)}))
    both = {"alpha": (data, True, old), "beta": (data, False, new)}
    assert with_foreign_blocks(rendered, held, "beta") == PLAIN.spell(fragment(new, both))


@pytest.mark.parametrize(
    "look_alike",
    [
        '<set-variable name="llmRoutes.alpha." value="1" />',
        '<set-variable name="myllmRoutes.alpha" value="1" />',
        '<set-header name="llmRoutes.alpha" />',
        "<choose><when condition='@(x == \"llmTokens.alpha.\")' /></choose>",
        "<choose><otherwise /><when condition='@(x == \"llmTokens.alpha\")' /></choose>",
        "<choose><when condition='true'><set-variable name='llmRoutes.alpha' value='1' /></when></choose>",
        "<choose />",
    ],
)
def test_what_only_looks_like_a_block_is_code(look_alike: str) -> None:
    held = PolicyXml(f"<fragment>{look_alike}</fragment>", "rawxml")
    rendered = PolicyXml("<fragment><set-variable name='llmRoutes.beta' value='1' /></fragment>", "rawxml")
    assert with_foreign_blocks(rendered, held, "beta") == rendered
    assert without_blocks(held, "alpha") == held


@pytest.mark.parametrize("text", ["<fragment>", "", "<fragment />", '<fragment><a b="@(" /></fragment>'])
def test_a_fragment_that_holds_no_blocks_is_replaced(text: str) -> None:
    rendered = PLAIN.spell([_ANCHOR])
    assert with_foreign_blocks(rendered, PolicyXml(text, "rawxml"), "beta") is rendered


def test_blocks_of_other_owners_keep_every_character_of_their_strings() -> None:
    code = '@{ return "a  b\\" {"  + \'"\' + @"c:\\ ""<&>"; }'
    held = PolicyXml(f'<fragment><set-variable name="llmRoutes.alpha" value="{code}" /></fragment>', "rawxml")
    rendered = PolicyXml('<fragment><set-variable name="llmRoutes.beta" value="@(1)" /></fragment>', "rawxml")
    merged = with_foreign_blocks(rendered, held, "beta")
    assert f'value="{code}"' in merged.text
