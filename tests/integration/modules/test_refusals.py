# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules refuse before they write anything, and ARM's own words for what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.harness import IDENTITY_CLIENT_ID
from tests.integration.modules import sdk
from tests.integration.modules.steps import Gateway, reference, task

_URL = "https://aoai.openai.azure.com"
_ENDPOINT = {"name": "aoai", "url": _URL}
_MEMBERS = [{"backend": "aoai"}]
_VAULT = "https://kv-citadel.vault.azure.net/secrets/other-llm-key"
_STRANGER = "00000000-0000-0000-0000-00000000000a"
_LITERAL = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    ("module", "options", "expected"),
    [
        pytest.param(
            "apim_llm_backend",
            {"backends": [{"name": "taken-pool", "url": _URL}, _ENDPOINT, {**_ENDPOINT, "name": "AOAI"}]},
            [
                "backends[0] (taken-pool): is the name of a pool of the service; give the backend another (backend_id)",
                "backends[2] (AOAI): is listed more than once",
            ],
            id="name of a pool, and a name twice",
        ),
        pytest.param(
            "apim_backend_pool",
            {
                "pools": [
                    {"name": "taken", "members": _MEMBERS},
                    {"name": "crowd", "members": [{"backend": f"aoai-{number}"} for number in range(31)]},
                    {"name": "heavy", "members": [{"backend": "taken", "weight": 101}]},
                    {"name": "none", "members": []},
                ]
            },
            [
                "pools[0] (taken): is the name of a backend of the service; give the model of the pool another, or",
                "pools[1] (crowd): members: has 31; a pool holds 1 to 30",
                "pools[2] (heavy): members[0].weight: is 101; write an integer from 0 to 100",
                "pools[3] (none): members: has 0; a pool holds 1 to 30",
            ],
            id="name of a backend, and wrong members",
        ),
        pytest.param(
            "apim_llm_backend",
            {"state": "absent", "backends": [{"name": "taken-pool"}]},
            ["backends[0] (taken-pool): is the name of a pool of the service; give the backend another (backend_id)"],
            id="removal of a pool as a backend",
        ),
        pytest.param(
            "apim_llm_backend",
            {
                "backends": [
                    {**_ENDPOINT, "credentials": {"header": {"api-key": _LITERAL}}},
                    {"name": "dated", "url": _URL, "credentials": {"header": {"api-version": "2024-10-21"}}},
                    {"name": "no-url"},
                    {"name": "slow", "url": _URL, "circuit_breaker": {"interval": "10 seconds"}},
                    {"name": "odd", "url": _URL, "circuit_breaker": {"status_codes": ["5xx"]}},
                ]
            },
            [
                "backends[0] (aoai): credentials.header.api-key: holds a literal",
                "backends[1] (dated): credentials.header.api-version: holds a literal",
                "backends[2] (no-url): url is missing; it is needed to create a backend",
                "backends[3] (slow): circuit_breaker: '10 seconds' is not an ISO 8601 duration such as PT10S",
                "backends[4] (odd): circuit_breaker: status_codes has '5xx'",
            ],
            id="literal credential, no URL, wrong breaker",
        ),
        pytest.param(
            "apim_named_value",
            {"named_values": [{"name": "two", "value": "a", "secret_value": _LITERAL}, {"name": "nothing"}]},
            [
                "named_values[0] (two): has value and secret_value; give one of them",
                "named_values[1] (nothing): value, secret_value or key_vault is missing",
            ],
            id="two sources, and none",
        ),
        pytest.param(
            "apim_policy_fragment",
            {"fragments": [{"name": "open", "value": "<fragment><set-header"}, {"name": "empty"}]},
            [
                "fragments[0] (open): value: is not a policy document of format rawxml",
                "fragments[1] (empty): value is missing; it is needed to create a policy fragment",
            ],
            id="no XML, no value",
        ),
        pytest.param(
            "apim_llm_gateway",
            {
                "backends": [{"name": "same", "url": _URL}],
                "pools": [{"name": "taken", "members": _MEMBERS}],
                "named_values": [{"name": "nothing"}, {"name": "UAMI-client-id", "value": "another"}],
                "managed_identity": {"client_id": IDENTITY_CLIENT_ID},
            },
            [
                "named_values[0] (nothing): value, secret_value or key_vault is missing",
                "named_values[2] (uami-client-id): is listed more than once",
                "pools[0] (taken): is the name of a backend of the service; give the model of the pool another, or",
            ],
            id="several kinds",
        ),
        pytest.param(
            "apim_llm_gateway",
            {
                "named_values": [
                    {"name": "read-by-itself", "key_vault": {"secret_identifier": _VAULT}},
                    {"name": "read-by", "key_vault": {"secret_identifier": _VAULT, "identity_client_id": _STRANGER}},
                    {"name": "nothing"},
                ],
            },
            [
                "named_values[0] (read-by-itself): key_vault: the service has no identity of its own to read it",
                f"named_values[1] (read-by): key_vault: the identity {_STRANGER} that shall read it is not attached",
                "named_values[2] (nothing): value, secret_value or key_vault is missing",
            ],
            id="key vaults that the service has no identity for",
        ),
    ],
)
def test_every_problem_is_told_before_the_first_write(
    gateway: Gateway, module: str, options: dict[str, Any], expected: list[str]
) -> None:
    sdk.put_backend(gateway.service, "taken")
    sdk.put_pool(gateway.service, "taken-pool", "taken")

    real, check = gateway.attempt(task(module, "real", **options), task(module, "check", check=True, **options))

    lines = real.message.splitlines()
    assert lines[0] == "Nothing was written:"
    assert len(lines) == len(expected) + 1
    for line, start in zip(lines[1:], expected, strict=True):
        assert line.startswith(f"  - {start}")
    assert check.message == real.message
    assert real.writes == check.writes == []
    assert _LITERAL not in gateway.output


