# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What providers keep, through OpenAI's client: responses, files and batches, in Azure and outside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types import Batch, FileObject
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.emulator.providers.stand import EXTERNAL, FOUNDRY, KEY, OPENAI, SERVERLESS, VERSION, Stand

PLACES = {
    "v1": f"https://{OPENAI}/openai/v1",
    "foundry": f"https://{FOUNDRY}/openai/v1",
    "external": f"https://{EXTERNAL}/v1",
}
LINE = b'{"custom_id": "1", "method": "POST", "url": "/chat/completions", "body": {"model": "gpt-4o"}}\r\n\x00\xff\n'


def client_of(stand: Stand, place: str) -> openai.OpenAI:
    http = openai.DefaultHttpxClient(verify=stand.context())
    if place == "dated":
        return openai.AzureOpenAI(
            azure_endpoint=f"https://{OPENAI}", api_key=KEY, api_version=VERSION, max_retries=0, http_client=http
        )
    return openai.OpenAI(base_url=PLACES[place], api_key=KEY, max_retries=0, http_client=http)


@pytest.fixture(params=[*PLACES, "dated"])
def client(stand: Stand, request: pytest.FixtureRequest) -> Iterator[openai.OpenAI]:
    """A client of each shape in which objects are kept."""
    with client_of(stand, request.param) as client:
        yield client


@pytest.fixture
def v1(stand: Stand) -> Iterator[openai.OpenAI]:
    """A client of Azure's v1 shape."""
    with client_of(stand, "v1") as client:
        yield client


def test_life_of_a_response(client: openai.OpenAI) -> None:
    created = client.responses.create(model="gpt-4o", input="Hello!", instructions="Be brief.", metadata={"a": "b"})
    assert created.id.startswith("resp_")
    found = client.responses.retrieve(created.id)
    assert found == created
    assert (found.output_text, found.metadata, found.instructions) == (created.output_text, {"a": "b"}, "Be brief.")
    Response.model_validate(found.to_dict())
    items: Any = client.responses.input_items.list(created.id).data
    assert [(item.type, item.role, item.content[0].text) for item in items] == [("message", "user", "Hello!")]
    client.responses.delete(created.id)
    for call in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError) as caught:
            call(created.id)
        assert caught.value.body == {
            "message": f"Response with id '{created.id}' not found.",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }


def test_a_response_that_is_not_to_be_kept_is_not(v1: openai.OpenAI) -> None:
    created = v1.responses.create(model="gpt-4o", input="Hello!", store=False)
    with pytest.raises(openai.NotFoundError):
        v1.responses.retrieve(created.id)


def test_an_object_lives_at_one_host_only(stand: Stand, v1: openai.OpenAI) -> None:
    created = v1.responses.create(model="gpt-4o", input="Hello!")
    with client_of(stand, "foundry") as other, pytest.raises(openai.NotFoundError):
        other.responses.retrieve(created.id)
    with client_of(stand, "dated") as same:
        assert same.responses.retrieve(created.id).id == created.id


