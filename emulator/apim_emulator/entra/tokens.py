# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: made for a principal and an audience, and recognised again by ARM."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from apim_emulator.entra.hosts import issuer_of
from apim_emulator.http import new_guid

KEY_ID = "embedded-azure"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an app's service principal or a managed identity, and what it may do in ARM."""

    client_id: str
    object_id: str
    role: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as issued: its text, for whom, for which audience, and its life (seconds since the epoch)."""

    text: str
    principal: Principal
    audience: str
    issued: int
    expires: int


class TokenIssuer:
    """Signs tokens (JWT, ES256) and keeps them, because ARM accepts exactly the tokens that this run issued.

    `lifetime` is asked at each issue, in seconds.
    """

    def __init__(self, tenant: str, lifetime: Callable[[], int]) -> None:
        self._tenant = tenant
        self._lifetime = lifetime
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issued: dict[str, AccessToken] = {}

    def issue(self, principal: Principal, audience: str, version: int = 1) -> AccessToken:
        """Return a new access token of `principal` for `audience`.

        `version` is 1 or 2, as the audience wants its tokens: Azure's own APIs want 1. It decides on the issuer and on
        the claim that names the client.
        """
        now = int(time.time())
        expires = now + self._lifetime()
        claims = {
            "aud": audience,
            "iss": issuer_of(self._tenant, version),
            "iat": now,
            "nbf": now,
            "exp": expires,
            "azp" if version == 2 else "appid": principal.client_id,
            "oid": principal.object_id,
            "sub": principal.object_id,
            "tid": self._tenant,
            "idtyp": "app",
            "uti": new_guid(),
            "ver": f"{version}.0",
        }
        text = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": KEY_ID})
        self._forget_expired(now)
        token = AccessToken(text, principal, audience, now, expires)
        self._issued[text] = token
        return token

    def recognise(self, text: str) -> AccessToken | None:
        """Return the token with this text if this run issued it, else None. It may have expired."""
        return self._issued.get(text)

    def keys(self) -> dict[str, Any]:
        """Return the JSON Web Key Set with which anyone can check the signatures."""
        key = jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig"}]}

    def _forget_expired(self, now: float) -> None:
        # An expired token is kept for a day, so that ARM can tell "expired" from "never issued".
        if len(self._issued) > 10_000:
            self._issued = {text: token for text, token in self._issued.items() if token.expires > now - 86_400}
