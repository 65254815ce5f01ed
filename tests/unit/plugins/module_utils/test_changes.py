# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences as a run shows them: they say that something differs, and never what a credential is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import UPDATED, Change, Report
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import NamedValue
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource

SECRET = "hunter2"
# No credential by its name, and its value looks like none.
PLAIN = {"displayName": "ops", "value": SECRET}


def change(resource: Resource, existing: dict[str, Any], **wanted: Any) -> Change:
    return Change(resource, "name", resource.wanted(wanted), resource.current(existing), action=UPDATED)


def shown(*changes: Change) -> list[tuple[str, str]]:
    """What differs, of each change."""
    found = Report(list(changes)).diff()
    assert SECRET not in repr(found)
    return [(each["before"], each["after"]) for each in found]


def header(value: str) -> str:
    return f'<fragment><set-header name="api-key"><value>{value}</value></set-header></fragment>'


def fragment(before: str, after: str) -> Change:
    existing = {"value": header(before), "format": "rawxml"}
    return change(PolicyFragment(), existing, value=header(after), format="rawxml")


def test_where_only_a_credential_differs_a_difference_is_told() -> None:
    ((before, after),) = shown(fragment(SECRET, "other"))
    assert "<value>********</value>" in before
    assert after == before + "# a value that is not shown differs\n"


def test_a_reference_in_place_of_a_credential_is_a_readable_difference() -> None:
    ((before, after),) = shown(fragment(SECRET, "{{a}}"))
    assert "<value>********</value>" in before
    assert "<value>{{a}}</value>" in after


def test_a_named_value_that_becomes_secret_or_was_one_is_not_shown() -> None:
    ((before, after),) = shown(change(NamedValue(), PLAIN, secret_value="other"))
    assert "value: ********\n" in before
    assert "secret_value: (hidden)" in after
    shown(change(NamedValue(), {"displayName": "ops", "secret": True}, value=SECRET))


def test_a_named_value_to_which_a_credential_refers_is_not_shown() -> None:
    renewed = change(NamedValue(), PLAIN, value="other")
    backend = change(Backend(), {}, credentials={"header": {"x-key": "Bearer {{ops}}"}, "query": None})
    for other in (backend, fragment(SECRET, "{{ops}}"), fragment("{{ops}}", SECRET)):
        before, after = shown(renewed, other)[0]
        assert "value: ********\n" in before
        assert after == before + "# a value that is not shown differs\n"


def test_a_named_value_of_another_kind_is_shown() -> None:
    (found,) = Report([change(NamedValue(), {"displayName": "region", "value": "west"}, value="north")]).diff()
    assert "value: west\n" in found["before"]
    assert "value: north\n" in found["after"]


@pytest.mark.parametrize("secret", ["sk-live-abcdef", "3f9c1e07ab5d42886e0f1c9b7a34d2e5"])
def test_a_named_value_that_looks_like_a_token_is_not_shown(secret: str) -> None:
    (found,) = Report([change(NamedValue(), {"displayName": "region", "value": secret}, value="north")]).diff()
    assert secret not in repr(found)
    assert "value: ********\n" in found["before"]
