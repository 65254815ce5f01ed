# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARM resource paths: their api-version, their safe form in a URL, their name for people.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from urllib.parse import quote

#: The api-version per resource provider. Paths without a provider (subscriptions, resource groups) are Resources.
API_VERSIONS = {
    "microsoft.apimanagement": "2024-05-01",
    "microsoft.authorization": "2022-04-01",
    "microsoft.cognitiveservices": "2024-10-01",
    "microsoft.insights": "2022-04-01",
    "microsoft.managedidentity": "2023-01-31",
    "microsoft.resources": "2021-04-01",
}

# Characters that ARM accepts bare in a path segment; ";" and "=" carry API revisions ("apis/echo;rev=2").
_BARE = "/;=@!$'(),~"


def service_path(subscription_id: str, resource_group: str, service_name: str) -> str:
    """Return the ARM path of an API Management service; all of its objects lie below it."""
    group = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}"
    return f"{group}/providers/Microsoft.ApiManagement/service/{service_name}"


def provider(path: str) -> str:
    """Return the resource provider's namespace in lower case; ``microsoft.resources`` when the path names none."""
    segments = path.lower().split("/")
    if "providers" not in segments:
        return "microsoft.resources"
    last = len(segments) - 1 - segments[::-1].index("providers")
    return "".join(segments[last + 1 : last + 2])


def api_version(path: str) -> str:
    """Return the api-version that ``path`` is called with.

    Raises ValueError when the provider is not in the table: a version that nobody chose is never sent.
    """
    namespace = provider(path)
    if namespace not in API_VERSIONS:
        raise ValueError(f"no api-version is known for the resource provider of {path}")
    return API_VERSIONS[namespace]


def encode(path: str) -> str:
    """Percent-encode an ARM path for use in a URL.

    ``path`` starts with ``/subscriptions`` and holds plain names. Empty, ``.`` and ``..`` segments are refused with
    ValueError: HTTP clients resolve them, and a delete of ``.../backends/..`` would delete the service.
    """
    segments = path.split("/")[1:]
    if not path.startswith("/subscriptions") or any(segment in ("", ".", "..") for segment in segments):
        raise ValueError(f"not the path of an ARM resource: {path!r}")
    return quote(path, safe=_BARE)


def describe(path: str) -> str:
    """Return ``path`` as people say it: ``backends/eastus of API Management service rg-hub/apim-hub``."""
    segments = path.strip("/").split("/")
    lowered = [segment.lower() for segment in segments]
    if provider(path) != "microsoft.apimanagement" or "service" not in lowered or len(segments) < 8:
        return path
    service = f"API Management service {segments[3]}/{segments[7]}"
    child = "/".join(segments[8:])
    return f"{child} of {service}" if child else service
