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
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.shown_endpoints import HIDDEN, without_secrets

MAXIMUM_CHARACTERS = 2000  # facts: backend url
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
# Accounts of Azure: all of their models are at the host itself, also for whoever shows a project of Microsoft Foundry,
# whose endpoint is a path there.
_ACCOUNT_HOST = re.compile(r".+\.(?:openai|cognitiveservices|services\.ai)\.azure\.(?:com|us|cn)")
_PROJECT = re.compile(r"/api/projects/[^/]+", re.IGNORECASE)

# What requests bring themselves; portals show endpoints with it, for clients that ask one deployment for one thing.
_OPERATION = re.compile(r"/(?:chat/completions|completions|embeddings|responses|images/generations)$", re.IGNORECASE)
_DEPLOYMENT = re.compile(r"/openai/deployments/[^/]+", re.IGNORECASE)


def read_endpoint(fields: Fields, backend_type: str) -> str:
    """Return the endpoint of a backend without what the policies add, or an empty string after noting problems.

    The same URL comes out with and without a trailing slash, with ``/models`` or ``/openai`` at its end where the
    policies of the backend's type add that (both documents use several spellings), and for each project of an account.

    :param fields: the backend's fields; ``endpoint`` is read.
    :param backend_type: the backend's type, empty when it is not known.
    """
    endpoint = fields.text("endpoint", _REMEDY)
    if not endpoint:
        return ""
    fault, remedy = _fault(endpoint, backend_type), _REMEDY
    if not fault:
        url = urlsplit(endpoint)
        path = _base_path(url, backend_type)
        fault, base = _fault_of_place(url, path, backend_type)
        remedy = _remedy(url, base)
    if fault:
        fields.refuse("endpoint", f"is {shown(without_secrets(endpoint))}, {fault}", remedy)
        return ""
    return f"{url.scheme.lower()}://{url.netloc}{path}"


def _base_path(url: SplitResult, backend_type: str) -> str:
    """Return the path of an endpoint without what the policies add, and without the project of an account."""
    path = url.path.rstrip("/")
    if _is_account(url, backend_type) and (project := _PROJECT.match(path)):
        path = path[project.end() :]
    for suffix in _PATH_ADDED_BY_POLICIES.get(backend_type, ()):
        if path.lower().endswith(suffix):
            return path[: -len(suffix)].rstrip("/")
    return path


def _is_account(url: SplitResult, backend_type: str) -> bool:
    """Tell whether an endpoint is an account of Azure that the policies ask as one."""
    return backend_type in (AZURE_OPENAI, FOUNDRY) and _ACCOUNT_HOST.fullmatch((url.hostname or "").lower()) is not None


def _fault_of_place(url: SplitResult, path: str, backend_type: str) -> tuple[str, str]:
    """Say why requests would go to no place that exists, empty when they do not, and which path to write instead.

    An external endpoint may have any path that a gateway in front of a provider has, also that of a deployment.
    """
    fault, base = "", path
    if operation := _OPERATION.search(path):
        fault, base = "which ends with an operation: requests bring their own", path[: operation.start()]
    if backend_type != EXTERNAL and (deployment := _DEPLOYMENT.search(base)):
        fault, base = "which names a deployment: requests bring theirs", base[: deployment.start()]
    if _is_account(url, backend_type) and base:
        fault, base = fault or "which has a path that no account of Azure has", ""
    if url.query or url.fragment:
        fault = fault or "which has a query or a fragment: requests bring their own"
    return fault, base


def _remedy(url: SplitResult, path: str) -> str:
    """Say which endpoint to write, as far as it may be shown."""
    endpoint = without_secrets(f"{url.scheme.lower()}://{url.netloc}{path}")
    return _REMEDY if HIDDEN in endpoint else f"write {endpoint}"


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
    return f"which is longer than {MAXIMUM_CHARACTERS} characters" if len(endpoint) > MAXIMUM_CHARACTERS else ""


def _may_be_plain(url: SplitResult, backend_type: str) -> bool:
    """A model server of one's own, inside a private network, may speak plain http; it never gets an Entra token."""
    return url.scheme.lower() == "http" and backend_type == "external"
