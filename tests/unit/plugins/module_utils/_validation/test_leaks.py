# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that whoever reads the service can read, none of which a message may hold."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    FAILED,
    PASSED,
    SKIPPED,
    Check,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.leaks import judge_leaks
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document

SECRET = "sk-0123456789abcdef"
NAMED = [
    {"properties": {"displayName": "hidden", "secret": True}},
    {
        "properties": {
            "displayName": "vaulted",
            "secret": False,
            "keyVault": {"secretIdentifier": "https://v/secrets/s"},
        }
    },
    {"properties": {"displayName": "Plain", "secret": False, "value": "westeurope"}},
]
LITERAL = "is not a reference to a named value, so that whoever reads the service reads it"
NOT_SECRET = "refers to the named value {}, which is not secret"


def named_value(name: str, value: str) -> dict[str, Any]:
    return {"name": "n", "properties": {"displayName": name, "secret": False, "value": value}}


def judged(*backends: dict[str, Any], **policies: str) -> list[Check]:
    entities = [{"name": f"b{number}", "properties": each} for number, each in enumerate(backends)]
    documents = {title: Document(f"<policies><inbound>{text}</inbound></policies>") for title, text in policies.items()}
    if "{{plain}}" not in f"{backends}{policies}".lower():
        return list(judge_leaks(entities, NAMED, documents))
    *found, of_value = judge_leaks(entities, [*NAMED[:-1], named_value("Plain", SECRET)], documents)
    assert SECRET not in repr(found)
    assert (of_value.name, of_value.outcome) == ("named value Plain", FAILED)
    return found


def only(*backends: dict[str, Any], **policies: str) -> tuple[str, str]:
    (check,) = judged(*backends, **policies)
    return check.outcome, check.message


def header(value: str, name: str = "api-key") -> dict[str, Any]:
    return {"credentials": {"header": {name: [value]}}}


CLEAN = (PASSED, "1 backends, 3 named values, 0 policies and fragments")


@pytest.mark.parametrize(
    "value",
    [
        "{{hidden}}",
        "Bearer {{hidden}}",
        "bearer  {{ hidden }}",
        "{{vaulted}}",
        "{{of somebody else}}",
        "x-{{hidden}}",
        "",
    ],
)
def test_references_to_secret_named_values_are_fine(value: str) -> None:
    assert only(header(value)) == CLEAN


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (SECRET, LITERAL),
        (f"Bearer {SECRET}", LITERAL),
        ("{{Plain}}", NOT_SECRET.format("Plain")),
        ("{{plain}}", NOT_SECRET.format("plain")),
        ("Bearer {{Plain}}", NOT_SECRET.format("Plain")),
    ],
)
def test_what_can_be_read_is_told(value: str, fault: str) -> None:
    assert only(header(value)) == (FAILED, f"the credential in header api-key {fault}")
    authorization = {"credentials": {"authorization": {"scheme": "Bearer", "parameter": value}}}
    assert only(authorization) == (FAILED, f"the credential in authorization {fault}")
    query = {"credentials": {"query": {"code": [value], "api-version": ["2024-10-21"]}}}
    assert only(query) == (FAILED, f"the credential in query code {fault}")


def test_all_that_is_wrong_with_one_backend_is_told_together() -> None:
    (check,) = judged({"credentials": {"header": {"api-key": [SECRET], "x-other": ["{{Plain}}"]}}})
    assert check.name == "backend b0"
    assert check.message == (
        f"the credential in header api-key {LITERAL}; the credential in header x-other {NOT_SECRET.format('Plain')}"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            (name, "22222222-2222-2222-2222-222222222222")
            for name in ("x-ms-client-id", "x-tenant-id", "OpenAI-Project")
        ),
        *((name, "application/json") for name in ("Accept", "Content-Type", "User-Agent")),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "prompt-caching-2024-07-31,token-efficient-tools-2025-02-19"),
        ("OpenAI-Organization", "org-citadel"),
        ("HTTP-Referer", "https://portal.example/apps?id=7"),
        ("x-error-code", "unknown"),
        ("x-max-tokens", "4096"),
        ("Idempotency-Key", "once"),
        ("x-deployment", "Meta-Llama-3-1-405B-Instruct-fine-tuned-v2"),
    ],
)
def test_headers_that_hold_no_secret_are_not_taken_for_one(name: str, value: str) -> None:
    assert only(header(value, name)) == CLEAN
    assert only(api=set_header(value, name)) == (PASSED, "0 backends, 3 named values, 1 policies and fragments")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Provider-Auth", "hunter2"),
        ("x-goog-api-key", "hunter2"),
        ("X-Anything", SECRET),
        ("X-Anything", "{{Plain}}"),
    ],
)
def test_a_header_is_told_by_its_name_and_by_its_value(name: str, value: str) -> None:
    fault = NOT_SECRET.format("Plain") if value == "{{Plain}}" else LITERAL
    assert only(header(value, name)) == (FAILED, f"the credential in header {name} {fault}")
    assert only(api=set_header(value, name)) == (FAILED, f"the value of set-header {name} {fault}")


