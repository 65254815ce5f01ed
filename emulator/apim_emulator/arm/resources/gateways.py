# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed gateway of a service: debug credentials, and the traces of requests that were sent with them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, duration_seconds, parse
from apim_emulator.arm.errors import ArmError, Problem, invalid, not_allowed
from apim_emulator.arm.resources.apis import Apis
from apim_emulator.http import Answer

COLLECTION = "gateways"
_MANAGED = "managed"
# Tracing came after 2022-08-01.
_FIRST_VERSION = "2024-05-01"
_LONGEST = 3600


def _short(duration: str) -> str:
    if duration_seconds(duration) > _LONGEST:
        raise ValueError("The duration must not be longer than 1 hour.")
    return duration


class DebugCredentialsContract(Contract):
    """Body of listDebugCredentials."""

    credentials_expire_after: Annotated[str, AfterValidator(_short)] = "PT1H"
    purposes: list[Literal["tracing"]] = Field(min_length=1)
    api_id: str


class TraceContract(Contract):
    """Body of listTrace."""

    trace_id: str = Field(min_length=1)


class Gateways:
    """S/gateways/managed, of which only the actions for request tracing are known."""

    def __init__(self, apis: Apis) -> None:
        self._apis = apis
        self._actions = {"listDebugCredentials": self._list_debug_credentials, "listTrace": self._list_trace}

    def action(self, call: Call, name: str, action: str) -> Answer:
        """Answer POST of an action. Raises ArmError for a gateway or an action that is not known, naming it."""
        handler = next((self._actions[known] for known in self._actions if known.lower() == action.lower()), None)
        if handler is None or call.api_version < _FIRST_VERSION:
            message = f"The embedded Azure does not know the action or child '{action}' of {COLLECTION}."
            raise ArmError(404, "InvalidResourceType", message)
        if call.request.method != "POST":
            raise not_allowed(call.request.method)
        if name.lower() != _MANAGED:
            raise ArmError(404, "ResourceNotFound", "Gateway not found.")
        return handler(call)

    def _list_debug_credentials(self, call: Call) -> Answer:
        stored, problems = parse(DebugCredentialsContract, call.json())
        if stored is None:
            raise invalid(problems)
        prefix = f"{call.apim().resource_id}/apis/".lower()
        sent = stored["apiId"]
        name = sent[len(prefix) :] if sent.lower().startswith(prefix) else ""
        api = self._apis.find(call, name) if name else None
        if api is None:
            text = f"API with id '{sent}' could not be found." if name else f"'{sent}' is not the id of an API here."
            raise invalid([Problem("apiId", text)])
        seconds = duration_seconds(stored["credentialsExpireAfter"])
        return Answer(200, {"token": call.apim().tracing.issue(api.name, seconds)})

    def _list_trace(self, call: Call) -> Answer:
        stored, problems = parse(TraceContract, call.json())
        if stored is None:
            raise invalid(problems)
        trace = call.apim().tracing.find(stored["traceId"])
        if trace is None:
            raise ArmError(404, "ResourceNotFound", "Trace not found.")
        return Answer(200, trace)
