# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads from ARM what a validation needs: APIs, keys, products with their policies, and what may hold credentials.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Access
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.policies import Document, document_of
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.restrictions import (
    Restriction,
    read_restriction,
)

_KEY_HEADER = "Ocp-Apim-Subscription-Key"
_RAW = {"format": "rawxml"}
_ACTIVE = "active"
_NO_API = "onboard first, or list the APIs that clients use (llm_validation_apis)"


@dataclass(frozen=True)
class Product:
    """A product with a policy of its own.

    :ivar subscription: name of an active subscription to it that may be used; empty when there is none.
    :ivar apis: names of its APIs.
    """

    name: str
    policy: Document
    subscription: str
    apis: frozenset[str]


class ServiceReader:
    """Reads one API Management service. Every method raises ArmError when ARM refuses."""

    def __init__(self, client: ArmClient, parallelism: int, further: Callable[[], Mapping[str, str]] = dict) -> None:
        """:param further: returns the headers that every request of a client has besides its key."""
        self._client = client
        self._path = client.service_path
        self._parallelism = parallelism
        self._further = further

    def apis(self, wanted: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Return the APIs at the wanted paths: ``name``, ``path``, ``type`` and ``key_header``.

        :param wanted: ``path`` and ``type`` of each, and whether it is ``optional``.
        :raises ConfigurationError: when the service has no API at one that is not optional, or at none at all.
        """
        listed = {
            str(each["properties"].get("path") or "").lower(): each
            for each in self._client.list(f"{self._path}/apis")
            if each["properties"].get("isCurrent", True)
        }
        wanted = [{**each, "path": each["path"].strip("/")} for each in wanted]
        found = [each for each in wanted if each["path"].lower() in listed]
        required = [each["path"] for each in wanted if each not in found and not each.get("optional")]
        missing = required or ([] if found else [" or ".join(each["path"] for each in wanted)])
        if missing:
            paths = ", ".join(sorted(path for path in listed if path)) or "none"
            raise ConfigurationError(
                [f"the service has no API at path {path}; it has {paths}: {_NO_API}" for path in missing]
            )
        return [_api(each, listed[each["path"].lower()]) for each in found]

    def access(self, subscription: str, apis: Sequence[Mapping[str, str]]) -> Access:
        """Return the means of a client that has a subscription.

        :raises ConfigurationError: when the service does not have it, or it has no key.
        """
        try:
            answer = self._client.post(f"{self._path}/subscriptions/{subscription}/listSecrets")
        except ArmError as error:
            if error.status != 404:
                raise
            remedy = "name one of the service (llm_validation_subscription)"
            raise ConfigurationError([f"subscription is {subscription}, which does not exist: {remedy}"]) from None
        key = answer.get("primaryKey") or answer.get("secondaryKey")
        if not key:
            raise ConfigurationError([f"the subscription {subscription} has no key: give subscription_key"])
        return self.access_by(str(key), apis)

    def access_by(self, key: str, apis: Sequence[Mapping[str, str]]) -> Access:
        """Return the means of a client that has a key."""
        return Access(key, {api["name"]: api["key_header"] for api in apis}, self._further)

    def products(self, allowed: Sequence[str]) -> list[Product]:
        """Return the products with a policy of their own.

        :param allowed: names of the subscriptions that may be used: any other one belongs to somebody.
        :raises ConfigurationError: when the service does not have one of them.
        """
        subscriptions = self._subscriptions(allowed) if allowed else []
        names = [each["name"] for each in self._client.list(f"{self._path}/products")]
        with ThreadPoolExecutor(self._parallelism) as executor:
            found = list(executor.map(lambda name: self._product(name, subscriptions), names))
        return [product for product in found if product.policy.text]

    def _subscriptions(self, allowed: Sequence[str]) -> list[dict[str, Any]]:
        listed = {str(each["name"]).lower(): each for each in self._client.list(f"{self._path}/subscriptions")}
        missing = [name for name in allowed if name.lower() not in listed]
        if missing:
            remedy = "name subscriptions of the service (llm_validation_subscriptions)"
            raise ConfigurationError(
                [f"subscriptions has {name}, which the service does not have: {remedy}" for name in missing]
            )
        return [listed[name.lower()] for name in allowed]

    def restricted(self, products: Sequence[Product]) -> dict[Product, Restriction]:
        """Return the products whose policies restrict models or pools, and how."""
        found = {product: read_restriction(product.policy, self._fragments) for product in products}
        return {product: restriction for product, restriction in found.items() if restriction.restricts}

    def policies(self, apis: Sequence[Mapping[str, str]], products: Sequence[Product]) -> dict[str, Document]:
        """Return each fragment and policy that requests to these APIs may pass, under what people call it."""
        found = {f"fragment {name}": document for name, document in self._fragments.items()}
        places = {"the policy of all APIs": f"{self._path}/policies/policy"}
        for api in apis:
            path, title = f"{self._path}/apis/{api['name']}", f"API {api['name']}"
            places[f"the policy of {title}"] = f"{path}/policies/policy"
            for each in self._client.list(f"{path}/operations"):
                places[f"the policy of {title}, operation {each['name']}"] = (
                    f"{path}/operations/{each['name']}/policies/policy"
                )
        with ThreadPoolExecutor(self._parallelism) as executor:
            found |= zip(places, executor.map(self._policy, places.values()), strict=True)
        found |= {f"the policy of product {product.name}": product.policy for product in products}
        return {title: document for title, document in found.items() if document.text}

    @cached_property
    def _fragments(self) -> dict[str, Document]:
        listed = self._client.list(f"{self._path}/policyFragments")
        return {str(each["name"]): document_of(each["properties"]) for each in listed}

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return all objects of a kind, as ARM shows them."""
        return self._client.list(f"{self._path}/{name}")

    def _product(self, name: str, subscriptions: Sequence[Mapping[str, Any]]) -> Product:
        path = f"{self._path}/products/{name}"
        policy = self._policy(f"{path}/policies/policy")
        if not policy.text:
            return Product(name, policy, "", frozenset())
        own = f"/products/{name}".lower()
        subscription = next(
            (
                str(each["name"])
                for each in subscriptions
                if str(each["properties"].get("scope") or "").lower().endswith(own)
                and each["properties"].get("state") == _ACTIVE
            ),
            "",
        )
        return Product(name, policy, subscription, frozenset(api["name"] for api in self._client.list(f"{path}/apis")))

    def _policy(self, path: str) -> Document:
        entity = self._client.get(path, query=_RAW)
        return document_of(entity.body["properties"]) if entity else Document("")


def _api(wanted: Mapping[str, str], entity: Mapping[str, Any]) -> dict[str, str]:
    names = entity["properties"].get("subscriptionKeyParameterNames") or {}
    return {
        "name": str(entity["name"]),
        "path": str(entity["properties"]["path"]),
        "type": wanted["type"],
        "key_header": str(names.get("header") or _KEY_HEADER),
    }
