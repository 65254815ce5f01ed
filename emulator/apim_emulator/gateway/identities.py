# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens of the managed identities of a service, kept until they expire (facts 3.2)."""

from __future__ import annotations

import time

from apim_emulator.arm.store import Service
from apim_emulator.entra import AccessToken, TokenEndpoint, TokenRefused
from apim_emulator.runtime import ForwardError

SOURCE = "authentication-managed-identity"


class ManagedIdentities:
    """Signs in to Entra as the identities of one service."""

    def __init__(self, service: Service, login: TokenEndpoint) -> None:
        self._service = service
        self._login = login
        self._tokens: dict[tuple[str | None, str], AccessToken] = {}

    def token(self, resource: str, client_id: str | None) -> str:
        """Return an access token for a resource, of the system-assigned identity or of the one with this client id.

        Raises ForwardError when the service has no such identity, or when Entra does not know the resource.
        """
        identity = client_id.lower() if client_id else None
        self._check(identity)
        cached = self._tokens.get((identity, resource))
        if cached is not None and time.time() < cached.expires:
            return cached.text
        token = self._sign_in(identity, resource)
        self._tokens[identity, resource] = token
        return token.text

    def _check(self, client_id: str | None) -> None:
        # Asked each time: a token that is still good is not to outlive the identity's place in the service.
        service = self._service
        attached = service.system_assigned if client_id is None else client_id in service.identity_client_ids
        if not attached:
            named = f"with client id '{client_id}'" if client_id else "that is system-assigned"
            text = f"The service '{service.config.name}' has no managed identity {named}."
            raise ForwardError(SOURCE, "ManagedIdentityNotFound", text, 500)

    def _sign_in(self, client_id: str | None, resource: str) -> AccessToken:
        try:
            return self._login.managed_identity_token(client_id, resource)
        except TokenRefused as refused:
            raise ForwardError(SOURCE, "ManagedIdentityTokenRefused", refused.message, 500) from refused
