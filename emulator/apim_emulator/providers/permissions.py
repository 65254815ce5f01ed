# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which data action an operation needs, and by which name refusals call the operation.

Names are those of the published operations of Microsoft.CognitiveServices, and of refusals that clients report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from apim_emulator.providers.families import Place, Surface

_ACCOUNTS = "Microsoft.CognitiveServices/accounts"
_VERBS = {"GET": "read", "POST": "write", "DELETE": "delete"}
_OF_DEPLOYMENTS = frozenset(("chat/completions", "completions", "embeddings"))
# What the operations on stored objects are called, with the name of an id in their paths.
_STORED = {
    "responses": ("responses", "response_id"),
    "files": ("files", "file-id"),
    "batches": ("batch-jobs", "batch-id"),
}


class Permissions(Protocol):
    """Who may do what at which host."""

    def allows(self, host: str, principal: str, action: str) -> bool:
        """Tell whether a host (lower case) lets a principal (its object id) do a data action."""

    def takes_keys(self, host: str) -> bool:
        """Tell whether a host takes keys at all."""


class Everybody:
    """The permissions of hosts that belong to no account: every identity of the tenant may do everything."""

    def allows(self, _host: str, _principal: str, _action: str) -> bool:
        """Allow it."""
        return True

    def takes_keys(self, _host: str) -> bool:
        """Take keys."""
        return True


@dataclass(frozen=True, slots=True)
class Needed:
    """What a request needs: the data action, and the operation as a refusal names it."""

    action: str
    operation: str


def needed(place: Place, operation: str, method: str) -> Needed:
    """Return what an operation of Azure OpenAI or AI Foundry needs; `operation` is chat/completions, responses, ..."""
    if place.surface is Surface.MODELS:
        verb = "read" if method == "GET" else "action"
        return Needed(f"{_ACCOUNTS}/MaaS/{operation}/{verb}", f"{method} /models/{operation}")
    base = "/openai/v1" if place.surface is Surface.V1 else "/openai"
    if operation in _STORED:
        kind, identity = _STORED[operation]
        path = "/".join(
            f"{{{identity}}}" if index == 1 else part for index, part in enumerate(place.operation.split("/"))
        )
        return Needed(f"{_ACCOUNTS}/OpenAI/{kind}/{_VERBS[method]}", f"{method} {base}/{path}")
    if method == "GET":
        path = f"{operation}/{{{operation.removesuffix('s')}-id}}" if "/" in place.operation else operation
        return Needed(f"{_ACCOUNTS}/OpenAI/{operation}/read", f"{method} {base}/{path}")
    kind = f"deployments/{operation}" if operation in _OF_DEPLOYMENTS else operation
    path = f"deployments/{{deployment-id}}/{operation}" if place.deployment else operation
    # Responses are kept, so making one is a write.
    verb = "write" if operation == "responses" else "action"
    return Needed(f"{_ACCOUNTS}/OpenAI/{kind}/{verb}", f"{method} {base}/{path}")
