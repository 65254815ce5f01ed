# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations of APIs: URL templates and their parameters, uniqueness, paging."""

from __future__ import annotations

from typing import Any

import pytest
from azure.mgmt.apimanagement import models

from tests.emulator.harness import GROUP, SERVICE, Azure, api, error_code, operation, problems


@pytest.fixture
def models_api(azure: Azure) -> Azure:
    """The embedded Azure with an API named models."""
    assert azure.put("apis/models", api()).status_code == 201
    return azure


def test_life_through_the_sdk(models_api: Azure) -> None:
    operations = models_api.sdk().api_operation
    contract = models.OperationContract(
        display_name="Deployment",
        method="GET",
        url_template="/deployments/{name}",
        template_parameters=[models.ParameterContract(name="name", type="string", required=True)],
    )
    created = operations.create_or_update(GROUP, SERVICE, "models", "deployment", contract)
    assert created.type == "Microsoft.ApiManagement/service/apis/operations"
    assert created.template_parameters[0].name == "name"
    update = models.OperationUpdateContract(description="one")
    assert operations.update(GROUP, SERVICE, "models", "deployment", "*", update).description == "one"
    assert operations.get_entity_tag(GROUP, SERVICE, "models", "deployment")
    assert operations.get(GROUP, SERVICE, "models", "deployment").url_template == "/deployments/{name}"
    operations.delete(GROUP, SERVICE, "models", "deployment", "*")
    assert list(operations.list_by_api(GROUP, SERVICE, "models")) == []


def test_status_codes(models_api: Azure) -> None:
    path = "apis/models/operations/chat"
    assert [models_api.put(path, operation()).status_code for _ in range(2)] == [201, 200]
    assert [models_api.arm("DELETE", path).status_code for _ in range(2)] == [200, 204]
    assert error_code(models_api.arm("GET", path)) == (404, "ResourceNotFound")


def test_an_operation_needs_its_api(azure: Azure) -> None:
    refused = azure.put("apis/none/operations/chat", operation())
    assert error_code(refused) == (404, "ResourceNotFound")
    assert refused.json()["error"]["message"] == "API not found."


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"displayName": None}, "displayName"),
        ({"method": "GET /"}, "method"),
        ({"urlTemplate": "chat"}, "urlTemplate"),
        ({"urlTemplate": "/" + "x" * 1000}, "urlTemplate"),
        ({"urlTemplate": "/{a}"}, ""),
        ({"templateParameters": [{"name": "a", "type": "string"}]}, ""),
        ({"urlTemplate": "/{a}/{A}", "templateParameters": [{"name": "a", "type": "string"}]}, "urlTemplate"),
        ({"responses": [{"statusCode": 42}]}, "responses[0].statusCode"),
        ({"policies": "<policies />"}, "policies"),
    ],
)
def test_fields_that_are_refused(models_api: Azure, changes: dict[str, Any], target: str) -> None:
    assert set(problems(models_api.put("apis/models/operations/o", operation(**changes)))) == {target}


def test_template_and_parameters_must_match(models_api: Azure) -> None:
    refused = models_api.put("apis/models/operations/o", operation(urlTemplate="/{a}"))
    text = "All template parameters used in the UriTemplate must be defined in the Operation 'o', and vice-versa."
    assert problems(refused) == {"": text}
    parameters = [{"name": "rest", "type": "string"}, {"name": "v", "type": "string"}]
    wildcard = operation(urlTemplate="/files/{*rest}?v={v}", templateParameters=parameters)
    assert models_api.put("apis/models/operations/o", wildcard).status_code == 201


def test_method_and_template_are_unique_within_an_api(models_api: Azure) -> None:
    models_api.put("apis/models/operations/first", operation())
    assert "urlTemplate" in problems(models_api.put("apis/models/operations/second", operation(method="post")))
    assert models_api.put("apis/models/operations/second", operation(method="GET")).status_code == 201
    models_api.put("apis/other", api(path="other"))
    assert models_api.put("apis/other/operations/first", operation()).status_code == 201


def test_pages(models_api: Azure) -> None:
    for number in range(3):
        template = operation(urlTemplate=f"/{number}")
        models_api.put(f"apis/models/operations/o{number}", template)
    page = models_api.arm("GET", "apis/models/operations", params={"$top": "2"}).json()
    assert (len(page["value"]), page["count"]) == (2, 3)
    names = [item["name"] for item in models_api.all("apis/models/operations", **{"$filter": "urlTemplate ge '/1'"})]
    assert names == ["o1", "o2"]
