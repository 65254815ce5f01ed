# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An APIM backend: one endpoint with its credentials, TLS checks and circuit breaker.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.duration import normal_duration
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.limits import Limits
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.marks import (
    join_owner,
    split_owner,
    wanted_description,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import (
    InvalidOptionsError,
    Resource,
    State,
    given,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    MASK,
    is_credential_name,
    masked,
)

_RULE_NAME = "llm-circuit-breaker"
_STATUS_CODES = re.compile(r"(\d{3})(?:-(\d{3}))?", re.ASCII)
_NAMED_VALUE_REFERENCE = re.compile(r"\{\{([A-Za-z0-9._-]+)\}\}")
_ONLY_REFERENCE = re.compile(rf"(?:(?:Bearer|Basic) )?{_NAMED_VALUE_REFERENCE.pattern}")
# The one parameter that members of a pool differ in and that is no secret.
_API_VERSION = ("query", "api-version")


class Backend(Resource):
    """A single backend (a pool is a backend of another type)."""

    kind = "backend"
    collection = "backends"
    name_taken = (
        "is the name of a pool of the service; give the backend another (backend_id), or run without it first, so that "
        "prune (llm_prune) removes the pool"
    )
    is_route = True

    @staticmethod
    def argument_spec() -> dict[str, Any]:
        breaker = {
            "enabled": {"type": "bool", "default": True},
            "count": {"type": "int", "default": 3},
            "interval": {"type": "str", "default": "PT10S"},
            "trip_duration": {"type": "str", "default": "PT10S"},
            "status_codes": {"type": "list", "elements": "str", "default": ["429", "500-599"]},
            "error_reasons": {"type": "list", "elements": "str", "default": ["BackendConnectionFailure", "Timeout"]},
            "accept_retry_after": {"type": "bool", "default": True},
        }
        credentials = {"header": {"type": "dict"}, "query": {"type": "dict"}}
        return {
            "url": {"type": "str"},
            "title": {"type": "str"},
            "description": {"type": "str"},
            "circuit_breaker": {"type": "dict", "options": breaker},
            "credentials": {"type": "dict", "options": credentials},
            "validate_certificate_chain": {"type": "bool"},
            "validate_certificate_name": {"type": "bool"},
        }

    def wanted(self, options: Mapping[str, Any]) -> State:
        return given(
            url=options.get("url"),
            title=options.get("title"),
            **wanted_description(options),
            circuit_breaker=_wanted_breaker(options.get("circuit_breaker")),
            credentials=_wanted_credentials(options.get("credentials")),
            validate_certificate_chain=options.get("validate_certificate_chain"),
            validate_certificate_name=options.get("validate_certificate_name"),
        )

    def current(self, properties: Mapping[str, Any]) -> State:
        tls = properties.get("tls") or {}
        return {
            "url": properties.get("url", ""),
            "title": properties.get("title") or "",
            **split_owner(properties.get("description")),
            "circuit_breaker": _current_breaker(properties.get("circuitBreaker")),
            "credentials": _current_credentials(properties.get("credentials")),
            "validate_certificate_chain": tls.get("validateCertificateChain") is not False,
            "validate_certificate_name": tls.get("validateCertificateName") is not False,
        }

    def destinations(self, state: State) -> frozenset[str]:
        return frozenset({state["url"]}) if state.get("url") else frozenset()

    def fault(self, state: State, limits: Limits) -> str:
        if not state.get("circuit_breaker") or limits.has_breakers:
            return ""
        return f"circuit_breaker: tier {limits.tier} has none; set enabled to false (llm_circuit_breaker.enabled)"

    def missing(self, wanted: State) -> str:
        return "" if "url" in wanted else "url"

    def properties(self, state: State) -> dict[str, Any]:
        breaker, credentials = state.get("circuit_breaker"), state.get("credentials", {})
        return {
            "protocol": "http",
            "url": state.get("url"),
            "title": state.get("title") or None,
            "description": join_owner(state) or None,
            "circuitBreaker": {"rules": [_rule(breaker)]} if breaker else None,
            # Credentials of other kinds, such as certificates, are not managed and stay.
            "credentials": {"header": credentials.get("header"), "query": credentials.get("query")},
            "tls": {
                "validateCertificateChain": state.get("validate_certificate_chain", True),
                "validateCertificateName": state.get("validate_certificate_name", True),
            },
        }

    def references(self, state: State) -> set[str]:
        places = state.get("credentials", {}).values()
        values = [value for entries in places for each in entries.values() for value in each]
        return {name for value in values for name in _NAMED_VALUE_REFERENCE.findall(value)}

    def is_same_kind(self, properties: Mapping[str, Any]) -> bool:
        return properties.get("type") != "Pool"

    def shown(self, state: State, secrets: Container[str] = ()) -> State:  # noqa: ARG002
        """Return the state with credentials masked, unless they only refer to a named value."""
        credentials = {
            place: {name: [_masked((place, name), value) for value in values] for name, values in entries.items()}
            for place, entries in state.get("credentials", {}).items()
        }
        url = {"url": masked(state["url"])} if "url" in state else {}
        return {**state, **url, **({"credentials": credentials} if credentials else {})}

    def secrets(self, state: State) -> set[str]:
        entries = [each for place in state.get("credentials", {}).values() for each in place.items()]
        values = [value for name, each in entries if is_credential_name(name) for value in each]
        return {name for value in values for name in _NAMED_VALUE_REFERENCE.findall(value)}


def _masked(parameter: tuple[str, str], value: str) -> str:
    return value if parameter == _API_VERSION or _ONLY_REFERENCE.fullmatch(value) else MASK


def _wanted_breaker(breaker: Mapping[str, Any] | None) -> State | None:
    if breaker is None:
        return None
    if not breaker["enabled"]:
        return {}
    try:
        return given(
            count=breaker["count"],
            interval=normal_duration(breaker["interval"]),
            trip_duration=normal_duration(breaker["trip_duration"]),
            status_codes=_status_codes(breaker["status_codes"]),
            error_reasons=sorted(breaker["error_reasons"]) or None,
            accept_retry_after=breaker["accept_retry_after"],
        )
    except ValueError as error:
        raise InvalidOptionsError(f"circuit_breaker: {error}") from None


def _status_codes(items: Iterable[str]) -> list[str]:
    ranges = []
    for item in items:
        match = _STATUS_CODES.fullmatch(str(item))
        if not match:
            raise ValueError(f"status_codes has {item!r}; write a code or a range, such as 429 or 500-599")
        low, high = int(match[1]), int(match[2] or match[1])
        if low > high:
            raise ValueError(f"status_codes has {item!r}, whose first code is above its last")
        ranges.append((low, high))
    return [_range_text(low, high) for low, high in sorted(ranges)]


def _bounds(item: Mapping[str, Any]) -> tuple[int, int]:
    return item.get("min") or 0, item.get("max") or 0


def _range_text(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _current_breaker(breaker: Mapping[str, Any] | None) -> State:
    """Return the breaker of an existing backend; what options cannot express is kept in it and so shows as a change."""
    rules = (breaker or {}).get("rules") or []
    if not rules:
        return {}
    failure = rules[0].get("failureCondition") or {}
    ranges = failure.get("statusCodeRanges") or []
    return given(
        count=failure.get("count"),
        percentage=failure.get("percentage"),
        interval=_readable_duration(failure.get("interval")),
        trip_duration=_readable_duration(rules[0].get("tripDuration")),
        status_codes=[_range_text(low, high) for low, high in sorted(_bounds(item) for item in ranges)],
        error_reasons=sorted(failure.get("errorReasons") or []) or None,
        accept_retry_after=rules[0].get("acceptRetryAfter", False),
        further_rules=len(rules) - 1 or None,
    )


def _readable_duration(text: str | None) -> str | None:
    try:
        return normal_duration(text) if text else None
    except ValueError:
        return text


def _rule(breaker: State) -> dict[str, Any]:
    ranges = [item.split("-") for item in breaker["status_codes"]]
    failure = given(
        count=breaker.get("count"),
        percentage=breaker.get("percentage"),
        interval=breaker.get("interval"),
        statusCodeRanges=[{"min": int(low_high[0]), "max": int(low_high[-1])} for low_high in ranges] or None,
        errorReasons=breaker.get("error_reasons"),
    )
    return given(
        name=_RULE_NAME,
        failureCondition=failure,
        tripDuration=breaker.get("trip_duration"),
        acceptRetryAfter=breaker["accept_retry_after"],
    )


def _wanted_credentials(credentials: Mapping[str, Any] | None) -> State | None:
    if credentials is None:
        return None
    state: State = {}
    for place in ("header", "query"):
        for name, value in (credentials.get(place) or {}).items():
            values = [str(item) for item in (value if isinstance(value, list) else [value])]
            if (place, name) != _API_VERSION and not all(_NAMED_VALUE_REFERENCE.search(item) for item in values):
                raise InvalidOptionsError(
                    f"credentials.{place}.{name}: holds a literal, which everybody who reads the backend could see; "
                    "store it as a secret named value and write a reference to that, such as {{my-secret}}"
                )
            state.setdefault(place, {})[name] = values
    return state


def _current_credentials(credentials: Mapping[str, Any] | None) -> State:
    known = credentials or {}
    return {place: dict(known[place]) for place in ("header", "query") if known.get(place)}
