# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shapes of request bodies: typed models, and their violations as ARM's validation problems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from apim_emulator.arm.errors import Problem, invalid

# What ARM puts around `properties` and a client may send back: read-only, so it is not looked at.
_ENVELOPE = frozenset(("properties", "id", "name", "type", "etag"))

_DURATION = re.compile(
    r"P(?!$)(?:(?P<days>\d+)D)?(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class Contract(BaseModel):
    """Base of the `properties` of a resource: strict types, no unknown member; null means absent."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


def parse(contract: type[Contract], properties: Mapping[str, Any]) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the properties in their stored form, or None and every violation of the contract."""
    try:
        parsed = contract.model_validate(properties)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return None, [_problem(detail, contract.__name__) for detail in details]
    return parsed.model_dump(by_alias=True, exclude_none=True), []


def _problem(detail: ErrorDetails, contract: str) -> Problem:
    target = ""
    for part in detail["loc"]:
        target += f"[{part}]" if isinstance(part, int) else f".{part}" if target else str(part)
    member = target.rpartition(".")[2]
    match detail["type"]:
        case "extra_forbidden":
            return Problem(target, f"Could not find member '{member}' on object of type '{contract}'.")
        case "missing":
            return Problem(target, f"'{member}' is required.")
        case "value_error":
            return Problem(target, str(detail["ctx"]["error"]))
    return Problem(target, f"{detail['msg']}.")


def body_properties(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body's `properties` without null members. Raises ArmError (ValidationError) for another shape."""
    problems = [
        Problem(member, f"Could not find member '{member}' on object of type 'Resource'.")
        for member in body
        if member not in _ENVELOPE
    ]
    properties = body.get("properties")
    if not isinstance(properties, dict):
        problems.append(Problem("properties", "'properties' is required and must be an object."))
    if problems or not isinstance(properties, dict):
        raise invalid(problems)
    return {name: value for name, value in properties.items() if value is not None}


def text_members(value: object) -> list[str]:
    """Return every text inside a JSON value, in order."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for member in value.values() for text in text_members(member)]
    if isinstance(value, Sequence):
        return [text for member in value for text in text_members(member)]
    return []


def duration_seconds(text: str) -> float:
    """Return the seconds of an ISO 8601 duration.

    Days, hours, minutes and seconds are known, because a time span has no years, months or weeks.
    Raises ValueError for other text and for a duration of zero.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not an ISO 8601 duration of days, hours, minutes and seconds.")
    parts = {unit: float(value or 0) for unit, value in match.groupdict().items()}
    total = parts["days"] * 86_400 + parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"]
    if total <= 0:
        raise ValueError("The duration must be greater than zero.")
    return total


def normal_duration(text: str) -> str:
    """Return an ISO 8601 duration in the form in which .NET writes time spans: PT60S becomes PT1M, PT24H becomes P1D.

    Raises ValueError as `duration_seconds` does.
    """
    total = duration_seconds(text)
    days, rest = divmod(total, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    clock = "".join(f"{value:g}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if value)
    return "P" + (f"{days:g}D" if days else "") + (f"T{clock}" if clock else "")


def is_absolute_url(url: str) -> bool:
    """Tell whether a text is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def spelled(*choices: str) -> BeforeValidator:
    """Return a validator that accepts a choice in any case and gives it in ARM's spelling."""
    canonical = {choice.lower(): choice for choice in choices}

    def normalise(value: object) -> object:
        return canonical.get(value.lower(), value) if isinstance(value, str) else value

    return BeforeValidator(normalise)


Duration = Annotated[str, AfterValidator(normal_duration)]
