# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which elements, attributes, texts and sections a policy may have."""

from __future__ import annotations

import pytest

from .conftest import Check, Refusal


def policy(inbound: str = "", backend: str = "", outbound: str = "", on_error: str = "") -> str:
    return (
        f"<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound>"
        f"<on-error>{on_error}</on-error></policies>"
    )


def test_observed_error_for_text_in_set_header(refusal: Refusal) -> None:
    header = "\t\t\t\t\t<set-header name='a'>x</set-header>"
    lines = ["<policies>", "<inbound>", "<choose>", "<when condition='true'>", "<!-- -->", header]
    (detail,) = refusal("\n".join(lines) + "</when></choose></inbound></policies>", kind="policy").details
    assert detail == {
        "code": "ValidationError",
        "target": "set-header",
        "message": "Error in element 'set-header' on line 6, column 7: The element 'set-header' cannot contain text. "
        "List of possible elements expected: 'value'.",
    }


def test_all_problems_of_a_document_are_told_together(refusal: Refusal) -> None:
    refused = refusal("<fragment><set-variable name='a'/><choose/><set-method/></fragment>")
    assert refused.message == "One or more fields contain incorrect values:"
    assert [detail["target"] for detail in refused.details] == ["set-variable", "choose", "set-method"]


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ("<nonsense/>", "The policy 'nonsense' is not known to the embedded Azure."),
        ("<set-header name='a'><valu/></set-header>", "has invalid child element 'valu'. List of possible elements"),
        ("<set-variable name='a'/>", "The required attribute 'value' is missing."),
        ("<set-variable name='a' value='b' c='d'/>", "The 'c' attribute is not declared."),
        ("<set-body parse-date='true'>a</set-body>", "The 'parse-date' attribute is not declared."),
        ("<validate-jwt require-signed-tokens='false'/>", "The 'require-signed-tokens' attribute is not declared."),
        (
            "<validate-jwt><issuer-signing-keys><key n='a'/></issuer-signing-keys></validate-jwt>",
            "The 'n' attribute is not declared.",
        ),
        ("<set-header name='a' exists-action='keep'/>", "it is not one of override, skip, append, delete"),
        ("<set-status code='abc'/>", "it is not an integer"),
        ("<set-status code='99'/>", "it is not in the range 100..599"),
        ("<retry condition='true' count='51' interval='1'/>", "it is not in the range 1..50"),
        ("<retry condition='maybe' count='1' interval='1'/>", "it is not a boolean"),
        (
            "<choose><otherwise/></choose>",
            "has incomplete content. List of possible elements expected: 'when, otherwise'.",
        ),
        ("<choose><otherwise/><when condition='true'/></choose>", "must be the last element of 'choose'"),
        ("<cors><allowed-origins><origin/></allowed-origins></cors>", "The element 'origin' has incomplete content."),
        ("<set-method/>", "has incomplete content"),
        ("<set-backend-service/>", "Exactly one of the attributes 'base-url' and 'backend-id'"),
        ("<set-backend-service base-url='http://a' backend-id='b1'/>", "Exactly one of the attributes"),
        ("<forward-request timeout='1' timeout-ms='1'/>", "Only one of the attributes"),
        ("<llm-emit-token-metric/>", "has incomplete content"),
        ("<llm-emit-token-metric><dimension name='x'/></llm-emit-token-metric>", "must have a value"),
        ("<llm-token-limit counter-key='a' estimate-prompt-tokens='true'/>", "At least one of the attributes"),
        (
            "<llm-token-limit counter-key='a' estimate-prompt-tokens='true' token-quota='5'/>",
            "must be specified together",
        ),
        ("<trace source='a'><message>b</message><message>c</message></trace>", "can be specified only once"),
        ("<set-variable name='a' value='@(1) b'/>", "A policy expression must be the whole value"),
    ],
)
def test_refused_by_the_table(refusal: Refusal, inner: str, text: str) -> None:
    details = refusal(f"<fragment>{inner}</fragment>").details
    assert len(details) == 1
    assert text in details[0]["message"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<fragment/>", "at least one policy"),
        ("<fragment name='x'><set-method>GET</set-method></fragment>", "The 'name' attribute is not declared."),
        ("<fragment>text</fragment>", "cannot contain text"),
        ("<policies/>", "The root element must be 'fragment'."),
        ("<fragment><base/></fragment>", "The element 'base' is not allowed in a policy fragment."),
        ("<fragment><inbound/></fragment>", "The element 'inbound' is not allowed in a policy fragment."),
        ("<fragment><include-fragment fragment-id='f1'/></fragment>", "cannot include another policy fragment"),
        (
            "<fragment><choose><when condition='true'><include-fragment fragment-id='f1'/></when></choose></fragment>",
            "cannot include another policy fragment",
        ),
    ],
)
def test_refused_in_a_fragment(refusal: Refusal, text: str, message: str) -> None:
    assert any(message in detail["message"] for detail in refusal(text).details)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<fragment/>", "The root element must be 'policies'."),
        (policy(inbound="<base><set-method/></base>"), "The element 'base' has invalid child element 'set-method'."),
        ("<policies><outside/></policies>", "has invalid child element 'outside'"),
        ("<policies><inbound/><inbound/></policies>", "'inbound' can be specified only once"),
        (policy(backend="<base/><forward-request/>"), "The element 'backend' can contain only one policy."),
        (policy(outbound="<rewrite-uri template='/'/>"), "Policy is not allowed in the 'outbound' section."),
        (
            policy(on_error="<choose><when condition='true'><forward-request/></when></choose>"),
            "Policy is not allowed in the 'on-error' section.",
        ),
        (policy(inbound="<choose><when condition='true'><base/></when></choose>"), "'base' is not allowed"),
        (
            policy(inbound="<cors><allowed-origins><origin>*</origin></allowed-origins></cors>" * 2),
            "'cors' can be specified only once",
        ),
    ],
)
def test_refused_in_a_policy(refusal: Refusal, text: str, message: str) -> None:
    assert any(message in detail["message"] for detail in refusal(text, kind="policy").details)


