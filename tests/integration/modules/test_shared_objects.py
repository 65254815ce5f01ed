# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several owners on one service: what they share keeps the part of each, until the last of them has gone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.harness import IDENTITY_CLIENT_ID
from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, Task, reference, task
from tests.integration.modules.test_concurrency import is_read, statuses

pytestmark = pytest.mark.gate

_OTHER_IDENTITY = "99999999-9999-9999-9999-999999999999"
_PAUSE_MS = 3000
_FRAGMENT = "policyFragments/set-backend-pools"


def routing(owner: str, answer: str = "", *, code: str = "200") -> str:
    """Return a fragment as it is rendered for one owner: a block with data, code, a block that uses the identity."""
    data = f'@{{ if (1 < 2 && true) {{ return "{answer or owner} \\" {{ "; }} return "a  b"; }}'
    condition = f'@(((string)context.Variables["targetTokens"]).Contains("llmTokens.{owner}"))'
    return f"""
        <fragment>
            <!-- Lists where a model can be served. -->
            <set-variable name="llmRoutes.{owner}" value="{data}" />
            <set-variable name="targetTokens" value="@("none")" />
            <choose>
                <when condition="{condition}">
                    <set-variable name="identity" value="{{{{uami-client-id}}}}" />
                </when>
            </choose>
            <set-header name="x-code" exists-action="override"><value>{code}</value></set-header>
        </fragment>"""


def onboard(owner: str, name: str = "", *, identity: str = IDENTITY_CLIENT_ID, **content: Any) -> Task:
    """Return a task that brings one owner's backend and routing to a service."""
    # Ansible would take the reference for a variable of its own.
    value = routing(owner, **content).replace("{{uami-client-id}}", reference("uami-client-id"))
    return task(
        "apim_llm_gateway",
        name or owner,
        owner=owner,
        managed_identity={"client_id": identity},
        backends=[{"name": f"aoai-{owner}", "url": f"https://aoai-{owner}.openai.azure.com"}],
        fragments=[{"name": "set-backend-pools", "value": value, "description": "Routes"}],
    )


def leave(owner: str, name: str = "", *, check: bool = False) -> Task:
    """Return a task that removes all of an owner."""
    return task("apim_llm_gateway", name or f"{owner} leaves", check=check, owner=owner, state="absent", prune_delay=0)


def test_a_fragment_keeps_the_blocks_of_every_owner(gateway: Gateway) -> None:
    alone, joined, *unchanged, changed = gateway.run(
        onboard("beta"),
        onboard("alpha"),
        onboard("beta", "again"),
        onboard("alpha", "and again"),
        onboard("beta", answer="new", code="201"),
    )

    assert [step.writes for step in unchanged] == [[], []]
    assert "PUT " + _FRAGMENT in joined.writes
    held = [step.state["policyFragments"]["set-backend-pools"] for step in (alone, joined, changed)]
    assert [entry["description"] for entry in held] == [
        "Routes [owner: beta]",
        "Routes [owner: alpha, beta]",
        "Routes [owner: alpha, beta]",
    ]
    texts = [entry["value"] for entry in held]
    assert texts[1].index("llmRoutes.alpha") < texts[1].index("llmRoutes.beta") < texts[1].index("targetTokens")
    assert texts[1].index("llmTokens.alpha") < texts[1].index("llmTokens.beta") < texts[1].index("x-code")
    # Whatever stands from the first block to the second is alpha's, and stays as ARM has laid it out.
    first = texts[1][texts[1].index("llmRoutes.alpha") : texts[1].index("llmRoutes.beta")]
    assert first in texts[2]
    assert "<value>201</value>" in texts[2]
    before, after = changed.diff["policy fragment set-backend-pools"]
    assert "llmRoutes.alpha" in before
    assert "llmRoutes.alpha" in after


def test_a_block_that_another_owner_writes_in_between_is_kept(gateway: Gateway) -> None:
    service = gateway.service
    gateway.run(onboard("alpha"))
    gateway.azure.fail({"method": "PUT", "path": f"/{_FRAGMENT}", "latency_ms": _PAUSE_MS, "times": 1})

    def other() -> None:
        held = service.fragments()["set-backend-pools"].value
        block = '<set-variable name="llmRoutes.beta" value="@(&quot;b&quot;)" />'
        value = held.replace('<set-variable name="targetTokens"', f'{block}<set-variable name="targetTokens"')
        sdk.put_fragment(service, "set-backend-pools", value, format="xml", description="Routes [owner: alpha, beta]")

    with sdk.once(gateway.azure, lambda request: is_read(_FRAGMENT, request), other):
        (step,) = gateway.run(onboard("alpha", answer="new"))

    # Refused, the other owner's, and done again.
    assert statuses(step, "PUT") == [412, 200, 200]
    held = step.state["policyFragments"]["set-backend-pools"]
    assert held["description"] == "Routes [owner: alpha, beta]"
    assert 'name="llmRoutes.beta"' in held["value"]
    assert "new" in held["value"]