def test_backends_of_others_are_told_of_and_fail_nobody() -> None:
    own, other, clean = ({"name": name, "properties": header(value)} for name, value in
                         (("own", SECRET), ("other", SECRET), ("clean", "{{hidden}}")))  # fmt: skip
    found = list(judge_leaks([own, other, clean], NAMED, {}, ["Own"]))
    assert SECRET not in repr(found)
    assert [(each.name, each.outcome) for each in found] == [("backend own", FAILED), ("backend other", SKIPPED)]
    assert found[1].message.startswith(
        "it is not in the inventory, so its owner is to be told: the credential in header"
    )
    told, passed = judge_leaks([other, clean], NAMED, {}, ["clean"])
    assert (told.outcome, passed.outcome) == (SKIPPED, PASSED)
    assert passed.message.startswith("1 backends")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ops", SECRET),
        ("ops", f"Bearer {SECRET}"),
        ("opsApiKey", "correct-horse-battery"),
        ("ops-token", "correct horse battery"),
    ],
)
def test_a_named_value_that_is_not_secret_is_told_whoever_refers_to_it(name: str, value: str) -> None:
    (check,) = judge_leaks([], [*NAMED, named_value(name, value)], {}, [])
    assert value not in repr(check)
    assert (check.group, check.name, check.outcome) == ("secrets", f"named value {name}", FAILED)
    assert check.message == "it holds a credential and is not secret, so that whoever reads the service reads it"
    assert check.remedy.startswith("rotate it, and make the named value secret")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uami-client-id", "22222222-2222-2222-2222-222222222222"),
        ("tenant-id", "22222222-2222-2222-2222-222222222222"),
        ("api-key-header-name", "x-provider-key"),
        ("api-key-header", "x-provider-key"),
        ("ops-api-key", "to be set"),
        ("ops-key", "{{hidden}}"),
        ("useApiKey", "always"),
        ("max-tokens", "4096"),
        ("allowed-models", "gpt-4o,text-embedding-3-large,Meta-Llama-3-1-405B-Instruct-fine-tuned-v2"),
        ("entra-issuer", "https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222/v2.0"),
        ("Plain", ""),
    ],
)
def test_a_named_value_that_holds_no_credential_is_fine(name: str, value: str) -> None:
    (check,) = judge_leaks([], [named_value(name, value)], {}, [])
    assert check.outcome == PASSED


@pytest.mark.parametrize(("own", "outcome"), [("{{hidden}}", SKIPPED), ("{{OPS}}", FAILED)])
def test_a_named_value_is_of_others_while_only_their_backends_refer_to_it(own: str, outcome: str) -> None:
    backends = [{"name": "own", "properties": header(own)}, {"name": "other", "properties": header("{{ops}}")}]
    found = list(judge_leaks(backends, [named_value("ops", SECRET)], {}, ["own"]))
    outcomes = {check.name: check.outcome for check in found}
    assert (outcomes["named value ops"], outcomes["backend other"]) == (outcome, SKIPPED)
    policy = {"api": Document(f"<policies><inbound>{set_header('{{ops}}', 'x-any')}</inbound></policies>")}
    found = list(judge_leaks(backends[1:], [named_value("ops", SECRET)], policy, []))
    assert {check.name: check.outcome for check in found}["named value ops"] == FAILED


