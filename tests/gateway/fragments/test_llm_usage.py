# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fragment set-llm-usage."""

from __future__ import annotations

from tests.gateway.fragments.gateway import Gateway

# Reference of llm-emit-token-metric: the dimensions that it fills in itself, and how many others it takes.
_BUILT_IN = {
    "API ID",
    "Operation ID",
    "Product ID",
    "User ID",
    "Subscription ID",
    "Location",
    "Gateway ID",
    "Backend ID",
}
_MAXIMUM_CUSTOM = 5


def test_reports_who_used_what(gateway: Gateway) -> None:
    variables = {"requestedModel": "gpt-5", "appId": "app", "customDimension1": "one", "customDimension2": "two"}
    metric = gateway.send(fragments=["set-llm-usage"], variables=variables, product="Retail").sent["metric"]
    assert metric["namespace"] == "llm-usage"
    assert metric["dimensions"] == {
        "productName": "Retail",
        "deploymentName": "gpt-5",
        "Backend ID": None,
        "appId": "app",
        "customDimension1": "one",
        "customDimension2": "two",
    }
    assert len(metric["dimensions"].keys() - _BUILT_IN) <= _MAXIMUM_CUSTOM


def test_reports_without_product_and_variables(gateway: Gateway) -> None:
    dimensions = gateway.send(fragments=["set-llm-usage"]).sent["metric"]["dimensions"]
    assert dimensions["productName"] == "Portal-Admin"
    assert {dimensions[name] for name in ("deploymentName", "appId", "customDimension1", "customDimension2")} == {"NA"}