def test_a_conversation_goes_on_where_it_began(client: openai.OpenAI) -> None:
    first = client.responses.create(model="gpt-4o", input="Hello!")
    second = client.responses.create(model="other", input="And?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    client.responses.delete(first.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="gpt-4o", input="And?", previous_response_id=first.id)
    assert caught.value.body == {
        "message": f"Previous response with id '{first.id}' not found.",
        "type": "invalid_request_error",
        "param": "previous_response_id",
        "code": "previous_response_not_found",
    }


@pytest.mark.parametrize(("limit", "last"), [(None, "response.completed"), (3, "response.incomplete")])
def test_events_of_a_response(client: openai.OpenAI, limit: int | None, last: str) -> None:
    options: dict[str, Any] = {} if limit is None else {"max_output_tokens": limit}
    events = list(client.responses.create(model="gpt-4o", input="Hello!", stream=True, **options))
    names = [event.type for event in events]
    assert names[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert set(names[4:-4]) == {"response.output_text.delta"}
    assert names[-4:-1] == ["response.output_text.done", "response.content_part.done", "response.output_item.done"]
    assert names[-1] == last
    assert [event.sequence_number for event in events] == list(range(len(events)))
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    for event in events:
        adapter.validate_python(event.to_dict())
    whole = events[-1].response
    assert client.responses.retrieve(whole.id) == whole
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert whole.output_text == said


def test_the_stream_helper_of_the_client(v1: openai.OpenAI) -> None:
    with v1.responses.stream(model="gpt-4o", input="Hello!") as stream:
        stream.until_done()
        assert stream.get_final_response().output_text.endswith("has read an input.")


def test_a_response_in_the_background(client: openai.OpenAI) -> None:
    first = client.responses.create(model="gpt-4o", input="Hello!", background=True)
    second = client.responses.create(model="gpt-4o", input="Hello!", background=True)
    assert (first.status, first.output, first.usage) == ("queued", [], None)
    assert client.responses.cancel(first.id).status == "cancelled"
    assert client.responses.cancel(first.id).status == "cancelled"
    assert client.responses.retrieve(first.id).status == "cancelled"
    done = client.responses.retrieve(second.id)
    assert (done.status, done.output_text[:6]) == ("completed", "gpt-4o")
    assert client.responses.cancel(second.id) == done
    whole = client.responses.create(model="gpt-4o", input="Hello!")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(whole.id)
    with pytest.raises(openai.BadRequestError, match="require 'store'"):
        client.responses.create(model="gpt-4o", input="Hello!", background=True, store=False)


def test_input_items(v1: openai.OpenAI) -> None:
    given: Any = [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": [{"type": "input_text", "text": "three"}]},
        {"type": "function_call_output", "call_id": "c", "output": "four"},
    ]
    created = v1.responses.create(model="gpt-4o", input=given)
    pages = v1.responses.input_items.list(created.id, order="asc", limit=3)
    items: list[Any] = list(pages)
    assert [item.content[0].text for item in items[:3]] == ["one", "two", "three"]
    assert [item.content[0].type for item in items[:3]] == ["input_text", "output_text", "input_text"]
    assert items[3].output == "four"
    assert [item.id for item in v1.responses.input_items.list(created.id)] == [item.id for item in reversed(items)]
    pages_that_are_none: list[dict[str, Any]] = [{"limit": 0}, {"limit": 101}, {"order": "up"}]
    for page in pages_that_are_none:
        with pytest.raises(openai.BadRequestError):
            v1.responses.input_items.list(created.id, **page)
    no_items: Any = ["text"]
    with pytest.raises(openai.BadRequestError):
        v1.responses.create(model="gpt-4o", input=no_items)


def test_life_of_a_file(client: openai.OpenAI) -> None:
    assert client.files.list().data == []
    created = client.files.create(file=("in.jsonl", LINE), purpose="batch")
    assert (created.filename, created.purpose, created.bytes, created.status) == (
        "in.jsonl",
        "batch",
        len(LINE),
        "processed",
    )
    FileObject.model_validate(created.to_dict())
    assert client.files.retrieve(created.id) == created
    assert client.files.content(created.id).read() == LINE
    assert [file.id for file in client.files.list()] == [created.id]
    assert client.files.delete(created.id).deleted
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError, match=f"No such File object: {created.id}"):
            call(created.id)


def test_life_of_a_batch(client: openai.OpenAI) -> None:
    options: dict[str, Any] = {"endpoint": "/v1/chat/completions", "completion_window": "24h"}
    with pytest.raises(openai.BadRequestError, match="Input file 'file-none' not found"):
        client.batches.create(input_file_id="file-none", **options)
    file = client.files.create(file=("in.jsonl", LINE), purpose="batch")
    created = client.batches.create(input_file_id=file.id, metadata={"a": "b"}, **options)
    Batch.model_validate(created.to_dict())
    assert (created.status, created.metadata) == ("validating", {"a": "b"})
    assert client.batches.retrieve(created.id) == created
    assert [batch.id for batch in client.batches.list()] == [created.id]
    for _ in range(2):
        assert client.batches.cancel(created.id).status == "cancelling"
    with pytest.raises(openai.NotFoundError, match="No batch found with id 'batch_none'"):
        client.batches.retrieve("batch_none")


def test_lists_come_in_pages_newest_first(v1: openai.OpenAI) -> None:
    files = [v1.files.create(file=(f"{number}.txt", b"x"), purpose="user_data").id for number in range(5)]
    page = v1.files.list(limit=2)
    assert ([file.id for file in page.data], page.has_more) == (files[:2:-1], True)
    assert [file.id for file in page] == files[::-1]
    assert [file.id for file in v1.files.list(order="asc", after=files[2])] == files[3:]


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"https://{OPENAI}/openai/v1/responses"),
        ("GET", f"https://{OPENAI}/openai/v1/responses/resp_1/more"),
        ("POST", f"https://{OPENAI}/openai/v1/responses/resp_1"),
        ("DELETE", f"https://{OPENAI}/openai/v1/batches/batch_1"),
        ("GET", f"https://{OPENAI}/openai/files"),
        ("GET", f"https://{OPENAI}/openai/deployments/d/files?api-version={VERSION}"),
        ("GET", f"https://{FOUNDRY}/models/files?api-version={VERSION}"),
        ("GET", f"https://{SERVERLESS}/v1/files"),
        ("GET", f"https://{SERVERLESS}/v1/responses/resp_1"),
    ],
)
def test_paths_that_do_not_exist(stand: Stand, method: str, url: str) -> None:
    answer = stand.http.request(method, url, headers={"api-key": KEY})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Resource not found")