@pytest.mark.parametrize("check", [True, False])
def test_a_credential_that_names_nothing_is_told_before_anything_is_written(gateway: Gateway, check: bool) -> None:
    credentials = {"header": {"api-key": reference("llm-key")}}
    backends = [{"name": "aoai", "url": "https://aoai.openai.azure.com", "credentials": credentials}]
    named_values = [{"name": "key", "display_name": "llm-key", "secret_value": "s3cret"}]

    alone, whole = gateway.attempt(
        task("apim_llm_backend", check=check, backends=backends),
        task("apim_llm_gateway", check=check, backends=backends, named_values=[{"name": "other", "value": "x"}]),
    )
    (together,) = gateway.run(task("apim_llm_gateway", check=check, backends=backends, named_values=named_values))

    for step in (alone, whole):
        assert (
            "backend aoai: there is no named value 'llm-key', to which its credentials refer; create it first, or "
            "write the display name of one that exists in credentials (credential.named_value in llm_backends)"
        ) in step.message
        assert step.writes == []
    assert together.changed


def test_a_credential_that_differs_in_case_is_told_how_the_service_spells_it(gateway: Gateway) -> None:
    sdk.put_named_value(gateway.service, "East-credential", value=_LITERAL, secret=True)
    credentials = {"header": {"api-key": reference("east-credential")}}
    backends = [{"name": "east", "url": _URL, "credentials": credentials}]

    (step,) = gateway.attempt(
        task(
            "apim_llm_gateway", backends=backends, named_values=[{"name": "east-credential", "secret_value": _LITERAL}]
        )
    )

    assert (
        "backend east: there is no named value 'east-credential', to which its credentials refer; the service has "
        "'East-credential', and references tell case apart: write it that way (backend_id, or credential.named_value, "
        "in llm_backends)"
    ) in step.message
    assert step.writes == []


@pytest.mark.parametrize("check", [True, False])
def test_members_that_are_no_backends_are_told_before_anything_is_written(gateway: Gateway, check: bool) -> None:
    sdk.put_backend(gateway.service, "there")
    sdk.put_pool(gateway.service, "taken-pool", "there")
    members = [{"backend": name} for name in ("THERE", "aoai", "taken-pool", "new-pool")]
    pools = [{"name": "new-pool", "members": members}]
    remedy = "create a backend of that name first, or write the name of one that exists"
    absent = f"  - pool new-pool: members[].backend: is 'aoai', which does not exist; {remedy}"
    nested = [
        f"  - pool new-pool: members[].backend: is '{name}', a pool, and pools hold backends alone; {remedy}"
        for name in ("new-pool", "taken-pool")
    ]

    alone, whole = gateway.attempt(
        task("apim_backend_pool", check=check, pools=pools),
        task("apim_llm_gateway", check=check, pools=pools, backends=[{"name": "Aoai", "url": _URL}]),
    )
    good = [{"name": "new-pool", "members": members[:2]}]
    made, again = gateway.run(
        task("apim_llm_gateway", "made", check=check, pools=good, backends=[_ENDPOINT]),
        task("apim_llm_gateway", "again", check=check, pools=good, backends=[_ENDPOINT]),
    )

    assert alone.message.splitlines()[1:] == [absent, *nested]
    assert whole.message.splitlines()[1:] == nested
    assert alone.writes == whole.writes == []
    assert [request.target for request in alone.requests if request.plane == "arm"] == ["backends"]
    assert (made.changed, again.changed) == (True, check)


