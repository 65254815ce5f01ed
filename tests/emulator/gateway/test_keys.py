# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which subscription keys open an API, and the context of which product they give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apim_emulator.gateway.keys import INVALID, MISSING, AccessDenied, Keys

from tests.emulator.gateway.views import api, product, snapshot, subscription

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def keys(*subscriptions: Any, products: Any = None) -> Keys:
    shown = (product(),) if products is None else products
    return Keys(snapshot(subscriptions=subscriptions, products=shown))


@pytest.mark.parametrize(
    ("changes", "in_product"),
    [
        ({}, True),
        ({"scope": "api", "target": "llm"}, False),
        ({"scope": "apis", "target": None}, False),
        ({"scope": "service", "target": None}, False),
        ({"start": NOW - HOUR, "end": NOW + HOUR}, True),
    ],
)
@pytest.mark.parametrize("key", ["primary", "secondary"])
def test_good_key(changes: dict[str, Any], in_product: bool, key: str) -> None:
    access = keys(subscription(**changes)).check(api(), {"api-key": key}, {})
    assert access.subscription is not None
    assert (access.subscription.id, access.key) == ("team", key)
    assert (access.product is not None) == in_product


@pytest.mark.parametrize(
    ("changes", "products"),
    [
        ({"scope": "api", "target": "other"}, ()),
        ({"state": "suspended"}, (product(),)),
        ({"state": "submitted"}, (product(),)),
        ({"start": NOW + HOUR}, (product(),)),
        ({"end": NOW - HOUR}, (product(),)),
        ({}, (product(apis=frozenset()),)),
        ({}, (product(published=False),)),
        ({}, ()),
        ({"primary_key": "another"}, (product(),)),
    ],
)
def test_bad_key(changes: dict[str, Any], products: Any) -> None:
    with pytest.raises(AccessDenied) as denied:
        keys(subscription(**changes), products=products).check(api(), {"api-key": "primary"}, {})
    assert (denied.value.reason, denied.value.message) == ("SubscriptionKeyInvalid", INVALID)


def test_query_counts_only_without_the_header() -> None:
    checked = keys(subscription())
    assert checked.check(api(), {}, {"subscription-key": ["primary"]}).key == "primary"
    with pytest.raises(AccessDenied):
        checked.check(api(), {"api-key": "wrong"}, {"subscription-key": ["primary"]})


def test_parameter_names_are_those_of_the_api() -> None:
    named = api(key_header="x-mine", key_query="Mine")
    assert keys(subscription()).check(named, {"x-mine": "primary"}, {}).key == "primary"
    assert keys(subscription()).check(named, {}, {"mine": ["primary"]}).key == "primary"
    with pytest.raises(AccessDenied) as denied:
        keys(subscription()).check(named, {"api-key": "primary"}, {"subscription-key": ["primary"]})
    assert denied.value.reason == "SubscriptionKeyNotFound"


def test_without_a_key() -> None:
    with pytest.raises(AccessDenied) as denied:
        keys(subscription()).check(api(), {}, {})
    assert denied.value.message == MISSING
    free = product(id="free", subscription_required=False)
    assert keys(products=(product(), free)).check(api(), {}, {}).product == free
    assert keys(products=(free,)).check(api(subscription_required=False), {}, {}).product == free
    without = keys().check(api(subscription_required=False), {}, {})
    assert (without.product, without.subscription) == (None, None)
    with pytest.raises(AccessDenied):
        keys(products=(product(subscription_required=False, published=False),)).check(api(), {}, {})
    with pytest.raises(AccessDenied):
        keys(products=(free,)).check(api(subscription_required=False), {"api-key": "wrong"}, {})