def test_six_custom_dimensions_are_one_too_many(refusal: Refusal, check: Check) -> None:
    dimensions = "<dimension name='Backend ID'/>" + "".join(f"<dimension name='d{n}' value='v'/>" for n in range(5))
    metric = "<fragment><llm-emit-token-metric namespace='n'>{}</llm-emit-token-metric></fragment>"
    assert check(metric.format(dimensions))
    (detail,) = refusal(metric.format(dimensions + "<dimension name='d5' value='v'/>")).details
    assert "At most 5 custom dimensions" in detail["message"]


@pytest.mark.parametrize(
    "text",
    [
        policy(
            inbound="<base/><cors><allowed-origins><origin>https://ai.azure.com</origin></allowed-origins>"
            "<allowed-methods preflight-result-max-age='300'><method>*</method></allowed-methods></cors>",
            backend="<!-- one policy, and comments --><retry condition='true' count='2' interval='0'>"
            "<forward-request buffer-request-body='true'/></retry>",
            on_error="<base/><return-response><set-status code='429'/><set-body>{}</set-body></return-response>",
        ),
        policy(
            inbound="<validate-azure-ad-token tenant-id='t'><audiences><audience>a</audience></audiences>"
            "</validate-azure-ad-token><send-request mode='new' response-variable-name='r'><set-url>https://x</set-url>"
            "<set-method>GET</set-method><authentication-managed-identity resource='y'/></send-request>"
            "<azure-openai-emit-token-metric><dimension name='API ID'/></azure-openai-emit-token-metric>"
            "<azure-openai-token-limit counter-key='k' tokens-per-minute='5' estimate-prompt-tokens='false'/>"
            "<ip-filter action='allow'><address-range from='10.0.0.0' to='10.0.0.9'/></ip-filter>"
            "<cache-lookup-value key='k' variable-name='v' id='step-1'/>"
        ),
        "<policies/>",
    ],
)
def test_accepted(check: Check, text: str) -> None:
    assert check(text, kind="policy")
