# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What apim_llm_gateway_info reads: each kind, from one listing of each collection, without secrets."""

from __future__ import annotations

from typing import Any

from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, Task, task

_SECRET = "the-Secret-1618033988"


def info(*kinds: str) -> Task:
    """Return a task that reads these kinds, or all when none is named."""
    options: dict[str, Any] = {"gather": list(kinds)} if kinds else {}
    return task("apim_llm_gateway_info", " ".join(kinds) or "all", **options)


def test_all_kinds_are_read_without_secrets_and_each_collection_once(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_named_value(service, "llm-key", value=_SECRET, secret=True)
    sdk.put_named_value(service, "region", value="sweden", tags=["llm", "owner:platform", "owner:b"])
    header = {"header": {"api-key": ["{{llm-key}}"], "x-literal": [_SECRET]}}
    sdk.put_backend(service, "aoai", description="Sweden [owner: platform]", credentials=header)
    sdk.put_pool(service, "pool", "aoai", title="Pool")
    marked = {"description": "Note [owner: b, platform]"}
    sdk.put_fragment(service, "note", "<fragment><set-variable name='n' value='@(1 > 0)' /></fragment>", **marked)

    everything, pools, both = gateway.run(info(), info("pools"), info("backends", "fragments"), arguments=("-vvv",))

    assert sorted(everything.listings) == ["backends", "namedValues", "policyFragments"]
    assert not everything.changed
    result = everything.result
    gateway_id = f"/resourceGroups/{service.resource_group}/providers/Microsoft.ApiManagement/service/{service.name}"
    assert result["gateway"]["id"].endswith(gateway_id)
    assert (result["gateway"]["name"], result["gateway"]["sku"]) == (service.name, "Developer")
    assert result["gateway"]["url"].startswith("https://")
    secret, plain = result["named_values"]
    assert secret == {"name": "llm-key", "display_name": "llm-key", "secret": True, "tags": [], "owners": []}
    assert (plain["value"], plain["tags"], plain["owners"]) == ("sweden", ["llm"], ["b", "platform"])
    (backend,) = result["backends"]
    assert (backend["name"], backend["description"], backend["owner"]) == ("aoai", "Sweden", "platform")
    assert backend["credentials"]["header"] == {"api-key": ["{{llm-key}}"], "x-literal": ["********"]}
    (pool,) = result["pools"]
    assert (pool["name"], pool["title"], [member["backend"] for member in pool["members"]]) == (
        "pool",
        "Pool",
        ["aoai"],
    )
    (fragment,) = result["fragments"]
    assert (fragment["name"], fragment["description"], fragment["owners"]) == ("note", "Note", ["b", "platform"])
    assert '"@(1 > 0)"' in fragment["value"]
    assert _SECRET not in gateway.output

    assert pools.listings == ["backends"]
    assert sorted(both.listings) == ["backends", "policyFragments"]
    assert pools.result.keys() & {"backends", "pools", "fragments", "named_values"} == {"pools"}
    assert both.result.keys() & {"backends", "pools", "fragments", "named_values"} == {"backends", "fragments"}
    assert [step.writes for step in (everything, pools, both)] == [[], [], []]


def test_a_listing_of_several_pages_is_read_whole(gateway: Gateway) -> None:
    names = [f"aoai-{number:03}" for number in range(120)]
    wanted = [{"name": name, "url": f"https://{name}.openai.azure.com"} for name in names]

    made, again, read = gateway.run(
        task("apim_llm_backend", "made", backends=wanted),
        task("apim_llm_backend", "again", backends=wanted),
        info("backends"),
    )

    assert len(made.writes) == 120
    assert (again.changed, again.writes) == (False, [])
    assert [backend["name"] for backend in read.result["backends"]] == names
    # 120 objects are two pages; the service itself is read besides.
    assert read.listings == ["backends", "backends"]


def test_a_service_that_does_not_exist_is_told_by_name(gateway: Gateway) -> None:
    place = {"resource_group": gateway.service.resource_group, "service_name": "apim-elsewhere"}

    (step,) = gateway.attempt(info("pools"), defaults=place)

    assert "apim-elsewhere does not exist in resource group" in step.message
    assert "service_name (apim_service_name)" in step.message
