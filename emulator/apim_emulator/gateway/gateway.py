# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway of one API Management service."""

from __future__ import annotations

from apim_emulator.arm.store import Service
from apim_emulator.http import Answer, Request


class Gateway:
    """Answers the clients of one service. No API can exist in the service yet, so no request finds one."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def handle(self, _plane: str, request: Request) -> Answer:
        """Answer one client request."""
        request.service = self._service.label
        return Answer(404, {"statusCode": 404, "message": "Resource not found"})
