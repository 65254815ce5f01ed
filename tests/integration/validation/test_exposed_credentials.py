# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway that hands the token of its managed identity to clients: the validation names the API and the header."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, inventory
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, failed, results
from tests.integration.validation.planting import API, plant, validated

pytestmark = pytest.mark.gate

DEBUG = """
    <set-header name="x-debug-auth" exists-action="override">
        <value>@("Bearer " + (string)context.Variables["seen-token"])</value>
    </set-header>"""
TOKEN = """
    <authentication-managed-identity resource="https://cognitiveservices.azure.com"
        client-id="{{uami-client-id}}" output-token-variable-name="seen-token" />"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, report: Path) -> Run:
    service = Service(azure, SERVICES[55])
    wanted = inventory(service, backend("exposing", "gpt-4o"), **APIS)
    module_playbooks.onboard(wanted)
    plant(service, TOKEN, behind="<inbound>")
    plant(service, DEBUG, before="</outbound>")
    return validated(module_playbooks, wanted, report, "models", "streaming")


def test_the_api_that_hands_out_a_token_is_named_and_no_other(run: Run) -> None:
    assert run.status != 0
    found = failed(results(run)[SERVICES[55]])
    assert found.keys() == {("secrets", f"answers of API {API}")}
    message = found["secrets", f"answers of API {API}"]["message"]
    assert message == "they hand a credential to whoever asks: header x-debug-auth"


def test_the_token_is_in_no_output_or_file(run: Run, report: Path) -> None:
    texts = [run.output, *(path.read_text(encoding="utf-8") for path in report.iterdir())]
    assert not [text for text in texts if "Bearer ey" in text]
