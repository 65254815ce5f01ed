# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate authority of one run, and the bundle of trusted certificates that a child process is given."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import certifi
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """A certificate authority made at start; it signs the certificates that the listeners show."""

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="Embedded Azure")

    def server_context(self, *names: str) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for `names` (DNS names and IP addresses)."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*names).configure_cert(context)
        return context

    def host_context(self, host: str) -> ssl.SSLContext:
        """Return a server's TLS context with a certificate for one DNS name, which may have underscores in it.

        Azure has no such names, but examples do (aif-RESOURCE_TOKEN-0); trustme refuses them.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        issuer = x509.load_pem_x509_certificate(self.certificate_pem())
        key_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Embedded Azure")]))
            .issuer_name(issuer.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False)
        )
        signing_key = cast(
            ec.EllipticCurvePrivateKey, load_pem_private_key(self._authority.private_key_pem.bytes(), None)
        )
        certificate = builder.sign(signing_key, hashes.SHA256())
        key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.LeafCert(key_pem, certificate.public_bytes(Encoding.PEM), []).configure_cert(context)
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
