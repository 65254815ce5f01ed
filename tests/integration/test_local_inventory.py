# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example inventory on the embedded Azure as both come: previewed, made, looked at again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from tests.integration.harness import IDENTITY_CLIENT_ID, ROOT, Service, running_azure
from tests.integration.inventory import FRAGMENTS
from tests.integration.playbook import Playbooks, Run

LOCAL = ROOT / "inventories/local"
PRIMARY = "https://aif-RESOURCE_TOKEN-0.cognitiveservices.azure.com"
BACKENDS = {
    "apim-single-foundry": {"aif-citadel-primary": PRIMARY},
    "apim-load-balancing": {
        "aif-citadel-primary": PRIMARY,
        "aif-citadel-secondary": "https://aif-RESOURCE_TOKEN-1.cognitiveservices.azure.com",
    },
    "apim-mixed-providers": {
        "aif-citadel-primary": PRIMARY,
        "aoai-eastus-gpt4": "https://YOUR-AOAI-RESOURCE.openai.azure.com",
        # No one shape of request suits both accounts for a model that is not OpenAI's.
        "aif-citadel-primary-DeepSeek-R1": f"{PRIMARY}/models",
        "aoai-eastus-gpt4-DeepSeek-R1": "https://YOUR-AOAI-RESOURCE.openai.azure.com/openai/deployments/DeepSeek-R1",
    },
}
POOLS: dict[str, dict[str, list[tuple[str, int, int]]]] = {
    "apim-single-foundry": {},
    "apim-load-balancing": {
        "DeepSeek-R1-backend-pool": [("aif-citadel-primary", 1, 100), ("aif-citadel-secondary", 2, 50)]
    },
    "apim-mixed-providers": {
        "DeepSeek-R1-backend-pool": [
            ("aif-citadel-primary-DeepSeek-R1", 1, 100),
            ("aoai-eastus-gpt4-DeepSeek-R1", 1, 100),
        ],
        "text-embedding-3-large-backend-pool": [("aif-citadel-primary", 1, 100), ("aoai-eastus-gpt4", 1, 100)],
    },
}
HOSTS = sorted(BACKENDS)
POSTS = ("createChatCompletion", "createCompletion", "createEmbeddings", "createImage")
LISTINGS = ("listDeployments", "getDeployment")
STORED = (
    *("createResponse", "getResponse", "deleteResponse", "cancelResponse", "listInputItems"),
    *("listFiles", "getFile", "deleteFile", "getFileContent"),
    *("listBatches", "getBatch", "cancelBatch"),
)
APIS = ("universal-llm-api", "azure-openai-api")
# What each API consists of: as differences name it, and its path below the service.
API_PARTS = {
    **{f"API {api}": f"apis/{api}" for api in APIS},
    **{
        f"API operation {api}/{name}": f"apis/{api}/operations/{name}"
        for api in APIS
        for name in (*POSTS, *LISTINGS, *STORED)
    },
    # The shape of Azure OpenAI with its version in the path.
    **{f"API operation azure-openai-api/{name}V1": f"apis/azure-openai-api/operations/{name}V1" for name in STORED},
    **{f"API policy {api}": f"apis/{api}/policies/policy" for api in APIS},
    **{
        f"operation policy {api}/{name}": f"apis/{api}/operations/{name}/policies/policy"
        for api in APIS
        for name in LISTINGS
    },
}


@dataclass(frozen=True)
class Story:
    """What happened: a preview, the first run, the second."""

    preview: Run
    first: Run
    second: Run
    services: dict[str, Service]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Preview and onboard the example inventory twice, on an embedded Azure with its own configuration."""
    with running_azure() as azure:
        playbooks = Playbooks(azure, tmp_path_factory.mktemp("local"))
        preview = playbooks.onboard(LOCAL, "--check", "--diff")
        first = playbooks.onboard(LOCAL, "--diff")
        second = playbooks.onboard(LOCAL, "--diff")
        yield Story(preview, first, second, {name: Service(azure, name) for name in HOSTS})


def objects_of(host: str) -> dict[str, str]:
    """Everything that onboarding makes for a host: as differences name it, and its path below the service."""
    return {
        "named value uami-client-id": "namedValues/uami-client-id",
        **{f"backend {name}": f"backends/{name}" for name in BACKENDS[host]},
        **{f"pool {name}": f"backends/{name}" for name in POOLS[host]},
        **{f"policy fragment {name}": f"policyFragments/{name}" for name in FRAGMENTS},
        **API_PARTS,
    }


def titles(run: Run, host: str) -> list[str]:
    """The objects in a run's difference."""
    return [entry["after_header"] for entry in run.gateway(host)["diff"]]


@pytest.mark.parametrize("host", HOSTS)
def test_preview_shows_every_object_that_would_be_made(story: Story, host: str) -> None:
    assert sorted(titles(story.preview, host)) == sorted(objects_of(host))
    assert all(entry["before"] == "" for entry in story.preview.gateway(host)["diff"])
    assert story.preview.gateway(host)["changed"] is True


