# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gateways that answer for a model by something else, at the right backend: the validation names each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.harness import Azure, Service
from tests.integration.inventory import backend, host, hosts
from tests.integration.playbook import Playbooks, Run
from tests.integration.validation.conftest import SERVICES
from tests.integration.validation.findings import APIS, failed, results
from tests.integration.validation.planting import plant, validated

pytestmark = pytest.mark.gate

ASKED = "gpt-4o by POST /models/chat/completions"
DEPLOYMENT, MODEL = SERVICES[56:58]
INVENTORY = {name: host(backend(name, "gpt-4o", "gpt-5"), **APIS) for name in (DEPLOYMENT, MODEL)}
TARGETED = '<include-fragment fragment-id="set-backend-authorization" />'
OTHER_PATH = '<rewrite-uri template="/openai/deployments/gpt-5/chat/completions" copy-unmatched-params="true" />'
OTHER_MODEL = '<set-variable name="requestedModel" value="gpt-5" />'
IF_ASKED = """
    <choose>
        <when condition="@(context.Variables.GetValueOrDefault<string>("requestedModel", "") == "gpt-4o")">{}</when>
    </choose>"""


@pytest.fixture(scope="module")
def run(azure: Azure, module_playbooks: Playbooks, tmp_path_factory: pytest.TempPathFactory) -> Run:
    report: Path = tmp_path_factory.mktemp("report")
    module_playbooks.onboard(hosts(INVENTORY))
    plant(Service(azure, DEPLOYMENT), IF_ASKED.format(OTHER_PATH), behind=TARGETED)
    plant(Service(azure, MODEL), IF_ASKED.format(OTHER_MODEL), behind=TARGETED)
    return validated(module_playbooks, hosts(INVENTORY), report, "models")


def test_a_deployment_of_another_model_is_named(run: Run) -> None:
    found = failed(results(run)[DEPLOYMENT])
    assert found.keys() == {("models", ASKED)}, run.output
    expected = "the deployment gpt-5 answered, which the inventory does not list for it there"
    assert found["models", ASKED]["message"] == expected


def test_a_request_that_became_one_for_another_model_is_told(run: Run) -> None:
    found = failed(results(run)[MODEL])
    assert found.keys() == {("models", ASKED)}, run.output
    assert found["models", ASKED]["message"] == "its header x-llm-model names another model"
