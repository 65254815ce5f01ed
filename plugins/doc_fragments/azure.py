# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the options and attributes that every module of the collection shares."""

from __future__ import annotations


class ModuleDocFragment:
    """Used as ``citadel.ai_gateway.azure`` (options) and ``citadel.ai_gateway.azure.attributes``."""

    DOCUMENTATION = r"""
options:
  resource_group:
    description:
      - The resource group of the API Management service.
    type: str
    required: true
  service_name:
    description:
      - The name of the API Management service.
    type: str
    required: true
  subscription_id:
    description:
      - The id (a GUID) of the subscription that holds the service.
      - Can also be set with the environment variable E(AZURE_SUBSCRIPTION_ID).
      - When the Azure CLI signs in and neither is set, the subscription that C(az account show) tells.
    type: str
  auth_source:
    description:
      - Where the credential comes from.
      - V(auto) takes a service principal from the task's options, completed by the environment; without one, the
        account that is signed in to the Azure CLI. When there is more than one of secret, certificate and OIDC token,
        those of the task outrank those of the environment; among equals that is also their order.
      - V(env) takes a service principal from the environment variables alone.
      - V(cli) takes the account that is signed in to the Azure CLI (C(az login)).
      - V(msi) takes the managed identity of the Azure machine that the module runs on; O(client_id) selects a
        user-assigned one.
      - Can also be set with the environment variable E(ANSIBLE_AZURE_AUTH_SOURCE).
    type: str
    choices: [auto, cli, env, msi]
    default: auto
  tenant:
    description:
      - The id or a domain of the Microsoft Entra tenant of the service principal.
      - Can also be set with the environment variable E(AZURE_TENANT) or E(AZURE_TENANT_ID).
    type: str
  client_id:
    description:
      - The application (client) id of the service principal, or the client id of a user-assigned managed identity.
      - Can also be set with the environment variable E(AZURE_CLIENT_ID).
    type: str
  secret:
    description:
      - The client secret of the service principal.
      - Can also be set with the environment variable E(AZURE_SECRET) or E(AZURE_CLIENT_SECRET).
    type: str
  x509_certificate_path:
    description:
      - The path of a PEM file that holds the certificate and the unencrypted private key of the service principal.
      - Can also be set with the environment variable E(AZURE_X509_CERTIFICATE_PATH) or
        E(AZURE_CLIENT_CERTIFICATE_PATH).
    type: path
  thumbprint:
    description:
      - The SHA-1 thumbprint of the certificate in O(x509_certificate_path). When it is set and the file holds another
        certificate, the module fails before anything is sent.
      - Can also be set with the environment variable E(AZURE_THUMBPRINT).
    type: str
  oidc_token:
    description:
      - A token that a federated identity provider (OIDC) issued, for sign-in as a workload identity.
      - Can also be set with the environment variable E(AZURE_FEDERATED_TOKEN).
    type: str
  oidc_token_file_path:
    description:
      - The path of a file that holds such a token. It is read whenever a token is needed. O(oidc_token) wins over it.
      - Can also be set with the environment variable E(AZURE_FEDERATED_TOKEN_FILE).
    type: path
  cloud_environment:
    description:
      - The Azure cloud, V(AzureCloud), V(AzureUSGovernment) or V(AzureChinaCloud), or the C(https://) URL of any Azure
        Resource Manager endpoint, which then tells by its metadata where to sign in.
      - Can also be set with the environment variable E(AZURE_CLOUD_ENVIRONMENT).
    type: str
    default: AzureCloud
  disable_instance_discovery:
    description:
      - Whether to leave out the question to Microsoft's public cloud whether the sign-in authority is genuine.
      - When not set, it is left out only where O(cloud_environment) is the URL of an endpoint that is not Microsoft's.
      - Can also be set with the environment variable E(AZURE_DISABLE_INSTANCE_DISCOVERY).
    type: bool
  timeout:
    description:
      - The seconds that all calls of the module may take together, with retries, waiting for throttling to end and
        long-running operations.
    type: int
    default: 600
  parallelism:
    description:
      - How many objects may be written at the same time, from 1 to 64.
    type: int
    default: 16
requirements:
  - python >= 3.11
  - azure-identity >= 1.19.0
  - azure-mgmt-core >= 1.5.0
  - requests >= 2.32.0
notes:
  - Credential options and their environment variables have the names that azure.azcollection gave them, so an Azure
    credential of AWX works as it is. Its options C(ad_user), C(password), C(profile), C(adfs_authority_url) and
    C(cert_validation_mode) do not exist here.
  - TLS is always verified. The environment variable E(REQUESTS_CA_BUNDLE) names the PEM file of a private certificate
    authority, E(HTTPS_PROXY) and E(NO_PROXY) a proxy.
"""

    ATTRIBUTES = r"""
attributes:
  check_mode:
    description: Reports what would be done and writes nothing.
  diff_mode:
    description: Reports what changes, or in check mode would change. Secrets are masked.
  idempotent:
    description: Run again with the same options, it changes nothing.
  action_group:
    description: Options can be set for all modules of the collection with C(module_defaults) of this action group.
    support: full
    membership:
      - citadel.ai_gateway.ai_gateway
"""
