# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principal with a certificate.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import (
    CredentialOptions,
    missing_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class ClientCertificate:
    """tenant, client_id, x509_certificate_path, and thumbprint to make sure that it is the right certificate."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Name what is missing, and a file that cannot be read."""
        found = missing_of(options, "tenant", "client_id", "x509_certificate_path")
        path = options.x509_certificate_path
        if path and not os.access(path, os.R_OK):
            found.append(f"x509_certificate_path: the file {path} does not exist or cannot be read")
        return found

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return a CertificateCredential, after comparing the thumbprint when one was given."""
        from azure.identity import CertificateCredential

        path = str(options.x509_certificate_path)
        try:
            if options.thumbprint:
                _compare_thumbprint(path, options.thumbprint)
            return CertificateCredential(
                tenant_id=str(options.tenant), client_id=str(options.client_id), certificate_path=path, **pipeline
            )
        except ValueError as error:
            problem = f"x509_certificate_path: {path} is not a PEM certificate with its plain private key ({error})"
            raise ConfigurationError([problem]) from error


def _compare_thumbprint(path: str, expected: str) -> None:
    """Raise ConfigurationError unless the certificate in ``path`` has the SHA-1 thumbprint ``expected``."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA1

    # Entra ID names certificates by their SHA-1 thumbprint; nothing here trusts the hash.
    actual = x509.load_pem_x509_certificate(Path(path).read_bytes()).fingerprint(SHA1()).hex()  # noqa: S303
    if actual != expected.lower().replace(":", "").replace(" ", ""):
        raise ConfigurationError([f"thumbprint: the certificate in {path} has the thumbprint {actual.upper()}"])
