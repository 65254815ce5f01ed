# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway that hands the token of its managed identity to clients: the validation names the API and the header."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, VALIDATE, failed, results

pytestmark = pytest.mark.gate

API = "universal-llm-api"
DEBUG = """
    <set-header name="x-debug-auth" exists-action="override">
        <value>@("Bearer " + (string)context.Variables["seen-token"])</value>
    </set-header>"""
TOKEN = """
    <authentication-managed-identity resource="https://cognitiveservices.azure.com"
        client-id="{{uami-client-id}}" output-token-variable-name="seen-token" />"""


def _plant(service: Service) -> None:
    sdk, place = service.azure.sdk, service.place
    value = sdk.api_policy.get(*place, API, "policy", format="rawxml").value
    value = value.replace("<inbound>", f"<inbound>{TOKEN}", 1).replace("</outbound>", f"{DEBUG}</outbound>", 1)
    document = {"properties": {"format": "rawxml", "value": value}}
    sdk.api_policy.create_or_update(*place, API, "policy", document)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, report: Path) -> Run:
    service = Service(azure, SERVICES[55])
    wanted = inventory(service, backend("exposing", "gpt-4o"), **APIS)
    module_playbooks.onboard(wanted)
    _plant(service)
    variables = {"llm_validation_report": str(report), "llm_validation_checks": ["models", "streaming"]}
    return module_playbooks.run(VALIDATE, wanted, "-vvv", "--extra-vars", json.dumps(variables))


def test_the_api_that_hands_out_a_token_is_named_and_no_other(run: Run) -> None:
    assert run.status != 0
    found = failed(results(run)[SERVICES[55]])
    assert found.keys() == {("secrets", f"answers of API {API}")}
    message = found["secrets", f"answers of API {API}"]["message"]
    assert message == "they hand a credential to whoever asks: header x-debug-auth"


def test_the_token_is_in_no_output_or_file(run: Run, report: Path) -> None:
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in report.iterdir())]
    assert not [text for text in texts if "Bearer ey" in text]