@pytest.mark.parametrize("credentials", [None, {}, {"header": None}, {"authorization": None}])
def test_a_backend_without_credentials_is_fine(credentials: Any) -> None:
    assert only({"credentials": credentials, "url": "https://a.example/v1"}) == CLEAN


@pytest.mark.parametrize("url", [f"https://user:{SECRET}@a.example", f"https://a.example/v1?code={SECRET}"])
def test_a_url_that_carries_credentials_is_told(url: str) -> None:
    assert only({"url": url}) == (FAILED, "its URL carries credentials or a query")


@pytest.mark.parametrize("url", ["http://[::1", "", None])
def test_a_url_that_is_none_is_no_matter(url: Any) -> None:
    assert only({"url": url}) == CLEAN


def set_header(value: str, name: str = "Authorization", tag: str = "set-header") -> str:
    return f'<{tag} name="{name}" exists-action="override"><value>{value}</value></{tag}>'


@pytest.mark.parametrize(
    "policy",
    [
        set_header("Bearer {{hidden}}"),
        set_header('@("Bearer " + (string)context.Variables["token"])'),
        set_header('@("Bearer {{hidden}}")'),
        set_header("application/json", "Content-Type"),
        '<set-header name="api-key" exists-action="delete" />',
        '<authentication-basic username="u" password="{{hidden}}" />',
        set_header('@("Bearer " + "{{hidden}}")'),
        set_header('@(context.Request.Headers.GetValueOrDefault("api-key", "none"))'),
        set_header('@(context.Subscription?.Key == "anonymous" ? "" : (string)context.Variables["key"])'),
        set_header('@($"Bearer {context.Variables["token"]}")'),
        set_header('@("Basic " + user + ":" + (string)context.Variables["password"])'),
        '<set-body>@(new JObject(new JProperty("code", "DeploymentNotFound")).ToString())</set-body>',
        '<set-variable name="useApiKey" value="always" />',
        '<set-variable name="maxTokens" value="4096" />',
        '<set-variable name="cacheKey" value="models-of-everybody" />',
        '<set-variable name="apiKey" value="@((string)context.Variables["other"])" />',
        '<set-backend-service base-url="https://a.example/v1?api-version=2024-10-21" />',
        '<send-request><set-url>@("https://a.example?code=" + context.Variables["c"])</set-url></send-request>',
        """<set-body>{"max_tokens": 5, "key": "value", "code": "invalid_api_key"}</set-body>""",
        '<authentication-certificate thumbprint="0123456789ABCDEF0123456789ABCDEF01234567" />',
        '<rate-limit-by-key calls="1" renewal-period="1" counter-key="@("all-of-them")" />',
        set_header("2024-10-21", "api-version", "set-query-parameter"),
    ],
)
def test_policies_that_refer_to_secrets_are_fine(policy: str) -> None:
    assert only(api=policy) == (PASSED, "0 backends, 3 named values, 1 policies and fragments")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (set_header(SECRET), f"the value of set-header Authorization {LITERAL}"),
        (set_header(f"Bearer {SECRET}"), f"the value of set-header Authorization {LITERAL}"),
        (set_header(f'@("Bearer {SECRET}")'), f"the value of set-header Authorization {LITERAL}"),
        (
            set_header("{{Plain}}", "x-functions-key"),
            f"the value of set-header x-functions-key {NOT_SECRET.format('Plain')}",
        ),
        (
            set_header(SECRET, "subscription-key", "set-query-parameter"),
            f"the value of set-query-parameter subscription-key {LITERAL}",
        ),
        (
            f'<authentication-basic username="u" password="{SECRET}" />',
            f"the password of authentication-basic {LITERAL}",
        ),
        (
            f'<authentication-certificate body="{{{{hidden}}}}" password="{SECRET}" />',
            f"the password of authentication-certificate {LITERAL}",
        ),
        (
            '<authentication-certificate body="MIIK" password="{{hidden}}" />',
            f"the body of authentication-certificate {LITERAL}",
        ),
        (
            f'<choose><when condition="@(1 < 2)"><send-request>{set_header(SECRET)}</send-request></when></choose>',
            f"the value of set-header Authorization {LITERAL}",
        ),
    ],
    ids=[
        "literal",
        "bearer",
        "constant",
        "plain",
        "query",
        "basic",
        "certificate",
        "body of a certificate",
        "deep inside",
    ],
)
def test_policies_with_readable_credentials_are_told(policy: str, message: str) -> None:
    assert only(api=policy) == (FAILED, message)


