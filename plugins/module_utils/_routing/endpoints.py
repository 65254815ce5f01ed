# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of backends: checked, brought to the one spelling that the policies build on, and told apart by family.

A family is a kind of endpoint with paths, api-versions and an audience of its own (facts, endpoint families).
PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.fields import Fields
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.problems import shown

MAXIMUM_CHARACTERS = 2000  # facts: backend url
_QUERY_OR_FRAGMENT = re.compile("[?#]")
_REMEDY = "write an https URL such as https://my-resource.openai.azure.com"

AZURE_OPENAI, FOUNDRY, SERVERLESS, EXTERNAL = "azure-openai", "ai-foundry", "serverless", "external"

# The policies add this part of the path per request, so an endpoint that ends with it must lose it.
_PATH_ADDED_BY_POLICIES = {
    "azure-openai": ("/openai/v1", "/openai"),
    "ai-foundry": ("/models", "/openai/v1", "/openai"),
    "external": (),
}
# Hosts that tell their family whatever the backend's type; the sovereign clouds have their own top-level domains.
_HOSTS = {
    AZURE_OPENAI: re.compile(r".+\.openai\.azure\.(?:com|us|cn)"),
    SERVERLESS: re.compile(r".+\.(?:models\.ai|inference\.ml)\.azure\.(?:com|us|cn)"),
}
_SOVEREIGN_HOST = re.compile(r".+\.azure\.(us|cn)")


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


def family_of(backend_type: str, url: str) -> str:
    """Return the family of an endpoint: ``azure-openai``, ``ai-foundry``, ``serverless`` or ``external``.

    :param url: an endpoint as :func:`read_endpoint` returns it.
    """
    if backend_type == EXTERNAL:
        return EXTERNAL
    host = (urlsplit(url).hostname or "").lower()
    return next((family for family, hosts in _HOSTS.items() if hosts.fullmatch(host)), backend_type)


def audience_of(family: str, url: str) -> str:
    """Return the audience of the token that an Azure endpoint takes.

    facts: https://cognitiveservices.azure.com, .us and .cn for accounts; https://ml.azure.com for serverless and
    managed compute endpoints, where the audiences of the sovereign clouds follow by analogy.
    """
    cloud = _SOVEREIGN_HOST.fullmatch((urlsplit(url).hostname or "").lower())
    service = "ml" if family == SERVERLESS else "cognitiveservices"
    return f"https://{service}.azure.{cloud[1] if cloud else 'com'}"


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
    return f"which is longer than {MAXIMUM_CHARACTERS} characters" if len(endpoint) > MAXIMUM_CHARACTERS else ""


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
