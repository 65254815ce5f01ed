# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Views of a service as the store gives them, for tests of the parts that serve by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from apim_emulator.arm.view import (
    ApiView,
    BackendView,
    MemberView,
    OperationView,
    ProductView,
    Snapshot,
    SubscriptionView,
)

_API = ApiView(
    id="llm",
    display_name="LLM",
    path="models",
    protocols=("https",),
    service_url=None,
    subscription_required=True,
    key_header="api-key",
    key_query="subscription-key",
    revision="1",
    operations=(),
    policy=None,
)
_PRODUCT = ProductView(
    id="gold",
    display_name="Gold",
    published=True,
    subscription_required=True,
    approval_required=False,
    subscriptions_limit=None,
    apis=frozenset(("llm",)),
    policy=None,
)
_SUBSCRIPTION = SubscriptionView(
    id="team",
    display_name="Team",
    scope="product",
    target="gold",
    primary_key="primary",
    secondary_key="secondary",
    state="active",
    created=datetime(2026, 1, 1, tzinfo=UTC),
    start=None,
    end=None,
)
_BACKEND = BackendView(id="b", url="https://b.example", members=(), credentials={}, tls={}, breaker=None)


def operation(template: str, method: str = "POST", **changes: Any) -> OperationView:
    """Return an operation; its id is method and template."""
    return replace(OperationView(f"{method} {template}", "Operation", method, template, None), **changes)


def api(*operations: OperationView, **changes: Any) -> ApiView:
    """Return an API at `models`."""
    return replace(_API, operations=operations, **changes)


def product(**changes: Any) -> ProductView:
    """Return the published product `gold` with the API `llm`."""
    return replace(_PRODUCT, **changes)


def subscription(**changes: Any) -> SubscriptionView:
    """Return an active subscription of `gold`."""
    return replace(_SUBSCRIPTION, **changes)


def backend(name: str = "b", url: str | None = None, **changes: Any) -> BackendView:
    """Return a single backend."""
    return replace(_BACKEND, id=name, url=url or f"https://{name}.example", **changes)


def pool(name: str, *members: tuple[str, int | None, int | None]) -> BackendView:
    """Return a pool of (backend, priority, weight)."""
    return replace(_BACKEND, id=name, url=None, members=tuple(MemberView(*member) for member in members))


def breaker(**changes: Any) -> dict[str, Any]:
    """Return a rule as ARM stores it: 3 times 429 or 5xx in ten seconds open it for a minute."""
    condition = {
        "count": 3,
        "interval": "PT10S",
        "statusCodeRanges": [{"min": 429, "max": 429}, {"min": 500, "max": 599}],
        **changes.pop("condition", {}),
    }
    condition = {name: value for name, value in condition.items() if value is not None}
    rule = {"name": "trip", "failureCondition": condition, "tripDuration": "PT1M", "acceptRetryAfter": True}
    return {**rule, **changes}


def snapshot(version: int = 1, **parts: Any) -> Snapshot:
    """Return a snapshot; parts are sequences of views, by the name of their mapping."""
    mappings = {
        name: {view.id.lower(): view for view in parts.pop(name, ())}
        for name in ("apis", "products", "subscriptions", "backends")
    }
    return Snapshot(version=version, policy="", fragments={}, named_values=parts.pop("named_values", {}), **mappings)


def etags(shown: Snapshot) -> dict[str, str]:
    """Return an ETag for each backend, that changes with the backend."""
    return {name: repr(view) for name, view in shown.backends.items()}
