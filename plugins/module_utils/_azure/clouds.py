# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure clouds: where ARM is, who signs in, for whom tokens are issued.

Pure: the one document that has to be read comes in as text.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

#: Below an ARM endpoint; this api-version describes one cloud, older ones a list.
METADATA_PATH = "/metadata/endpoints?api-version=2022-09-01"


@dataclass(frozen=True)
class Cloud:
    """One Azure cloud.

    ``endpoint`` is ARM's https URL without a slash at the end, ``authority`` that of Microsoft Entra ID, ``scope`` what
    tokens for ARM are asked for. ``custom`` marks clouds that were found by URL.
    """

    name: str
    endpoint: str
    authority: str
    scope: str
    custom: bool = False


_KNOWN = (
    Cloud(
        name="AzureCloud",
        endpoint="https://management.azure.com",
        authority="https://login.microsoftonline.com",
        scope="https://management.azure.com/.default",
    ),
    Cloud(
        name="AzureUSGovernment",
        endpoint="https://management.usgovcloudapi.net",
        authority="https://login.microsoftonline.us",
        scope="https://management.core.usgovcloudapi.net/.default",
    ),
    Cloud(
        name="AzureChinaCloud",
        endpoint="https://management.chinacloudapi.cn",
        authority="https://login.chinacloudapi.cn",
        scope="https://management.chinacloudapi.cn/.default",
    ),
)


def known_cloud(name: str) -> Cloud | None:
    """Return the cloud of that name (case ignored) or that ARM URL, None when it is not one of Microsoft's."""
    wanted = name.lower().rstrip("/")
    return next((cloud for cloud in _KNOWN if wanted in (cloud.name.lower(), cloud.endpoint)), None)


def problem(name: str) -> str | None:
    """Return what is wrong with a ``cloud_environment``, None when it can be used."""
    if known_cloud(name):
        return None
    url = urlsplit(name)
    if url.scheme == "https" and url.hostname and not (url.query or url.fragment or url.username):
        return None
    names = ", ".join(cloud.name for cloud in _KNOWN)
    if url.scheme == "http":
        return f"cloud_environment (AZURE_CLOUD_ENVIRONMENT) is {name}: tokens go over https only, give an https:// URL"
    return (
        f"cloud_environment (AZURE_CLOUD_ENVIRONMENT) is {name!r}: give {names} or the https:// URL of an ARM endpoint"
    )


def parse_metadata(url: str, text: str) -> Cloud:
    """Return the cloud whose ARM endpoint is ``url`` from the text of its metadata document.

    Accepts one object (api-version 2022-09-01 and 2015-01-01) and a list of clouds (2019 and 2020), out of which the
    one with that ``resourceManager`` counts, or the only one.
    Raises ValueError when the document does not say where to sign in.
    """
    endpoint = url.rstrip("/")
    entry = _entry(endpoint, json.loads(text.lstrip("\ufeff")))
    authentication = entry.get("authentication")
    if not isinstance(authentication, Mapping):
        raise ValueError("it has no 'authentication'")  # noqa: TRY004 (the document is wrong, not the caller)
    authority = str(authentication.get("loginEndpoint") or "").rstrip("/")
    if not authority.lower().startswith("https://"):
        raise ValueError("its 'authentication.loginEndpoint' is not an https URL")
    audiences = [str(audience).rstrip("/") for audience in authentication.get("audiences") or []]
    audience = endpoint if endpoint in audiences or not audiences else audiences[0]
    return Cloud(str(entry.get("name") or endpoint), endpoint, authority, f"{audience}/.default", custom=True)


def _entry(endpoint: str, document: Any) -> Mapping[str, Any]:
    """Pick the cloud of ``endpoint`` out of a metadata document."""
    entries = [
        entry for entry in (document if isinstance(document, list) else [document]) if isinstance(entry, Mapping)
    ]
    own = [
        entry for entry in entries if str(entry.get("resourceManager") or "").lower().rstrip("/") == endpoint.lower()
    ]
    if own:
        return own[0]
    if len(entries) == 1:
        return entries[0]
    raise ValueError(f"it describes {len(entries)} clouds, none of them with this resourceManager")