def test_preview_is_readable(story: Story) -> None:
    shown = set(story.preview.output.splitlines())
    assert shown >= {
        f"+url: {PRIMARY}",
        "+  count: 3",
        "+  - backend: aif-citadel-secondary, priority: 2, weight: 50",
        f"+value: {IDENTITY_CLIENT_ID}",
        "+  <fragment>",
    }
    assert "would change" in story.preview.output
    assert re.search(r"^ *to create +\d", story.preview.output, re.MULTILINE)
    assert not re.search(r"^ *created +\d", story.preview.output, re.MULTILINE)


def test_preview_writes_nothing(story: Story) -> None:
    assert story.preview.writes == []


@pytest.mark.parametrize("host", HOSTS)
def test_first_run_does_what_the_preview_showed(story: Story, host: str) -> None:
    assert story.first.gateway(host)["diff"] == story.preview.gateway(host)["diff"]
    assert {entry["action"] for entry in story.first.gateway(host)["objects"]} == {"created"}
    made = [target for method, target in story.first.requests_of(host) if method == "PUT"]
    assert sorted(made) == sorted(objects_of(host).values())


@pytest.mark.parametrize("host", HOSTS)
def test_backends_carry_the_breaker_of_the_guide(story: Story, host: str) -> None:
    found = story.services[host].backends()
    assert {name: entity.url for name, entity in found.items()} == BACKENDS[host]
    for entity in found.values():
        (rule,) = entity.circuit_breaker.rules
        failure = rule.failure_condition
        assert (failure.count, failure.interval.total_seconds(), rule.trip_duration.total_seconds()) == (3, 10, 10)
        assert [(codes.min, codes.max) for codes in failure.status_code_ranges] == [(429, 429), (500, 599)]
        assert rule.accept_retry_after is True
        assert (entity.tls.validate_certificate_chain, entity.tls.validate_certificate_name) == (True, True)


@pytest.mark.parametrize("host", HOSTS)
def test_models_of_two_backends_get_a_pool(story: Story, host: str) -> None:
    assert story.services[host].pools() == POOLS[host]
    place = story.services[host].place
    for name in POOLS[host]:
        pool = story.services[host].azure.sdk.backend.get(*place, name)
        assert pool.url is None
        assert pool.protocol is None


@pytest.mark.parametrize("host", HOSTS)
def test_fragments_and_the_identity_are_there(story: Story, host: str) -> None:
    assert sorted(story.services[host].fragments()) == list(FRAGMENTS)
    named_values = story.services[host].named_values()
    assert {name: (entity.value, entity.secret) for name, entity in named_values.items()} == {
        "uami-client-id": (IDENTITY_CLIENT_ID, False)
    }


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_referred_to_is_written_first(story: Story, host: str) -> None:
    """Named values, backends, pools, fragments, APIs, and what belongs to these: each is done when the next begins."""
    writes = [each for each in story.first.arm if each.service == host and each.is_write]
    stages = [
        [each for each in writes if each.target.startswith("namedValues/")],
        [each for each in writes if each.target.removeprefix("backends/") in BACKENDS[host]],
        [each for each in writes if each.target.removeprefix("backends/") in POOLS[host]],
        [each for each in writes if each.target.startswith("policyFragments/")],
        [each for each in writes if each.target.startswith("apis/") and each.target.count("/") == 1],
        *([each] for each in writes if each.target.startswith("apis/") and each.target.count("/") > 1),
    ]
    assert sum(map(len, stages)) == len(writes) == len(objects_of(host))
    for earlier, later in pairwise(stage for stage in stages if stage):
        assert max(each.started + each.seconds for each in earlier) <= min(each.started for each in later)


def test_second_run_changes_nothing(story: Story) -> None:
    assert {host: totals["changed"] for host, totals in story.second.totals.items()} == dict.fromkeys(HOSTS, 0)
    assert story.second.writes == []
    assert "nothing to change" in story.second.output


@pytest.mark.parametrize("host", HOSTS)
def test_second_run_lists_each_collection_once(story: Story, host: str) -> None:
    requests = [target.rpartition("/service/")[2] for _, target in story.second.requests_of(host)]
    assert sorted(requests) == sorted(
        [host, "apis", "backends", "namedValues", "policyFragments"]
        + [f"apis/{api}/{parts}" for api in APIS for parts in ("operations", "policies")]
        + [f"apis/{api}/operations/{name}/policies" for api in APIS for name in LISTINGS]
    )


def test_outputs_of_every_host_reach_the_caller(story: Story) -> None:
    for run in (story.first, story.second):
        outputs: dict[str, Any] = run.custom_stats["llm_onboarding"]
        assert sorted(outputs) == HOSTS
        for host in HOSTS:
            assert sorted(outputs[host]["backend_ids"]) == sorted(BACKENDS[host])
            assert outputs[host]["pool_names"] == sorted(POOLS[host])
            assert sorted(outputs[host]["fragment_names"]) == list(FRAGMENTS)
            assert outputs[host]["gateway_url"].startswith("https://")
    mixed = story.first.custom_stats["llm_onboarding"]["apim-mixed-providers"]
    assert mixed["model_pools"] == {
        "DeepSeek-R1": "DeepSeek-R1-backend-pool",
        "text-embedding-3-large": "text-embedding-3-large-backend-pool",
    }
    assert mixed["model_backends"] == {
        "gpt-4o": "aif-citadel-primary",
        "gpt-4o-mini": "aif-citadel-primary",
        "gpt-5": "aoai-eastus-gpt4",
        "Phi-4": "aif-citadel-primary",
    }
