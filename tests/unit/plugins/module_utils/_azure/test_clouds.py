# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds by name and by URL, and every shape of metadata document."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import create_client
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.clouds import (
    known_cloud,
    parse_metadata,
    problem,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError

from tests.unit.plugins.module_utils._azure.azure_server import Answer, AzureServer
from tests.unit.plugins.module_utils._azure.conftest import PRINCIPAL

ARM = "https://arm.example.com:8443"
AUTHENTICATION = {"loginEndpoint": "https://login.example.com/", "audiences": [f"{ARM}/", "https://other.example.com"]}
OTHER = {"name": "Other", "resourceManager": "https://arm.other.com/", "authentication": {"loginEndpoint": "https://x"}}


@pytest.mark.parametrize(
    ("name", "endpoint", "authority", "scope"),
    [
        (
            "AzureCloud",
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "https://management.azure.com/.default",
        ),
        (
            "AzureUSGovernment",
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
        ),
        (
            "azurechinacloud",
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
        ),
    ],
)
def test_microsofts_clouds(name: str, endpoint: str, authority: str, scope: str) -> None:
    cloud = known_cloud(name)
    assert cloud is not None
    assert (cloud.endpoint, cloud.authority, cloud.scope) == (endpoint, authority, scope)
    assert not cloud.custom
    assert known_cloud(f"{endpoint}/") is cloud


@pytest.mark.parametrize(
    "document",
    [
        {"name": "One", "resourceManager": f"{ARM}/", "authentication": AUTHENTICATION, "suffixes": {}},
        [OTHER, {"name": "One", "resourceManager": ARM.upper(), "authentication": AUTHENTICATION}],
        [{"name": "One", "authentication": AUTHENTICATION}],
        {"galleryEndpoint": "", "graphEndpoint": "", "portalEndpoint": "", "authentication": AUTHENTICATION},
    ],
    ids=["2022-09-01", "2019-05-01", "one of a list", "2015-01-01"],
)
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_shapes_of_metadata(document: Any, bom: str) -> None:
    cloud = parse_metadata(f"{ARM}/", bom + json.dumps(document))
    assert cloud.endpoint == ARM
    assert cloud.authority == "https://login.example.com"
    assert cloud.scope == f"{ARM}/.default"
    assert cloud.custom


def test_the_first_audience_counts_when_arm_is_none_of_them() -> None:
    authentication = {**AUTHENTICATION, "audiences": ["https://management.core.example.com/"]}
    cloud = parse_metadata(ARM, json.dumps({"authentication": authentication}))
    assert cloud.scope == "https://management.core.example.com/.default"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<html>", "Expecting value"),
        ("{}", "no 'authentication'"),
        ('{"authentication": {"loginEndpoint": "http://login.example.com"}}', "not an https URL"),
        ('{"authentication": {}}', "not an https URL"),
        ("[]", "describes 0 clouds"),
        (json.dumps([OTHER, OTHER]), "describes 2 clouds"),
    ],
)
def test_unusable_metadata_is_told(
    server: AzureServer, options: Callable[..., dict[str, Any]], text: str, complaint: str
) -> None:
    server.on("GET", "/metadata/endpoints", Answer(body=text))
    with pytest.raises(ConfigurationError, match=f"metadata at {server.url}.*{complaint}"):
        create_client(options(cloud_environment=server.url, **PRINCIPAL))


def test_metadata_are_asked_for_by_version(server: AzureServer, options: Callable[..., dict[str, Any]]) -> None:
    document = json.dumps({"name": "Local", "authentication": {"loginEndpoint": server.url}})
    server.on("GET", "/metadata/endpoints", Answer(503), Answer(body=b"\xef\xbb\xbf" + document.encode()))
    client = create_client(options(cloud_environment=f"{server.url}/", **PRINCIPAL))
    assert client.service_path.startswith("/subscriptions/")
    assert server.requests[-1].query == {"api-version": "2022-09-01"}
    assert "Authorization" not in server.requests[-1].headers


@pytest.mark.parametrize(
    "name", ["AzureGermanCloud", "", "http://arm.example.com", "ftp://x", "https://", "https://u@x"]
)
def test_what_is_no_cloud(name: str) -> None:
    assert "https" in str(problem(name))
