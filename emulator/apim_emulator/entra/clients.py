# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registered clients and how each proves who it is: secret, certificate or federated token."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from apim_emulator.config import ClientConfig, ConfigError, FederatedCredential
from apim_emulator.entra.errors import TokenRefused
from apim_emulator.entra.tokens import Principal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(slots=True)
class Client:
    """An app registration: its principal, the credentials it may use, and the version of the tokens that are for it."""

    principal: Principal
    secret: str
    certificates: list[x509.Certificate] = field(default_factory=list)
    federated: list[FederatedCredential] = field(default_factory=list)
    token_version: int = 1

    def authenticate(self, form: Mapping[str, str], audiences: Iterable[str]) -> None:
        """Check the credential in a token request.

        `audiences` are the values that a certificate's assertion may name as its audience.
        Raises TokenRefused with Entra's error when the credential is missing or wrong.
        """
        assertion = form.get("client_assertion")
        if assertion is not None:
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise TokenRefused("invalid_request", 900144, "The request body must contain 'client_assertion_type'.")
            self._check_assertion(assertion, audiences)
        elif "client_secret" in form:
            if not hmac.compare_digest(form["client_secret"].encode(), self.secret.encode()):
                text = f"Invalid client secret provided for app '{self.principal.client_id}'."
                raise TokenRefused("invalid_client", 7000215, text, 401)
        else:
            text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise TokenRefused("invalid_client", 7000218, text, 401)

    def _check_assertion(self, assertion: str, audiences: Iterable[str]) -> None:
        try:
            unverified = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            text = "Client assertion failed signature validation: the assertion is malformed."
            raise TokenRefused("invalid_client", 50027, text, 401) from error
        if unverified.get("iss") == self.principal.client_id:
            self._check_certificate(assertion, list(audiences))
        else:
            self._check_federated(assertion, unverified)

    def _check_certificate(self, assertion: str, audiences: list[str]) -> None:
        for certificate in self.certificates:
            key = certificate.public_key()
            claims = _verified(assertion, key, audiences)
            if claims is None:
                continue
            if claims.get("sub") != self.principal.client_id:
                text = "Client assertion contains a subject that is not the client."
                raise TokenRefused("invalid_client", 50013, text, 401)
            return
        text = "The certificate with identifier used to sign the client assertion is not registered on application."
        raise TokenRefused("invalid_client", 700027, text, 401)

    def _check_federated(self, assertion: str, unverified: Mapping[str, Any]) -> None:
        for credential in self.federated:
            if (credential.issuer, credential.subject) != (unverified.get("iss"), unverified.get("sub")):
                continue
            if _verified(assertion, credential.public_key, [credential.audience]) is None:
                raise TokenRefused("invalid_client", 700212, "The presented assertion does not match its record.", 401)
            return
        text = (
            "No matching federated identity record found for presented assertion "
            f"issuer '{unverified.get('iss')}' and subject '{unverified.get('sub')}'."
        )
        raise TokenRefused("invalid_client", 70021, text, 401)


def _verified(assertion: str, key: Any, audiences: list[str]) -> dict[str, Any] | None:
    """Return the claims when signature and audience are right, None when they are not; an expired one is refused."""
    try:
        return jwt.decode(assertion, key, algorithms=["RS256", "PS256", "ES256"], audience=audiences)
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        text = "Client assertion is not within its valid time range."
        raise TokenRefused("invalid_client", 700024, text, 401) from error
    except (jwt.InvalidTokenError, TypeError, ValueError):
        return None


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-1 thumbprint by which Azure names a certificate, in upper-case hexadecimal."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a name, no protection


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read the certificate {path}: {error}") from error


def load_clients(configured: Iterable[ClientConfig]) -> dict[str, Client]:
    """Return the configured clients by client id. Raises ConfigError for a certificate that cannot be read."""
    return {
        item.client_id: Client(
            principal=Principal(item.client_id, item.object_id, item.role),
            secret=item.secret or secrets.token_urlsafe(30),
            certificates=[_load_certificate(path) for path in item.certificates],
            federated=list(item.federated),
            token_version=item.requested_access_token_version,
        )
        for item in configured
    }
