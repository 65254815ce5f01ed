# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Named values: options to ARM and back, one source at a time, and no secret shown."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.display import as_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import NamedValue
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import InvalidOptionsError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._resources.objects import Properties, created, options_of, updated

NAMED_VALUE = NamedValue()
SOURCES = {"value", "secret_value", "key_vault"}

_text = st.text(min_size=1, max_size=8)
_vaults = st.fixed_dictionaries(
    {"secret_identifier": st.just("https://v.vault.azure.net/secrets/s"), "identity_client_id": st.none() | _text}
)
_sources = (
    st.fixed_dictionaries({"value": st.text(max_size=8)})
    | st.fixed_dictionaries({"secret_value": _text.map("s3cret-{}".format)})
    | st.fixed_dictionaries(
        {
            "key_vault": st.fixed_dictionaries(
                {
                    "secret_identifier": st.just("https://v.vault.azure.net/secrets/s"),
                    "identity_client_id": st.none() | _text,
                }
            )
        }
    )
)
_others = st.fixed_dictionaries({}, optional={"display_name": _text, "tags": st.lists(_text, max_size=3)})
options = st.builds(lambda source, other: source | other, _sources, _others)
update_options = options | _others


def wanted(**given_options: Any) -> dict[str, Any]:
    return NAMED_VALUE.wanted(options_of(NAMED_VALUE, **given_options))


def as_arm_answers(properties: Properties) -> Properties:
    """Return what ARM answers with: no secret, and the status of a Key Vault secret."""
    answer = {name: value for name, value in properties.items() if name != "value" or not properties["secret"]}
    if "keyVault" in answer:
        answer["keyVault"] = {**answer["keyVault"], "lastStatus": {"code": "Success"}}
    return answer


def before_of(properties: Properties, state: dict[str, Any]) -> dict[str, Any]:
    """Return the current state, with the secret fetched when it must be compared."""
    current = NAMED_VALUE.current(as_arm_answers(properties))
    hidden = NAMED_VALUE.hidden(current, state)
    return {**current, hidden: properties["value"]} if hidden else current


@given(options)
def test_a_second_run_changes_nothing(given_options: dict[str, Any]) -> None:
    state = wanted(**given_options)
    before = before_of(created(NAMED_VALUE, state), state)
    assert NAMED_VALUE.merged(before, state) == before
    assert {name: before[name] for name in state} == state


@given(options, update_options)
def test_a_new_source_replaces_the_old_one_and_the_rest_stays(old: dict[str, Any], new: dict[str, Any]) -> None:
    state = wanted(**new)
    before = before_of(created(NAMED_VALUE, wanted(**old)), state)
    after = NAMED_VALUE.merged(before, state)
    assert {name: after[name] for name in state} == state
    if SOURCES & new.keys():
        assert SOURCES & after.keys() == SOURCES & new.keys()
        assert after["secret"] is ("value" not in new)
    else:
        assert {name: after.get(name) for name in SOURCES} == {name: before.get(name) for name in SOURCES}


@given(options, options)
def test_a_secret_is_never_shown(old: dict[str, Any], new: dict[str, Any]) -> None:
    state = wanted(**new)
    before = before_of(created(NAMED_VALUE, wanted(**old)), state)
    for shown in (NAMED_VALUE.shown(before), NAMED_VALUE.shown(NAMED_VALUE.merged(before, state))):
        assert "s3cret" not in repr(shown)
        assert "s3cret" not in as_text(shown)


@pytest.mark.parametrize(
    ("properties", "secrets", "shown"),
    [
        ({"displayName": "region", "value": "westeurope"}, set(), "westeurope"),
        ({"displayName": "uami-client-id", "value": "22222222-2222-2222-2222-222222222222"}, set(), None),
        ({"displayName": "region", "value": "sk-live-abcdef"}, set(), "********"),
        ({"displayName": "a-credential", "value": "hunter2"}, set(), "********"),
        ({"displayName": "Region", "value": "true"}, {"region"}, "********"),
        (
            {"displayName": "endpoint", "value": "https://a.example?code=hunter2"},
            set(),
            "https://a.example?code=********",
        ),
    ],
)
def test_a_credential_in_a_plain_named_value_is_not_shown(
    properties: dict[str, Any], secrets: set[str], shown: str | None
) -> None:
    state = NAMED_VALUE.current(properties)
    assert NAMED_VALUE.shown(state, secrets)["value"] == (shown or properties["value"])


def test_what_is_secret_by_its_kind_is_told() -> None:
    assert NAMED_VALUE.secrets(NAMED_VALUE.current({"displayName": "n", "secret": True})) == {"n"}
    assert NAMED_VALUE.secrets(NAMED_VALUE.current({"displayName": "n", "value": "v"})) == set()


