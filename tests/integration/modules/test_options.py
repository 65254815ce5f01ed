# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An option that is left out leaves ARM's property alone, one that is set makes it match; the rest is not touched."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.modules import sdk
from tests.integration.modules.lifecycles import rule
from tests.integration.modules.steps import Gateway, Step, reference, task

pytestmark = pytest.mark.gate

# What a person set in the portal and no option of the modules can express.
_PORTAL: dict[str, Any] = {
    "title": "From the portal",
    "description": "Do not touch",
    "resourceId": "https://management.azure.com/subscriptions/0/resourceGroups/rg/providers/Microsoft.Web/sites/app",
    "proxy": {"url": "http://proxy.example:3128", "username": "gateway"},
    "credentials": {
        "authorization": {"scheme": "Basic", "parameter": "Z3Vlc3Q="},
        "header": {"api-key": ["{{llm-key}}"]},
    },
    "tls": {"validateCertificateName": False},
}


def backends(step: Step) -> dict[str, Any]:
    """What ARM holds of the backend `aoai`."""
    return step.state["backends"]["aoai"]


def test_backend_keeps_what_no_option_names(gateway: Gateway) -> None:
    sdk.put_named_value(gateway.service, "llm-key", value="k", secret=True)
    sdk.put_backend(gateway.service, "aoai", **_PORTAL)

    def change(name: str, **options: Any) -> dict[str, Any]:
        return task("apim_llm_backend", name, backends=[{"name": "AOAI", **options}])

    same, breaker, url, without, credentials = gateway.run(
        change("name alone"),
        change("breaker", circuit_breaker={}),
        change("url", url="https://aoai-2.openai.azure.com", validate_certificate_name=True),
        change("no breaker", circuit_breaker={"enabled": False}, title=""),
        change("credentials", credentials={"query": {"key": reference("llm-key")}}),
    )

    assert (same.changed, same.writes) == (False, [])
    assert breaker.writes == ["PUT backends/aoai"]
    assert backends(breaker) == {**backends(same), "circuit_breaker": rule()}
    assert backends(url)["url"] == "https://aoai-2.openai.azure.com"
    assert backends(url)["tls"]["validate_certificate_name"] is True
    kept = ("title", "description", "resource_id", "proxy", "credentials")
    assert {part: backends(url)[part] for part in kept} == {part: backends(same)[part] for part in kept}
    assert not {"circuit_breaker", "title"} & backends(without).keys()
    assert backends(credentials)["credentials"] == {
        "authorization": {"scheme": "Basic", "parameter": "Z3Vlc3Q="},
        "query": {"key": ["{{llm-key}}"]},
    }


def test_breaker_of_another_kind_stays_until_one_is_asked_for(gateway: Gateway) -> None:
    failure = {"percentage": 50, "interval": "PT1M", "errorReasons": ["Timeout"]}
    portal = {"rules": [{"name": "mine", "failureCondition": failure, "tripDuration": "PT5M"}]}
    sdk.put_backend(gateway.service, "aoai", circuitBreaker=portal)

    title, breaker, again = gateway.run(
        task("apim_llm_backend", "title", backends=[{"name": "aoai", "title": "New"}]),
        task("apim_llm_backend", "breaker", backends=[{"name": "aoai", "circuit_breaker": {}}]),
        task("apim_llm_backend", "again", backends=[{"name": "aoai", "circuit_breaker": {}}]),
    )

    kept = backends(title)["circuit_breaker"]["rules"][0]
    assert (kept["name"], kept["trip_duration"]) == ("mine", "PT5M")
    assert kept["failure_condition"] == {"percentage": 50, "interval": "PT1M", "error_reasons": ["Timeout"]}
    assert "percentage: 50" in breaker.diff["backend aoai"][0]
    assert backends(breaker)["circuit_breaker"] == rule()
    assert (again.changed, again.writes) == (False, [])


def test_pool_keeps_members_unless_they_are_named_and_compares_them_in_any_order(gateway: Gateway) -> None:
    for name in ("aoai-a", "aoai-b"):
        sdk.put_backend(gateway.service, name)
    sdk.put_pool(gateway.service, "pool", "aoai-b", "aoai-a", title="From the portal")

    members = [{"backend": "AOAI-A", "priority": 1, "weight": 100}, {"backend": "aoai-b", "weight": 100}]
    description, named, turned = gateway.run(
        task("apim_backend_pool", "description", pools=[{"name": "pool", "description": "Both"}]),
        task("apim_backend_pool", "members", pools=[{"name": "pool", "members": members}]),
        task("apim_backend_pool", "turned", pools=[{"name": "pool", "members": members[::-1]}]),
    )

    unweighted = [{"id": "/backends/aoai-b"}, {"id": "/backends/aoai-a"}]
    held = description.state["backends"]["pool"]
    assert sorted(held["pool"]["services"], key=str) == sorted(unweighted, key=str)
    assert (held["title"], held["description"]) == ("From the portal", "Both")
    weighted = [{"id": f"/backends/aoai-{letter}", "priority": 1, "weight": 100} for letter in "ab"]
    assert named.state["backends"]["pool"]["pool"]["services"] == weighted
    assert (turned.changed, turned.writes) == (False, [])


def test_fragment_is_the_same_however_it_is_laid_out_and_encoded(gateway: Gateway) -> None:
    raw = '<fragment><set-variable name="n" value="@(context.Request.Body.As<string>().Length > 9)" /></fragment>'
    spread = raw.replace("<set-variable", "\n\n    <!-- long -->\n    <set-variable\n      ")
    encoded = raw.replace("<string>", "&lt;string>").replace("> 9", "&gt;   9")

    steps = gateway.run(
        task("apim_policy_fragment", "first", fragments=[{"name": "f", "value": raw, "description": "Long bodies"}]),
        task("apim_policy_fragment", "spread", fragments=[{"name": "f", "value": spread}]),
        task("apim_policy_fragment", "encoded", fragments=[{"name": "f", "value": encoded, "format": "xml"}]),
        task("apim_policy_fragment", "without value", fragments=[{"name": "f", "description": "Longer bodies"}]),
        task("apim_policy_fragment", "other figure", fragments=[{"name": "f", "value": raw.replace("9", "10")}]),
    )

    assert [step.writes for step in steps] == [
        [put] if put else [] for put in ("PUT policyFragments/f", "", "") + ("PUT policyFragments/f",) * 2
    ]
    described, figure = (step.state["policyFragments"]["f"] for step in steps[3:])
    assert described["description"] == figure["description"] == "Longer bodies"
    assert "&gt; 9)" in described["value"]
    assert "&gt; 10)" in figure["value"]


def test_named_value_keeps_its_tags_and_its_name(gateway: Gateway) -> None:
    sdk.put_named_value(gateway.service, "region", displayName="llm-region", value="sweden", tags=["portal"])

    value, tags = gateway.run(
        task("apim_named_value", "value", named_values=[{"name": "region", "value": "france"}]),
        task("apim_named_value", "tags", named_values=[{"name": "region", "tags": []}]),
    )

    expected = {"display_name": "llm-region", "value": "france", "secret": False}
    assert value.state["namedValues"]["region"] == {**expected, "tags": ["portal"]}
    assert tags.state["namedValues"]["region"].get("tags", []) == []
    assert tags.writes == ["PUT namedValues/region"]
