# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the data plane sees of a service, after writes through the kinds of the control plane."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from apim_emulator.arm.call import Call
from apim_emulator.arm.kinds import Kinds
from apim_emulator.arm.operations import Operations
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.routing import Route
from apim_emulator.arm.store import Service, Store
from apim_emulator.arm.view import ServiceView
from apim_emulator.config import load_config
from apim_emulator.entra import Principal
from apim_emulator.http import Request
from apim_emulator.warm_checker import WarmChecker
from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy

from tests.emulator.harness import api, backend, breaker, fragment, operation, policy, pool


class Plane:
    """The kinds of the control plane over one store, without listener, token or throttle."""

    def __init__(self) -> None:
        store = Store(load_config(None, []))
        self.checker = WarmChecker()
        self.kinds = Kinds(store, Operations(), self.checker, {})
        self.service: Service = next(iter(store.services.values()))
        self.view = ServiceView(self.service, self.kinds.named_values.values)

    async def send(self, method: str, path: str, properties: dict[str, Any] | None = None) -> int:
        """Send a request for a child of the service and return its status; refusals are raised."""
        body = orjson.dumps({"properties": properties}) if properties is not None else b""
        query = MultiDictProxy(MultiDict({"deleteSubscriptions": "true"}))
        origin, target = "https://arm", f"{self.service.resource_id}/{path}"
        request = Request(method, target, query, CIMultiDictProxy(CIMultiDict()), body, origin, target)
        call = Call(request, Principal("c", "o", "contributor"), "s", "2024-05-01", self.service)
        route = Route("Microsoft.ApiManagement/service", children=path.split("/"))
        return (await self.kinds.answer(call, route, Conditions(0))).status


def run(scenario: Callable[[Plane], Awaitable[None]]) -> None:
    """Run a scenario on a plane whose policy checker works."""

    async def started() -> None:
        plane = Plane()
        plane.checker.start()
        try:
            await scenario(plane)
        finally:
            await plane.checker.stop()

    asyncio.run(started())


async def _furnish(plane: Plane) -> None:
    for path, properties in (
        ("namedValues/nv", {"displayName": "key", "value": "secret", "secret": True}),
        ("backends/one", backend(circuitBreaker=breaker(), credentials={"header": {"api-key": ["{{key}}"]}})),
        ("backends/Pool", pool("one")),
        ("policyFragments/Frag", fragment()),
        ("apis/Models", api(path="/ai/models", serviceUrl="https://x.example", subscriptionRequired=False)),
        ("apis/Models/operations/chat", operation(method="post")),
        ("apis/Models/policies/policy", policy('<set-backend-service backend-id="Pool" />')),
        ("apis/Models/operations/chat/policies/policy", policy('<include-fragment fragment-id="Frag" />')),
        ("products/Team", {"displayName": "Team", "state": "published"}),
        ("products/Team/apis/Models", {}),
        ("products/Team/policies/policy", policy()),
        ("subscriptions/p", {"displayName": "P", "scope": "/products/Team", "state": "active"}),
        ("subscriptions/a", {"displayName": "A", "scope": "/apis/Models", "primaryKey": "k"}),
        ("subscriptions/all", {"displayName": "All", "scope": "/apis", "state": "cancelled"}),
    ):
        assert await plane.send("PUT", path, properties) == 201, path


def test_a_snapshot_holds_what_the_gateway_serves_by() -> None:
    async def scenario(plane: Plane) -> None:
        await _furnish(plane)
        seen = plane.view.snapshot()
        assert "<forward-request />" in seen.policy
        models = seen.apis["models"]
        assert (models.id, models.path, models.service_url) == ("Models", "ai/models", "https://x.example")
        assert (models.subscription_required, models.key_header) == (False, "Ocp-Apim-Subscription-Key")
        assert models.policy is not None
        assert 'backend-id="Pool"' in models.policy
        (chat,) = models.operations
        assert (chat.id, chat.method, chat.url_template) == ("chat", "POST", "/chat/completions")
        assert chat.policy is not None
        assert 'fragment-id="Frag"' in chat.policy
        team = seen.products["team"]
        assert (team.published, team.apis) == (True, frozenset(("models",)))
        assert team.policy is not None
        assert seen.fragments["frag"].startswith("<fragment>")
        assert seen.named_values == {"key": "secret"}
        backends = seen.backends
        assert [member.backend for member in backends["pool"].members] == ["one"]
        assert (backends["pool"].is_pool, backends["one"].is_pool) == (True, False)
        assert backends["one"].credentials == {"header": {"api-key": ["{{key}}"]}}
        assert backends["one"].breaker is not None
        assert backends["one"].breaker["name"] == "trip"

    run(scenario)


def test_scopes_and_states_of_subscriptions() -> None:
    async def scenario(plane: Plane) -> None:
        await _furnish(plane)
        seen = plane.view.snapshot().subscriptions
        shown = {name: (item.scope, item.target, item.state) for name, item in seen.items()}
        assert shown == {
            "master": ("service", None, "active"),
            "p": ("product", "team", "active"),
            "a": ("api", "models", "submitted"),
            "all": ("apis", None, "cancelled"),
        }
        assert seen["a"].primary_key == "k"
        assert (seen["a"].start, seen["a"].end) == (None, None)
        assert seen["p"].start is not None
        assert seen["all"].end is not None
        assert seen["master"].primary_key == plane.service.gateway_key

    run(scenario)


def test_a_watcher_is_told_of_each_write_once_and_finds_it_whole() -> None:
    async def scenario(plane: Plane) -> None:
        await _furnish(plane)
        versions: list[tuple[int, int]] = []
        plane.view.watch(lambda: versions.append((plane.view.version, len(plane.view.snapshot().apis))))
        before = plane.view.version
        assert await plane.send("DELETE", "apis/Models") == 202
        assert versions == [(before + 1, 0)]
        seen = plane.view.snapshot()
        assert set(seen.subscriptions) == {"master", "p", "all"}
        assert seen.products["team"].apis == frozenset()
        assert await plane.send("DELETE", "backends/none") == 204
        assert len(versions) == 1
        assert await plane.send("PUT", "backends/two", backend()) == 201
        assert versions[-1][0] == before + 2 == plane.view.snapshot().version

    run(scenario)


def test_a_snapshot_does_not_change() -> None:
    async def scenario(plane: Plane) -> None:
        await _furnish(plane)
        seen = plane.view.snapshot()
        await plane.send("PUT", "backends/one", backend(url="https://other.example"))
        await plane.send("DELETE", "products/Team")
        assert seen.backends["one"].url == "https://model.openai.azure.com/"
        assert "team" in seen.products
        assert plane.view.snapshot().backends["one"].url == "https://other.example"

    run(scenario)
