# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors as people read them, and the reading of ARM's error answers."""

from __future__ import annotations

import json

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.answers import Refusal, hint, is_absent, refusal
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.paths import describe, encode, provider

from tests.unit.plugins.module_utils._azure.azure_server import BACKEND, S


def test_an_error_is_one_line_with_all_that_matters() -> None:
    error = ArmError(
        "write",
        BACKEND,
        status=400,
        code="ValidationError",
        message="One or more fields contain incorrect values:\r\n",
        details=[{"code": "ValidationError", "target": "url", "message": "Bad\nurl."}, {"message": "Other"}],
        request_id="0f3c",
        hint="Do this",
    )
    assert str(error) == (
        "cannot write backends/eastus of API Management service rg-hub/apim-hub: HTTP 400 ValidationError: "
        "One or more fields contain incorrect values: [url: Bad url] [Other] (request id 0f3c). Do this"
    )


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (S, "API Management service rg-hub/apim-hub"),
        (f"{S}/backends", "backends of API Management service rg-hub/apim-hub"),
        ("https://x/metadata/endpoints", "https://x/metadata/endpoints"),
        ("/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g"),
    ],
)
def test_paths_are_told_by_name(path: str, text: str) -> None:
    assert describe(path) == text


def test_roles_to_grant() -> None:
    denied = refusal(json.dumps({"error": {"code": "AuthorizationFailed", "message": "No."}}))
    assert "'API Management Service Contributor' on the service" in hint(403, BACKEND, denied)
    identity = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    assert "'Reader'" in hint(403, identity, denied)
    assert hint(400, BACKEND, denied) == ""
    used = Refusal("ValidationError", "The Backend 'b' is used by the following entities:\r\n/policies/policy\r\n")
    assert hint(400, BACKEND, used) == "Take it out of these entities, such as a policy or a pool, then run again"


@pytest.mark.parametrize(
    "body", ["", "null", "[]", '"x"', '{"error": null}', '{"error": "x"}', "<html>", '{"error": []}']
)
def test_any_body_can_be_read(body: str) -> None:
    empty = refusal(body)
    assert (empty.code, empty.message, empty.details) == ("", "", [])
    assert not is_absent(BACKEND, empty)


def test_the_envelope_is_read_with_a_bom_and_odd_details() -> None:
    read = refusal("\ufeff" + json.dumps({"error": {"code": "C", "message": "M", "details": [{"target": "t"}, None]}}))
    assert (read.code, read.message, read.details) == ("C", "M", [{"target": "t"}])


def test_extension_resources_belong_to_the_last_provider() -> None:
    assert provider(f"{S}/providers/Microsoft.Insights/diagnosticSettings/d") == "microsoft.insights"
    assert encode(f"{S}/apis/echo;rev=2") == f"{S}/apis/echo;rev=2"
    assert encode(f"{S}/backends/a?b#c d") == f"{S}/backends/a%3Fb%23c%20d"
