# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How policies of several scopes become one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from apim_emulator.runtime import CompositionError, EffectivePolicy, ScopedPolicy, compose

GLOBAL = ScopedPolicy(
    "global",
    "/policies/policy",
    "<policies><inbound><set-method>A</set-method></inbound><backend><forward-request timeout='7' /></backend>"
    "<outbound /><on-error /></policies>",
)


def scoped(scope: Any, inner: str) -> ScopedPolicy:
    xml = f"<policies><inbound>{inner}</inbound><backend><base /></backend></policies>"
    return ScopedPolicy(scope, f"/{scope}", xml)


def section(policy: EffectivePolicy, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(policy.program)["sections"][name]
    return found


def test_scopes_join_at_base_wherever_it_stands() -> None:
    product = scoped("product", "<set-method>B</set-method><base />")
    api = scoped("api", "<set-method>C</set-method><base /><set-method>D</set-method>")
    joined = section(compose([GLOBAL, product, api], {}, {}), "inbound")
    assert [(node["text"], node["scope"]) for node in joined] == [
        ("C", "api"), ("B", "product"), ("A", "global"), ("D", "api"),
    ]  # fmt: skip


def test_a_section_without_base_drops_the_outer_scopes() -> None:
    joined = compose([GLOBAL, scoped("api", "<set-method>C</set-method>")], {}, {})
    assert [node["text"] for node in section(joined, "inbound")] == ["C"]


def test_without_a_global_policy_the_default_one_forwards() -> None:
    (node,) = section(compose([scoped("api", "")], {}, {}), "backend")
    assert (node["name"], node["scope"]) == ("forward-request", "global")
    (node,) = section(compose([GLOBAL, scoped("api", "")], {}, {}), "backend")
    assert node["attributes"] == {"timeout": "7"}


def test_a_section_that_is_missing_is_empty() -> None:
    assert section(compose([ScopedPolicy("api", "/a", "<policies><inbound /></policies>")], {}, {}), "backend") == []


def test_a_fragment_stands_in_place_of_its_include() -> None:
    fragment = "<fragment><set-method>X</set-method><set-method>Y</set-method></fragment>"
    api = scoped(
        "api", "<base /><choose><when condition='true'><include-fragment fragment-id='{{f}}' /></when></choose>"
    )
    (choose,) = section(compose([api], {"f1": fragment}, {"f": "f1"}), "inbound")
    assert [(node["text"], node["path"]) for node in choose["children"][0]["children"]] == [
        ("X", "choose[1]/when[1]"), ("Y", "choose[1]/when[1]"),
    ]  # fmt: skip


def test_named_values_are_text_wherever_they_stand() -> None:
    api = scoped("api", """<set-header name="{{n}}"><value>@("{{v}}" + {{e}})</value></set-header>""")
    program = json.loads(compose([api], {}, {"n": "x-a", "v": "{{n}}", "e": "(1 + 2)"}).program)
    assert program["sections"]["inbound"][0]["attributes"] == {"name": "x-a"}
    assert [each["code"] for each in program["expressions"]] == ['"{{n}}" + (1 + 2)']


def test_an_expression_that_stands_twice_is_compiled_once() -> None:
    twice = "<set-variable name='a' value='@(1)' /><set-variable name='b' value='@(1)' />"
    assert len(json.loads(compose([scoped("api", twice)], {}, {}).program)["expressions"]) == 1


def test_equal_policies_have_one_key() -> None:
    one, other = (
        compose([GLOBAL, scoped("api", "<set-method>B</set-method>")], {}, {"unused": value}) for value in ("1", "2")
    )
    assert one == other
    assert one.key != compose([GLOBAL], {}, {}).key


def test_content_of_a_body_keeps_every_character() -> None:
    api = scoped("api", "<set-body>x <a  b='1'>&lt; x </a>\n</set-body>")
    assert section(compose([api], {}, {}), "inbound")[0]["text"] == 'x <a b="1">&lt; x </a>\n'


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("<include-fragment fragment-id='gone' />", "/api: Policy fragment with id 'gone' could not be found."),
        ("<set-method>{{gone}}</set-method>", "Cannot find a property 'gone'"),
        ("<invented />", "The policy 'invented' is not known to the embedded Azure."),
        ("<set-header name='a'><invented /></set-header>", "has invalid child element 'invented'"),
        ("<set-method>{{open}}</set-method>", "is not closed"),
        ("<include-fragment fragment-id='bad' />", "The root element must be 'fragment'."),
        ("<include-fragment fragment-id='worse' />", "Line 1, position"),
    ],
)
def test_what_cannot_be_joined(inner: str, message: str) -> None:
    with pytest.raises(CompositionError, match=re.escape(message)):
        compose([scoped("api", inner)], {"bad": "<policies />", "worse": "<a"}, {"open": "@(1"})
