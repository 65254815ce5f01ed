# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of an onboarding's prerequisites, from what ARM tells to findings.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.access import Access, judge_role
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.connectivity import (
    Route,
    judge_connectivity,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import (
    DELAY,
    FAILED,
    PASSED,
    SERVICE,
    TIER,
    Finding,
    Unread,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.identity import Identity, judge_identity
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.insights import Insights, judge_insights
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits, limits_of

_PLACE = (
    "check service_name (apim_service_name), resource_group (apim_resource_group) and subscription_id "
    "(apim_subscription_id)"
)
_GRANT = f"grant the signed-in account the role 'API Management Service Contributor' on the service; {DELAY}"


@dataclass(frozen=True)
class Facts:
    """What ARM tells of a service that exists, and of what an onboarding needs beside it.

    :ivar service: the service as ARM returns it.
    :ivar identity: the managed identity; None when none is given.
    :ivar access: accounts and roles.
    :ivar answers: what connectivity checks returned.
    :ivar insights: the Application Insights resource; None when none is given.
    """

    service: Mapping[str, Any]
    identity: Identity | None
    access: Access
    answers: Mapping[Route, Mapping[str, Any] | Unread]
    insights: Insights | None = None


def judge(targets: Sequence[Target], facts: Facts) -> list[Finding]:
    """Return a finding for each prerequisite, and of backends one for each of them; in the order of the checks."""
    service = facts.service
    shown = [target.backend_id for target in targets if target.shows_identity]
    return [
        Finding(SERVICE, str(service.get("name")), PASSED, f"exists in {service.get('location')}"),
        _judge_tier(service),
        judge_identity(service, facts.identity, shown),
        *(judge_role(target, facts.access) for target in targets),
        *(judge_connectivity(service, target, facts.answers) for target in targets),
        *([judge_insights(facts.insights)] if facts.insights else []),
    ]


def without_service(name: str, resource_group: str, unread: Unread | None) -> list[Finding]:
    """Return the one finding about a service that does not exist or cannot be read; without it nothing else counts.

    :param unread: why it cannot be read; None when it does not exist.
    """
    if unread is None:
        message = f"the API Management service {name} does not exist in resource group {resource_group}"
        return [Finding(SERVICE, name, FAILED, message, _PLACE)]
    message = f"the API Management service {name} cannot be read: {unread.reason}"
    return [Finding(SERVICE, name, FAILED, message, _GRANT if unread.status == 403 else _PLACE)]


def _judge_tier(service: Mapping[str, Any]) -> Finding:
    limits = limits_of((service.get("sku") or {}).get("name"))
    name = str(service.get("name"))
    lacks = []
    if limits.policy_bytes < Limits.policy_bytes:
        lacks.append(f"takes {limits.policy_bytes} bytes of a policy, too few for the routing fragments")
    if not limits.has_breakers:
        lacks.append("has no circuit breakers, without which no request is routed around a failing backend")
    if lacks:
        message = f"tier {limits.tier} {' and '.join(lacks)}"
        return Finding(TIER, name, FAILED, message, "use a service of another tier")
    return Finding(TIER, name, PASSED, f"tier {(service.get('sku') or {}).get('name')} takes what is written")
