# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One life of an object per module, as data: how it is created, modified and deleted, and what ARM then holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.integration.harness import IDENTITY_CLIENT_ID
from tests.integration.modules.steps import State, Task, task


@dataclass(frozen=True)
class Phase:
    """One change: the options that ask for it, the write requests it takes, what ARM holds when it is done."""

    options: dict[str, Any]
    writes: list[str]
    holds: State


@dataclass(frozen=True)
class Lifecycle:
    """What a module does to ``subject``, the title of a difference; ``setup`` makes what it refers to."""

    module: str
    subject: str
    create: Phase
    modify: Phase
    delete: Phase
    setup: tuple[Task, ...] = field(default=())


_CHECKS = {"validate_certificate_chain": True, "validate_certificate_name": True}


def rule(count: int = 3, interval: str = "PT10S") -> dict[str, Any]:
    """Return the circuit breaker that ARM holds for the modules' defaults, or for other figures."""
    codes = [{"min": 429, "max": 429}, {"min": 500, "max": 599}]
    reasons = ["BackendConnectionFailure", "Timeout"]
    failure = {"count": count, "interval": interval, "status_code_ranges": codes, "error_reasons": reasons}
    settings = {"trip_duration": "PT10S", "accept_retry_after": True}
    return {"rules": [{"name": "llm-circuit-breaker", "failure_condition": failure, **settings}]}


def single(name: str, **parts: Any) -> dict[str, Any]:
    """Return what ARM holds of a backend with this name."""
    url = f"https://{name}.openai.azure.com"
    return {"type_properties_type": "Single", "protocol": "http", "url": url, "tls": _CHECKS, **parts}


def pool(*members: tuple[str, int, int], **parts: Any) -> dict[str, Any]:
    """Return what ARM holds of a pool with these members: backend, priority, weight."""
    services = [{"id": f"/backends/{name}", "priority": group, "weight": share} for name, group, share in members]
    return {"type_properties_type": "Pool", "pool": {"services": services}, **parts}


def fragment(policies: str, **parts: Any) -> dict[str, Any]:
    """Return what ARM holds of a fragment with these policies, a line each."""
    value = f"<fragment>\r\n\t{policies}\r\n</fragment>"
    return {"format": "xml", "provisioning_state": "Succeeded", "value": value, **parts}


BACKEND = Lifecycle(
    "apim_llm_backend",
    "backend aoai-sweden",
    create=Phase(
        {
            "owner": "platform",
            "backends": [
                {
                    "name": "aoai-sweden",
                    "url": "https://aoai-sweden.openai.azure.com",
                    "title": "Sweden",
                    "description": "First choice",
                    "circuit_breaker": {},
                }
            ],
        },
        ["PUT backends/aoai-sweden"],
        {
            "backends": {
                "aoai-sweden": single(
                    "aoai-sweden",
                    title="Sweden",
                    description="First choice [owner: platform]",
                    circuit_breaker=rule(),
                )
            }
        },
    ),
    modify=Phase(
        {
            "backends": [
                {"name": "aoai-sweden", "description": "", "circuit_breaker": {"count": 5, "interval": "PT60S"}}
            ]
        },
        ["PUT backends/aoai-sweden"],
        {
            "backends": {
                "aoai-sweden": single(
                    "aoai-sweden",
                    title="Sweden",
                    description="[owner: platform]",
                    circuit_breaker=rule(5, "PT1M"),
                )
            }
        },
    ),
    delete=Phase({"state": "absent", "backends": [{"name": "aoai-sweden"}]}, ["DELETE backends/aoai-sweden"], {}),
)

_MEMBERS = task(
    "apim_llm_backend",
    "setup",
    backends=[{"name": name, "url": f"https://{name}.openai.azure.com"} for name in ("aoai-a", "aoai-b")],
)
_SINGLES = {"aoai-a": single("aoai-a"), "aoai-b": single("aoai-b")}

POOL = Lifecycle(
    "apim_backend_pool",
    "pool gpt-4o-backend-pool",
    setup=(_MEMBERS,),
    create=Phase(
        {
            "pools": [
                {
                    "name": "gpt-4o-backend-pool",
                    "title": "gpt-4o",
                    "members": [{"backend": "aoai-b", "weight": 30}, {"backend": "aoai-a", "weight": 70}],
                }
            ]
        },
        ["PUT backends/gpt-4o-backend-pool"],
        {
            "backends": {
                **_SINGLES,
                "gpt-4o-backend-pool": pool(("aoai-a", 1, 70), ("aoai-b", 1, 30), title="gpt-4o"),
            }
        },
    ),
    modify=Phase(
        {
            "pools": [
                {
                    "name": "gpt-4o-backend-pool",
                    "members": [{"backend": "aoai-b", "priority": 2}, {"backend": "aoai-a"}],
                }
            ]
        },
        ["PUT backends/gpt-4o-backend-pool"],
        {
            "backends": {
                **_SINGLES,
                "gpt-4o-backend-pool": pool(("aoai-a", 1, 100), ("aoai-b", 2, 100), title="gpt-4o"),
            }
        },
    ),
    delete=Phase(
        {"state": "absent", "pools": [{"name": "gpt-4o-backend-pool"}]},
        ["DELETE backends/gpt-4o-backend-pool"],
        {"backends": _SINGLES},
    ),
)

