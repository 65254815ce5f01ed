# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cloud metadata, in the shape that each client expects."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.harness import Azure


def _metadata(azure: Azure, version: str) -> Any:
    response = azure.http("GET", f"{azure.url}/metadata/endpoints", params={"api-version": version})
    assert response.status_code == 200
    return response.json()


@pytest.mark.parametrize("version", ["2019-05-01", "2020-06-01"])
def test_list_of_clouds(azure: Azure, version: str) -> None:
    (cloud,) = _metadata(azure, version)
    assert cloud["resourceManager"] == azure.url
    assert cloud["authentication"]["loginEndpoint"] == azure.url
    assert cloud["authentication"]["audiences"]
    assert cloud["name"]
    assert cloud["suffixes"] == {}


def test_one_cloud(azure: Azure) -> None:
    cloud = _metadata(azure, "2022-09-01")
    assert cloud["resourceManager"] == azure.url
    assert cloud["authentication"]["tenant"] == azure.tenant
    assert cloud["authentication"]["identityProvider"] == "AAD"


def test_flat_shape(azure: Azure) -> None:
    endpoints = _metadata(azure, "2015-01-01")
    assert set(endpoints) == {"galleryEndpoint", "graphEndpoint", "portalEndpoint", "authentication"}


def test_exported_url(azure: Azure) -> None:
    assert azure.http("GET", azure.environment["ARM_CLOUD_METADATA_URL"]).json()[0]["resourceManager"] == azure.url


def test_unknown_version(azure: Azure) -> None:
    response = azure.http("GET", f"{azure.url}/metadata/endpoints", params={"api-version": "2000-01-01"})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "InvalidApiVersionParameter"
