# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Subscription keys: who may call an API, and in the context of which product (facts 3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apim_emulator.arm.view import ApiView, ProductView, Snapshot, SubscriptionView

MISSING = (
    "Access denied due to missing subscription key. "
    "Make sure to include subscription key when making requests to an API."
)
INVALID = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."


@dataclass(frozen=True, slots=True)
class Access:
    """A request that may pass: its subscription and product, each None without; `key` is the key that was sent."""

    subscription: SubscriptionView | None = None
    product: ProductView | None = None
    key: str | None = None


class AccessDenied(Exception):
    """401. `reason` is that of context.LastError."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Keys:
    """The subscriptions and products of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._by_key = {
            key: subscription
            for subscription in snapshot.subscriptions.values()
            for key in (subscription.primary_key, subscription.secondary_key)
        }
        self._products = snapshot.products
        self._open = [product for product in snapshot.products.values() if _is_open(product)]

    def check(self, api: ApiView, headers: Mapping[str, str], query: Mapping[str, Sequence[str]]) -> Access:
        """Return what a request for this API may do. Raises AccessDenied.

        `query` holds the values of each parameter by its name in lower case. The header counts first, the query
        parameter only without it. A key that is sent must be good even where none is needed; an open product comes
        before an API without keys.
        """
        sent = headers.get(api.key_header) or next(iter(query.get(api.key_query.lower(), ())), None)
        if sent:
            return self._with_key(api, sent)
        product = next((item for item in self._open if api.id.lower() in item.apis), None)
        if product is not None:
            return Access(product=product)
        if api.subscription_required:
            raise AccessDenied("SubscriptionKeyNotFound", MISSING)
        return Access()

    def _with_key(self, api: ApiView, key: str) -> Access:
        subscription = self._by_key.get(key)
        if subscription is not None and _is_active(subscription):
            match subscription.scope:
                case "service" | "apis":
                    return Access(subscription, None, key)
                case "api" if subscription.target == api.id.lower():
                    return Access(subscription, None, key)
                case "product":
                    product = self._products.get(subscription.target or "")
                    if product is not None and product.published and api.id.lower() in product.apis:
                        return Access(subscription, product, key)
        raise AccessDenied("SubscriptionKeyInvalid", INVALID)


def _is_open(product: ProductView) -> bool:
    return product.published and not product.subscription_required


def _is_active(subscription: SubscriptionView) -> bool:
    now = datetime.now(UTC)
    begun = subscription.start is None or subscription.start <= now
    return subscription.state == "active" and begun and (subscription.end is None or now < subscription.end)
