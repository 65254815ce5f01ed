# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Backends: options to ARM and back."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.objects import (
    Properties,
    created,
    descriptions,
    is_settled,
    options_of,
    owners,
    updated,
)

BACKEND = Backend()
BREAKER = {name: option["default"] for name, option in BACKEND.argument_spec()["circuit_breaker"]["options"].items()}
FOREIGN_RULE = {
    "name": "hand-made",
    "failureCondition": {"percentage": 50, "errorReasons": ["Timeout"], "interval": "PT1H"},
    "tripDuration": "PT30M",
}

_seconds = st.integers(1, 10**6)
_durations = st.builds("PT{}S".format, _seconds) | st.sampled_from(["PT60S", "PT1M", "P1D", "PT24H", "p1dt90m"])
_codes = st.integers(200, 599)
_ranges = st.builds(str, _codes) | st.builds(lambda a, b: f"{min(a, b)}-{max(a, b)}", _codes, _codes)
_breakers = st.fixed_dictionaries(
    {
        "enabled": st.booleans(),
        "count": st.integers(1, 10_000),
        "interval": _durations,
        "trip_duration": _durations,
        "status_codes": st.lists(_ranges, min_size=1, max_size=4),
        "accept_retry_after": st.booleans(),
    }
).map(lambda drawn: BREAKER | drawn)
_reference = st.sampled_from(["{{key}}", "Bearer {{api.key}}", "{{a-b_c}}-{{d}}"])
_entries = st.dictionaries(
    st.sampled_from(["Authorization", "x-key", "tag"]), _reference | st.lists(_reference, min_size=1)
)
_given = {
    "title": st.text(max_size=5),
    "description": descriptions,
    "owner": owners,
    "circuit_breaker": _breakers,
    "credentials": st.fixed_dictionaries({"header": st.none() | _entries, "query": st.none() | _entries}),
    "validate_certificate_chain": st.booleans(),
    "validate_certificate_name": st.booleans(),
}
_urls = st.sampled_from(["https://a.example", "https://b.example/v1"])
new_options = st.fixed_dictionaries({"url": _urls}, optional=_given).map(lambda o: options_of(BACKEND, **o))
update_options = st.fixed_dictionaries({}, optional={"url": _urls, **_given}).map(lambda o: options_of(BACKEND, **o))


def wanted(**options: Any) -> dict[str, Any]:
    return BACKEND.wanted(options_of(BACKEND, **options))


def with_defaults_of_arm(properties: Properties) -> Properties:
    """Return what ARM answers with: what was left out is there, empty or null."""
    return {
        "type": "Single",
        "title": None,
        "description": None,
        "circuitBreaker": None,
        "credentials": None,
    } | properties


@given(new_options)
def test_a_second_run_changes_nothing(options: dict[str, Any]) -> None:
    state = BACKEND.wanted(options)
    properties = created(BACKEND, state)
    assert is_settled(BACKEND, properties, state)
    assert is_settled(BACKEND, with_defaults_of_arm(properties), state)
    current = BACKEND.current(properties)
    assert {name: current[name] for name in state} == state


@given(new_options, update_options)
def test_an_update_settles_and_leaves_alone_what_is_unset(old: dict[str, Any], new: dict[str, Any]) -> None:
    existing = with_defaults_of_arm(created(BACKEND, BACKEND.wanted(old)))
    state = BACKEND.wanted(new)
    properties = updated(BACKEND, existing, state)
    assert is_settled(BACKEND, properties, state)
    before, current = BACKEND.current(existing), BACKEND.current(properties)
    assert {name: current[name] for name in before if name not in state} == {
        name: before[name] for name in before if name not in state
    }


@given(update_options)
def test_what_is_not_managed_is_sent_as_it_was_read(options: dict[str, Any]) -> None:
    existing = {
        "url": "https://a.example",
        "protocol": "http",
        "type": "Single",
        "resourceId": "/subscriptions/s",
        "proxy": {"url": "https://proxy.example"},
        "credentials": {"authorization": {"scheme": "Basic", "parameter": "x"}, "certificateIds": ["c"]},
        "tls": {"validateCertificateChain": True, "serverCertificateThumbprint": "t"},
        "provisioningState": "Succeeded",
    }
    properties = updated(BACKEND, existing, BACKEND.wanted(options))
    for name in ("type", "protocol", "resourceId", "proxy"):
        assert properties[name] == existing[name]
    assert existing["credentials"].items() <= properties["credentials"].items()  # type: ignore[attr-defined]
    assert properties["tls"]["serverCertificateThumbprint"] == "t"
    assert "provisioningState" not in properties


@pytest.mark.parametrize("rules", [[FOREIGN_RULE], [FOREIGN_RULE, FOREIGN_RULE], [{"name": "bare"}]])
def test_a_breaker_that_is_left_alone_stays_whole(rules: list[Properties]) -> None:
    existing = {"url": "https://a.example", "protocol": "http", "circuitBreaker": {"rules": rules}}
    assert updated(BACKEND, existing, wanted(url="https://b.example"))["circuitBreaker"] == {"rules": rules}
    assert not is_settled(BACKEND, existing, wanted(circuit_breaker=BREAKER))
    (rule,) = updated(BACKEND, existing, wanted(circuit_breaker=BREAKER))["circuitBreaker"]["rules"]
    assert rule["failureCondition"]["count"] == 3
    assert "percentage" not in rule["failureCondition"]


