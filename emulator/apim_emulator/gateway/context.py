# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""`context` of the policy expressions, as far as the gateway knows it before a policy runs (facts 3.6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apim_emulator.arm.store import Service
from apim_emulator.arm.view import ApiView, OperationView, ProductView, SubscriptionView
from apim_emulator.gateway.keys import Access
from apim_emulator.gateway.routes import Route
from apim_emulator.http import new_guid, utc_text


def policy_context(
    service: Service, apis: Mapping[str, ApiView], route: Route, access: Access, address: str
) -> dict[str, Any]:
    """Return the members of `context` for one request.

    `apis` are those of the service by lower-case id; `address` is the client's IP address.

    User is null: subscriptions here have no owner, as those that ARM makes without one.
    """
    return {
        "RequestId": new_guid(),
        "Timestamp": utc_text(),
        "Api": _api(route.api),
        "Operation": _operation(route.operation),
        "Product": _product(access.product, apis),
        "Subscription": _subscription(access),
        "User": None,
        "Deployment": {
            "Region": service.config.location,
            "ServiceName": service.config.name,
            "ServiceId": service.resource_id,
            "GatewayId": "managed",
        },
        "MatchedParameters": dict(route.parameters),
        "IpAddress": address,
    }


def _api(api: ApiView) -> dict[str, Any]:
    return {
        "Id": api.id,
        "Name": api.display_name,
        "Path": api.path,
        "Protocols": list(api.protocols),
        "ServiceUrl": api.service_url,
        "IsCurrentRevision": True,
        "Revision": api.revision,
        "Version": None,
        "SubscriptionKeyParameterNames": {"Header": api.key_header, "Query": api.key_query},
    }


def _operation(operation: OperationView | None) -> dict[str, Any] | None:
    if operation is None:
        return None
    return {
        "Id": operation.id,
        "Method": operation.method,
        "Name": operation.display_name,
        "UrlTemplate": operation.url_template,
    }


def _product(product: ProductView | None, apis: Mapping[str, ApiView]) -> dict[str, Any] | None:
    if product is None:
        return None
    return {
        "Id": product.id,
        "Name": product.display_name,
        "State": "Published" if product.published else "NotPublished",
        "ApprovalRequired": product.approval_required,
        "SubscriptionRequired": product.subscription_required,
        "SubscriptionLimit": product.subscriptions_limit,
        "Apis": [_api(apis[name]) for name in sorted(product.apis)],
        "Groups": [],
    }


def _subscription(access: Access) -> dict[str, Any] | None:
    view: SubscriptionView | None = access.subscription
    if view is None:
        return None
    return {
        "Id": view.id,
        "Name": view.display_name,
        "Key": access.key,
        "PrimaryKey": view.primary_key,
        "SecondaryKey": view.secondary_key,
        "CreatedDate": utc_text(view.created),
        "StartDate": _moment(view.start),
        "EndDate": _moment(view.end),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)
