# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policy fragments as resources; what the check of their text finds is tested in `policies`."""

from __future__ import annotations

import pytest
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, backend, fragment, problems

TEXT = '<fragment><set-variable name="n" value="@(1 < 2 ? "a" : "b")" /></fragment>'
ESCAPED = '<fragment><set-variable name="n" value="@(1 &lt; 2 ? &quot;a&quot; : &quot;b&quot;)" /></fragment>'


def test_life_through_the_sdk(azure: Azure) -> None:
    fragments = azure.sdk().policy_fragment
    contract = models.PolicyFragmentContract(value=TEXT, description="d", format="rawxml")
    created = fragments.begin_create_or_update(GROUP, SERVICE, "frag", contract).result()
    assert (created.name, created.description, created.provisioning_state) == ("frag", "d", "Succeeded")
    raw = fragments.get(GROUP, SERVICE, "frag", format="rawxml").value
    assert '\t<set-variable name="n" value="@(1 < 2 ? "a" : "b")" />\r\n' in raw
    assert "&lt;" in fragments.get(GROUP, SERVICE, "frag").value
    assert fragments.list_references(GROUP, SERVICE, "frag").count == 0
    fragments.delete(GROUP, SERVICE, "frag", "*")
    assert list(fragments.list_by_service(GROUP, SERVICE)) == []


def test_the_same_text_in_another_format_changes_nothing(azure: Azure) -> None:
    first = azure.put("policyFragments/f", {"value": TEXT, "format": "rawxml"})
    again = azure.put("policyFragments/f", {"value": ESCAPED.replace("><", ">\n  <"), "format": "xml"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["ETag"] == first.headers["ETag"]
    changed = azure.put("policyFragments/f", {"value": TEXT.replace('"n"', '"m"'), "format": "rawxml"})
    assert changed.headers["ETag"] != first.headers["ETag"]


def test_a_text_that_apim_refuses(azure: Azure) -> None:
    refused = azure.put(
        "policyFragments/f", {"value": "<fragment><set-backend-service backend-id='none' /></fragment>"}
    )
    assert "Backend with id 'none' could not be found." in problems(refused)["set-backend-service"]
    assert azure.arm("GET", "policyFragments/f").status_code == 404


def test_what_a_fragment_uses_cannot_be_removed(azure: Azure) -> None:
    azure.put("backends/b", backend())
    azure.put("namedValues/nv", {"displayName": "audience", "value": "https://x"})
    policies = '<set-backend-service backend-id="b" /><authentication-managed-identity resource="{{audience}}" />'
    assert azure.put("policyFragments/f", {"value": f"<fragment>{policies}</fragment>"}).status_code == 201
    for path in ("backends/b", "namedValues/nv"):
        message = azure.arm("DELETE", path).json()["error"]["message"]
        assert message.endswith("is used by the following entities:\r\n/policyFragments/f\r\n")
    assert azure.arm("DELETE", "policyFragments/f").status_code == 200
    assert azure.arm("DELETE", "backends/b").status_code == 200


@pytest.mark.parametrize("name", ["a", "a_b", "set-llm-usage", "x" * 80])
def test_names_that_are_allowed(azure: Azure, name: str) -> None:
    assert azure.put(f"policyFragments/{name}", fragment()).status_code == 201


@pytest.mark.parametrize("name", ["a-", "-a", "a.b", "x" * 81])
def test_names_that_are_refused(azure: Azure, name: str) -> None:
    assert "id" in problems(azure.put(f"policyFragments/{name}", fragment()))


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"value": None}, "value"),
        ({"format": "xml-link"}, "format"),
        ({"description": "x" * 1001}, "description"),
        ({"other": 1}, "other"),
    ],
)
def test_fields_that_are_refused(azure: Azure, changes: dict[str, object], target: str) -> None:
    assert set(problems(azure.put("policyFragments/f", fragment(**changes)))) == {target}


def test_unknown_format_of_a_get(azure: Azure) -> None:
    azure.put("policyFragments/f", fragment())
    assert "format" in problems(azure.arm("GET", "policyFragments/f", params={"format": "json"}))


def test_a_text_that_is_no_xml(azure: Azure) -> None:
    error = azure.put("policyFragments/f", {"value": "<fragment>"}).json()["error"]
    assert error["message"].startswith("The policy fragment is not a valid XML: ")
    assert error["details"] is None
