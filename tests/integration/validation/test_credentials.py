# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that somebody wrote into a gateway's policies: the validation names each, and nothing holds one."""

from __future__ import annotations

from pathlib import Path

import pytest
from azure.mgmt.apimanagement.models import NamedValueCreateContract

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, failed, results
from tests.integration.validation.planting import plant, validated

FRAGMENT, POLICY = "set-llm-usage", "the policy of API universal-llm-api"
TOKEN, JOINED, VARIABLE, OF_URL, PLAIN = (
    "sk-fragment-secret-0002", "sk-live-joined-0003", "hunter-variable-4", "hunter-query-5", "sk-live-named-0006",
)  # fmt: skip
PLANTED = f"""
    <set-header name="x-ops-token" exists-action="override"><value>Bearer {TOKEN}</value></set-header>
    <set-header name="X-Provider-Auth" exists-action="override"><value>@("Bearer " + "{{{{ops}}}}")</value></set-header>
    <set-variable name="apiKey" value="{VARIABLE}" />
    <set-header name="anthropic-version" exists-action="override"><value>2023-06-01</value></set-header>"""
_CALL = f"""
        <send-request mode="new" response-variable-name="seen" timeout="1" ignore-error="true">
            <set-url>https://ops.example/run?code={OF_URL}</set-url>
            <set-method>POST</set-method>
            <set-body>@("client=" + "{JOINED}")</set-body>
        </send-request>"""


def _plant(service: Service) -> None:
    """Write credentials into a fragment and into an API's policy, at places that no request of the test passes."""
    sdk, place = service.azure.sdk, service.place
    sdk.named_value.begin_create_or_update(
        *place, "ops", NamedValueCreateContract(display_name="ops", value=PLAIN), polling_interval=0
    ).result()
    value = sdk.policy_fragment.get(*place, FRAGMENT, format="rawxml").value
    body = {"format": "rawxml", "value": value.replace("<fragment>", f"<fragment>{PLANTED}", 1)}
    body["description"] = sdk.policy_fragment.get(*place, FRAGMENT).description
    sdk.policy_fragment.begin_create_or_update(*place, FRAGMENT, {"properties": body}, polling_interval=0).result()
    plant(service, f'<choose><when condition="@(false)">{_CALL}</when></choose>', behind="<inbound>")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, report: Path) -> Run:
    """A right gateway into which credentials were written, validated as verbosely as people do."""
    service = Service(azure, SERVICES[40])
    wanted = inventory(service, backend("planted", "gpt-4o"), **APIS)
    module_playbooks.onboard(wanted)
    _plant(service)
    return validated(module_playbooks, wanted, report, "configuration", "access")


def test_each_place_is_named(run: Run) -> None:
    assert run.status != 0
    found = failed(results(run)[SERVICES[40]])
    assert found.keys() == {
        ("configuration", f"policy fragment {FRAGMENT}"),
        ("configuration", "API policy universal-llm-api"),
        ("secrets", f"fragment {FRAGMENT}"),
        ("secrets", "named value ops"),
        ("secrets", POLICY),
    }
    literal = "is not a reference to a named value, so that whoever reads the service reads it"
    assert found["secrets", f"fragment {FRAGMENT}"]["message"] == (
        f"the value of set-header x-ops-token {literal}; "
        "the value of set-header X-Provider-Auth refers to the named value ops, which is not secret; "
        f"the value of set-variable apiKey {literal}"
    )
    assert found["secrets", POLICY]["message"] == f"the text of set-url {literal}; the text of set-body {literal}"


def test_what_differs_is_shown_without_the_credentials(run: Run) -> None:
    message = failed(results(run)[SERVICES[40]])["configuration", f"policy fragment {FRAGMENT}"]["message"]
    assert '- <set-header name="x-ops-token" exists-action="override">' in message
    assert "- <value>Bearer ********</value>" in message


def test_no_credential_is_in_any_output_or_file(run: Run, report: Path) -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in report.iterdir()}
    assert files.keys() == {"report.html", "junit.xml", "results.json"}
    texts = [run.output, *files.values(), *(str(each.result) for each in run.tasks)]
    for credential in (TOKEN, JOINED, VARIABLE, OF_URL, PLAIN):
        assert not [text for text in texts if credential in text]
