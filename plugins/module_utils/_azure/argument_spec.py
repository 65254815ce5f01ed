# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every module shares: credentials, cloud, limits and the API Management service.

Names and environment variables are those of azure.azcollection, so that its users' variables and AWX's Azure
credential work unchanged. Not taken over: ad_user and password (Microsoft has retired that sign-in), profile and
auth_source=credential_file, adfs_authority_url, and cert_validation_mode (TLS is always verified; REQUESTS_CA_BUNDLE
names a private certificate authority). Only real secrets are no_log: masking tenants and client ids would hide those
strings wherever they appear in the output.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.parameters import env_fallback

#: Environment variables per option, the first that is set counts.
ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "auth_source": ("ANSIBLE_AZURE_AUTH_SOURCE",),
    "tenant": ("AZURE_TENANT", "AZURE_TENANT_ID"),
    "client_id": ("AZURE_CLIENT_ID",),
    "secret": ("AZURE_SECRET", "AZURE_CLIENT_SECRET"),
    "subscription_id": ("AZURE_SUBSCRIPTION_ID",),
    "cloud_environment": ("AZURE_CLOUD_ENVIRONMENT",),
    "x509_certificate_path": ("AZURE_X509_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH"),
    "thumbprint": ("AZURE_THUMBPRINT",),
    "oidc_token": ("AZURE_FEDERATED_TOKEN",),
    "oidc_token_file_path": ("AZURE_FEDERATED_TOKEN_FILE",),
    "disable_instance_discovery": ("AZURE_DISABLE_INSTANCE_DISCOVERY",),
}


def _option(name: str, kind: str = "str", **more: Any) -> dict[str, Any]:
    """Return the specification of an option with an environment fallback."""
    return {"type": kind, "fallback": (env_fallback, list(ENVIRONMENT[name])), **more}


#: Merge it with a module's own options.
AUTH_ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "auth_source": _option("auth_source", default="auto", choices=["auto", "cli", "env", "msi"]),
    "tenant": _option("tenant"),
    "client_id": _option("client_id"),
    "secret": _option("secret", no_log=True),
    "subscription_id": _option("subscription_id"),
    "cloud_environment": _option("cloud_environment", default="AzureCloud"),
    "x509_certificate_path": _option("x509_certificate_path", "path"),
    "thumbprint": _option("thumbprint"),
    "oidc_token": _option("oidc_token", no_log=True),
    "oidc_token_file_path": _option("oidc_token_file_path", "path", no_log=False),
    "disable_instance_discovery": _option("disable_instance_discovery", "bool"),
    "timeout": {"type": "int", "default": 600},
    "parallelism": {"type": "int", "default": 16},
    "resource_group": {"type": "str", "required": True},
    "service_name": {"type": "str", "required": True},
}
