# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each model is asked by each API."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.plan import build_plan
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import (
    API_VERSION,
    UNKNOWN_MODEL,
    entry_question,
    listing_questions,
    question,
    questions_of,
    repeated_question,
    streaming_questions,
    unknown_questions,
)
from hypothesis import given

from tests.unit.plugins.module_utils._routing.inventories import IDENTITY, Inventory, backend, inventories, plan_of
from tests.unit.plugins.module_utils._validation.observed import API, AZURE, INFERENCE

APIS = [API, INFERENCE, AZURE]
FORBIDDEN = set("\\/?#{}")


def model(name: str, *capabilities: str) -> dict[str, object]:
    return {"name": name, "capabilities": list(capabilities)} if capabilities else {"name": name}


def test_a_chat_is_asked_in_the_shape_of_each_api() -> None:
    found = questions_of(plan_of(backend("a")), APIS, ModelOptions({"max_completion_tokens": 9}))
    assert [(each.operation, each.path, each.method) for each in found.asked] == [
        ("POST /models/chat/completions", "/models/chat/completions", "POST"),
        ("POST /inference/chat/completions", "/inference/chat/completions", "POST"),
        (
            "POST /openai/deployments/.../chat/completions",
            f"/openai/deployments/gpt-4o/chat/completions?api-version={API_VERSION}",
            "POST",
        ),
    ]
    in_body, _also, in_path = (each.body or {} for each in found.asked)
    assert in_body["model"] == "gpt-4o"
    assert "model" not in in_path
    assert all((each.body or {})["max_completion_tokens"] == 9 for each in found.asked)
    assert all(each.costs and not each.refused for each in found.asked)
    assert found.unasked == []


def test_each_capability_has_its_operation_where_the_api_has_it() -> None:
    plan = plan_of(backend("a", model("m", "chat", "completions", "embeddings", "images", "responses")))
    operations = {
        api["type"]: [each.operation.partition(" ")[2] for each in questions_of(plan, [api], ModelOptions()).asked]
        for api in APIS
    }
    assert operations["openai"] == [
        "/models/chat/completions",
        "/models/completions",
        "/models/embeddings",
        "/models/images/generations",
        "/models/responses",
    ]
    assert operations["models-inference"] == [
        each.replace("/models/", "/inference/") for each in operations["openai"][:4]
    ]
    assert operations["azure-openai"][-1] == "/openai/responses"


def test_responses_name_the_model_in_the_body_everywhere() -> None:
    asked = question(AZURE, "m", "responses", {})
    assert (asked.body or {})["model"] == "m"
    assert asked.path == f"/openai/responses?api-version={API_VERSION}"


def test_what_cannot_be_asked_is_told() -> None:
    plan = plan_of(backend("a", model("whisper"), model("only-responses", "responses"), model("odd{name}", "chat")))
    found = questions_of(plan, APIS, ModelOptions())
    assert {(each.model, each.api): each.reason for each in found.unasked} == {
        ("only-responses", "inference-api"): "the API at /inference has no operation for what it can do (responses)",
        ("whisper", "universal-llm-api"): "the API at /models has no operation for what it can do (audio)",
        ("whisper", "inference-api"): "the API at /inference has no operation for what it can do (audio)",
        ("whisper", "azure-openai-api"): "the API at /openai has no operation for what it can do (audio)",
        ("odd{name}", "azure-openai-api"): "its name cannot stand in a path of the API at /openai",
    }


def test_a_model_that_is_left_out_is_told_and_asked_nothing() -> None:
    plan = plan_of(backend("a", "gpt-4o", "o3"))
    options = ModelOptions(models={"o3": {"skip": True}})
    found = questions_of(plan, [API, AZURE], options)
    assert {each.model for each in found.asked} == {"gpt-4o"}
    assert [(each.model, each.api, each.reason) for each in found.unasked] == [
        ("o3", api["name"], "llm_validation_models leaves it out (skip)") for api in (API, AZURE)
    ]
    assert [each.model for each in streaming_questions(plan, [API], options)] == ["gpt-4o"]


def test_options_of_one_model_lie_over_those_of_all() -> None:
    plan = plan_of(backend("a", "gpt-4o", "o3"))
    own = {"o3": {"chat_options": {"max_tokens": None, "max_completion_tokens": 50}}}
    options = ModelOptions({"max_tokens": 9, "user": "ci"}, models=own)
    for asked in (questions_of(plan, [API], options).asked, list(streaming_questions(plan, [API], options))):
        bodies = {each.model: dict(each.body or {}) for each in asked}
        assert {"max_tokens": 9, "user": "ci"}.items() <= bodies["gpt-4o"].items()
        assert {"max_completion_tokens": 50, "user": "ci"}.items() <= bodies["o3"].items()
        assert "max_tokens" not in bodies["o3"]


