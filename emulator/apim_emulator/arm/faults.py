# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripted faults: which request is hit, and what happens to it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from http import HTTPStatus

from apim_emulator.arm.errors import ArmError
from apim_emulator.settings import Fault

_CODES = {
    401: "InvalidAuthenticationToken",
    403: "AuthorizationFailed",
    404: "ResourceNotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}


class Faults:
    """The faults in force; each remembers how often it matched and acted."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = [_Counter(fault) for fault in faults]

    def hit(self, plane: str, method: str, target: str) -> Fault | None:
        """Return the fault that acts on this request, and count it; None when the request goes on undisturbed."""
        for counter in self._faults:
            if counter.acts(plane, method, target):
                return counter.fault
        return None


class _Counter:
    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._path = re.compile(fault.path, re.IGNORECASE) if fault.path else None
        self._to_skip = fault.skip
        self._left = fault.times if fault.times is not None else math.inf

    def acts(self, plane: str, method: str, target: str) -> bool:
        if plane != self.fault.plane or self._left <= 0:
            return False
        if self.fault.method is not None and self.fault.method.upper() != method:
            return False
        if self._path is not None and not self._path.search(target):
            return False
        if self._to_skip > 0:
            self._to_skip -= 1
            return False
        self._left -= 1
        return True


def fault_error(fault: Fault) -> ArmError | None:
    """Return the error with which the fault answers, None when it only delays or drops."""
    if fault.status is None:
        return None
    code = fault.code or _CODES.get(fault.status) or HTTPStatus(fault.status).phrase.replace(" ", "")
    message = fault.message or "The embedded Azure was told to fail this request."
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    return ArmError(fault.status, code, message, headers=headers)