def test_a_breaker_is_written_as_arm_takes_it() -> None:
    properties = created(BACKEND, wanted(url="https://a.example", circuit_breaker=BREAKER, owner="citadel"))
    assert properties == {
        "protocol": "http",
        "url": "https://a.example",
        "description": "[owner: citadel]",
        "circuitBreaker": {
            "rules": [
                {
                    "name": "llm-circuit-breaker",
                    "failureCondition": {
                        "count": 3,
                        "interval": "PT10S",
                        "statusCodeRanges": [{"min": 429, "max": 429}, {"min": 500, "max": 599}],
                        "errorReasons": ["BackendConnectionFailure", "Timeout"],
                    },
                    "tripDuration": "PT10S",
                    "acceptRetryAfter": True,
                }
            ]
        },
        "tls": {"validateCertificateChain": True, "validateCertificateName": True},
    }


def test_an_unknown_duration_of_arm_shows_as_it_is() -> None:
    rule = FOREIGN_RULE | {"tripDuration": "00:30:00"}
    current = BACKEND.current({"url": "u", "circuitBreaker": {"rules": [rule]}})
    assert current["circuit_breaker"]["trip_duration"] == "00:30:00"


def test_a_breaker_that_is_turned_off_is_removed() -> None:
    existing = created(BACKEND, wanted(url="https://a.example", circuit_breaker=BREAKER))
    assert "circuitBreaker" not in updated(BACKEND, existing, wanted(circuit_breaker=BREAKER | {"enabled": False}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("interval", "10s"),
        ("trip_duration", "P"),
        ("status_codes", ["5xx"]),
        ("status_codes", ["503-500"]),
        ("status_codes", ["4\uff129"]),
    ],
)
def test_a_breaker_that_arm_would_refuse_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidOptionsError, match=r"^circuit_breaker: "):
        wanted(circuit_breaker=BREAKER | {field: value})


@pytest.mark.parametrize("tls", [None, {}, {"validateCertificateChain": None, "validateCertificateName": True}])
def test_checks_of_certificates_are_on_by_default(tls: Any) -> None:
    existing = {"url": "https://a.example", "tls": tls}
    assert is_settled(BACKEND, existing, wanted(validate_certificate_chain=True, validate_certificate_name=True))
    assert not is_settled(BACKEND, existing, wanted(validate_certificate_chain=False))


@pytest.mark.parametrize("value", ["s3cret", ["{{key}}", "s3cret"], "{{}}", "{key}", 7])
def test_a_credential_that_anybody_could_read_is_refused(value: Any) -> None:
    with pytest.raises(InvalidOptionsError, match=r"^credentials\.header\.x-key: ") as refusal:
        wanted(credentials={"header": {"x-key": value}, "query": None})
    assert "s3cret" not in str(refusal.value)


def test_an_api_version_is_no_credential() -> None:
    state = wanted(url="https://a.example", credentials={"header": None, "query": {"api-version": "2024-10-21"}})
    assert created(BACKEND, state)["credentials"]["query"] == {"api-version": ["2024-10-21"]}
    assert BACKEND.shown(state)["credentials"] == state["credentials"]


def test_credentials_are_shown_only_as_references() -> None:
    header = {"a": ["s3cret"], "b": ["Bearer {{key}}"], "c": ["s3cret-{{key}}", "{{key}}"]}
    existing = {"url": "https://a.example", "credentials": {"header": header, "query": {"k": ["s3cret"]}}}
    shown = BACKEND.shown(BACKEND.current(existing))
    assert "s3cret" not in as_text(shown)
    assert shown["credentials"]["header"] == {"a": ["********"], "b": ["Bearer {{key}}"], "c": ["********", "{{key}}"]}


def test_a_url_is_shown_without_what_it_holds_of_credentials() -> None:
    state = BACKEND.current({"url": "https://me:s3cret@a.example/v1?api-key=s3cret&api-version=1"})
    assert BACKEND.shown(state)["url"] == "https://me:********@a.example/v1?api-key=********&api-version=1"


def test_named_values_to_which_credentials_refer_are_told() -> None:
    header = {"x-key": ["Bearer {{key}}"], "x-tenant": ["{{tenant}}"]}
    existing = {"url": "https://a.example", "credentials": {"header": header, "query": {"code": ["{{code}}"]}}}
    assert BACKEND.secrets(BACKEND.current(existing)) == {"key", "code"}


@pytest.mark.parametrize("owner", ["two words", "a]", "é"])
def test_an_owner_that_could_not_be_read_back_is_refused(owner: str) -> None:
    with pytest.raises(InvalidOptionsError, match=r"^owner: "):
        wanted(url="https://a.example", owner=owner)


def test_a_pool_is_no_backend() -> None:
    assert BACKEND.is_same_kind({"type": "Single"})
    assert BACKEND.is_same_kind({})
    assert not BACKEND.is_same_kind({"type": "Pool"})


def test_a_new_backend_needs_a_url() -> None:
    assert BACKEND.missing(wanted(title="x")) == "url"
    assert BACKEND.missing(wanted(url="https://a.example")) == ""