@pytest.mark.parametrize(
    ("entry", "options", "is_asked"),
    [
        (model("gpt-4o-audio-preview"), {}, False),
        ({"name": "voice", "deployment": "gpt-audio"}, {}, False),
        (model("gpt-4o-audio-preview", "chat", "audio"), {}, False),
        (model("gpt-4o-audio-preview", "chat"), {}, True),
        (model("gpt-4o-audio-preview"), {"chat_options": {"modalities": ["text", "audio"]}}, True),
        (model("gemini-live", "chat", "audio"), {}, True),
        (model("gpt-4o"), {}, True),
    ],
)
def test_a_chat_of_text_is_not_asked_of_what_wants_audio(
    entry: dict[str, object], options: dict[str, object], is_asked: bool
) -> None:
    plan = plan_of(backend("a", entry))
    chosen = ModelOptions(models={str(entry["name"]): options})
    found = questions_of(plan, [API], chosen)
    assert bool(found.asked) is is_asked
    assert [each.reason.partition(":")[0] for each in found.unasked] == (
        [] if is_asked else ["by its name it refuses chats without audio"]
    )
    assert bool(list(streaming_questions(plan, [API], chosen))) is is_asked


def test_what_several_deployments_can_do_is_asked_together() -> None:
    plan = plan_of(backend("a", model("m", "chat")), backend("b", model("m", "embeddings")), backend_scope="deployment")
    assert {each.capability for each in questions_of(plan, [API], ModelOptions()).asked} == {"chat", "embeddings"}


def test_streams_are_asked_of_what_can_chat_by_the_first_api_that_can_name_it() -> None:
    plan = plan_of(backend("a", "gpt-4o", model("odd{name}", "chat"), "text-embedding-3-large"))
    by_azure = {each.model: each for each in streaming_questions(plan, [AZURE, API], ModelOptions({"n": 1}))}
    assert {name: each.api for name, each in by_azure.items()} == {
        "gpt-4o": "azure-openai-api",
        "odd{name}": "universal-llm-api",
    }
    assert all((each.body or {})["stream"] is True and each.streams for each in by_azure.values())
    assert [each.model for each in streaming_questions(plan, [AZURE], ModelOptions())] == ["gpt-4o"]
    assert list(streaming_questions(plan, [], ModelOptions())) == []


def test_what_is_repeated_is_cheap() -> None:
    plan = plan_of(backend("a", model("m", "images", "embeddings"), model("painter", "images")))
    asked = questions_of(plan, [API], ModelOptions()).asked
    repeated = repeated_question(asked, "m")
    assert repeated is not None
    assert repeated.capability == "embeddings"
    assert repeated_question(asked, "painter") is None
    assert repeated_question(asked, "nobody") is None


def test_lists_and_what_nobody_serves_cost_nothing() -> None:
    free = [*listing_questions(APIS), entry_question(AZURE, "gpt-4o"), *unknown_questions(APIS)]
    assert not any(each.costs for each in free)
    assert [each.path for each in free] == [
        "/models/deployments",
        "/inference/deployments",
        f"/openai/deployments?api-version={API_VERSION}",
        f"/openai/deployments/gpt-4o?api-version={API_VERSION}",
        "/models/chat/completions",
        "/inference/chat/completions",
        f"/openai/deployments/a%20model%20that%20nobody%20serves/chat/completions?api-version={API_VERSION}",
    ]
    assert {each.model for each in unknown_questions(APIS)} == {UNKNOWN_MODEL}


@pytest.mark.parametrize("apis", [[], APIS])
def test_an_inventory_without_models_is_asked_nothing(apis: list[dict[str, str]]) -> None:
    found = questions_of(build_plan([]), apis, ModelOptions())
    assert (found.asked, found.unasked) == ([], [])


@given(inventories(min_size=1))
def test_every_name_reaches_the_gateway_as_it_is(inventory: Inventory) -> None:
    plan = build_plan(inventory, managed_identity=IDENTITY)
    found = questions_of(plan, APIS, ModelOptions())
    for asked in found.asked:
        if asked.api == "azure-openai-api" and asked.capability != "responses":
            assert unquote(urlsplit(asked.path).path.split("/")[3]) == asked.model
        else:
            assert (asked.body or {})["model"] == asked.model
    for api in APIS:
        asked_for = {each.model for each in found.asked if each.api == api["name"]}
        told = {each.model for each in found.unasked if each.api == api["name"]}
        assert asked_for | told == {each["name"] for each in plan["models"]}
    unnamed = {each.model for each in found.unasked if "stand in a path" in each.reason}
    assert all(set(name) & FORBIDDEN for name in unnamed)