SENT = '<send-request mode="new">{}</send-request>'


@pytest.mark.parametrize(
    ("policy", "place", "fault"),
    [
        (set_header('@("Bearer " + "sk-live-abc")'), "value of set-header Authorization", LITERAL),
        (set_header('@{ return "Bearer sk-live-abc"; }'), "value of set-header Authorization", LITERAL),
        (set_header('@($"Bearer sk-live-abcdefgh{suffix}")', "x-any"), "value of set-header x-any", LITERAL),
        (set_header('@("Bearer " + "{{plain}}")'), "value of set-header Authorization", NOT_SECRET.format("plain")),
        (
            set_header('@{ return "Bearer {{plain}}"; }'),
            "value of set-header Authorization",
            NOT_SECRET.format("plain"),
        ),
        (set_header('@(Basic(Encoding.UTF8.GetBytes("me:pass")))'), "value of set-header Authorization", LITERAL),
        ('<set-variable name="apiKey" value="sk-live-abcdef" />', "value of set-variable apiKey", LITERAL),
        ('<set-variable name="client_secret" value="hunter2" />', "value of set-variable client_secret", LITERAL),
        ('<set-variable name="plan" value="@("sk-live-" + "abcdef")" />', "value of set-variable plan", LITERAL),
        (
            f'<set-backend-service base-url="https://a.example?api-key={SECRET}" />',
            "base-url of set-backend-service",
            LITERAL,
        ),
        (
            '<set-backend-service base-url="https://a.example?api-key=hunter2" />',
            "base-url of set-backend-service",
            LITERAL,
        ),
        (SENT.format("<set-url>https://a.example/run?code=hunter2</set-url>"), "text of set-url", LITERAL),
        (SENT.format("<set-url>https://me:hunter2@a.example/</set-url>"), "text of set-url", LITERAL),
        (SENT.format("<set-body>grant_type=x&amp;client_secret=hunter2</set-body>"), "text of set-body", LITERAL),
        (
            SENT.format("""<set-body>@("{\\"client_secret\\": \\"hunter2\\"}")</set-body>"""),
            "text of set-body",
            LITERAL,
        ),
        (
            SENT.format('<set-body>@(new JObject(new JProperty("password", "hunter2")).ToString())</set-body>'),
            "text of set-body",
            LITERAL,
        ),
        (SENT.format(set_header("hunter2", "X-Provider-Auth")), "value of set-header X-Provider-Auth", LITERAL),
        ("<set-url>{{Plain}}</set-url>", "text of set-url", NOT_SECRET.format("Plain")),
        (
            '<check-header name="api-key"><value>hunter2</value></check-header>',
            "value of check-header api-key",
            LITERAL,
        ),
        (
            '<when condition="@(context.Variables["k"] == "sk-live-abcdef")" />',
            "condition of when",
            LITERAL,
        ),
    ],
)
def test_credentials_are_found_wherever_they_stand(policy: str, place: str, fault: str) -> None:
    assert only(api=policy) == (FAILED, f"the {place} {fault}")


def test_a_comment_is_read_by_everybody_too() -> None:
    message = "a comment holds a credential, so that whoever reads the service reads it"
    assert only(api=f"<!-- was {SECRET} -->") == (FAILED, message)


def test_a_fragment_is_read_in_the_format_in_which_arm_lists_it() -> None:
    text = f'<fragment><set-variable name="x" value="@(&quot;(&quot; + 1)" />{set_header(SECRET)}</fragment>'
    (check,) = judge_leaks([], [], {"fragment f": Document(text, "xml")})
    assert (check.name, check.outcome) == ("fragment f", FAILED)


def test_a_policy_that_cannot_be_read_is_not_called_clean() -> None:
    found = {check.name: check.outcome for check in judge_leaks([], [], {"api": Document("<policies><inbound>")})}
    assert found["api"] == SKIPPED