def test_bodies_that_miss_something(stand: Stand) -> None:
    def post(path: str, **options: Any) -> tuple[int, str | None]:
        answer = stand.http.post(f"{PLACES['v1']}/{path}", headers={"api-key": KEY}, **options)
        return answer.status_code, answer.json()["error"].get("param")

    assert post("files", json={}) == (415, None)
    assert post("files", files={"purpose": (None, "batch")}) == (400, "file")
    assert post("files", files={"file": ("a", b"x")}) == (400, "purpose")
    assert post("files", files={"file": ("a", b"x"), "purpose": (None, "fun")}) == (400, "purpose")
    assert post("batches", data=b"no") == (400, None)
    assert post("batches", json={"input_file_id": "f", "endpoint": "/v1/embeddings"}) == (400, "completion_window")
    batch = {"input_file_id": "f", "endpoint": "/v1/embeddings", "completion_window": "1h"}
    assert post("batches", json=batch) == (400, "completion_window")
    assert post("responses", json={"model": "m", "input": "Hi", "metadata": {"a": 1}}) == (400, "metadata")
    deep: Any = {"role": "user", "content": "Hi"}
    for _ in range(400):
        deep = {"role": "user", "content": [deep]}
    assert post("responses", json={"model": "m", "input": [deep]}) == (400, "input")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filename=st.binary(max_size=8),
    boundary=st.sampled_from(("x", "", '"x"', "y; charset=none")),
    content=st.binary(max_size=40),
    end=st.sampled_from((b"--x--", b"--x", b"")),
)
def test_no_form_breaks_a_provider(stand: Stand, filename: bytes, boundary: str, content: bytes, end: bytes) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n'
    purpose = head % (b"purpose", b"") + b"batch\r\n"
    form = purpose + head % (b"file", b'; filename="%b"' % filename) + content + b"\r\n" + end
    headers = {"api-key": KEY, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = stand.http.post(f"{PLACES['v1']}/files", data=form, headers=headers)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200 and b"\n" not in filename and b"\r" not in filename and end == b"--x--":
        found = stand.http.get(f"{PLACES['v1']}/files/{answer.json()['id']}/content", headers={"api-key": KEY})
        assert found.content == content


def test_credentials_and_behaviour_come_before_the_object(stand: Stand) -> None:
    url = f"{PLACES['v1']}/responses/resp_none"
    assert stand.http.get(url).status_code == 401
    stand.configure(OPENAI, status=500, times=1)
    statuses = [stand.http.get(url, headers={"api-key": KEY}).status_code for _ in range(2)]
    assert statuses == [500, 404]
    stand.configure(OPENAI, status=503, times=1)
    body = {"model": "gpt-4o", "input": "Hello!"}
    assert stand.post(f"{PLACES['v1']}/responses", body).status_code == 503
    assert stand.providers.objects(OPENAI) == []


def test_what_a_provider_keeps_goes_with_its_settings(stand: Stand, v1: openai.OpenAI) -> None:
    created = v1.responses.create(model="gpt-4o", input="Hello!")
    stand.configure(OPENAI, latency_ms=1)
    assert v1.responses.retrieve(created.id).id == created.id
    stand.clean()
    with pytest.raises(openai.NotFoundError):
        v1.responses.retrieve(created.id)
