# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment with which a client finds and trusts the embedded Azure, under the names of azure.azcollection."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from apim_emulator.arm.store import Service
from apim_emulator.config import Config
from apim_emulator.entra import TokenEndpoint
from apim_emulator.server import LOOPBACK

# Whatever could make a child talk to the real Azure, or with somebody's real credentials.
_FOREIGN = re.compile(r"(AZURE|ARM|IDENTITY|MSI|APIM)_.*")
_NO_PROXY = ("NO_PROXY", "no_proxy")


def exported_variables(
    *, config: Config, directory: Path, arm_url: str, admin_url: str, login: TokenEndpoint, gateway: Service
) -> dict[str, str]:
    """Return the variables for a child of this emulator; APIM_EMULATOR_ADMIN_URL is the last of them.

    `directory` holds certificates.pem; `gateway` is the service that APIM_GATEWAY_URL names.
    """
    client_id, client = next(iter(login.clients.items()))
    bundle = str(directory / "certificates.pem")
    return {
        "AZURE_SUBSCRIPTION_ID": config.subscriptions[0].id,
        "AZURE_TENANT": config.tenant_id,
        "AZURE_CLIENT_ID": client_id,
        "AZURE_SECRET": client.secret,
        "AZURE_CLOUD_ENVIRONMENT": arm_url,
        "AZURE_DISABLE_INSTANCE_DISCOVERY": "true",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "AZURE_CONFIG_DIR": str(directory / "azure-cli"),
        "ARM_CLOUD_METADATA_URL": f"{arm_url}/metadata/endpoints?api-version=2020-06-01",
        "IDENTITY_ENDPOINT": f"{arm_url}/msi/token",
        "IDENTITY_HEADER": login.identity_header,
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "CURL_CA_BUNDLE": bundle,
        **{name: _without_proxy(os.environ.get(name, "")) for name in _NO_PROXY},
        "APIM_GATEWAY_URL": gateway.gateway_url,
        "APIM_GATEWAY_KEY": gateway.gateway_key,
        "APIM_EMULATOR_ADMIN_URL": admin_url,
    }


def child_environment(parent: Mapping[str, str], exported: Mapping[str, str]) -> dict[str, str]:
    """Return the parent's environment without its Azure variables, and with the exported ones.

    In front of PATH is the folder of this Python's scripts: what is installed beside the emulator is found there, also
    when its virtual environment is not activated.
    """
    kept = {name: value for name, value in parent.items() if not _FOREIGN.fullmatch(name)}
    path = os.pathsep.join([sysconfig.get_path("scripts"), parent.get("PATH") or os.defpath])
    return {**kept, "PATH": path, **exported}


def _without_proxy(hosts: str) -> str:
    return ",".join(dict.fromkeys([*(host for host in hosts.split(",") if host), "localhost", LOOPBACK]))
