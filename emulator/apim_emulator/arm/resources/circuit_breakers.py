# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The circuit breaker of a backend: one rule, and the ranges that API Management accepts (facts 1.7 and 2)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from apim_emulator.arm.contracts import Contract, Duration
from apim_emulator.arm.errors import Problem
from apim_emulator.arm.store import Service

StatusCode = Annotated[int, Field(ge=200, le=599)]
Reason = Annotated[str, Field(min_length=1, max_length=200)]


class StatusCodeRange(Contract):
    """HTTP status codes from `min` to `max`, both included."""

    min: StatusCode
    max: StatusCode


class FailureCondition(Contract):
    """When the breaker trips: so many failures, or such a share of the calls, within `interval`."""

    count: int | None = Field(default=None, ge=1, le=10_000)
    percentage: int | None = Field(default=None, ge=1, le=100)
    interval: Duration
    status_code_ranges: list[StatusCodeRange] | None = Field(default=None, max_length=10)
    error_reasons: list[Reason] | None = Field(default=None, max_length=10)


class RuleContract(Contract):
    """One rule: its name, when it trips, and for how long."""

    name: str = Field(pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,78}[a-zA-Z0-9])?$")
    failure_condition: FailureCondition
    trip_duration: Duration
    accept_retry_after: bool = False


class BreakerContract(Contract):
    """`properties.circuitBreaker`."""

    rules: list[RuleContract] = Field(max_length=15)


def breaker_problems(service: Service, breaker: Any) -> list[Problem]:
    """Return what is wrong with a breaker beyond its shape; parts of a wrong shape are left to the contract."""
    problems = []
    if service.config.sku == "Consumption":
        problems.append(Problem("circuitBreaker", "Circuit breaker is not supported in the Consumption tier."))
    rules = breaker.get("rules") if isinstance(breaker, dict) else None
    if not isinstance(rules, list):
        return problems
    if len(rules) != 1:
        problems.append(Problem("circuitBreaker.rules", "A circuit breaker must have exactly one rule."))
    for index, rule in enumerate(rules):
        condition = rule.get("failureCondition") if isinstance(rule, dict) else None
        if isinstance(condition, dict):
            problems += _condition_problems(f"circuitBreaker.rules[{index}].failureCondition", condition)
    return problems


def _condition_problems(target: str, condition: dict[str, Any]) -> list[Problem]:
    problems = []
    if (condition.get("count") is None) == (condition.get("percentage") is None):
        problems.append(Problem(target, "Exactly one of 'count' and 'percentage' is required."))
    ranges = condition.get("statusCodeRanges") or []
    if not ranges and not condition.get("errorReasons"):
        problems.append(Problem(target, "At least one of 'statusCodeRanges' and 'errorReasons' is required."))
    for index, codes in enumerate(ranges if isinstance(ranges, list) else []):
        low, high = (codes.get("min"), codes.get("max")) if isinstance(codes, dict) else (None, None)
        if isinstance(low, int) and isinstance(high, int) and low > high:
            problems.append(Problem(f"{target}.statusCodeRanges[{index}]", "'min' must not be greater than 'max'."))
    return problems
