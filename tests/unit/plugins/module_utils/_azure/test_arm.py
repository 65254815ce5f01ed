# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's methods, as conversations over HTTPS."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, Entity
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ArmError, PreconditionFailed

from tests.unit.plugins.module_utils._azure.azure_server import BACKEND, TOKEN, Answer, AzureServer, S, refused

BODY = {"properties": {"url": "https://eastus.openai.azure.com", "protocol": "http"}}
ETAG = '"AAAAAADmodU="'
Connect = Callable[..., ArmClient]


def test_get_returns_body_and_etag(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("GET", BACKEND, Answer(body=BODY, headers={"ETag": ETAG}))

    assert client.get(f"{client.service_path}/backends/eastus") == Entity(BODY, ETAG)

    (request,) = server.arm_requests()
    assert request.query == {"api-version": "2024-05-01"}
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"].startswith("ansible-citadel.ai_gateway/")
    assert request.headers["x-ms-client-request-id"]
    assert "If-Match" not in request.headers


def test_get_of_an_absent_object_is_none(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("GET", BACKEND, Answer(404, refused("ResourceNotFound", "Backend not found.")))
    assert client.get(BACKEND) is None


@pytest.mark.parametrize(
    ("body", "advice"),
    [
        (refused("ResourceGroupNotFound", "Resource group 'rg-hub' could not be found."), "resource_group"),
        (refused("SubscriptionNotFound"), "apim_subscription_id"),
        (refused("ParentResourceNotFound"), "apim_service_name"),
        (
            refused(
                "ResourceNotFound",
                "The Resource 'Microsoft.ApiManagement/service/apim-hub' under resource group 'rg-hub' was not found.",
            ),
            "apim_service_name",
        ),
        ("<html>no such page</html>", "apim_service_name"),
    ],
)
def test_404_for_what_holds_the_object_is_an_error(
    server: AzureServer, connect: Connect, body: object, advice: str
) -> None:
    client = connect()
    server.on("GET", BACKEND, Answer(404, body))
    server.on("DELETE", BACKEND, Answer(404, body))
    for call in (lambda: client.get(BACKEND), lambda: client.delete(BACKEND, if_match="*")):
        with pytest.raises(ArmError) as caught:
            call()
        assert caught.value.status == 404
        assert advice in caught.value.hint


def test_the_service_itself_can_be_absent(server: AzureServer, connect: Connect) -> None:
    client = connect()
    message = "The Resource 'Microsoft.ApiManagement/service/apim-hub' under resource group 'rg-hub' was not found."
    server.on("GET", S, Answer(404, refused("ResourceNotFound", message)))
    assert client.get(client.service_path) is None


def test_list_follows_every_page(server: AzureServer, connect: Connect) -> None:
    client = connect()
    page = {"value": [{"name": "a"}, {"name": "b"}], "count": 3}
    link = f"{server.url}{S}/backends?api-version=2024-05-01&%24skip=2"
    server.on("GET", f"{S}/backends", Answer(body={**page, "nextLink": link}), Answer(body={"value": [{"name": "c"}]}))

    found = client.list(f"{S}/backends")

    assert [item["name"] for item in found] == ["a", "b", "c"]
    first, second = server.arm_requests()
    assert first.query == {"api-version": "2024-05-01"}
    assert second.query == {"api-version": "2024-05-01", "$skip": "2"}


def test_list_of_an_absent_service_is_an_error_with_a_remedy(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("GET", f"{S}/backends", Answer(404, refused("ResourceNotFound", "Not found.")))
    with pytest.raises(
        ArmError, match=r"cannot list backends of API Management service rg-hub/apim-hub: HTTP 404 .*Check"
    ):
        client.list(f"{S}/backends")


@pytest.mark.parametrize("body", ["<html>sign in</html>", {"items": []}, [], {"value": {}}])
def test_an_answer_that_is_not_a_list_is_an_error(server: AzureServer, connect: Connect, body: object) -> None:
    client = connect()
    server.on("GET", f"{S}/backends", Answer(body=body))
    with pytest.raises(ArmError, match="UnexpectedAnswer"):
        client.list(f"{S}/backends")


def test_the_token_goes_to_arm_only(server: AzureServer, connect: Connect) -> None:
    client = connect()
    for link in ("https://127.0.0.1:9/next", server.url.replace("https", "http"), "https://localhost.example.com/next"):
        server.on("GET", f"{S}/backends", Answer(body={"value": [], "nextLink": link}))
        with pytest.raises(ArmError, match=r"ForeignLink.*token was not sent"):
            client.list(f"{S}/backends")


def test_put_sends_the_body_and_returns_what_is_stored(server: AzureServer, connect: Connect) -> None:
    client = connect()
    stored = {"name": "eastus", **BODY}
    server.on("PUT", BACKEND, Answer(201, stored, {"ETag": ETAG}), Answer(200, stored, {"ETag": '"2"'}))

    assert client.put(BACKEND, BODY) == Entity(stored, ETAG)
    assert client.put(BACKEND, BODY, if_match=ETAG) == Entity(stored, '"2"')

    create, update = server.arm_requests()
    assert create.json == BODY
    assert create.headers["Content-Type"] == "application/json"
    assert "If-Match" not in create.headers
    assert update.headers["If-Match"] == ETAG


def test_patch_and_its_precondition(server: AzureServer, connect: Connect) -> None:
    client = connect()
    message = "Resource was modified since last retrieval."
    server.on("PATCH", BACKEND, Answer(body=BODY), Answer(412, refused("PreconditionFailed", message)))

    assert client.patch(BACKEND, BODY, if_match="*").body == BODY
    with pytest.raises(PreconditionFailed) as caught:
        client.patch(BACKEND, BODY, if_match=ETAG)

    assert (caught.value.status, caught.value.code, caught.value.action) == (412, "PreconditionFailed", "update")
    assert [request.headers["If-Match"] for request in server.arm_requests()] == ["*", ETAG]


def test_delete_tells_whether_there_was_something(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on(
        "DELETE", BACKEND, Answer(200), Answer(204), Answer(404, refused("ResourceNotFound", "Backend not found."))
    )
    assert [client.delete(BACKEND, if_match=ETAG) for _ in range(3)] == [True, False, False]
    assert {request.headers["If-Match"] for request in server.arm_requests()} == {ETAG}


def test_post_returns_the_answer(server: AzureServer, connect: Connect) -> None:
    client = connect()
    path = f"{S}/namedValues/key/listValue"
    server.on("POST", path, Answer(body={"value": "s3cret"}), Answer(204))
    assert client.post(path) == {"value": "s3cret"}
    assert client.post(path) == {}


def test_one_token_serves_all_threads(server: AzureServer, connect: Connect) -> None:
    from concurrent.futures import ThreadPoolExecutor

    client = connect()
    server.on("PUT", BACKEND, *[Answer(201, BODY, delay=0.02)] * 32)
    with ThreadPoolExecutor(16) as executor:
        list(executor.map(lambda _: client.put(BACKEND, BODY), range(32)))
    # One connection for the metadata, which the pool keeps, and never more than the parallelism.
    assert server.connections <= 16


def test_names_are_encoded_and_cannot_climb(server: AzureServer, connect: Connect) -> None:
    client = connect()
    server.on("GET", f"{S}/namedValues/50%25%20of%20it", Answer(body=BODY))
    assert client.get(f"{S}/namedValues/50% of it")
    for path in (f"{S}/backends/..", f"{S}/backends/", f"{S}/backends/./x", "/other", "backends/x"):
        with pytest.raises(ValueError, match="not the path of an ARM resource"):
            client.delete(path, if_match="*")


def test_other_providers_have_their_own_api_version(server: AzureServer, connect: Connect) -> None:
    client = connect()
    group = "/subscriptions/0/resourceGroups/rg-hub"
    name = "Microsoft.ManagedIdentity/userAssignedIdentities/id-apim"
    identity = f"{group}/providers/{name}"
    message = f"The Resource '{name}' under resource group 'rg-hub' was not found."
    server.on("GET", identity, Answer(404, refused("ResourceNotFound", message)))
    server.on("GET", group, Answer(body={"name": "rg-hub"}))
    assert client.get(identity) is None
    assert client.get(group)
    assert [request.query["api-version"] for request in server.arm_requests()] == ["2023-01-31", "2021-04-01"]
    with pytest.raises(ValueError, match="no api-version"):
        client.get(f"{group}/providers/Microsoft.Unknown/things/x")
