# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each service of the embedded Azure an access contract, as a hub has it: a product that allows one model alone.

`tools/demo` runs it inside `apim-emulator exec`, so that the validation finds something to hold the gateways to, and a
subscription to do it with. The client is Microsoft's own.
"""

from __future__ import annotations

import os

import requests
from azure.identity import ClientSecretCredential
from azure.mgmt.apimanagement import ApiManagementClient

CONTRACT, ALLOWED = "contract-team-a", "gpt-4o"
# The team has its subscription, and the validation has another one: it may use no key of somebody else.
SUBSCRIPTIONS = (CONTRACT, "validation-of-team-a")
APIS = ("universal-llm-api", "azure-openai-api")
POLICY = f"""
<policies>
    <inbound>
        <base />
        <set-variable name="allowedModels" value="{ALLOWED}" />
    </inbound>
    <backend><base /></backend>
    <outbound><base /></outbound>
    <on-error><base /></on-error>
</policies>
"""


def client() -> ApiManagementClient:
    """Return Microsoft's client, signed in as the environment says."""
    known = os.environ
    arm, bundle = known["AZURE_CLOUD_ENVIRONMENT"], known["SSL_CERT_FILE"]
    credential = ClientSecretCredential(
        known["AZURE_TENANT"],
        known["AZURE_CLIENT_ID"],
        known["AZURE_SECRET"],
        authority=arm,
        disable_instance_discovery=True,
        connection_verify=bundle,
    )
    return ApiManagementClient(
        credential,
        known["AZURE_SUBSCRIPTION_ID"],
        arm,
        credential_scopes=[f"{arm}/.default"],
        connection_verify=bundle,
    )


def main() -> None:
    """Make the product, its policy, its APIs and its subscriptions in each service."""
    azure = client()
    services = requests.get(f"{os.environ['APIM_EMULATOR_ADMIN_URL']}/services", timeout=30).json()
    for service in services:
        place = service["resource_group"], service["name"]
        product = {"properties": {"displayName": CONTRACT, "state": "published"}}
        azure.product.create_or_update(*place, CONTRACT, product)
        for api in APIS:
            azure.product_api.create_or_update(*place, CONTRACT, api)
        policy = {"properties": {"format": "rawxml", "value": POLICY}}
        azure.product_policy.create_or_update(*place, CONTRACT, "policy", policy)
        for name in SUBSCRIPTIONS:
            subscription = {"properties": {"displayName": name, "scope": f"/products/{CONTRACT}", "state": "active"}}
            azure.subscription.create_or_update(*place, name, subscription)
        print(f"{service['name']}: product {CONTRACT} allows {ALLOWED}")


if __name__ == "__main__":
    main()
