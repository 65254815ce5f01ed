# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a client of a gateway shows besides a subscription key: headers of its own, or a token of Entra ID.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# RFC 9110, 5.6.2: what the name of a field may be.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Printable ASCII without spaces around it; what else may be in a value arrives as each server likes.
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
# Headers that each request sets by itself.
_KEYS = ("api-key", "ocp-apim-subscription-key")
_OWN = ("host", "content-type", "content-length", "transfer-encoding", "connection", "apim-debug-authorization")
_AUTHORIZATION = "authorization"
_SPACES = re.compile(r"\s")


def client_problems(headers: Any, audience: str, prefix: str = "") -> Iterator[str]:
    """Yield a sentence for each header that cannot be sent, and for an audience of which there is no token.

    None of them holds a value of a header.

    :param headers: name to value, whatever was given.
    :param audience: for whom the token is; empty for none.
    :param prefix: what stands before ``headers`` and ``token_audience`` where they were given.
    """
    path = f"{prefix}headers"
    if not isinstance(headers, dict):
        yield f"{path} is no mapping: write names of headers with their values"
        return
    names = [str(name).lower() for name in headers]
    for name, value in headers.items():
        yield from _header_problems(str(name), value, path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{path} has {name} more than once, in different case: write it once"
    if _SPACES.search(audience):
        yield f"{prefix}token_audience is {audience!r}: write an application's id or its URI, such as api://ID"
    if audience and _AUTHORIZATION in names:
        yield f"{path} has Authorization, which {prefix}token_audience sets: leave one of them out"


def _header_problems(name: str, value: Any, path: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"{path} has {name!r}, which is no name of a header: write letters, digits and hyphens"
    elif name.lower() in _KEYS:
        yield f"{path} has {name}, which the subscription's key is sent in: give it as {_key_of(path)}"
    elif name.lower() in _OWN:
        yield f"{path} has {name}, which each request sets by itself: leave it out"
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        yield f"{path}.{name} is no text that a header can hold: write printable ASCII without spaces around it"


def _key_of(path: str) -> str:
    return f"{path.removesuffix('headers')}subscription_key"
