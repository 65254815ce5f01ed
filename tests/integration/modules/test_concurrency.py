# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else changes an object while a module works on it: their change is neither lost nor a reason to fail."""

from __future__ import annotations

import pytest

from tests.integration.harness import Request
from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, Step, task

pytestmark = pytest.mark.gate

_PAUSE_MS = 3000


def is_read(target: str, request: Request) -> bool:
    """Whether a request reads this object or this collection."""
    return (request.method, request.target, request.plane) == ("GET", target, "arm")


def statuses(step: Step, method: str) -> list[int]:
    """How ARM answered the requests of this method."""
    return [request.status for request in step.arm if request.method == method]


def test_a_change_between_read_and_write_is_kept(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai", title="Old title")
    gateway.azure.fail({"method": "PUT", "path": "/backends/aoai", "latency_ms": _PAUSE_MS, "times": 1})

    def portal() -> None:
        sdk.patch_backend(service, "aoai", title="New title")

    with sdk.once(gateway.azure, lambda request: is_read("backends/aoai", request), portal):
        (step,) = gateway.run(task("apim_llm_backend", backends=[{"name": "aoai", "url": "https://new.example"}]))

    assert statuses(step, "PUT") == [412, 200]
    assert all(request.headers["If-Match"].startswith('"') for request in step.arm if request.method == "PUT")
    held = step.state["backends"]["aoai"]
    assert (held["title"], held["url"]) == ("New title", "https://new.example")


def test_the_same_change_by_somebody_else_is_not_made_again(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai", title="Old title")
    gateway.azure.fail({"method": "PUT", "path": "/backends/aoai", "latency_ms": _PAUSE_MS, "times": 1})

    def colleague() -> None:
        sdk.patch_backend(service, "aoai", title="New title")

    with sdk.once(gateway.azure, lambda request: is_read("backends/aoai", request), colleague):
        (step,) = gateway.run(task("apim_llm_backend", backends=[{"name": "aoai", "title": "New title"}]))

    assert statuses(step, "PUT") == [412]
    assert step.state["backends"]["aoai"]["title"] == "New title"


def test_an_object_that_vanished_since_the_listing_is_made_anew(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai", title="Old title")
    gateway.azure.fail({"method": "GET", "path": "/backends/aoai", "latency_ms": _PAUSE_MS, "times": 1})

    def remove() -> None:
        service.azure.sdk.backend.delete(*service.place, "aoai", "*")

    with sdk.once(gateway.azure, lambda request: is_read("backends", request), remove):
        (step,) = gateway.run(task("apim_llm_backend", backends=[{"name": "aoai", "url": "https://new.example"}]))

    assert step.actions == {"aoai": "created"}
    assert step.state["backends"]["aoai"]["url"] == "https://new.example"


def test_an_object_that_got_another_owner_since_the_listing_is_not_pruned(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai", description="Ours [owner: platform]")
    gateway.azure.fail({"method": "GET", "path": "/backends/aoai", "latency_ms": _PAUSE_MS, "times": 1})

    def adopt() -> None:
        sdk.patch_backend(service, "aoai", description="Theirs [owner: research]")

    with sdk.once(gateway.azure, lambda request: is_read("backends", request), adopt):
        (step,) = gateway.run(task("apim_llm_backend", backends=[], owner="platform", prune=True))

    assert (step.changed, step.actions) == (False, {"aoai": "unchanged"})
    assert step.state["backends"]["aoai"]["description"] == "Theirs [owner: research]"


def test_a_removal_respects_a_change_in_between(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_backend(service, "aoai")
    gateway.azure.fail({"method": "DELETE", "path": "/backends/aoai", "latency_ms": _PAUSE_MS, "times": 1})

    def touch() -> None:
        sdk.patch_backend(service, "aoai", title="Touched")

    with sdk.once(gateway.azure, lambda request: is_read("backends/aoai", request), touch):
        (step,) = gateway.run(task("apim_llm_backend", state="absent", backends=[{"name": "aoai"}]))

    assert statuses(step, "DELETE") == [412, 200]
    assert step.state["backends"] == {}
