# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All findings together, and what stands before them: the options, the service and its tier."""

from __future__ import annotations

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.access import Access
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.connectivity import routes_to
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Unread
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.preflight import (
    Facts,
    judge,
    without_service,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import read_targets

from tests.unit.plugins.module_utils._preflight.facts import SUBSCRIPTION, service


def backend(name: str, endpoint: str, kind: str = "external", scheme: str = "api_key") -> dict[str, str]:
    """One item of the option `backends`."""
    return {"backend_id": name, "backend_type": kind, "endpoint": endpoint, "auth_scheme": scheme}


def test_findings_come_in_the_order_of_the_checks_and_of_the_backends() -> None:
    targets, _ = read_targets([backend("z", "https://z.contoso.com"), backend("a", "https://a.contoso.com")])
    place = service()
    answers = {route: {"connectionStatus": "Connected"} for route in routes_to(place, targets)}
    found = judge(targets, Facts(place, None, Access("", SUBSCRIPTION), answers))
    assert [(each.check, each.subject, each.outcome) for each in found] == [
        ("service", "apim-hub", "passed"),
        ("tier", "apim-hub", "passed"),
        ("identity", "apim-hub", "skipped"),
        ("role", "z", "skipped"),
        ("role", "a", "skipped"),
        ("connectivity", "z", "passed"),
        ("connectivity", "a", "passed"),
    ]


@pytest.mark.parametrize("tier", ["Developer", "Premium", "StandardV2", "SomethingNew"])
def test_tiers_that_are_not_known_to_lack_something_pass(tier: str) -> None:
    (_, found, _) = judge([], Facts(service(sku=tier), None, Access("", SUBSCRIPTION), {}))
    assert (found.check, found.outcome) == ("tier", "passed")


def test_consumption_fails_for_both_of_its_reasons() -> None:
    (_, found, _) = judge([], Facts(service(sku="Consumption"), None, Access("", SUBSCRIPTION), {}))
    assert (found.outcome, found.remedy) == ("failed", "use a service of another tier")
    assert "tier Consumption takes 16384 bytes of a policy" in found.message
    assert "has no circuit breakers" in found.message


def test_a_service_that_is_not_there_is_the_only_finding() -> None:
    (found,) = without_service("apim-hub", "rg-hub", None)
    assert (found.check, found.subject, found.outcome) == ("service", "apim-hub", "failed")
    assert found.message == "the API Management service apim-hub does not exist in resource group rg-hub"
    assert "apim_service_name" in found.remedy
    (gone,) = without_service("apim-hub", "rg-hub", Unread("HTTP 404 ResourceGroupNotFound: no", 404))
    assert "ResourceGroupNotFound" in gone.message
    assert gone.remedy == found.remedy
    (hidden,) = without_service("apim-hub", "rg-hub", Unread("HTTP 403 AuthorizationFailed: no", 403))
    assert "API Management Service Contributor" in hidden.remedy


def test_every_endpoint_that_is_none_is_named_without_what_may_be_secret() -> None:
    targets, problems = read_targets(
        [
            backend("a", "http://a.openai.azure.com", "azure-openai"),
            backend("b", "https://user:secret@llm.contoso.com"),
            backend("c", "https://c.contoso.com/v1"),
        ]
    )
    assert [each.backend_id for each in targets] == ["c"]
    assert [each.partition(":")[0] for each in problems] == ["backends[0].endpoint", "backends[1].endpoint"]
    assert "secret@" not in "".join(problems)


@pytest.mark.parametrize(
    ("endpoint", "kind", "family", "needs_role"),
    [
        ("https://a.openai.azure.com", "azure-openai", "azure-openai", True),
        ("https://a.openai.azure.com", "ai-foundry", "azure-openai", True),
        ("https://a.cognitiveservices.azure.com", "azure-openai", "azure-openai", True),
        ("https://a.services.ai.azure.com/models", "ai-foundry", "ai-foundry", True),
        ("https://a.eastus.models.ai.azure.com", "ai-foundry", "serverless", False),
        ("https://a.openai.azure.com", "external", "external", False),
    ],
)
def test_the_host_tells_which_role_is_needed(endpoint: str, kind: str, family: str, needs_role: bool) -> None:
    ((found,), _) = read_targets([backend("a", endpoint, kind, "managed_identity")])
    assert (found.family, found.needs_role, found.port) == (family, needs_role, 443)
