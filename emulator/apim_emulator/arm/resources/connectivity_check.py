# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""S/connectivityCheck: whether the gateway of a service reaches a destination.

Source: the 2022-08-01 and 2024-05-01 descriptions and their examples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, parse, spelled
from apim_emulator.arm.errors import ArmError, Problem, invalid, not_allowed
from apim_emulator.arm.operations import Operation, Operations
from apim_emulator.arm.resources.child import Conditions
from apim_emulator.arm.store import Service
from apim_emulator.http import new_guid

_TIERS = frozenset(("Developer", "Basic", "Standard", "Premium"))


class SourceContract(Contract):
    """Where the check starts."""

    region: str = Field(min_length=1)
    instance: int | None = Field(default=None, ge=0)


class DestinationContract(Contract):
    """What is to be reached."""

    address: str = Field(min_length=1)
    port: int = Field(ge=1, le=65_535)


class HeaderContract(Contract):
    """A header of a request."""

    name: str = Field(min_length=1)
    value: str


class HttpContract(Contract):
    """How a request of HTTP or HTTPS looks, and which answers are good ones."""

    method: Annotated[Literal["GET", "POST"], spelled("GET", "POST")] = "GET"
    valid_status_codes: list[Annotated[int, Field(ge=100, le=599)]] | None = None
    headers: list[HeaderContract] | None = None


class ProtocolContract(Contract):
    """What a protocol has of its own."""

    http_configuration: HttpContract | None = Field(default=None, alias="HTTPConfiguration")


class CheckContract(Contract):
    """Body of a check."""

    source: SourceContract
    destination: DestinationContract
    preferred_ip_version: Annotated[Literal["IPv4"], spelled("IPv4")] | None = Field(
        default=None, alias="preferredIPVersion"
    )
    protocol: Annotated[Literal["TCP", "HTTP", "HTTPS"], spelled("TCP", "HTTP", "HTTPS")] = "TCP"
    protocol_configuration: ProtocolContract | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """What a probe is sent to: `path`, `method`, `headers` and `statuses` (None: any) are those of HTTP and HTTPS."""

    protocol: str
    host: str
    port: int
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    statuses: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Probes:
    """What became of some probes: milliseconds of those that succeeded, and why the others failed.

    `address` is where the destination is, None when its name cannot be resolved.
    """

    address: str | None
    milliseconds: Sequence[float]
    failures: Sequence[str]


class Prober(Protocol):
    """Sends probes to where gateways send requests."""

    async def probe(self, destination: Destination) -> Probes:
        """Send probes, one after the other, and return what became of them."""


class ConnectivityCheck:
    """Starts checks; they run in the background."""

    def __init__(self, operations: Operations, prober: Prober) -> None:
        self._operations = operations
        self._prober = prober

    def start(self, call: Call, conditions: Conditions) -> Operation:
        """Start the check that a POST asks for. Raises ArmError."""
        if call.request.method != "POST":
            raise not_allowed(call.request.method)
        service = call.apim()
        if service.config.sku not in _TIERS:
            message = f"Method not allowed in {service.config.sku} pricing tier"
            raise ArmError(400, "MethodNotAllowedInPricingTier", message)
        destination = _wanted(call)
        return self._operations.start(conditions.lro_ms, conditions.failure, self._run(service, destination))

    async def _run(self, service: Service, destination: Destination) -> dict[str, Any]:
        return _report(service, await self._prober.probe(destination))


def _wanted(call: Call) -> Destination:
    """Return what a body asks for. Raises ArmError (ValidationError) with every problem."""
    stored, problems = parse(CheckContract, call.json())
    if stored is None:
        raise invalid(problems)
    location = call.apim().config.location
    if _normal(stored["source"]["region"]) != _normal(location):
        text = f"The service has no region '{stored['source']['region']}': it is in '{location}'."
        problems.append(Problem("source.region", text))
    http = stored.get("protocolConfiguration", {}).get("HTTPConfiguration")
    if http is not None and stored["protocol"] == "TCP":
        text = "HTTPConfiguration is for the protocols HTTP and HTTPS."
        problems.append(Problem("protocolConfiguration.HTTPConfiguration", text))
    found = _host_and_path(stored["destination"]["address"], stored["protocol"])
    if found is None:
        text = f"'{stored['destination']['address']}' is not an address for the protocol {stored['protocol']}."
        problems.append(Problem("destination.address", text))
    if problems or found is None:
        raise invalid(problems)
    http = http or {"method": "GET"}
    statuses = http.get("validStatusCodes")
    return Destination(
        stored["protocol"],
        found[0],
        stored["destination"]["port"],
        found[1],
        http["method"],
        tuple((header["name"], header["value"]) for header in http.get("headers", ())),
        frozenset(statuses) if statuses else None,
    )


def _normal(region: str) -> str:
    return region.replace(" ", "").lower()


def _host_and_path(address: str, protocol: str) -> tuple[str, str] | None:
    """Return host name and path of an address: a host name, an IP address, or a URL of the protocol."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        has_port = parts.port is not None
    except ValueError:
        return None
    if not parts.hostname or has_port or parts.query or parts.fragment or parts.username:
        return None
    is_plain = not parts.scheme and not parts.path
    if is_plain or (protocol != "TCP" and parts.scheme == protocol.lower()):
        return parts.hostname, parts.path or "/"
    return None


def _report(service: Service, probes: Probes) -> dict[str, Any]:
    """Return a ConnectivityCheckResponse."""
    sent, failed = len(probes.milliseconds) + len(probes.failures), len(probes.failures)
    status = "Connected" if not failed else "Disconnected" if failed == sent else "Degraded"
    times = [round(time) for time in probes.milliseconds]
    return {
        "hops": _hops(service, probes),
        "connectionStatus": status,
        "avgLatencyInMs": round(sum(times) / len(times)) if times else None,
        "minLatencyInMs": min(times, default=None),
        "maxLatencyInMs": max(times, default=None),
        "probesSent": sent,
        "probesFailed": failed,
    }


def _hops(service: Service, probes: Probes) -> list[dict[str, Any]]:
    source, destination = new_guid(), new_guid()
    first: dict[str, Any] = {
        "type": "Source",
        "id": source,
        "address": "127.0.0.1",
        "resourceId": service.resource_id,
        "nextHopIds": [destination],
        "issues": [],
    }
    contexts = [{"message": text} for text in dict.fromkeys(probes.failures)]
    if probes.address is None:
        issue = {"origin": "Outbound", "severity": "Error", "type": "DnsResolution", "context": contexts}
        return [{**first, "nextHopIds": [], "issues": [issue]}]
    issues = [{"origin": "Outbound", "severity": "Error", "type": "Unknown", "context": contexts}] if contexts else []
    last = {"type": "Internet", "id": destination, "address": probes.address, "nextHopIds": [], "issues": issues}
    return [first, last]