@pytest.mark.parametrize(
    "options",
    [{"prune": True}, {"prune": True, "owner": "platform", "state": "absent"}],
    ids=["no owner", "state absent"],
)
def test_prune_needs_an_owner_and_wanted_objects(gateway: Gateway, options: dict[str, Any]) -> None:
    backend, pool, whole = gateway.attempt(
        task("apim_llm_backend", backends=[], **options),
        task("apim_backend_pool", pools=[], **options),
        task("apim_llm_gateway", backends=[], prune=True),
    )

    for step in (backend, pool, whole):
        assert step.message.startswith("prune removes what an owner no longer lists: give owner")
    assert backend.requests == pool.requests == whole.requests == []


def test_objects_in_use_are_kept_and_arm_says_by_whom(gateway: Gateway) -> None:
    service = gateway.service
    sdk.put_named_value(service, "llm-key", value="k", secret=True)
    sdk.put_backend(service, "aoai", credentials={"header": {"api-key": ["{{llm-key}}"]}})
    sdk.put_backend(service, "alone")
    sdk.put_pool(service, "pool", "aoai")

    absent = [
        task("apim_named_value", "value", state="absent", named_values=[{"name": "llm-key"}]),
        task("apim_llm_backend", "backend", state="absent", backends=[{"name": "aoai"}, {"name": "alone"}]),
    ]
    value, backend = gateway.attempt(*absent)

    assert value.message.startswith("1 of 1 changes failed; 0 were made and stay, 0 were not tried;")
    assert (
        "  - named value llm-key: cannot delete namedValues/llm-key of API Management service "
        f"{service.resource_group}/{service.name}: HTTP 400 ValidationError: "
        "The Named Value 'llm-key' is used by the following entities: /backends/aoai (request id "
    ) in value.message
    assert backend.message.startswith("1 of 2 changes failed; 1 were made and stay, 0 were not tried;")
    assert "The Backend 'aoai' is used by the following entities: /backends/pool (request id " in backend.message
    assert backend.actions == {"aoai": "failed", "alone": "deleted"}
    (error,) = backend.result["errors"]
    assert (error["kind"], error["name"], error["action"]) == ("backend", "aoai", "delete")
    assert (error["status"], error["code"]) == (400, "ValidationError")
    assert error["request_id"]
    assert backend.state["backends"].keys() == {"aoai", "pool"}


def test_a_fragment_in_use_is_kept_and_arm_says_by_whom(gateway: Gateway) -> None:
    sdk.put_fragment(gateway.service, "used", "<fragment><trace source='x'><message>m</message></trace></fragment>")
    words = "The Policy Fragment 'used' is used by the following entities:\r\n/policies/policy\r\n"
    # Policies, which alone include fragments, are not part of the embedded Azure, so its answer is scripted.
    fault = {"method": "DELETE", "path": "/policyFragments/used", "status": 400, "code": "ValidationError"}
    gateway.azure.fail({**fault, "message": words})

    (step,) = gateway.attempt(task("apim_policy_fragment", state="absent", fragments=[{"name": "used"}]))

    assert "The Policy Fragment 'used' is used by the following entities: /policies/policy (" in step.message
    assert "used" in step.state["policyFragments"]


def test_a_fragment_with_a_mistake_shows_element_line_and_the_compilers_words(gateway: Gateway) -> None:
    mistake = (
        '<fragment>\n    <choose>\n        <when condition="@(context.Request.Hedders.Count > 0)">\n'
        "            <return-response />\n        </when>\n    </choose>\n</fragment>\n"
    )
    nowhere = '<fragment><set-backend-service backend-id="nowhere" /></fragment>'
    fragments = [{"name": "mistake", "value": mistake}, {"name": "nowhere", "value": nowhere}]
    good = {"name": "good", "value": "<fragment><set-backend-service base-url='https://a.example' /></fragment>"}

    (step,) = gateway.attempt(task("apim_policy_fragment", fragments=[*fragments, good]))

    assert step.message.startswith("2 of 3 changes failed; 1 were made and stay, 0 were not tried;")
    assert "[choose: Error in element 'choose' on line 2, column 6: " in step.message
    assert "does not contain a definition for 'Hedders'" in step.message
    assert "Backend with id 'nowhere' could not be found" in step.message
    assert step.actions == {"mistake": "failed", "nowhere": "failed", "good": "created"}
    assert step.state["policyFragments"].keys() == {"good"}


def test_absent_objects_need_not_exist(gateway: Gateway) -> None:
    names = [{"name": "never-made"}]
    steps = gateway.run(
        task("apim_llm_backend", state="absent", backends=names),
        task("apim_backend_pool", state="absent", pools=names),
        task("apim_named_value", state="absent", named_values=names),
        task("apim_policy_fragment", state="absent", fragments=names),
    )

    for step in steps:
        assert (step.changed, step.writes, step.diff) == (False, [], {})
        assert step.actions == {"never-made": "unchanged"}
