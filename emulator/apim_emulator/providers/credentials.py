# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may call a provider, and what credentials a request carried, for the log.

Azure's endpoints take one of their keys in the header `api-key` or a token of this run's Entra for the right audience;
what the owner of a token may do at them is told by its roles.
A wrong key is refused even beside a good token: no source says which of the two Azure prefers, and so a key that leaked
to a provider shows. Where OpenAI's own client is used as it is (the v1 shape), and on serverless and managed compute
endpoints, the key may come as a bearer token.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Mapping
from typing import Any

import jwt

from apim_emulator.entra import Principal, TokenIssuer
from apim_emulator.providers.errors import Dialect
from apim_emulator.providers.families import EXTERNAL, Surface
from apim_emulator.providers.hosts import Host
from apim_emulator.providers.permissions import Permissions
from apim_emulator.requestlog import MASK, is_credential
from apim_emulator.settings import ProviderSettings

AUTHORIZATION = "authorization"
_BEARER_KEYS = frozenset((Surface.V1, Surface.SERVERLESS))


def check_credentials(
    host: Host, dialect: Dialect, headers: Mapping[str, str], issuer: TokenIssuer, permissions: Permissions
) -> Principal | None:
    """Return whose token a request carries, None for a key or for an endpoint that is open to all.

    Raises Refused unless `headers` (their case ignored) carry what the endpoint accepts. An endpoint outside Azure that
    has no keys is open to all.
    """
    family, settings = host.family, host.settings
    if family is EXTERNAL:
        _check_external(settings, dialect, headers)
        return None
    key = headers.get("api-key")
    bearer = _bearer(headers.get(AUTHORIZATION))
    has_key = _is_key(key, settings) or (dialect.surface in _BEARER_KEYS and _is_key(bearer, settings))
    if (has_key or key is not None) and not permissions.takes_keys(host.name):
        raise dialect.keys_disabled()
    if has_key:
        return None
    if key is not None:
        raise dialect.wrong_key()
    token = issuer.recognise(bearer) if bearer is not None else None
    if token is None or token.expires <= time.time() or token.audience.rstrip("/") not in family.audiences:
        raise dialect.no_credentials()
    return token.principal


def _check_external(settings: ProviderSettings, dialect: Dialect, headers: Mapping[str, str]) -> None:
    if not settings.api_keys:
        return
    name = settings.key_header or AUTHORIZATION
    value = headers.get(name)
    key = _bearer(value) if name.lower() == AUTHORIZATION else value
    if key is None:
        raise dialect.no_credentials()
    if not _is_key(key, settings):
        raise dialect.wrong_key()


def describe_credentials(
    settings: ProviderSettings, headers: Mapping[str, str], query: Mapping[str, str], issuer: TokenIssuer
) -> list[dict[str, Any]]:
    """Return every credential of a request: where it was (`in`, `name`), its `kind` and its masked `value`.

    Kinds: `bearer aud=AUDIENCE` for a token (with the `client_id` of its owner when this run issued it), `bearer`,
    `basic` and `authorization` for other Authorization headers, `cookie`, and `api-key` for everything else.
    """
    own = (settings.key_header or "").lower()
    found = [
        _described("header", name, value, issuer)
        for name, value in _pairs(headers)
        if is_credential(name) or name.lower() == own
    ]
    return found + [_described("query", name, value, issuer) for name, value in _pairs(query) if is_credential(name)]


def _pairs(items: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((str(name), value) for name, value in items.items())


def _described(where: str, name: str, value: str, issuer: TokenIssuer) -> dict[str, Any]:
    described = {"in": where, "name": name, "kind": "api-key", "value": MASK}
    if name.lower().endswith(AUTHORIZATION):
        described.update(_authorization(value, issuer))
    elif name.lower() == "cookie":
        described["kind"] = "cookie"
    return described


def _authorization(value: str, issuer: TokenIssuer) -> dict[str, str]:
    bearer = _bearer(value)
    if bearer is None:
        return {"kind": "basic" if value.lower().startswith("basic ") else AUTHORIZATION}
    token = issuer.recognise(bearer)
    if token is not None:
        return {"kind": f"bearer aud={token.audience}", "client_id": token.principal.client_id}
    try:
        claims = jwt.decode(bearer, options={"verify_signature": False})
    except (jwt.InvalidTokenError, UnicodeError):
        return {"kind": "bearer"}
    return {"kind": f"bearer aud={claims.get('aud')}"}


def _bearer(value: str | None) -> str | None:
    if value is None:
        return None
    scheme, _, credential = value.strip().partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def _is_key(value: str | None, settings: ProviderSettings) -> bool:
    return value is not None and any(
        hmac.compare_digest(_bytes(value), _bytes(key.get_secret_value())) for key in settings.api_keys
    )


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")
