# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every rendered fragment holds to, whatever the inventory."""

from __future__ import annotations

import json
import re
import zlib
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key

from tests.gateway.fragments.fragment_text import read_fragment
from tests.gateway.fragments.plans import PLANS, hand_made, pooled
from tests.gateway.fragments.rendering import FRAGMENTS, render

# Service limits of API Management: a fragment holds 512 KB.
_LIMIT = 512 * 1024
_WITHOUT_TOKENS = {"external", "empty", "hostile", "keys", "renamed", "renamed deployments"}

pytestmark = pytest.mark.parametrize("fragment_id", FRAGMENTS)


def _comments(text: str) -> list[str]:
    return re.findall(r"<!--.*?-->", text, re.DOTALL)


def _masked(value: Any) -> Any:
    """Return other texts in place of all in a value, different ones for those that differ by more than case."""
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if not isinstance(value, str):
        return value
    # These letters give a name a second label; whichever of them a label has, the other one belongs to the same name.
    letters = "".join(each for each in value if each in "\u1e9eß")
    return f"masked {zlib.crc32(model_key(value).encode('utf-8'))} {letters}"


@pytest.mark.parametrize("plan", PLANS)
def test_is_one_well_formed_fragment(fragment_id: str, plan: str) -> None:
    text = render(fragment_id, PLANS[plan])
    root = read_fragment(text, "e").root
    assert root.tag == "fragment"
    assert len(root) >= 1
    assert text.startswith("<fragment>")
    assert text.isascii()
    assert len(text) < _LIMIT


@pytest.mark.parametrize("plan", PLANS)
def test_has_one_comment_of_one_line(fragment_id: str, plan: str) -> None:
    comments = _comments(render(fragment_id, PLANS[plan]))
    assert len(comments) == 1
    assert "\n" not in comments[0]


@pytest.mark.parametrize("plan", PLANS)
def test_does_not_repeat_the_inventory_outside_of_literals(fragment_id: str, plan: str) -> None:
    """Code, XML and comments around the literals are those of a plan with other values of the same shape."""
    plan_with_other_values = {
        **PLANS[plan],
        "routes": [{**route, "models": _masked(route["models"])} for route in PLANS[plan]["routes"]],
        "models": [
            {**_masked(model), "hops": [{**_masked(hop), "route": hop["route"]} for hop in model["hops"]]}
            for model in PLANS[plan]["models"]
        ],
    }
    expected = read_fragment(render(fragment_id, plan_with_other_values), "e").text_outside_literals
    assert read_fragment(render(fragment_id, PLANS[plan]), "e").text_outside_literals == expected


@pytest.mark.parametrize("plan", PLANS)
def test_refers_to_no_named_value_but_the_identity(fragment_id: str, plan: str) -> None:
    needs_identity = fragment_id == "set-backend-authorization" and plan not in _WITHOUT_TOKENS
    named_values = set(re.findall(r"\{\{.*?\}\}", render(fragment_id, PLANS[plan])))
    assert named_values == ({"{{uami-client-id}}"} if needs_identity else set())


@pytest.mark.parametrize("plan", PLANS)
def test_equal_plans_give_equal_text(fragment_id: str, plan: str) -> None:
    copy = json.loads(json.dumps(PLANS[plan]), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert render(fragment_id, copy) == render(fragment_id, PLANS[plan])


def test_does_not_read_expressions_as_lines(fragment_id: str) -> None:
    """XML folds line breaks of an attribute into spaces, so a comment up to the end of its line would end the code."""
    for expression in read_fragment(render(fragment_id, PLANS["providers"]), "e").expressions.values():
        assert "//" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)


@pytest.mark.parametrize("audience", ["https://cognitiveservices.azure.us", 'https://x" /><inject a="'])
def test_takes_the_token_audience_from_the_plan(fragment_id: str, audience: str) -> None:
    plan: dict[str, Any] = hand_made([("route", "ai-foundry", ["model"])], token_audience=audience)
    try:
        root = read_fragment(render(fragment_id, plan), "e").root
    except ET.ParseError as error:
        pytest.fail(str(error))
    assert root.find(".//inject") is None
    tokens = root.findall(".//authentication-managed-identity")
    assert len(tokens) == (fragment_id == "set-backend-authorization")


def test_three_thousand_models_fit(fragment_id: str) -> None:
    assert len(render(fragment_id, pooled(3000))) < _LIMIT
