# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The link between a product and an API: keys of the product's subscriptions open the API.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource, State


class ProductLink(Resource):
    """A link of one product; its name is that of the API. A link has no properties.

    :param product: name of the product.
    """

    kind = "product link"
    is_child = True

    def __init__(self, product: str) -> None:
        self.collection = f"products/{product}/apis"
        self._product = product

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        return {}

    def title(self, name: str) -> str:
        return f"{self._product}/{name}"

    def wanted(self, options: Mapping[str, Any]) -> State:  # noqa: ARG002
        return {"product": self._product}

    def current(self, properties: Mapping[str, Any]) -> State:  # noqa: ARG002
        return {"product": self._product}

    def properties(self, state: State) -> dict[str, Any]:  # noqa: ARG002
        return {}
