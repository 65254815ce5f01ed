# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of a validation as a probe returns them: of a good service, a bad one, a tiny one, and of many large ones."""

from __future__ import annotations

import random
from typing import Any

PRIMARY, SECONDARY, EXTERNAL = "aif-citadel-primary", "aif-citadel-secondary", "mistral-platform"
POOL = "gpt-4o-backend-pool"
SKIPPED = "no subscription key was given; set llm_validation_key"


def check(group: str, name: str, outcome: str = "passed", **others: Any) -> dict[str, Any]:
    """A check; one that failed has a message and a remedy."""
    told = {"message": f"{name} answered 404", "remedy": "Run the onboarding again."} if outcome == "failed" else {}
    return {
        "group": group,
        "name": name,
        "outcome": outcome,
        "message": "",
        "remedy": "",
        "duration_s": 0.12,
        **told,
        **others,
    }


def member(backend: str, priority: int = 1, weight: int = 100, deployment: str = "gpt-4o") -> dict[str, Any]:
    """A member of a route."""
    return {"backend": backend, "deployment": deployment, "priority": priority, "weight": weight}


def model(name: str, *members: dict[str, Any], aliases: tuple[str, ...] = ()) -> dict[str, Any]:
    """A model with one route: a pool if it has several members."""
    pooled = len(members) > 1
    route = f"{name}-backend-pool" if pooled else members[0]["backend"]
    hop = {"route": route, "pooled": pooled, "members": list(members)}
    return {"name": name, "aliases": list(aliases), "hops": [hop]}


def chain(name: str, *models: dict[str, Any]) -> dict[str, Any]:
    """A model that tries the routes of others one after the other."""
    return {"name": name, "aliases": [], "hops": [hop for each in models for hop in each["hops"]]}


def share(name: str, served: dict[str, tuple[int, int]], p_value: float | None = 0.82) -> dict[str, Any]:
    """What the members of a pool served: weight and requests by backend."""
    weights = sum(weight for weight, _ in served.values())
    return {
        "pool": f"{name}-backend-pool",
        "model": name,
        "requests": sum(count for _, count in served.values()),
        "p_value": p_value,
        "outcome": "failed" if p_value is not None and p_value < 0.001 else "passed",
        "members": [
            {"backend": backend, "priority": 1, "weight": weight, "expected": weight / weights, "served": count}
            for backend, (weight, count) in served.items()
        ],
    }


