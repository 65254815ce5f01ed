# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading ARM's error answers: the envelope, the request id, whether 404 means the object or what holds it.

Pure: works on parsed bodies and headers, sends nothing.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.paths import provider

_QUOTED_RESOURCE = re.compile(r"[Tt]he [Rr]esource '([^']+)'")
_CONTAINER_MISSING = {
    "subscriptionnotfound",
    "invalidsubscriptionid",
    "resourcegroupnotfound",
    "parentresourcenotfound",
    "invalidresourcetype",
    "noregisteredproviderfound",
    "missingsubscriptionregistration",
}
# facts: how ARM refuses to delete what other objects refer to.
IN_USE = "is used by the following entities"
_TRANSIENT_CONFLICTS = {"managementapirequestfailed", "pessimisticconcurrencyconflict"}


@dataclass(frozen=True)
class Refusal:
    """ARM's error envelope ``{"error": {code, message, details}}``; ``code`` is empty when the body is not one."""

    code: str = ""
    message: str = ""
    details: list[dict[str, Any]] = field(default_factory=list)


def refusal(body: str) -> Refusal:
    """Parse the body of an error answer. Never raises: whatever is not ARM's envelope gives an empty refusal."""
    try:
        error = json.loads(body.lstrip("\ufeff"))["error"]
        details = [entry for entry in error.get("details") or [] if isinstance(entry, dict)]
        return Refusal(str(error.get("code") or ""), str(error.get("message") or ""), details)
    except (ValueError, KeyError, TypeError, AttributeError):
        return Refusal()


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id under which Azure logged the call."""
    return headers.get("x-ms-request-id") or headers.get("x-ms-correlation-request-id")


def is_transient_conflict(status: int, refused: Refusal) -> bool:
    """Tell whether the service refused only because it is busy with the same API or service.

    API Management answers so for a moment after another write: 409 or 422 ManagementApiRequestFailed, 409
    PessimisticConcurrencyConflict, 409 with "Operation on the API is in progress". Other conflicts are final.
    """
    if status not in (409, 422):
        return False
    if status == 422:
        return refused.code.lower() == "managementapirequestfailed"
    return refused.code.lower() in _TRANSIENT_CONFLICTS or "is in progress" in refused.message.lower()


def is_absent(path: str, refused: Refusal) -> bool:
    """Tell whether a 404 for ``path`` says that this very object does not exist.

    A missing subscription, resource group or service is also answered with 404. ARM names the missing resource
    ("The Resource 'Microsoft.ApiManagement/service/x' under resource group ..."); when that is not the object itself,
    or the answer is not ARM's at all (a proxy's page), the object's absence is not proven.
    """
    if not refused.code or refused.code.lower() in _CONTAINER_MISSING:
        return False
    quoted = _QUOTED_RESOURCE.search(refused.message)
    if quoted is None:
        return True
    return path.lower().rstrip("/").endswith("/" + quoted.group(1).lower().strip("/"))


def hint(status: int, path: str, refused: Refusal) -> str:
    """Return what the user can do about a refusal, or an empty string."""
    namespace = provider(path)
    apim = namespace == "microsoft.apimanagement"
    if IN_USE in refused.message:
        return "Take it out of these entities, such as a policy or a pool, then run again"
    if status == 401:
        return (
            "Check that the credential belongs to the tenant of this subscription, and that its token is for this cloud"
        )
    if status == 403:
        role = "API Management Service Contributor' on the service" if apim else "Reader' on this resource"
        if "/workbooks/" in path.lower():
            role = "Workbook Contributor' on the workbook's resource group"
        return f"Grant the signed-in identity the role '{role}; a new role assignment takes some minutes to work"
    if status == 404:
        if "subscription" in refused.code.lower():
            return "Check subscription_id (apim_subscription_id) and that the credential can see that subscription"
        if namespace == "microsoft.insights":
            return "Check application_insights and the workbook's resource group (llm_workbook)"
        if refused.code.lower() == "resourcegroupnotfound":
            return "Check resource_group (apim_resource_group) and subscription_id (apim_subscription_id)"
        if apim:
            return (
                "Check service_name (apim_service_name), resource_group (apim_resource_group) "
                "and subscription_id (apim_subscription_id)"
            )
    return ""
