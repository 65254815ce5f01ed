# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one https origin that serves ARM, the login host and the cloud metadata, with its scripted faults."""

from __future__ import annotations

import asyncio

from apim_emulator import metadata
from apim_emulator.arm import ControlPlane
from apim_emulator.arm.faults import Faults, fault_error
from apim_emulator.entra import TokenEndpoint, is_login_host
from apim_emulator.http import Answer, Request, new_guid, security_headers, utc_text
from apim_emulator.settings import ArmSettings, Fault


class Origin:
    """Sends each request to its plane."""

    def __init__(self, tenant: str, login: TokenEndpoint, arm: ControlPlane) -> None:
        self._tenant = tenant
        self._login = login
        self._arm = arm
        self._faults = Faults(arm.settings.faults)

    def configure(self, settings: ArmSettings) -> None:
        """Put new settings in force; the counters of all faults start again."""
        self._arm.settings = settings
        self._faults = Faults(settings.faults)

    def plane_of(self, request: Request) -> str:
        """Return the plane that a request belongs to."""
        # Neither ARM nor the metadata of the cloud is under the names of Entra.
        if is_login_host(request):
            return "login"
        segments = request.segments()
        if [segment.lower() for segment in segments] == ["metadata", "endpoints"]:
            return "metadata"
        return "login" if self._login.serves(segments) else "arm"

    async def handle(self, plane: str, request: Request) -> Answer:
        """Answer a request of that plane."""
        fault = self._faults.hit(plane, request.method, request.target)
        if fault is not None and fault.latency_ms:
            await asyncio.sleep(fault.latency_ms / 1000)
        replaced = _replacement(fault)
        if replaced is not None and fault is not None and not fault.after_write:
            return _finished(plane, request, replaced)
        answer = await self._dispatch(plane, request, fault)
        return _finished(plane, request, replaced or answer)

    async def _dispatch(self, plane: str, request: Request, fault: Fault | None) -> Answer:
        if plane == "arm":
            return await self._arm.handle(request, fault)
        if plane == "login":
            return self._login.handle(request)
        return metadata.handle(request, self._tenant)


def _replacement(fault: Fault | None) -> Answer | None:
    """Return what the client gets instead of the real answer, or None when it gets that."""
    if fault is None or fault.asynchronous:
        return None
    if fault.drop:
        return Answer(0, dropped=True)
    error = fault_error(fault)
    return error.answer() if error is not None else None


def _finished(plane: str, request: Request, answer: Answer) -> Answer:
    """Add the headers that every answer of the plane carries."""
    if plane == "arm":
        request_id = new_guid()
        answer.headers.update(security_headers())
        answer.headers["x-ms-request-id"] = request_id
        answer.headers["x-ms-correlation-request-id"] = request.headers.get("x-ms-correlation-request-id", request_id)
        answer.headers["x-ms-routing-request-id"] = f"SWEDENCENTRAL:{utc_text()}:{request_id}"
        client_id = request.headers.get("x-ms-client-request-id")
        if client_id is not None and request.headers.get("x-ms-return-client-request-id", "").lower() == "true":
            answer.headers["x-ms-client-request-id"] = client_id
    return answer
