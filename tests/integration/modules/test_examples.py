# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The EXAMPLES of every module run as they are written; only credentials come from the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan

from tests.integration.harness import IDENTITY_CLIENT_ID, RESOURCE_GROUP, Azure, Service
from tests.integration.inventory import backend
from tests.integration.modules import sdk
from tests.integration.modules.conftest import EXAMPLE_SERVICE
from tests.integration.modules.steps import Gateway
from tests.meta.checkout import ROOT, constant, module_names

pytestmark = pytest.mark.gate

# What the texts around the examples take for granted.
_VARIABLES = {
    "vault_external_llm_key": "the key of another provider",
    "llm_routing_plan": build_plan(
        [backend("aoai-sweden", "gpt-4o")], managed_identity={"client_id": IDENTITY_CLIENT_ID}
    ),
}
API = "models"
_READERS = ("apim_llm_gateway_info", "apim_llm_gateway_probe", "apim_llm_preflight")


@pytest.fixture
def example(azure: Azure, open_gateway: Callable[[Service], Gateway]) -> Iterator[Gateway]:
    """The service that the examples name, with the objects that they refer to and do not make."""
    service = Service(azure, EXAMPLE_SERVICE, RESOURCE_GROUP)
    sdk.empty(service)
    sdk.put_named_value(service, "external-llm-key", value="an old key", secret=True)
    for name in ("aoai-sweden", "aoai-france", "aoai-norway"):
        sdk.put_backend(service, name, description="[owner: platform-team]")
    api = {"properties": {"displayName": "Models", "path": "models", "protocols": ["https"]}}
    azure.sdk.api.begin_create_or_update(*service.place, API, api, polling_interval=0).result()
    yield open_gateway(service)
    azure.sdk.api.begin_delete(*service.place, API, "*", polling_interval=0).result()


@pytest.mark.parametrize("name", module_names())
def test_examples_run_as_they_are_written(example: Gateway, name: str) -> None:
    tasks: list[dict[str, Any]] = yaml.safe_load(constant(ROOT / f"plugins/modules/{name}.py", "EXAMPLES"))

    # What gateways may still use is not used here, so nothing needs the minute that a removal waits by default.
    defaults = {"prune_delay": 0} if name == "apim_llm_gateway" else {}
    steps = example.run(*tasks, defaults=defaults, variables=_VARIABLES)

    assert [step.name for step in steps] == [task["name"] for task in tasks]
    writers = [task["name"] for task in tasks if f"citadel.ai_gateway.{name}" in task and name not in _READERS]
    assert [step.name for step in steps if step.result.get("changed")] == writers
