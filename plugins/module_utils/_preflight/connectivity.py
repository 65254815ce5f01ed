# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the gateways of a service reach the hosts of its backends.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.findings import (
    CONNECTIVITY,
    FAILED,
    PASSED,
    SKIPPED,
    Finding,
    Unread,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._preflight.targets import Target

# Models of the SDK: Connected, Degraded, Disconnected, Unknown.
_REACHED = ("Connected", "Degraded")


@dataclass(frozen=True)
class Route:
    """From a region of the service to a host."""

    region: str
    host: str
    port: int


def routes_to(service: Mapping[str, Any], targets: Sequence[Target]) -> list[Route]:
    """Return each route once, in the order of the targets.

    :param service: the service as ARM returns it; each of its regions has a gateway of its own.
    """
    routes = [Route(region, each.host, each.port) for each in targets for region in _regions(service)]
    return list(dict.fromkeys(routes))


def request_for(route: Route) -> dict[str, Any]:
    """Return the body of a connectivity check.

    TCP, because that is the question: does a connection to the host and port open. HTTP and HTTPS judge by the
    status of an answer besides, and an endpoint of models answers a request without credentials with an error that
    each provider chooses. The region is written as in Microsoft's examples.
    """
    return {
        "source": {"region": route.region.lower().replace(" ", "")},
        "destination": {"address": route.host, "port": route.port},
        "protocol": "TCP",
    }


def judge_connectivity(
    service: Mapping[str, Any], target: Target, answers: Mapping[Route, Mapping[str, Any] | Unread]
) -> Finding:
    """Judge whether every gateway of the service reaches a backend.

    :param answers: what the checks returned.
    """
    place = f"{target.host}:{target.port}"
    routes = routes_to(service, [target])
    if not routes:
        return _skipped(target, "the service has no gateway in Azure", "check it from the self-hosted gateways")
    unread = [answer for route in routes if isinstance(answer := answers[route], Unread)]
    reports = {route.region: answer for route in routes if not isinstance(answer := answers[route], Unread)}
    broken = {region: report for region, report in reports.items() if report.get("connectionStatus") == "Disconnected"}
    if broken:
        issues = sorted({issue for report in broken.values() for issue in _issues(report)})
        found = f" ({', '.join(issues)})" if issues else ""
        message = f"the gateway in {_listed(broken)} does not reach {place}{found}"
        return Finding(CONNECTIVITY, target.backend_id, FAILED, message, _remedy(issues))
    if unread:
        return _skipped(target, f"Azure refuses this check: {unread[0].reason}")
    if any(report.get("connectionStatus") not in _REACHED for report in reports.values()):
        return _skipped(target, f"Azure's check did not find out whether {place} is reached")
    return Finding(CONNECTIVITY, target.backend_id, PASSED, f"{place} is reached from {_listed(reports)}")


def _skipped(target: Target, message: str, remedy: str = "check it by a request through the gateway") -> Finding:
    return Finding(CONNECTIVITY, target.backend_id, SKIPPED, message, remedy)


def _remedy(issues: Sequence[str]) -> str:
    resolves = "the network of APIM resolves its name (private DNS zones)"
    opens = "its network security groups, routes and firewalls let the connection out"
    if "DnsResolution" in issues:
        return f"check the endpoint, and that {resolves}"
    return f"check the endpoint, that {resolves}, and that {opens}"


def _regions(service: Mapping[str, Any]) -> Iterator[str]:
    """Yield the regions that have a gateway of the service."""
    properties = service.get("properties") or {}
    for place in ({"location": service.get("location"), **properties}, *(properties.get("additionalLocations") or [])):
        if place.get("location") and not place.get("disableGateway"):
            yield str(place["location"])


def _issues(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the types of issues that Azure found on the way, such as NetworkSecurityRule; not the type Unknown."""
    for hop in report.get("hops") or []:
        for issue in hop.get("issues") or []:
            if issue.get("type") not in (None, "Unknown"):
                yield str(issue["type"])


def _listed(regions: Mapping[str, Any]) -> str:
    return ", ".join(regions)
