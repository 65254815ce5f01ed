# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the AI account that answers at a host.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

# A custom subdomain is the first label of these hosts; it is unique in a cloud.
_ACCOUNT_HOST = re.compile(r"([^.]+)\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)")


def accounts_at(accounts: Sequence[Mapping[str, Any]], host: str) -> list[Mapping[str, Any]]:
    """Return the accounts that answer at a host: one, none, or several where they share the host of their region.

    :param accounts: accounts as ARM lists them.
    :param host: a host name in lower case.
    """
    subdomain = _ACCOUNT_HOST.fullmatch(host)
    return [
        account
        for account in accounts
        if host in _hosts(account) or (subdomain and subdomain[1] == _subdomain_of(account))
    ]


def _hosts(account: Mapping[str, Any]) -> set[str]:
    return {host for url in _endpoints(account) if (host := _host_of(url))}


def _endpoints(account: Mapping[str, Any]) -> Iterator[str]:
    properties = account.get("properties") or {}
    yield str(properties.get("endpoint") or "")
    yield from map(str, (properties.get("endpoints") or {}).values())


def _host_of(url: str) -> str:
    """Return the host of a URL in lower case; ARM's list of endpoints also has texts that are none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _subdomain_of(account: Mapping[str, Any]) -> str:
    return str((account.get("properties") or {}).get("customSubDomainName") or "").lower()
