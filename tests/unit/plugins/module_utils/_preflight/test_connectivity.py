# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways from the regions of a service to the hosts of its backends."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.connectivity import (
    Route,
    judge_connectivity,
    request_for,
    routes_to,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import Finding, Unread

from tests.unit.plugins.module_utils._preflight.facts import service, target

TARGET = target("https://aoai.openai.azure.com")
TWO = service(additionalLocations=[{"location": "France Central"}, {"location": "UK South", "disableGateway": True}])


def judged(statuses: dict[str, str | Unread], *issues: str, place: dict[str, Any] = TWO) -> Finding:
    """The finding when checks from these regions answer so; issues are those of the second hop."""
    hops = [{"type": "Source", "issues": []}, {"type": "Internet", "issues": [{"type": issue} for issue in issues]}]
    answers = {
        Route(region, TARGET.host, 443): status
        if isinstance(status, Unread)
        else {"connectionStatus": status, "hops": hops}
        for region, status in statuses.items()
    }
    return judge_connectivity(place, TARGET, answers)


def test_each_host_is_asked_for_once_in_each_region_that_has_a_gateway() -> None:
    twin = target("https://AOAI.openai.azure.com/openai", auth_scheme="api_key")
    plain = target("http://10.0.0.4:8080/v1", "external", "token")
    hosts = [("aoai.openai.azure.com", 443), ("10.0.0.4", 8080)]
    assert routes_to(TWO, [TARGET, twin, plain]) == [
        Route(region, *host) for host in hosts for region in ("Sweden Central", "France Central")
    ]


def test_a_check_opens_a_connection() -> None:
    assert request_for(Route("Sweden Central", "aoai.openai.azure.com", 443)) == {
        "source": {"region": "swedencentral"},
        "destination": {"address": "aoai.openai.azure.com", "port": 443},
        "protocol": "TCP",
    }


@pytest.mark.parametrize("status", ["Connected", "Degraded"])
def test_a_host_that_is_reached_from_everywhere_passes(status: str) -> None:
    found = judged({"Sweden Central": "Connected", "France Central": status})
    assert (found.check, found.subject, found.outcome) == ("connectivity", "b", "passed")
    assert found.message == "aoai.openai.azure.com:443 is reached from Sweden Central, France Central"


def test_a_host_that_one_region_does_not_reach_fails() -> None:
    found = judged({"Sweden Central": "Connected", "France Central": "Disconnected"}, "NetworkSecurityRule")
    assert found.outcome == "failed"
    assert found.message == (
        "the gateway in France Central does not reach aoai.openai.azure.com:443 (NetworkSecurityRule)"
    )
    assert "network security groups" in found.remedy


def test_a_name_that_does_not_resolve_is_no_matter_of_firewalls() -> None:
    found = judged({"Sweden Central": "Disconnected", "France Central": "Disconnected"}, "Unknown", "DnsResolution")
    assert found.message.startswith("the gateway in Sweden Central, France Central does not reach ")
    assert found.message.endswith(":443 (DnsResolution)")
    assert found.remedy == "check the endpoint, and that the network of APIM resolves its name (private DNS zones)"


def test_a_break_counts_though_another_region_is_not_checked() -> None:
    assert judged({"Sweden Central": Unread("no", 403), "France Central": "Disconnected"}).outcome == "failed"


@pytest.mark.parametrize("status", ["Unknown", "", Unread("HTTP 400 MethodNotAllowedInPricingTier: no", 400)])
def test_what_azure_does_not_tell_is_skipped(status: str | Unread) -> None:
    found = judged({"Sweden Central": "Connected", "France Central": status})
    assert found.outcome == "skipped"
    assert "request through the gateway" in found.remedy
    assert not isinstance(status, Unread) or found.message.endswith(": HTTP 400 MethodNotAllowedInPricingTier: no")


def test_a_service_without_gateways_in_azure_is_skipped() -> None:
    assert judged({}, place=service(disableGateway=True)).outcome == "skipped"
