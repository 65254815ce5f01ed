# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""`/metadata/endpoints`: how a client learns the end points of this cloud.

Each api-version has its own shape, and clients depend on the shape of the one that they ask for: azure-cli-core wants
the list of 2019-05-01 and 2020-06-01, azure-cli and go-azure-sdk the one object of 2022-09-01, msrestazure the flat one
of 2015-01-01.
"""

from __future__ import annotations

from typing import Any

from apim_emulator.http import Answer, Request, security_headers

CLOUD_NAME = "EmbeddedAzure"
VERSIONS = ("2015-01-01", "2019-05-01", "2020-06-01", "2022-09-01")


def handle(request: Request, tenant: str) -> Answer:
    """Answer GET /metadata/endpoints; needs no authentication, as in Azure."""
    version = request.query.get("api-version", "")
    if version not in VERSIONS:
        message = f"The api-version '{version}' is invalid. The supported versions are '{','.join(VERSIONS)}'."
        return Answer(400, {"error": {"code": "InvalidApiVersionParameter", "message": message}}, security_headers())
    if version == "2015-01-01":
        return Answer(200, _flat(request.origin), security_headers())
    cloud = _cloud(request.origin, tenant)
    return Answer(200, cloud if version == "2022-09-01" else [cloud], security_headers())


def _flat(origin: str) -> dict[str, Any]:
    return {
        "galleryEndpoint": origin,
        "graphEndpoint": origin,
        "portalEndpoint": origin,
        "authentication": {"loginEndpoint": origin, "audiences": [f"{origin}/"]},
    }


def _cloud(origin: str, tenant: str) -> dict[str, Any]:
    return {
        "name": CLOUD_NAME,
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [f"{origin}/", origin],
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "resourceManager": origin,
        "graphAudience": origin,
        "graph": origin,
        "gallery": origin,
        "batch": origin,
        "media": origin,
        "suffixes": {},
    }
