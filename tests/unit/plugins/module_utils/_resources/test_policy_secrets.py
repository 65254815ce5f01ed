# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies as they may be shown: readable, and without the credentials that stand in them."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.csharp import pieces
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_secrets import (
    named_values_of_credentials,
    shown_policy,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_xml import PolicyXml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import MASK
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.documents import PLAIN, Element, Layout, documents, layouts


def shown(text: str, text_format: str = "rawxml") -> str:
    """The document as it is shown, on one line and without its wrapper."""
    lines = [line.strip() for line in shown_policy(PolicyXml(text, text_format)).splitlines()]
    return "".join(lines).removeprefix("<fragment>").removesuffix("</fragment>")


def header(value: str, name: str = "Authorization") -> str:
    return f'<set-header name="{name}"><value>{value}</value></set-header>'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (header("hunter2"), header(MASK)),
        (header("Bearer sk-live-abcdef", "x-any"), header(f"Bearer {MASK}", "x-any")),
        (header("Bearer {{named}}"), header("Bearer {{named}}")),
        (header('@("Bearer " + "hunter2")'), header(f'@("Bearer " + "{MASK}")')),
        (header('@{ return "Bearer hunter2"; }'), header(f'@{{ return "Bearer {MASK}"; }}')),
        (header('@("sk-" + "live" + "-abc")', "x-any"), header(f'@("{MASK}" + "{MASK}" + "{MASK}")', "x-any")),
        (header('@(x ? "hunter2" : null)'), header(f'@(x ? "{MASK}" : null)')),
        (header('@(x == "hunter2" ? y : null)'), header('@(x == "hunter2" ? y : null)')),
        (header('@("hunter2" == x ? y : null)'), header('@("hunter2" == x ? y : null)')),
        (header('@(x[@"hunter2"])'), header('@(x[@"hunter2"])')),
        (header('@(x + ":" + y)'), header('@(x + ":" + y)')),
        (header("""@($"Basic {Enc(a["hunter2"])} {b}")"""), header("""@($"Basic {Enc(a["hunter2"])} {b}")""")),
        (header("""@($@"{x["hunter2"]} sk-live-abcdef")""", "x"), header(f"""@($@"{{x["hunter2"]}} {MASK}")""", "x")),
        ('<set-variable name="apiKey" value="hunter2" />', f'<set-variable name="apiKey" value="{MASK}" />'),
        ('<set-variable name="other" value="hunter2" />', '<set-variable name="other" value="hunter2" />'),
        (
            '<set-variable name="a" value="@{ /* sk-live-abcdef */ return 1; }" />',
            f'<set-variable name="a" value="@{{ /* {MASK} */ return 1; }}" />',
        ),
        (
            '<set-variable name="a" value="@{ var apiKey = "hunter2"; return apiKey; }" />',
            f'<set-variable name="a" value="@{{ var apiKey = "{MASK}"; return apiKey; }}" />',
        ),
        (
            '<authentication-basic username="me" password="p" />',
            f'<authentication-basic username="me" password="{MASK}" />',
        ),
        (
            '<authentication-certificate body="MIIK" password="@(p)" />',
            f'<authentication-certificate body="{MASK}" password="@(p)" />',
        ),
        (
            "<validate-jwt><issuer-signing-keys><key>Zm9v</key></issuer-signing-keys></validate-jwt>",
            f"<validate-jwt><issuer-signing-keys><key>{MASK}</key></issuer-signing-keys></validate-jwt>",
        ),
        (
            '<set-backend-service base-url="https://a.example/v1?api-key=hunter2" />',
            f'<set-backend-service base-url="https://a.example/v1?api-key={MASK}" />',
        ),
        ("<a><b />sk-live-abcdef</a>", f"<a><b />{MASK}</a>"),
        ("<a><!-- sk-live-abcdef --></a>", "<a />"),
        ("<a><![CDATA[sk-live-abcdef]]></a>", f"<a>{MASK}</a>"),
    ],
)  # fmt: skip
def test_credentials_are_masked_and_the_rest_stays(text: str, expected: str) -> None:
    assert shown(text) == expected


def test_both_formats_are_masked_alike() -> None:
    escaped = header("@(&quot;Bearer &quot; + &quot;hunter2&quot;)")
    assert shown(escaped, "xml") == header(f'@("Bearer " + "{MASK}")')


@pytest.mark.parametrize("text", ["<a>sk-live-abcdef", '<a b="@(sk-live-abcdef"/>'])
def test_nothing_is_shown_of_what_cannot_be_read(text: str) -> None:
    assert shown_policy(PolicyXml(text, "rawxml")) == "(hidden: it is not well-formed)\n"


@given(documents, layouts)
def test_a_document_without_credentials_is_shown_as_it_is(document: tuple[Element, ...], layout: Layout) -> None:
    policy = layout.spell(document)
    assert shown_policy(policy) == policy.readable()


_TOKENS = st.from_regex(r"sk-[A-Za-z0-9]{16}", fullmatch=True)
_PLACES = (
    '<a b="{}" />', "<a>{}</a>", "<a><b />{}</a>", '<a b="@("{}")" />', "<a>@{{ return @\"{}\"; }}</a>",
    '<a b="@(f($"{{x}} {}"))" />', '<a b="@(f($"{{g("{}")}}"))" />', "<a>@{{ // {}\n return 1; }}</a>",
    '<a b="@("x" == "{}")" />', '<a b="https://a.example/{}" />', '<a name="{}" b="1" />',
)  # fmt: skip


@given(documents, _TOKENS, st.sampled_from(_PLACES))
def test_no_token_is_shown_wherever_it_stands(document: tuple[Element, ...], token: str, place: str) -> None:
    text = PLAIN.spell(document).text + place.format(token)
    assert token in PolicyXml(text, "rawxml").readable()
    found = shown_policy(PolicyXml(text, "rawxml"))
    assert token not in found
    assert MASK in found


def test_named_values_to_which_credentials_refer_are_known() -> None:
    text = (
        header("Bearer {{one}}")
        + header('@("Bearer " + "{{ two }}")')
        + header("{{tenant}}", "x-tenant")
        + '<authentication-basic username="{{user}}" password="{{three}}" />'
    )
    assert named_values_of_credentials(PolicyXml(text, "rawxml")) == {"one", "two", "three"}
    assert named_values_of_credentials(PolicyXml("<a>{{one}}", "rawxml")) == set()


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('@("a" + \'b\' + @"c""d")', ["a", 'c""d']),
        ('@($"a{b["c"]}d{{e}}" + "f")', ["a", "c", "d{{e}}", "f"]),
        ('@($@"a""{$"b{c}"}")', ['a""', "b"]),
        ('@("not closed', ["not closed"]),
        ('@($"not closed {x', ["not closed ", "x"]),
        ('@("")', [""]),
        ('@("a\\"")', ['a\\"']),
    ],
)
def test_strings_are_found_with_those_in_holes(code: str, texts: list[str]) -> None:
    assert [code[start:end] for kind, start, end in pieces(code) if kind == "text"] == texts