def test_an_owners_first_write_survives_that_of_another_at_the_same_time(gateway: Gateway) -> None:
    """Both found no fragment, and the other's write came later: it replaced this one, which is then made again."""
    service = gateway.service
    sdk.put_named_value(service, "uami-client-id", value=IDENTITY_CLIENT_ID, tags=["owner:beta"])
    api = {"name": "echo", "path": "echo", "service_url": "https://a.example"}
    gateway.azure.fail({"method": "PUT", "path": "/apis/echo", "latency_ms": _PAUSE_MS, "times": 1})

    def other() -> None:
        sdk.put_fragment(service, "set-backend-pools", routing("beta"), description="Routes [owner: beta]")

    wanted = onboard("alpha")
    wanted["citadel.ai_gateway.apim_llm_gateway"]["apis"] = [api]
    written = ("PUT", _FRAGMENT)
    with sdk.once(gateway.azure, lambda request: (request.method, request.target) == written, other):
        (step,) = gateway.run(wanted)

    held = step.state["policyFragments"]["set-backend-pools"]
    assert held["description"] == "Routes [owner: alpha, beta]"
    assert 'name="llmRoutes.alpha"' in held["value"]
    assert 'name="llmRoutes.beta"' in held["value"]


def test_the_managed_identity_is_shared_and_one_that_others_need_stays(gateway: Gateway) -> None:
    first, second, odd, left, alone, gone = gateway.attempt(
        onboard("alpha"),
        onboard("beta"),
        onboard("beta", "odd", identity=_OTHER_IDENTITY),
        leave("alpha"),
        onboard("beta", "alone", identity=_OTHER_IDENTITY),
        leave("beta"),
    )

    assert first.state["namedValues"]["uami-client-id"]["tags"] == ["owner:alpha"]
    assert second.state["namedValues"]["uami-client-id"]["tags"] == ["owner:alpha", "owner:beta"]
    assert "(uami-client-id): has another value, which owner alpha needs" in odd.message
    assert odd.writes == []
    assert left.state["namedValues"]["uami-client-id"]["tags"] == ["owner:beta"]
    assert alone.state["namedValues"]["uami-client-id"]["value"] == _OTHER_IDENTITY
    assert gone.state["namedValues"] == {}


def test_a_managed_identity_that_the_service_had_before_never_gets_a_mark(gateway: Gateway) -> None:
    sdk.put_named_value(gateway.service, "uami-client-id", value=IDENTITY_CLIENT_ID, tags=["hub"])

    made, again, gone = gateway.run(onboard("alpha"), onboard("alpha", "again"), leave("alpha"))

    assert again.writes == []
    assert {tuple(step.state["namedValues"]["uami-client-id"]["tags"]) for step in (made, again, gone)} == {("hub",)}


def test_an_owner_that_leaves_takes_only_its_own(gateway: Gateway) -> None:
    sdk.put_backend(gateway.service, "portal")

    *_joined, check, left, again, last = gateway.run(
        onboard("alpha"),
        onboard("beta"),
        leave("alpha", "check", check=True),
        leave("alpha"),
        leave("alpha", "again"),
        leave("beta"),
    )

    assert check.writes == again.writes == []
    assert check.actions == left.actions
    assert left.writes == ["PUT " + _FRAGMENT, "DELETE backends/aoai-alpha", "PUT namedValues/uami-client-id"]
    assert check.diff == left.diff
    assert (again.changed, again.result["objects"]) == (False, [])
    held = left.state["policyFragments"]["set-backend-pools"]
    assert held["description"] == "Routes [owner: beta]"
    assert "alpha" not in held["value"]
    assert held["value"].count("llmTokens.beta") == held["value"].count("llmRoutes.beta") == 1
    assert last.writes == ["DELETE " + _FRAGMENT, "DELETE backends/aoai-beta", "DELETE namedValues/uami-client-id"]
    assert (last.state["policyFragments"], last.state["namedValues"]) == ({}, {})
    assert last.state["backends"].keys() == {"portal"}


def test_a_fragment_that_others_include_stays_without_the_owners_part(gateway: Gateway) -> None:
    service, azure = gateway.service, gateway.azure
    properties = {"displayName": "Hub", "path": "hub", "protocols": ["https"], "serviceUrl": "https://a.example"}
    include = '<policies><inbound><include-fragment fragment-id="set-backend-pools" /></inbound></policies>'

    def use() -> None:
        azure.sdk.api.begin_create_or_update(*service.place, "hub", {"properties": properties}).result()
        policy = {"properties": {"format": "rawxml", "value": include}}
        azure.sdk.api_policy.create_or_update(*service.place, "hub", "policy", policy)

    _joined, left, again = gateway.run(
        onboard("alpha"), leave("alpha"), leave("alpha", "again"), between={"alpha": use}
    )

    (kept,) = left.result["kept"]
    assert (kept["kind"], kept["name"]) == ("policy fragment", "set-backend-pools")
    assert "is used by the following entities: /apis/hub/policies/policy" in kept["reason"]
    assert left.actions == {"set-backend-pools": "updated", "aoai-alpha": "deleted", "uami-client-id": "deleted"}
    held = left.state["policyFragments"]["set-backend-pools"]
    assert (held["description"], "alpha" in held["value"], "x-code" in held["value"]) == ("Routes", False, True)
    assert (again.changed, "kept" in again.result) == (False, False)
