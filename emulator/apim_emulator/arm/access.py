# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may call ARM: the bearer token, and what the caller's role allows."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from apim_emulator.arm.errors import ArmError
from apim_emulator.entra import Principal, TokenIssuer
from apim_emulator.http import Request

_READS = frozenset(("GET", "HEAD"))
# What a client that manages API Management only may look up beside it.
_LOOKED_UP = frozenset(("Microsoft.Resources", "Microsoft.ManagedIdentity"))


class Access:
    """Checks tokens against those that were issued. Sources: ARM's published authentication errors."""

    def __init__(self, issuer: TokenIssuer, audiences: frozenset[str], tenant: str) -> None:
        self._issuer = issuer
        self._audiences = audiences
        self._tenant = tenant

    def authenticate(self, request: Request) -> Principal:
        """Return the caller. Raises ArmError (401) for a missing, foreign, misdirected or expired token."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if not text:
            raise self._refused(request, "AuthenticationFailed", "The 'Authorization' header is missing.")
        if scheme.lower() != "bearer":
            raise self._refused(request, "AuthenticationFailed", "The 'Authorization' header has an invalid scheme.")
        token = self._issuer.recognise(text.strip())
        if token is None:
            raise self._refused(request, "InvalidAuthenticationToken", "The access token is invalid.")
        if token.audience.rstrip("/") not in self._audiences:
            text = f"The access token has been obtained for wrong audience or resource '{token.audience}'."
            raise self._refused(request, "InvalidAuthenticationTokenAudience", text)
        if token.expires <= time.time():
            expired = datetime.fromtimestamp(token.expires, UTC).isoformat()
            text = f"The access token expiry UTC time '{expired}' is earlier than current UTC time."
            raise self._refused(request, "ExpiredAuthenticationToken", text)
        return token.principal

    def _refused(self, request: Request, code: str, message: str) -> ArmError:
        authority = f"{request.origin}/{self._tenant}"
        challenge = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="{message}"'
        return ArmError(401, code, f"Authentication failed. {message}", headers={"WWW-Authenticate": challenge})


def _allows(role: str, namespace: str, verb: str) -> bool:
    """Tell whether a client's role allows something in a namespace. Only an owner gives roles to others."""
    match role:
        case "owner":
            return True
        case "contributor":
            return verb == "read" or namespace != "Microsoft.Authorization"
        case "reader":
            return verb == "read"
        case "api_management":
            return namespace == "Microsoft.ApiManagement" or (verb == "read" and namespace in _LOOKED_UP)
    return False


def authorize(principal: Principal, method: str, scope: str, action: str) -> None:
    """Raise ArmError (403) unless the principal's role allows the method.

    `action` is the resource type that is acted on, `scope` its path; a POST is an action, so a reader may not do it.
    """
    verb = "read" if method in _READS else {"DELETE": "delete", "POST": "action"}.get(method, "write")
    if _allows(principal.role, action.partition("/")[0], verb):
        return
    message = (
        f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have authorization "
        f"to perform action '{action}/{verb}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials."
    )
    raise ArmError(403, "AuthorizationFailed", message)
