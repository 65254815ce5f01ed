# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How pools are named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import (
    deployment_names,
    is_resource_name,
    model_key,
    model_labels,
    pool_names,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.plugins.module_utils._routing.inventories import TRICKY_MODELS


def name_of(model: str) -> str:
    return pool_names([model], [])[model]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "gpt-4o-backend-pool"),
        ("DeepSeek-R1", "DeepSeek-R1-backend-pool"),
        ("gpt-4.1", "gpt-41-backend-pool"),
        ("meta/llama 3:8b@v1_x", "metallama38bv1x-backend-pool"),
        ("4o", "m4o-backend-pool"),
        ("-a-", "a-backend-pool"),
        ("模型", "m-backend-pool"),
        ("ß9", "m9-backend-pool"),
        ("L" * 67, f"{'L' * 66}-backend-pool"),
        (f"{'a' * 65}-b", f"{'a' * 65}-backend-pool"),
    ],
)
def test_a_pool_is_named_after_what_arm_takes_of_its_model(model: str, name: str) -> None:
    assert name_of(model) == name
    assert is_resource_name(name)


def test_of_colliding_models_the_altered_one_gets_a_hash() -> None:
    names = pool_names(["gpt-4.1", "gpt-41"], [])
    digest = hashlib.sha256(b"gpt-4.1").hexdigest()[:8]
    assert names == {"gpt-41": "gpt-41-backend-pool", "gpt-4.1": f"gpt-41-{digest}-backend-pool"}


def test_a_hash_does_not_depend_on_the_spelling() -> None:
    lower, upper = pool_names(["gpt-4.1", "gpt-41"], []), pool_names(["GPT-4.1", "gpt-41"], [])
    assert lower["gpt-4.1"].lower() == upper["GPT-4.1"].lower()


def test_deployments_that_case_alone_tells_apart_both_get_a_hash() -> None:
    pairs = [("a", "gpt"), ("a", "GPT")]
    names = deployment_names({pair: pair[1] for pair in pairs}, [])
    digests = {pair: hashlib.sha256("/".join(pair).encode()).hexdigest()[:8] for pair in pairs}
    assert names == {pair: f"a-{pair[1]}-{digests[pair]}" for pair in pairs}


def test_a_hash_of_a_deployment_does_not_depend_on_the_spelling_of_its_backend() -> None:
    lower, upper = deployment_names({("a", "m.1"): "m.1"}, ["a-m1"]), deployment_names({("A", "m.1"): "M.1"}, ["a-m1"])
    assert lower["a", "m.1"].lower() == upper["A", "m.1"].lower()


def test_of_two_altered_models_both_get_a_hash() -> None:
    names = pool_names(["gpt-4.1", "gpt-4_1"], [])
    assert "gpt-41-backend-pool" not in names.values()
    assert len(set(names.values())) == 2


def test_a_pool_never_takes_the_name_of_a_backend() -> None:
    (name,) = pool_names(["gpt-4o"], ["GPT-4o-Backend-Pool"]).values()
    assert name != "gpt-4o-backend-pool"
    assert is_resource_name(name)


def test_a_hashed_name_that_a_backend_has_gets_a_longer_hash() -> None:
    (first,) = pool_names(["gpt-4o"], ["gpt-4o-backend-pool"]).values()
    (second,) = pool_names(["gpt-4o"], ["gpt-4o-backend-pool", first.upper()]).values()
    assert second.startswith(first.removesuffix("-backend-pool"))
    assert second.lower() != first.lower()


def same_hashes() -> tuple[str, str]:
    """Find two models of one plain name whose hashes start with the same 32 bits."""

    def candidates() -> Iterator[str]:
        for number in range(1 << 20):
            yield "m" + "".join("._"[bit == "1"] for bit in f"{number:020b}")

    seen: dict[str, str] = {}
    for model in candidates():
        digest = hashlib.sha256(model.encode()).hexdigest()[:8]
        if digest in seen:
            return seen[digest], model
        seen[digest] = model
    raise AssertionError("no two of a million hashes agree")


def test_models_whose_hashes_agree_get_longer_ones() -> None:
    first, second = same_hashes()
    names = pool_names([first, second], [])
    assert names[first].lower() != names[second].lower()


models = st.lists(
    st.sampled_from(TRICKY_MODELS) | st.text("aB1.-_ é", min_size=1, max_size=6),
    max_size=8,
    unique_by=model_key,
)
backend_ids = st.lists(st.sampled_from(["gpt-41-backend-pool", "A-backend-pool", "b", "m-backend-pool"]), unique=True)


@given(models, backend_ids)
def test_names_are_valid_unique_and_free_of_order(models: list[str], taken: list[str]) -> None:
    names = pool_names(models, taken)
    assert names.keys() == set(models)
    assert all(map(is_resource_name, names.values()))
    keys = [name.lower() for name in [*names.values(), *taken]]
    assert len(set(keys)) == len(keys)
    assert pool_names(sorted(models), sorted(taken)) == names
    assert pool_names(reversed(models), taken[::-1]) == names


@given(models, st.sampled_from(TRICKY_MODELS))
def test_a_further_model_renames_at_most_those_whose_names_were_altered(models: list[str], further: str) -> None:
    before = pool_names(models, [])
    after = pool_names({model_key(model): model for model in [further, *models]}.values(), [])
    unaltered = [model for model in models if before[model] == f"{model}-backend-pool"]
    assert [after[model] for model in unaltered] == [before[model] for model in unaltered]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("GPT-4o", "gpt-4o"),
        ("\u03a3\u0391\u03a3", "\u03c3\u03b1\u03c3"),
        ("İ", "İ"),
        ("ẞ", "ß"),
        ("\U00010400", "\U00010400"),
        ("É", "é"),
    ],
)
def test_models_are_matched_as_dotnet_lower_cases(name: str, key: str) -> None:
    assert model_key(name) == key


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    assert model_key(model_key(name)) == model_key(name)
    assert len(model_key(name)) == len(name)


@pytest.mark.parametrize("name", ["a", "A1", "a-b", "a--b", "a" * 80])
def test_arm_takes_a_name(name: str) -> None:
    assert is_resource_name(name)


@pytest.mark.parametrize("name", ["", "1", "-a", "a-", "a.b", "a_b", "é", "a" * 81, "a\n", "a\uff11"])
def test_arm_refuses_a_name(name: str) -> None:
    assert not is_resource_name(name)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("GPT-4o", ["gpt-4o"]),
        ("Modèle ÄÖ", ["modèle äö"]),
        # Pairs that came with Unicode 8 (Cherokee) and 5.1 (capital sharp s).
        ("\u13a0-Ä", ["\uab70-ä", "\u13a0-ä"]),
        ("STRA\u1e9eE", ["straße", "stra\u1e9ee"]),
        ("🤖", ["🤖"]),
    ],
)
def test_a_name_has_a_label_for_each_age_of_unicode(name: str, labels: list[str]) -> None:
    assert model_labels(name) == labels
