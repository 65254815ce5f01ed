# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verified TLS whose certificate authorities are read once.

requests reads the whole bundle for every connection, 20 ms of CPU each; here all connections share what was read.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError

try:
    from certifi import where
    from requests.adapters import HTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:  # libraries.require() reports it before anything here is used
    HTTPAdapter = object  # type: ignore[assignment,misc]

# The variables that requests reads, in its order.
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def trust_context() -> ssl.SSLContext:
    """Return a TLS context that trusts the bundle of REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, else that of certifi.

    Raises ConfigurationError that names the variable when its file or folder cannot be used.
    """
    variable = next((name for name in _BUNDLE_VARIABLES if os.environ.get(name)), None)
    bundle = Path(os.environ[variable] if variable else where())
    context = create_urllib3_context()
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # of which ssl.SSLError is one
        problem = f"{variable or 'certifi'}: {bundle} does not hold certificate authorities in PEM form ({error})"
        raise ConfigurationError([problem]) from error
    return context


class TrustAdapter(HTTPAdapter):
    """requests' HTTPS adapter, with a ready-made TLS context for every connection, through a proxy or not."""

    def __init__(self, context: ssl.SSLContext, connections: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=connections, pool_block=True)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Hand the context to urllib3, as requests documents for adapters."""
        del verify
        host, tls = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {**tls, "ssl_context": self._context}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Require a certificate; the context knows whose to trust."""
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"
