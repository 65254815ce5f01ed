# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate authority of one run, and the bundle of trusted certificates that a child process is given."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi
import trustme


class Authority:
    """A certificate authority made at start; it signs the one certificate that every listener shows."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="Embedded Azure")

    def server_context(self, *names: str) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for `names` (DNS names and IP addresses)."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def certificate_pem(self) -> bytes:
        """Return the authority's own certificate as PEM."""
        pem: bytes = self._authority.cert_pem.bytes()
        return pem

    def write_bundle(self, path: Path) -> None:
        """Write to `path` the authority's certificate and whatever this process trusts already.

        The child's package managers must go on to work, so the bundle named by SSL_CERT_FILE or REQUESTS_CA_BUNDLE is
        kept, and certifi's when there is none.
        """
        path.write_bytes(self.certificate_pem() + b"\n" + trusted_bundle().read_bytes())


def trusted_bundle() -> Path:
    """Return the PEM file with the authorities that this process trusts."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        configured = Path(os.environ.get(name, ""))
        if configured.is_file():
            return configured
    return Path(certifi.where())
