# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of Azure Resource Manager and of API Management, with their HTTP status and body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apim_emulator.http import Answer

INCORRECT_VALUES = "One or more fields contain incorrect values:"


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong field of a request body: `target` is its path below `properties`."""

    target: str
    message: str

    def detail(self) -> dict[str, str]:
        """Return the problem as an entry of an error's `details`."""
        return {"code": "ValidationError", "target": self.target, "message": self.message}


class ArmError(Exception):
    """A refusal: HTTP status, ARM error code, message, and details where API Management gives them."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers or {}

    def content(self) -> dict[str, Any]:
        """Return the error body: {"error": {"code", "message", "details"}}."""
        details = list(self.details) if self.details is not None else None
        return {"error": {"code": self.code, "message": self.message, "details": details}}

    def answer(self) -> Answer:
        """Return the HTTP answer of this refusal."""
        return Answer(self.status, self.content(), dict(self.headers))


def invalid(problems: Sequence[Problem]) -> ArmError:
    """Return the ValidationError that lists all problems of a body."""
    return ArmError(400, "ValidationError", INCORRECT_VALUES, details=[problem.detail() for problem in problems])


def not_allowed(method: str) -> ArmError:
    """Return the refusal of a method that the path does not have."""
    return ArmError(405, "MethodNotAllowed", f"The requested resource does not support http method '{method}'.")
