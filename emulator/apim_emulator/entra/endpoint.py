# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token endpoint, OpenID configuration and the App Service flavour of the managed identity endpoint.

Sources: facts of Microsoft Entra (client-credentials flow, RFC 6749 and 7523) as azure-identity, azure-cli and
azure.azcollection use it; the AADSTS numbers are those of Entra's published list.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from apim_emulator.config import SYSTEM_ASSIGNED_PRINCIPAL_ID, Config
from apim_emulator.entra.clients import Client, load_clients
from apim_emulator.entra.errors import TokenRefused
from apim_emulator.entra.hosts import LOGIN_HOSTS, issuer_of
from apim_emulator.entra.tokens import AccessToken, Principal, TokenIssuer
from apim_emulator.http import Answer, Request, security_headers

PUBLIC_ARM_AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://management.usgovcloudapi.net",
    "https://management.core.usgovcloudapi.net",
    "https://management.chinacloudapi.cn",
    "https://management.core.chinacloudapi.cn",
)
DATA_PLANE_AUDIENCES = (
    "https://cognitiveservices.azure.com",
    "https://cognitiveservices.azure.us",
    "https://cognitiveservices.azure.cn",
    "https://ai.azure.com",
    "https://ml.azure.com",
)


# Entra gives a system-assigned identity a client id of its own, which nobody has to know.
_SYSTEM_ASSIGNED = Principal("44444444-4444-4444-4444-444444444445", SYSTEM_ASSIGNED_PRINCIPAL_ID, "contributor")


