# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One authenticated call to ARM, as the resource providers see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from apim_emulator.arm.errors import ArmError
from apim_emulator.arm.store import Entity, Service
from apim_emulator.entra import Principal
from apim_emulator.http import Request


@dataclass(slots=True)
class Call:
    """A request whose caller, subscription and api-version were checked.

    `service` is set below an existing service, `owner` below an entity of it (an operation's owner is its API).
    """

    request: Request
    principal: Principal
    subscription: str
    api_version: str
    service: Service | None = None
    owner: Entity | None = None

    def apim(self) -> Service:
        """Return the API Management service that the path names."""
        if self.service is None:
            raise LookupError("the call is not below a service")
        return self.service

    def collection(self, name: str) -> str:
        """Return the path of a collection below the service, such as apis/models/operations for `operations`."""
        return f"{self.owner.path[1:]}/{name}" if self.owner else name

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object. Raises ArmError (InvalidRequestContent) for anything else."""
        try:
            content = orjson.loads(self.request.body)
        except orjson.JSONDecodeError as error:
            message = f"The request content was invalid and could not be deserialized: '{error}'."
            raise ArmError(400, "InvalidRequestContent", message) from error
        if not isinstance(content, dict):
            message = "The request content was invalid and could not be deserialized: 'expected a JSON object'."
            raise ArmError(400, "InvalidRequestContent", message)
        return content
