# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of backends: checked, and brought to the one spelling that the policies build on.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import shown

_MAXIMUM_CHARACTERS = 2000  # facts: backend url
_QUERY_OR_FRAGMENT = re.compile("[?#]")
_REMEDY = "write an https URL such as https://my-resource.openai.azure.com"

# The policies add this part of the path per request, so an endpoint that ends with it must lose it.
_PATH_ADDED_BY_POLICIES = {"azure-openai": ("/openai",), "ai-foundry": ("/models", "/openai"), "external": ()}


def read_endpoint(fields: Fields, backend_type: str) -> str:
    """Return the endpoint of a backend without what the policies add, or an empty string after noting problems.

    The same URL comes out with and without a trailing slash, and with ``/models`` or ``/openai`` at its end where
    the policies of the backend's type add that (both documents use several spellings).

    :param fields: the backend's fields; ``endpoint`` is read.
    :param backend_type: the backend's type, empty when it is not known.
    """
    endpoint = fields.text("endpoint", _REMEDY)
    if not endpoint:
        return ""
    fault = _fault(endpoint, backend_type)
    if fault:
        fields.refuse("endpoint", f"is {_without_secrets(endpoint)}, {fault}", _REMEDY)
        return ""
    url = urlsplit(endpoint)
    path = url.path.rstrip("/")
    for suffix in _PATH_ADDED_BY_POLICIES.get(backend_type, ()):
        if path.lower().endswith(suffix):
            path = path[: -len(suffix)].rstrip("/")
            break
    return f"{url.scheme.lower()}://{url.netloc}{path}"


def _fault(endpoint: str, backend_type: str) -> str:
    """Say what is wrong with an endpoint; empty when nothing is."""
    try:
        url = urlsplit(endpoint)
        url.port  # noqa: B018  (raises on a port that is not a number)
    except ValueError:  # its text may quote a password
        return "which is not a URL"
    if not url.hostname or not endpoint.isprintable() or any(character in ' "<>\\{}' for character in endpoint):
        return "which is not a URL of a host"
    if url.scheme.lower() != "https" and not _may_be_plain(url, backend_type):
        return "which is not https: tokens and prompts would travel in clear"
    if "@" in url.netloc:
        return "which carries credentials: they would be readable in ARM"
    if url.query or url.fragment:
        return "which has a query or a fragment: requests bring their own"
    return f"which is longer than {_MAXIMUM_CHARACTERS} characters" if len(endpoint) > _MAXIMUM_CHARACTERS else ""


def _may_be_plain(url: SplitResult, backend_type: str) -> bool:
    """A model server of one's own, inside a private network, may speak plain http; it never gets an Entra token."""
    return url.scheme.lower() == "http" and backend_type == "external"


def _without_secrets(endpoint: str) -> str:
    """Return the endpoint as an error may show it: credentials, a query and a fragment may be secrets."""
    scheme = "https://" if endpoint.lower().startswith("https://") else ""
    if "@" in endpoint:
        return shown(f"{scheme}***")
    address = _QUERY_OR_FRAGMENT.split(endpoint, maxsplit=1)[0]
    return shown(endpoint if address == endpoint else f"{address}?***")
