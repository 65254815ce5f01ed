# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures and life of access tokens, for validate-jwt and validate-azure-ad-token."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import jwt
import orjson

from apim_emulator.runtime.messages import ForwardError, GatewayIo, Send

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_SYMMETRIC_ALGORITHMS = ["HS256", "HS384", "HS512"]
_SECONDS_TO_FETCH = 10.0
_SOURCE = "validate-jwt"
_UNAUTHORIZED = 401


class AccessTokens:
    """Checks tokens; remembers the keys of the issuers that it met."""

    def __init__(self) -> None:
        self._issuers: dict[str, tuple[str, jwt.PyJWKSet]] = {}

    async def check(self, demands: dict[str, Any], io: GatewayIo) -> None:
        """Check a token as a policy demands (C# class `TokenPolicy` names the members).

        Raises ForwardError with status 401 and the policy's LastError reason (error handling reference).
        """
        token = demands["token"]
        options: Any = {"verify_aud": False, "require": ["exp"] if demands["requireExpiration"] else []}
        try:
            keys = await self._keys(token, demands, io)
            foreign: jwt.InvalidIssuerError | None = None
            for key, algorithms, issuers in keys:
                try:
                    jwt.decode(
                        token, key, algorithms=algorithms, issuer=issuers, options=options, leeway=demands["clockSkew"]
                    )
                except jwt.InvalidSignatureError:
                    continue
                except jwt.InvalidIssuerError as error:
                    # Several configurations may publish the same key, each for an issuer of its own.
                    foreign = error
                    continue
                return
            if foreign is not None:
                raise foreign
        except jwt.ExpiredSignatureError as error:
            raise _refused("TokenExpired", "Lifetime validation failed. The token is expired.") from error
        except jwt.InvalidIssuerError as error:
            raise _refused("TokenIssuerNotAllowed", "Invalid issuer. Access denied.") from error
        except jwt.PyJWTError as error:
            raise _refused("TokenInvalid", "Invalid JWT.") from error
        if not keys:
            raise _refused("TokenSignatureKeyNotFound", "Unable to match the token's key. Access denied.")
        raise _refused("TokenSignatureInvalid", "Signature validation failed. Access denied.")

    async def _keys(
        self, token: str, demands: dict[str, Any], io: GatewayIo
    ) -> list[tuple[Any, list[str], list[str] | None]]:
        """Keys that may have signed the token, each with its algorithms and the issuers that it may sign for.

        Those are the issuers that the policy lists, else that of the configuration which publishes the key.
        """
        found: list[tuple[Any, list[str], list[str] | None]] = []
        for text in demands["keys"]:
            try:
                found.append((base64.b64decode(text, validate=True), _SYMMETRIC_ALGORITHMS, demands["issuers"] or None))
            except binascii.Error:
                continue
        key_id = jwt.get_unverified_header(token).get("kid")
        for url in demands["configurations"]:
            if url not in self._issuers or not _named(self._issuers[url][1], key_id):
                self._issuers[url] = await _fetch(url, io)
            issuer, keys = self._issuers[url]
            found += [(key, _ALGORITHMS, demands["issuers"] or [issuer]) for key in _named(keys, key_id)]
        return found


def _named(keys: jwt.PyJWKSet, key_id: str | None) -> list[jwt.PyJWK]:
    return [key for key in keys.keys if key_id is None or key.key_id == key_id]


async def _fetch(url: str, io: GatewayIo) -> tuple[str, jwt.PyJWKSet]:
    """Issuer and keys of an OpenID configuration."""
    configuration = await _get(url, io, ("issuer", "jwks_uri"))
    keys = await _get(configuration["jwks_uri"], io, ("keys",))
    return configuration["issuer"], jwt.PyJWKSet.from_dict(keys)


async def _get(url: str, io: GatewayIo, members: tuple[str, ...]) -> dict[str, Any]:
    answer = await io.send(Send("GET", url, [], None, _SECONDS_TO_FETCH))
    body = await io.read(answer.stream) if answer.stream is not None else answer.body
    try:
        document = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or not all(name in document for name in members):
        raise ForwardError(_SOURCE, "OpenIdConfigUnavailable", f"No OpenID configuration or keys at {url}.")
    return document


def _refused(reason: str, message: str) -> ForwardError:
    return ForwardError("", reason, message, _UNAUTHORIZED)
