# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends, fragments and named values that a policy refers to."""

from __future__ import annotations

import pytest

from .conftest import Check, Refusal

DOCUMENT = """<policies>
\t<inbound>
\t\t<base />
\t\t{}
\t</inbound>
</policies>"""


@pytest.mark.parametrize(
    ("element", "target", "message"),
    [
        (
            '<set-backend-service backend-id="x" />',
            "set-backend-service",
            "Error in element 'set-backend-service' on line 4, column 4: Backend with id 'x' could not be found.",
        ),
        (
            '<include-fragment fragment-id="x" />',
            "include-fragment",
            "Error in element 'include-fragment' on line 4, column 4: Policy fragment with id 'x' could not be found.",
        ),
        (
            '<set-variable name="a" value="{{x}}" />',
            "set-variable",
            "Error in element 'set-variable' on line 4, column 4: Cannot find a property 'x'",
        ),
        (
            '<choose>\n\t\t\t<when condition="@(&quot;{{x}}&quot; == null)" /></choose>',
            "when",
            "Error in element 'when' on line 5, column 5: Cannot find a property 'x'",
        ),
    ],
)
def test_missing_references_in_arm_s_words(refusal: Refusal, element: str, target: str, message: str) -> None:
    refused = refusal(DOCUMENT.format(element), kind="policy", format="xml")
    assert refused.details == [{"code": "ValidationError", "target": target, "message": message}]


def test_the_names_that_a_policy_refers_to(check: Check) -> None:
    checked = check(
        DOCUMENT.format(
            '<include-fragment fragment-id="f1" /><set-backend-service backend-id="b1" />'
            '<set-variable name="{{a}}" value="@("{{b}}" + "{{b}}")" />'
        ),
        kind="policy",
        named_values={"a": "name", "b": "value", "c": "unused"},
    )
    assert (checked.backends, checked.fragments, checked.named_values) == (
        frozenset({"b1"}),
        frozenset({"f1"}),
        frozenset({"a", "b"}),
    )


@pytest.mark.parametrize("backend", ['@("nowhere")', "{{pool}}", "my-{{pool}}"])
def test_a_backend_that_is_not_known_yet_is_not_looked_up(check: Check, backend: str) -> None:
    checked = check(
        f"<fragment><set-backend-service backend-id='{backend}' /></fragment>", named_values={"pool": "nowhere"}
    )
    assert checked.backends == set()


def test_a_named_value_may_be_an_expression(check: Check, refusal: Refusal) -> None:
    text = "<fragment><choose><when condition='{{rule}}'/></choose></fragment>"
    assert check(text, named_values={"rule": '@(context.Request.Method == "GET")'})
    assert "is not allowed" in refusal(text, named_values={"rule": "@(5)"}).details[0]["message"]


def test_named_values_are_put_in_before_literals_are_judged(check: Check, refusal: Refusal) -> None:
    text = "<fragment><retry condition='true' count='{{n}}' interval='1'/></fragment>"
    assert check(text, named_values={"n": "50"})
    assert "it is not an integer" in refusal(text, named_values={"n": "fifty"}).details[0]["message"]


def test_a_value_is_not_looked_at_again(check: Check) -> None:
    text = "<fragment><set-variable name='a' value='{{a}}'/></fragment>"
    assert check(text, named_values={"a": "{{b}}"}).named_values == {"a"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('s3cret"', "unclosed"),
        ("s3cret\\", "unclosed"),
        ('" + s3cret + "', "The name '"),
        ('s3cret") + (', "must be the whole value"),
    ],
)
def test_a_quote_in_a_value_breaks_the_string_and_no_message_shows_it(
    refusal: Refusal, value: str, message: str
) -> None:
    text = "<fragment><set-variable name='a' value='@(\"{{nv}}\")'/></fragment>"
    refused = refusal(text, named_values={"nv": value})
    assert message in refused.details[0]["message"] or "{{nv}}" in refused.details[0]["message"]
    assert value not in str(refused)


def test_a_secret_that_the_compiler_quotes_is_masked(refusal: Refusal) -> None:
    refused = refusal("<fragment><set-variable name='a' value='@({{nv}})'/></fragment>", named_values={"nv": "s3cret"})
    assert refused.details[0]["message"].endswith("The name '{{nv}}' does not exist in the current context")


def test_a_liquid_template_is_refused_because_nothing_executes_it(refusal: Refusal) -> None:
    (detail,) = refusal("<fragment><set-body template='liquid'>a</set-body></fragment>").details
    assert "The 'template' attribute is not declared." in detail["message"]
