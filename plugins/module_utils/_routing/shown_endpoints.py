# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints as an error may show them: a key that was pasted into one, or in its place, must not appear.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.secrets import masked

HIDDEN = "***"

_SCHEME = re.compile(r"[A-Za-z]{1,10}")
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::\d{1,5})?")
# A version, or words such as chat or compatible-mode. Names of deployments and projects, and keys, have digits, too.
_PART = re.compile(r"v\d[a-z0-9.]{0,7}|[A-Za-z_.-]{0,30}")
_QUERY_OR_FRAGMENT = re.compile("[?#]")


def without_secrets(endpoint: str) -> str:
    """Return an endpoint with :data:`HIDDEN` for each part that may be a secret.

    Scheme and host are shown, and parts of the path that can be told from keys. What stands before an ``@`` may hold a
    password with any character, so that nothing is shown of such an endpoint, and nothing of what is no URL of a host.
    """
    address, *rest = _QUERY_OR_FRAGMENT.split(endpoint, maxsplit=1)
    scheme, separator, place = address.rpartition("://")
    host, *parts = place.split("/")
    if "@" in endpoint:
        return f"https://{HIDDEN}" if endpoint.lower().startswith("https://") else HIDDEN
    if (separator and not _SCHEME.fullmatch(scheme)) or not (separator or "." in host):
        return HIDDEN
    told = [_told(host, _HOST), *(_told(part, _PART) for part in parts)]
    return f"{scheme}{separator}{'/'.join(told)}{f'?{HIDDEN}' if rest else ''}"


def _told(part: str, pattern: re.Pattern[str]) -> str:
    return part if pattern.fullmatch(part) and masked(part) == part else HIDDEN
