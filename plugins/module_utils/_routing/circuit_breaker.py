# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Circuit breakers: defaults of the onboarding guide, settings of the inventory, ranges of ARM.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields, scalar_text
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import Problems, shown

_FIELDS = ("enabled", "count", "interval", "trip_duration", "status_codes", "error_reasons", "accept_retry_after")
_DURATION = re.compile(r"P(?=.)(?:\d{1,9}D)?(?:T(?=.)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}S)?)?", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}", re.ASCII)
_DURATION_REMEDY = "write an ISO 8601 duration such as PT10S, or a whole number of seconds above 0"
_CODES = re.compile(r"([2-5]\d\d)(?:-([2-5]\d\d))?", re.ASCII)
_CODES_REMEDY = "write a list of 1 to 10 status codes or ranges from 200 to 599, such as 429 or 500-599"
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,199}")
_REASONS_REMEDY = "write a list of up to 10 reasons of errors, such as BackendConnectionFailure"
_SERVER_ERRORS = ("500-599",)
_REFUSED = 429
_FAILURES = (str(_REFUSED), *_SERVER_ERRORS)
_MAXIMUM_ITEMS = 10  # facts: statusCodeRanges and errorReasons


@dataclass(frozen=True)
class CircuitBreaker:
    """When a backend is taken out of service and for how long.

    The defaults are the onboarding guide's: 429 and 5xx, three failures in 10 seconds, recovery after 10 seconds. A
    backend that gives no answer has no status code, so such a failure counts only when its reason is named (facts).

    :ivar count: failures within ``interval`` that open the breaker, 1 to 10,000.
    :ivar interval: ISO 8601 duration.
    :ivar trip_duration: ISO 8601 duration.
    :ivar status_codes: status codes that count as failures, single or as ranges; None for those of the guide.
    :ivar error_reasons: reasons of failures without an answer that count; may be empty.
    :ivar accept_retry_after: a backend's Retry-After replaces ``trip_duration``.
    """

    enabled: bool = True
    count: int = 3
    interval: str = "PT10S"
    trip_duration: str = "PT10S"
    status_codes: tuple[str, ...] | None = None
    error_reasons: tuple[str, ...] = ("BackendConnectionFailure", "Timeout")
    accept_retry_after: bool = True

    @property
    def lists_refusals(self) -> bool:
        """Whether the inventory itself lists 429 among the failures."""
        ranges = [match for match in map(_CODES.fullmatch, self.status_codes or ()) if match]
        return any(int(match[1]) <= _REFUSED <= int(match[2] or match[1]) for match in ranges)

    def as_options(self, *, spares_refusals: bool) -> dict[str, Any]:
        """Return the ``circuit_breaker`` option of module ``apim_llm_backend``.

        :param spares_refusals: 429 does not count, unless the inventory lists it. That is for reserved capacity, which
            refuses what goes beyond and goes on serving (facts): only the refused requests shall go elsewhere. And it
            is for accounts that no model is routed to: they get calls of all models, but Azure throttles each
            deployment by itself.
        """
        return {
            "enabled": self.enabled,
            "count": self.count,
            "interval": self.interval,
            "trip_duration": self.trip_duration,
            "status_codes": list(self.status_codes or (_SERVER_ERRORS if spares_refusals else _FAILURES)),
            "error_reasons": list(self.error_reasons),
            "accept_retry_after": self.accept_retry_after,
        }


def read_circuit_breaker(value: Any, path: str, inherited: CircuitBreaker, problems: Problems) -> CircuitBreaker:
    """Return the breaker that ``value`` asks for; what it leaves out is as in ``inherited``.

    :param value: a mapping of an inventory, or None.
    :param path: where it stands there.
    """
    if value is None:
        return inherited
    fields = Fields(value, path, _FIELDS, problems)
    return replace(
        inherited,
        enabled=fields.boolean("enabled", inherited.enabled),
        count=fields.integer("count", inherited.count, 1, 10_000),
        interval=_duration(fields, "interval", inherited.interval),
        trip_duration=_duration(fields, "trip_duration", inherited.trip_duration),
        status_codes=_status_codes(fields, inherited.status_codes),
        error_reasons=_error_reasons(fields, inherited.error_reasons),
        accept_retry_after=fields.boolean("accept_retry_after", inherited.accept_retry_after),
    )


def _duration(fields: Fields, name: str, default: str) -> str:
    text = fields.text(name, _DURATION_REMEDY, required=False).upper()
    if not text:
        return default
    if _SECONDS.fullmatch(text) and int(text) > 0:
        return f"PT{int(text)}S"
    if _DURATION.fullmatch(text) and re.search("[1-9]", text):
        return text
    fields.refuse(name, f"is {shown(fields.raw(name))}", _DURATION_REMEDY)
    return default


def _status_codes(fields: Fields, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
    value = fields.raw("status_codes")
    if value is None:
        return default
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= _MAXIMUM_ITEMS:
        fields.refuse("status_codes", f"is {shown(value)}", _CODES_REMEDY)
        return default
    texts = tuple(scalar_text(item) or "" for item in value)
    for index, text in enumerate(texts):
        match = _CODES.fullmatch(text)
        if not match or int(match[1]) > int(match[2] or match[1]):
            fields.refuse(f"status_codes[{index}]", f"is {shown(value[index])}", _CODES_REMEDY)
    return texts


def _error_reasons(fields: Fields, default: tuple[str, ...]) -> tuple[str, ...]:
    value = fields.raw("error_reasons")
    if value is None:
        return default
    if not isinstance(value, (list, tuple)) or len(value) > _MAXIMUM_ITEMS:
        fields.refuse("error_reasons", f"is {shown(value)}", _REASONS_REMEDY)
        return default
    for index, item in enumerate(value):
        if not isinstance(item, str) or not _REASON.fullmatch(item):
            fields.refuse(f"error_reasons[{index}]", f"is {shown(item)}", _REASONS_REMEDY)
    return tuple(value)
