# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials for trying each way of signing in: a certificate and a federated token of the first client."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cached_property

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from apim_emulator.config import FederatedCredential
from apim_emulator.entra.clients import Client, thumbprint

SUBJECT = "system:serviceaccount:automation:onboarding"
AUDIENCE = "api://AzureADTokenExchange"


class SampleCredentials:
    """Makes and registers, at first use, a certificate and a token issuer that the client then accepts.

    A key costs a tenth of a second, so a run that signs in with a secret must not pay for it.
    """

    def __init__(self, client: Client, origin: str, tenant: str) -> None:
        self._client = client
        self._issuer = f"{origin}/workload-issuer"
        self._tenant = tenant

    def describe(self) -> dict[str, str]:
        """Return tenant, client id, secret, certificate with key (PEM), its thumbprint, and a fresh federated token."""
        certificate_pem, print_ = self._certificate
        return {
            "tenant": self._tenant,
            "client_id": self._client.principal.client_id,
            "secret": self._client.secret,
            "certificate": certificate_pem,
            "thumbprint": print_,
            "federated_token": self._federated_token(),
        }

    @cached_property
    def _certificate(self) -> tuple[str, str]:
        # MSAL signs assertions with RSA keys only.
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "embedded-azure-client")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + timedelta(days=30))
            .sign(key, hashes.SHA256())
        )
        self._client.certificates.append(certificate)
        key_pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem = key_pem + certificate.public_bytes(serialization.Encoding.PEM)
        return pem.decode("ascii"), thumbprint(certificate)

    @cached_property
    def _workload_key(self) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        record = FederatedCredential(
            issuer=self._issuer, subject=SUBJECT, audience=AUDIENCE, public_key=public.decode("ascii")
        )
        self._client.federated.append(record)
        return key

    def _federated_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self._issuer, "sub": SUBJECT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600}
        return jwt.encode(claims, self._workload_key, algorithm="ES256")