class TokenEndpoint:
    """Everything under the login host: it knows the tenant, the clients and the managed identities."""

    def __init__(self, config: Config, origin: str, issuer: TokenIssuer) -> None:
        self._tenant = config.tenant_id
        self.origin = origin
        self._issuer = issuer
        self.clients: dict[str, Client] = load_clients(config.clients)
        self._identities = {
            item.client_id: Principal(item.client_id, item.principal_id, "contributor") for item in config.identities
        }
        self.identity_header = secrets.token_urlsafe(24)
        self.arm_audiences = frozenset((origin, *PUBLIC_ARM_AUDIENCES))
        self._audiences = self.arm_audiences.union(DATA_PLANE_AUDIENCES)

    def serves(self, segments: list[str]) -> bool:
        """Tell whether the path belongs to the login host rather than to ARM."""
        tail = "/".join(segments[1:]).lower()
        return tail in _PATHS or segments[:2] == ["msi", "token"]

    def handle(self, request: Request) -> Answer:
        """Answer a request that is for a login host, or whose path `serves` accepts."""
        segments = request.segments()
        if not self.serves(segments):
            return Answer(404, None, security_headers())
        if segments[0] == "msi":
            return self._managed_identity(request)
        tail = "/".join(segments[1:]).lower()
        try:
            self._check_tenant(segments[0])
            if tail == "oauth2/v2.0/token":
                return self._token(request)
        except TokenRefused as refused:
            return refused.answer()
        if tail in _KEYS:
            return Answer(200, self._issuer.keys(), security_headers())
        return Answer(200, self._configuration(request, segments[0], _CONFIGURATIONS[tail]), security_headers())

    def managed_identity_token(self, client_id: str | None, resource: str) -> AccessToken:
        """Return a token of a configured identity by its client id (lower case), or of a system-assigned one (None).

        The caller has made sure that the service which asks has the identity. Raises TokenRefused for a resource that
        Entra does not know.
        """
        principal = _SYSTEM_ASSIGNED if client_id is None else self._identities[client_id]
        return self._issue(principal, resource)

    def _check_tenant(self, tenant: str) -> None:
        if tenant.lower() != self._tenant:
            text = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            raise TokenRefused("invalid_request", 90002, text)

    def _configuration(self, request: Request, tenant: str, version: int) -> dict[str, Any]:
        # Whoever asks a login host by its name is to go on with that name; it does not lead to Entra from elsewhere.
        base = f"{request.origin if is_login_host(request) else self.origin}/{tenant}"
        return {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/{'v2.0/' if version == 2 else ''}keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer_of(self._tenant, version),
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
        }

    def _token(self, request: Request) -> Answer:
        if request.method != "POST":
            raise TokenRefused("invalid_request", 900561, "The endpoint only accepts POST requests.")
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        grant = _required(form, "grant_type")
        if grant != "client_credentials":
            text = f"The app requested an unsupported grant type '{grant}'."
            raise TokenRefused("unsupported_grant_type", 70003, text)
        client_id = _required(form, "client_id")
        client = self.clients.get(client_id.lower())
        if client is None:
            text = f"Application with identifier '{client_id}' was not found in the directory '{self._tenant}'."
            raise TokenRefused("unauthorized_client", 700016, text)
        resource = self._resource(_required(form, "scope"))
        endpoint = request.origin + request.path
        client.authenticate(form, (endpoint, f"{self.origin}/{self._tenant}/v2.0", f"{self.origin}/{self._tenant}"))
        token = self._issue(client.principal, resource)
        lifetime = token.expires - token.issued
        content = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime}
        return Answer(200, {**content, "access_token": token.text}, security_headers())

    def _resource(self, scope: str) -> str:
        if not scope.endswith("/.default"):
            text = (
                f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid. "
                "Client credential flows must have a scope value with /.default suffixed to the resource identifier."
            )
            raise TokenRefused("invalid_scope", 1002012, text)
        return scope.removesuffix("/.default")

    def _issue(self, principal: Principal, resource: str) -> AccessToken:
        """Return a token for one of Azure's APIs, or for an app registration: CLIENT_ID or api://CLIENT_ID."""
        app = self.clients.get(resource.lower().removeprefix("api://"))
        if app is not None:
            # The audience of a token of version 2 is the client id, whichever name was asked for.
            audience = app.principal.client_id if app.token_version == 2 else resource
            return self._issuer.issue(principal, audience, app.token_version)
        if resource.rstrip("/") not in self._audiences:
            text = f"The resource principal named {resource} was not found in the tenant named {self._tenant}."
            raise TokenRefused("invalid_resource", 500011, text)
        return self._issuer.issue(principal, resource)

    def _managed_identity(self, request: Request) -> Answer:
        """Answer GET /msi/token?api-version=2019-08-01&resource=...&client_id=..., guarded by X-IDENTITY-HEADER."""
        if not hmac.compare_digest(request.headers.get("X-IDENTITY-HEADER", ""), self.identity_header):
            return _identity_error(401, "unauthorized_client", "The X-IDENTITY-HEADER does not match.")
        principal = self._identity(request.query)
        if principal is None:
            return _identity_error(400, "invalid_request", "No managed identity was found for the requested identity.")
        try:
            token = self._issue(principal, request.query.get("resource", "").removesuffix("/.default"))
        except TokenRefused as refused:
            return _identity_error(400, "invalid_resource", refused.message)
        content = {
            "access_token": token.text,
            "client_id": principal.client_id,
            "expires_on": str(token.expires),
            "resource": token.audience,
            "token_type": "Bearer",
        }
        return Answer(200, content, security_headers())

    def _identity(self, query: Mapping[str, str]) -> Principal | None:
        if "client_id" in query:
            return self._identities.get(query["client_id"].lower())
        # A host with exactly one identity signs in with it; with several Azure, too, wants to be told which.
        return next(iter(self._identities.values())) if len(self._identities) == 1 else None


_KEYS = ("discovery/v2.0/keys", "discovery/keys")
# The version of the tokens whose issuer a configuration names.
_CONFIGURATIONS = {"v2.0/.well-known/openid-configuration": 2, ".well-known/openid-configuration": 1}
_PATHS = frozenset(("oauth2/v2.0/token", *_KEYS, *_CONFIGURATIONS))


def is_login_host(request: Request) -> bool:
    """Tell whether the client addressed a login host of Entra by its name."""
    # Any text may be in a Host header, also what no URL has.
    return request.origin.removeprefix("https://").partition(":")[0].lower() in LOGIN_HOSTS


def _required(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        text = f"The request body must contain the following parameter: '{name}'."
        raise TokenRefused("invalid_request", 900144, text)
    return value


def _identity_error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {"statusCode": status, "message": f"{code}: {message}"}, security_headers())