@given(options)
def test_the_body_has_one_source(given_options: dict[str, Any]) -> None:
    properties = created(NAMED_VALUE, wanted(**given_options))
    assert ("keyVault" in properties) is ("key_vault" in given_options)
    assert ("value" in properties) is ("key_vault" not in given_options)
    assert properties["secret"] is ("value" not in given_options)


def test_an_update_of_tags_alone_sends_no_value_of_a_secret() -> None:
    existing = as_arm_answers(created(NAMED_VALUE, wanted(secret_value="s3cret")))
    state = NAMED_VALUE.merged(NAMED_VALUE.current(existing), wanted(tags=["b", "a"]))
    assert NAMED_VALUE.body(state)["properties"] == {"displayName": "name", "secret": True, "tags": ["a", "b"]}


def test_a_plain_value_is_written_as_arm_takes_it() -> None:
    properties = created(NAMED_VALUE, wanted(value="22222222"))
    assert properties == {"displayName": "name", "value": "22222222", "secret": False}


def test_a_reference_to_key_vault_is_written_as_arm_takes_it() -> None:
    vault = {"secret_identifier": "https://v.vault.azure.net/secrets/s", "identity_client_id": "i"}
    assert created(NAMED_VALUE, wanted(key_vault=vault, display_name="shown")) == {
        "displayName": "shown",
        "secret": True,
        "keyVault": {"secretIdentifier": "https://v.vault.azure.net/secrets/s", "identityClientId": "i"},
    }


@pytest.mark.parametrize(
    ("existing", "fetched"),
    [
        ({"secret": True}, "secret_value"),
        ({"secret": True, "keyVault": {"secretIdentifier": "s"}}, ""),
        ({"secret": False, "value": "v"}, ""),
    ],
)
def test_a_secret_is_fetched_only_to_be_compared(existing: Properties, fetched: str) -> None:
    current = NAMED_VALUE.current(existing)
    assert NAMED_VALUE.hidden(current, wanted(secret_value="s3cret")) == fetched
    assert NAMED_VALUE.hidden(current, wanted(value="v")) == ""
    assert NAMED_VALUE.hidden(current, wanted(tags=[])) == ""


def test_the_order_of_tags_means_nothing() -> None:
    current = NAMED_VALUE.current({"displayName": "n", "value": "v", "tags": ["b", "a"]})
    assert NAMED_VALUE.merged(current, wanted(tags=["a", "b"])) == current


def test_two_sources_are_refused_without_showing_them() -> None:
    with pytest.raises(InvalidOptionsError) as refusal:
        wanted(value="plain", secret_value="s3cret")
    assert str(refusal.value) == "has value and secret_value; give one of them"


def test_a_new_named_value_needs_a_source() -> None:
    assert NAMED_VALUE.missing(wanted(tags=["a"])) == "value, secret_value or key_vault"
    assert NAMED_VALUE.missing(wanted(value="")) == ""


_IDENTITY = {"displayName": "uami-client-id", "value": "2222"}


def test_owners_are_tags_and_tags_that_are_set_leave_them_alone() -> None:
    existing = {"displayName": "n", "value": "v", "tags": ["owner:b", "llm"]}
    assert NAMED_VALUE.current(existing)["owners"] == ["b"]
    assert updated(NAMED_VALUE, existing, wanted(owner="a"))["tags"] == ["llm", "owner:a", "owner:b"]
    assert updated(NAMED_VALUE, existing, wanted(tags=["new"]))["tags"] == ["new", "owner:b"]
    assert updated(NAMED_VALUE, existing, wanted(tags=["owner:c"]))["tags"] == ["owner:c"]
    assert created(NAMED_VALUE, wanted(value="v", owner="a"))["tags"] == ["owner:a"]


@pytest.mark.parametrize(
    ("existing", "value", "tags"),
    [
        (_IDENTITY, "2222", []),
        (_IDENTITY, "3333", ["owner:a"]),
        ({**_IDENTITY, "tags": ["owner:b"]}, "2222", ["owner:a", "owner:b"]),
        ({**_IDENTITY, "displayName": "another"}, "2222", ["owner:a"]),
    ],
    ids=["the hub's own", "adopted", "shared", "no identity"],
)
def test_a_managed_identity_that_is_there_gets_no_mark(existing: dict[str, Any], value: str, tags: list[str]) -> None:
    assert updated(NAMED_VALUE, existing, wanted(value=value, owner="a"))["tags"] == tags
