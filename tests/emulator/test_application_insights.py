# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Application Insights components of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from apim_emulator.config import ConfigError, load_config

from tests.emulator.harness import CONFIG, Azure, error_code, serving
from tests.emulator.test_workbooks import sdk

VERSION = "2020-02-02"
COMPONENTS = """
application_insights:
  - {resource_group: rg-monitoring, name: appi-one, location: westeurope}
  - {resource_group: rg-monitoring, name: appi-two}
"""


@pytest.fixture(scope="module")
def monitored() -> Iterator[Azure]:
    """An embedded Azure with components."""
    with serving(config=CONFIG + COMPONENTS) as azure:
        yield azure


def path(azure: Azure, name: str = "", group: str = "rg-monitoring") -> str:
    """Return the path of a component, or of those of a resource group."""
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{group}"
    return f"{scope}/providers/Microsoft.Insights/components/{name}".rstrip("/")


def test_through_the_sdk(monitored: Azure) -> None:
    components = sdk(monitored, VERSION).components
    one = components.get("RG-Monitoring", "APPI-one")
    assert (one.name, one.location, one.kind, one.application_type) == ("appi-one", "westeurope", "web", "web")
    assert one.connection_string.startswith(f"InstrumentationKey={one.instrumentation_key};")
    assert one.connection_string.endswith(f";ApplicationId={one.app_id}")
    assert one.workspace_resource_id.endswith("/workspaces/managed-appi-one-ws")
    assert [item.name for item in components.list()] == ["appi-one", "appi-two"]
    two = list(components.list_by_resource_group("rg-monitoring"))[1]
    assert two.location == "swedencentral"
    assert len({one.app_id, one.instrumentation_key, two.app_id, two.instrumentation_key}) == 4


def test_shape(monitored: Azure) -> None:
    shown = monitored.arm("GET", path(monitored, "appi-one"), version=VERSION).json()
    assert shown["id"] == path(monitored, "appi-one").replace("Microsoft.Insights", "microsoft.insights")
    assert shown["type"] == "microsoft.insights/components"
    properties = shown["properties"]
    assert (properties["ApplicationId"], properties["Name"]) == ("appi-one", "appi-one")
    assert properties["TenantId"] == monitored.subscription


def test_components_are_read_only(monitored: Azure) -> None:
    for method in ("PUT", "PATCH", "DELETE", "POST"):
        refused = monitored.arm(method, path(monitored, "appi-one"), version=VERSION, json={})
        assert error_code(refused) == (405, "MethodNotAllowed")
    assert error_code(monitored.arm("GET", path(monitored, "none"), version=VERSION)) == (404, "ResourceNotFound")
    below = monitored.arm("GET", path(monitored, "appi-one/pricingPlans"), version=VERSION)
    assert error_code(below) == (404, "InvalidResourceType")
    assert error_code(monitored.arm("GET", path(monitored), version="2015-05-01")) == (400, "NoRegisteredProviderFound")


def test_the_default_configuration_has_one() -> None:
    (component,) = load_config(None, []).application_insights
    assert (component.resource_group, component.name) == ("rg-citadel-governance-hub", "appi-citadel")


@pytest.mark.parametrize(
    ("components", "text"),
    [
        ("[{resource_group: g, name: a}, {resource_group: G, name: A}]", "application_insights G/A is listed twice"),
        ("[{resource_group: g, name: a/b}]", "application_insights.0.name"),
        ("[{resource_group: g, name: a, kind: web}]", "application_insights.0.kind: is not a known key"),
        (
            "[{resource_group: g, name: a, subscription_id: 99999999-9999-9999-9999-999999999999}]",
            "is not in 'subscriptions'",
        ),
    ],
)
def test_configurations_that_are_refused(tmp_path: Path, components: str, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"{CONFIG}\napplication_insights: {components}\n", "utf-8")
    with pytest.raises(ConfigError, match=text):
        load_config(file, [])