def latency(name: str, backend: str, median: float, requests: int = 40, seed: int = 1) -> dict[str, Any]:
    """Latencies around a median, with the long tail that those of LLMs have."""
    numbers = random.Random(f"{name}{backend}{seed}")
    samples = sorted(round(median * numbers.lognormvariate(0, 0.35), 2) for _ in range(requests))
    return {
        "model": name,
        "backend": backend,
        "requests": requests,
        **{f"p{part}_ms": samples[min(requests - 1, requests * part // 100)] for part in (50, 95, 99)},
        "samples_ms": samples,
    }


def failover(*, healthy: bool = True, name: str = "gpt-4o") -> dict[str, Any]:
    """What a pool did while its first member answered 429 for two seconds: others took over, or clients got errors."""
    events = []
    for position in range(60):
        at = 12.5 + position * 70
        failing = 1000 <= at <= 3000
        is_open = 1200 <= at <= 3600
        attempts = [{"backend": PRIMARY, "status": 429}] if failing and not is_open else []
        backend = SECONDARY if failing or is_open else PRIMARY
        events.append({"at_ms": at, "status": 200, "backend": backend, "attempts": attempts})
        if failing and not healthy:
            events[-1].update(status=429, backend=None, attempts=[{"backend": PRIMARY, "status": 429}])
    return {
        "pool": f"{name}-backend-pool",
        "model": name,
        "backend": PRIMARY,
        "cause": "answers 429",
        "failing_from_ms": 1000,
        "failing_to_ms": 3000,
        "events": events,
        "breaker": [{"backend": PRIMARY, "open_from_ms": 1200, "open_to_ms": 3600}] if healthy else [],
    }


def result(service: str = "apim-load-balancing", **parts: Any) -> dict[str, Any]:
    """A result without checks and parts; its outcome is that of the checks given."""
    failed = any(each["outcome"] == "failed" for each in parts.get("checks", []))
    return {
        "service": service,
        "resource_group": "rg-citadel-governance-hub",
        "gateway_url": f"https://{service}.azure-api.net",
        "sku": "Developer",
        "location": "Sweden Central",
        "started": "2026-11-30T10:00:00Z",
        "duration_s": 12.3,
        "outcome": "failed" if failed else "passed",
        "calls": {"planned": 120, "made": 120},
        "checks": [],
        "models": [],
        "backends": [],
        "shares": [],
        "latency": [],
        "failover": [],
        "streaming": [],
        **parts,
    }


def good(service: str = "apim-load-balancing") -> dict[str, Any]:
    """All passed but for what a run without keys leaves out."""
    checks = [
        check("configuration", "the gateway has what the inventory declares"),
        check("prerequisites", "managed identity uami-citadel"),
        check("connectivity", f"https://{service}.azure-api.net answers"),
        *(check("models", f"{name} by POST /models/chat/completions") for name in ("gpt-4o", "gpt-4o-mini", "Phi-4")),
        check("streaming", "gpt-4o"),
        check("listing", "GET /deployments"),
        check("access", "a product without gpt-4o", "skipped", message=SKIPPED),
        check("access", "a key that was revoked", "skipped", message=SKIPPED),
        check("shares", POOL, message="p = 0.82"),
        check("failover", POOL),
        check("latency", "p95 of gpt-4o"),
        check("secrets", "no secret in an answer"),
    ]
    balanced = model("gpt-4o", member(PRIMARY, weight=70), member(SECONDARY, weight=30), aliases=("gpt-4-omni",))
    return result(
        service,
        checks=checks,
        models=[
            balanced,
            chain("gpt-4o-ptu", model("gpt-4o-ptu", member("aif-citadel-ptu")), balanced),
            model("gpt-4o-mini", member(PRIMARY)),
            model("Phi-4", member(PRIMARY), member(SECONDARY, priority=2)),
        ],
        backends=[
            {"name": PRIMARY, "host": "aif-primary.cognitiveservices.azure.com", "type": "ai-foundry"},
            {"name": "aif-citadel-ptu", "host": "aif-ptu.openai.azure.com", "type": "azure-openai"},
            {"name": SECONDARY, "host": "aif-secondary.cognitiveservices.azure.com", "type": "ai-foundry"},
        ],
        shares=[share("gpt-4o", {PRIMARY: (70, 42), SECONDARY: (30, 18)})],
        latency=[
            latency("gpt-4o", PRIMARY, 310),
            latency("gpt-4o", SECONDARY, 420),
            latency("gpt-4o-mini", PRIMARY, 140),
            latency("Phi-4", PRIMARY, 95),
        ],
        failover=[failover()],
        streaming=[{"model": "gpt-4o", "first_chunk_ms": 20.0, "total_ms": 120.0, "chunks": 9}],
    )


def bad() -> dict[str, Any]:
    """Wrong shares, a failover that did not happen, a model that is not there, and fewer calls than planned."""
    found = good("apim-mixed-providers")
    remedies = {
        "shares": "Compare the weights of the pool with those of the inventory and run the onboarding again.",
        "failover": "Give the pool a second healthy member, and check that its circuit breaker counts 429.",
        "models": (
            "Deploy Phi-4 to the account aif-citadel-primary, or take it off supported_models of this backend; "
            "see https://learn.microsoft.com/azure/ai-foundry/how-to/deploy-models-managed for how."
        ),
    }
    messages = {
        "shares": f"{PRIMARY} served 58 of 60 requests, 96.7 %, where its weight stands for 70.0 %; p < 0.001",
        "failover": f"29 of 60 requests ended with 429 while {PRIMARY} answered 429; {SECONDARY} took none of them",
        "models": 'Phi-4 answered 404: {"error": {"code": "DeploymentNotFound", "message": "<none> & no reason"}}',
    }
    failing = {POOL, "Phi-4 by POST /models/chat/completions"}
    for each in found["checks"]:
        if each["name"] in failing:
            each.update(outcome="failed", message=messages[each["group"]], remedy=remedies[each["group"]])
    latencies = [entry for entry in found["latency"] if entry["model"] != "Phi-4"]
    return {
        **found,
        "outcome": "failed",
        "calls": {"planned": 120, "made": 117},
        "shares": [share("gpt-4o", {PRIMARY: (70, 58), SECONDARY: (30, 2)}, p_value=0.00001)],
        "latency": [*latencies, latency("gpt-4o", EXTERNAL, 2900)],
        "failover": [failover(healthy=False)],
        "streaming": [],
    }


def tiny() -> dict[str, Any]:
    """One model behind one backend; nothing was measured."""
    return result(
        "apim-1",
        checks=[check("models", "gpt-4o by POST /openai/deployments/gpt-4o/chat/completions")],
        calls={"planned": 1, "made": 1},
        duration_s=0.41,
        models=[model("gpt-4o", member("foundry"))],
        backends=[{"name": "foundry", "host": "foundry.openai.azure.com", "type": "azure-openai"}],
    )


def large(services: int = 10, models: int = 40) -> list[dict[str, Any]]:
    """Several services with many models each, half of them pooled; every third service has failures."""
    return [_large(f"apim-region-{number:02}", number, models) for number in range(services)]


def _large(service: str, number: int, count: int) -> dict[str, Any]:
    backends = [f"aif-citadel-{region}" for region in ("sweden", "france", "germany-west-central", "norway-east")]
    names = [f"model-{position:03}-instruct-v{position % 7}" for position in range(count)]
    chosen = [(name, backends[position % 4], backends[(position + 1) % 4]) for position, name in enumerate(names)]
    pooled = chosen[::2]
    failing = names[:3] if number % 3 == 0 else []
    checks = [
        check("models", f"{name} by POST /models/chat/completions", "failed" if name in failing else "passed")
        for name in names
    ]
    checks += [check("failover", f"{name}-backend-pool", "skipped", message=SKIPPED) for name, _, _ in pooled[1:]]
    return result(
        service,
        checks=checks,
        calls={"planned": 60 * count, "made": 60 * count},
        duration_s=312.0,
        models=[
            model(name, *(member(each) for each in ((first, second) if (name, first, second) in pooled else (first,))))
            for name, first, second in chosen
        ],
        backends=[{"name": name, "host": f"{name}.services.ai.azure.com", "type": "ai-foundry"} for name in backends],
        shares=[share(name, {first: (100, 31), second: (100, 29)}, 0.797) for name, first, second in pooled],
        latency=[
            latency(name, backend, 120 + 11 * position, seed=number)
            for position, (name, first, second) in enumerate(chosen)
            for backend in ((first, second) if (name, first, second) in pooled else (first,))
        ],
        failover=[failover(name=pooled[0][0])],
        streaming=[{"model": name, "first_chunk_ms": 20.0, "total_ms": 120.0, "chunks": 9} for name in names],
    )
