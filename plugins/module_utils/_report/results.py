# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads results of a validation: checks their shape once, so that all that shows them can rely on it.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ansible_collections.citadel.ai_gateway.plugins.module_utils._report.text import printable

OUTCOMES = ("passed", "failed", "skipped")
# More than any time or count that a run can have; beyond it drawings lose precision.
_MAXIMUM = 10**12


class _Optional(NamedTuple):
    """A field that may be missing or null."""

    schema: Any
    default: Any = None


class _Number(NamedTuple):
    """A number from 0 to a maximum."""

    kind: type[int | float]
    maximum: int = _MAXIMUM


_TEXT = "text"
_TIME = "time"
_FLAG = "flag"
_COUNT = _Number(int)
_AMOUNT = _Number(float)
_PROBABILITY = _Number(float, 1)

_CHECK = {
    "group": _TEXT,
    "name": _TEXT,
    "outcome": OUTCOMES,
    "message": _Optional(_TEXT, ""),
    "remedy": _Optional(_TEXT, ""),
    "duration_s": _Optional(_AMOUNT, 0),
}
_MEMBER = {
    "backend": _TEXT,
    "deployment": _Optional(_TEXT, ""),
    "priority": _Optional(_COUNT, 1),
    "weight": _Optional(_COUNT, 100),
}
_MODEL = {
    "name": _TEXT,
    "aliases": _Optional([_TEXT], []),
    "hops": [{"route": _TEXT, "pooled": _FLAG, "members": [_MEMBER]}],
}
_SHARE = {
    "pool": _TEXT,
    "model": _TEXT,
    "requests": _COUNT,
    "p_value": _Optional(_PROBABILITY),
    "outcome": OUTCOMES,
    "members": [
        {
            "backend": _TEXT,
            "priority": _Optional(_COUNT, 1),
            "weight": _COUNT,
            "expected": _PROBABILITY,
            "served": _COUNT,
        }
    ],
}
_LATENCY = {
    "model": _TEXT,
    "backend": _TEXT,
    "requests": _COUNT,
    "p50_ms": _AMOUNT,
    "p95_ms": _AMOUNT,
    "p99_ms": _AMOUNT,
    "samples_ms": _Optional([_AMOUNT], []),
}
_EVENT = {
    "at_ms": _AMOUNT,
    "status": _Optional(_COUNT),
    "backend": _Optional(_TEXT),
    "attempts": _Optional([{"backend": _TEXT, "status": _Optional(_COUNT)}], []),
}
_FAILOVER = {
    "pool": _TEXT,
    "model": _TEXT,
    "backend": _TEXT,
    "cause": _TEXT,
    "failing_from_ms": _AMOUNT,
    "failing_to_ms": _AMOUNT,
    "events": [_EVENT],
    "breaker": _Optional([{"backend": _TEXT, "open_from_ms": _AMOUNT, "open_to_ms": _Optional(_AMOUNT)}], []),
}
_RESULT = {
    "service": _TEXT,
    "resource_group": _Optional(_TEXT, ""),
    "gateway_url": _Optional(_TEXT, ""),
    "sku": _Optional(_TEXT, ""),
    "location": _Optional(_TEXT, ""),
    "started": _Optional(_TIME),
    "duration_s": _AMOUNT,
    "outcome": OUTCOMES,
    "calls": {"planned": _COUNT, "made": _COUNT},
    "checks": [_CHECK],
    "models": _Optional([_MODEL], []),
    "backends": _Optional([{"name": _TEXT, "host": _Optional(_TEXT, ""), "type": _Optional(_TEXT, "")}], []),
    "shares": _Optional([_SHARE], []),
    "latency": _Optional([_LATENCY], []),
    "failover": _Optional([_FAILOVER], []),
    "streaming": _Optional(
        [{"model": _TEXT, "first_chunk_ms": _AMOUNT, "total_ms": _AMOUNT, "chunks": _COUNT}],
        [],
    ),
}


class ResultError(ValueError):
    """Results that no report can show; its text lists every problem with its path and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        count = len(problems)
        heading = f"The validation results have {count} problem{'s' if count > 1 else ''}; nothing was written:"
        super().__init__("\n".join([heading, *(f"  - {problem}" for problem in problems)]))


def read_results(results: Any) -> list[dict[str, Any]]:
    """Return validation results as plain data, with defaults for what is missing and texts that any output can hold.

    ``started`` becomes a :class:`~datetime.datetime` in UTC, or None where nothing was started. Fields that
    no report shows are left out.

    :param results: a list with the result of each service.
    :raises ResultError: with every problem.
    """
    problems: list[str] = []
    read: list[dict[str, Any]] = _read([_RESULT], results, "results", problems)
    if problems:
        raise ResultError(problems)
    return read


def _read(schema: Any, value: Any, path: str, problems: list[str]) -> Any:
    """Return a value as its schema wants it; None, and a problem more, where it cannot be."""
    if isinstance(schema, _Optional):
        return (
            schema.default
            if value is None or (schema.schema == _TIME and value == "")
            else _read(schema.schema, value, path, problems)
        )
    if isinstance(schema, dict):
        return _mapping(schema, value, path, problems)
    if isinstance(schema, list):
        return _list(schema[0], value, path, problems)
    if isinstance(schema, tuple) and not isinstance(schema, _Number):
        return _choice(schema, value, path, problems)
    return _scalar(schema, value, path, problems)


def _mapping(schema: dict[str, Any], value: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(value, Mapping):
        return _refuse(value, path, "write a mapping", problems)
    read = {}
    for name, inner in schema.items():
        if name not in value and not isinstance(inner, _Optional):
            problems.append(f"{path}.{name}: is missing; add it")
        else:
            read[name] = _read(inner, value.get(name), f"{path}.{name}", problems)
    return read


def _list(schema: Any, value: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        return _refuse(value, path, "write a list", problems)
    return [_read(schema, item, f"{path}[{position}]", problems) for position, item in enumerate(value)]


def _choice(schema: Sequence[str], value: Any, path: str, problems: list[str]) -> Any:
    if isinstance(value, str) and value in schema:
        return str(value)
    return _refuse(value, path, f"write one of {', '.join(schema)}", problems)


def _scalar(schema: Any, value: Any, path: str, problems: list[str]) -> Any:
    if isinstance(schema, _Number):
        return _number(schema, value, path, problems)
    if schema == _FLAG:
        return bool(value) if isinstance(value, bool) else _refuse(value, path, "write true or false", problems)
    if schema == _TIME:
        return _time(value, path, problems)
    return printable(value) if isinstance(value, str) else _refuse(value, path, "write text", problems)


def _number(schema: _Number, value: Any, path: str, problems: list[str]) -> Any:
    kinds = (int,) if schema.kind is int else (int, float)
    # Comparisons with NaN are false, so it is refused as well.
    if isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= schema.maximum:
        return schema.kind(value)
    kind = "an integer" if schema.kind is int else "a number"
    return _refuse(value, path, f"write {kind} from 0 to {schema.maximum}", problems)


def _time(value: Any, path: str, problems: list[str]) -> Any:
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return _refuse(value, path, "write a time such as 2026-11-30T10:00:00Z", problems)


def _refuse(value: Any, path: str, remedy: str, problems: list[str]) -> Any:
    """Add a problem and return None."""
    shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    problems.append(f"{path}: is {printable(shown)[:80]}; {remedy}")
    return None