NAMED_VALUE = Lifecycle(
    "apim_named_value",
    "named value llm-region",
    create=Phase(
        {"named_values": [{"name": "llm-region", "value": "swedencentral", "tags": ["llm", "region"]}]},
        ["PUT namedValues/llm-region"],
        {
            "namedValues": {
                "llm-region": {
                    "display_name": "llm-region",
                    "value": "swedencentral",
                    "secret": False,
                    "tags": ["llm", "region"],
                }
            }
        },
    ),
    modify=Phase(
        {"named_values": [{"name": "llm-region", "value": "francecentral", "display_name": "llm-home"}]},
        ["PUT namedValues/llm-region"],
        {
            "namedValues": {
                "llm-region": {
                    "display_name": "llm-home",
                    "value": "francecentral",
                    "secret": False,
                    "tags": ["llm", "region"],
                }
            }
        },
    ),
    delete=Phase({"state": "absent", "named_values": [{"name": "llm-region"}]}, ["DELETE namedValues/llm-region"], {}),
)

_REMOVE_KEY = '<set-header name="api-key" exists-action="delete" />'
_TELL_REGION = '<set-variable name="region" value="@(context.Deployment.Region == &quot;x&quot; ? 1 : 2)" />'

FRAGMENT = Lifecycle(
    "apim_policy_fragment",
    "policy fragment remove-credentials",
    create=Phase(
        {
            "fragments": [
                {
                    "name": "remove-credentials",
                    "description": "Removes what the client sent",
                    "value": f"<fragment>{_REMOVE_KEY}</fragment>",
                }
            ]
        },
        ["PUT policyFragments/remove-credentials"],
        {
            "policyFragments": {
                "remove-credentials": fragment(_REMOVE_KEY, description="Removes what the client sent"),
            }
        },
    ),
    modify=Phase(
        {
            "fragments": [
                {
                    "name": "remove-credentials",
                    "value": f"<fragment>{_TELL_REGION}</fragment>",
                    "format": "xml",
                }
            ]
        },
        ["PUT policyFragments/remove-credentials"],
        {
            "policyFragments": {
                "remove-credentials": fragment(_TELL_REGION, description="Removes what the client sent"),
            }
        },
    ),
    delete=Phase(
        {"state": "absent", "fragments": [{"name": "remove-credentials"}]},
        ["DELETE policyFragments/remove-credentials"],
        {},
    ),
)

_IDENTITY = {
    "display_name": "uami-client-id",
    "value": IDENTITY_CLIENT_ID,
    "secret": False,
    "tags": ["owner:platform"],
}
_GATEWAY = {
    "owner": "platform",
    "prune": True,
    "prune_delay": 0,
    "managed_identity": {"client_id": IDENTITY_CLIENT_ID},
    # One write at a time, so that writes of one kind have an order that can be compared.
    "parallelism": 1,
}
_ACCOUNTS = [{"name": name, "url": f"https://{name}.openai.azure.com"} for name in ("aoai-a", "aoai-b")]
_OWN = {"description": "[owner: platform]"}

GATEWAY = Lifecycle(
    "apim_llm_gateway",
    "pool gpt-4o-backend-pool",
    create=Phase(
        {
            **_GATEWAY,
            "backends": _ACCOUNTS,
            "pools": [
                {"name": "gpt-4o-backend-pool", "members": [{"backend": "aoai-a"}, {"backend": "aoai-b"}]},
            ],
            "fragments": [{"name": "remove-credentials", "value": f"<fragment>{_REMOVE_KEY}</fragment>"}],
        },
        [
            "PUT namedValues/uami-client-id",
            "PUT backends/aoai-a",
            "PUT backends/aoai-b",
            "PUT backends/gpt-4o-backend-pool",
            "PUT policyFragments/remove-credentials",
        ],
        {
            "namedValues": {"uami-client-id": _IDENTITY},
            "backends": {
                "aoai-a": single("aoai-a", **_OWN),
                "aoai-b": single("aoai-b", **_OWN),
                "gpt-4o-backend-pool": pool(("aoai-a", 1, 100), ("aoai-b", 1, 100), **_OWN),
            },
            "policyFragments": {"remove-credentials": fragment(_REMOVE_KEY, **_OWN)},
        },
    ),
    modify=Phase(
        {
            **_GATEWAY,
            "backends": _ACCOUNTS,
            "pools": [
                {"name": "gpt-4o-backend-pool", "members": [{"backend": "aoai-a", "weight": 5}, {"backend": "aoai-b"}]},
            ],
        },
        ["PUT backends/gpt-4o-backend-pool"],
        {
            "namedValues": {"uami-client-id": _IDENTITY},
            "backends": {
                "aoai-a": single("aoai-a", **_OWN),
                "aoai-b": single("aoai-b", **_OWN),
                "gpt-4o-backend-pool": pool(("aoai-a", 1, 5), ("aoai-b", 1, 100), **_OWN),
            },
            "policyFragments": {"remove-credentials": fragment(_REMOVE_KEY, **_OWN)},
        },
    ),
    delete=Phase(
        {**_GATEWAY, "backends": _ACCOUNTS[:1], "pools": []},
        ["DELETE backends/gpt-4o-backend-pool", "DELETE backends/aoai-b"],
        {
            "namedValues": {"uami-client-id": _IDENTITY},
            "backends": {"aoai-a": single("aoai-a", **_OWN)},
            "policyFragments": {"remove-credentials": fragment(_REMOVE_KEY, **_OWN)},
        },
    ),
)

LIFECYCLES = (BACKEND, POOL, NAMED_VALUE, FRAGMENT, GATEWAY)
