# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells where an answer hands a credential to its client: in which headers, or in its body. It never tells which one.

Ids, signatures and embeddings look as random as keys, so that looks alone count only under the name of a credential.
Elsewhere counts what has the form of a token, in bodies that of a signed one, and what is known to be secret.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.masking import Masker, forms
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import (
    credential_spans,
    holds_signed_token,
    holds_token,
    is_credential_name,
    masked,
)

# Shorter texts come by chance.
_LEAST_CHARACTERS = 8
# Names of models and pools, which may look like anything, and what is made for the client itself.
_NOT_BY_LOOKS = {"x-llm-model", "x-llm-route", "set-cookie", "x-csrf-token", "x-xsrf-token"}


class Exposure:
    """Looks into answers. Thread safe."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """:param secrets: credentials that no client may get, in whatever form."""
        self._secrets = [each for each in forms(secrets) if len(each) >= _LEAST_CHARACTERS]

    def places(self, headers: Mapping[str, str], body: bytes, sent: Iterable[str]) -> tuple[str, ...]:
        """Return the places of an answer that hold a credential, such as ``header x-debug-auth`` and ``the body``.

        :param sent: what the client sent to show who it is, which is no news to it.
        """
        own = [each for each in sent if len(each) >= _LEAST_CHARACTERS]
        found = [
            f"header {masked(name.lower())}"
            for name, value in headers.items()
            if self._is_in_header(name.lower(), Masker().known(value, *own))
        ]
        text = Masker().known(body.decode(errors="replace").replace("\\/", "/"), *own)
        return (*found, "the body") if self._is_known(text) or holds_signed_token(text) else tuple(found)

    def _is_in_header(self, name: str, value: str) -> bool:
        if self._is_known(value):
            return True
        if name in _NOT_BY_LOOKS:
            return False
        return holds_token(value) or (is_credential_name(name) and bool(credential_spans(value)))

    def _is_known(self, text: str) -> bool:
        return any(secret in text for secret in self._secrets)

    def __repr__(self) -> str:
        return "Exposure(***)"
