# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``apim_llm_gateway_probe``, which its documentation and its action plugin share.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from typing import Any

from ansible.module_utils.common.parameters import env_fallback
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.argument_spec import AUTH_ARGUMENT_SPEC
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.client_headers import client_problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import (
    LONGEST_P95,
    chat_problems,
    model_problems,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import API_TYPES
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import CHECKS, FAILOVER

#: What of the checks is made by one run: all of them, all but failover, or (FAILOVER) that alone.
ALL, CALM = "all", "calm"

PROBE_ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **AUTH_ARGUMENT_SPEC,
    "plan": {"type": "dict", "required": True},
    "apis": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "str", "required": True},
            "type": {"type": "str", "choices": list(API_TYPES), "default": API_TYPES[0]},
            "optional": {"type": "bool", "default": False},
        },
    },
    "checks": {
        "type": "list",
        "elements": "str",
        "choices": list(CHECKS),
        "default": [check for check in CHECKS if check != FAILOVER],
    },
    "phase": {"type": "str", "choices": [ALL, CALM, FAILOVER], "default": ALL},
    "subscription": {"type": "str", "default": "master"},
    "subscription_key": {"type": "str", "no_log": True},
    "subscriptions": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "headers": {"type": "dict", "default": {}, "no_log": True},
    "token_audience": {"type": "str", "default": "", "no_log": False},
    "concurrency": {"type": "int", "default": 4},
    "max_calls": {"type": "int", "default": 1000},
    "share_requests": {"type": "int", "default": 60},
    "latency_requests": {"type": "int", "default": 10},
    "max_p95_ms": {"type": "int", "default": 0},
    "request_timeout": {"type": "int", "default": 240},
    "chat_options": {"type": "dict", "default": {}},
    "models": {"type": "dict", "default": {}},
    "failover": {"type": "str", "choices": ["embedded", "address"], "default": "embedded"},
    "propagation_delay": {"type": "int", "default": 60},
    "emulator_admin_url": {"type": "str", "fallback": (env_fallback, ["APIM_EMULATOR_ADMIN_URL"])},
}

_RANGES = {
    "concurrency": (1, 64),
    "max_calls": (0, 1_000_000),
    "share_requests": (10, 1_000),
    "latency_requests": (0, 10_000),
    "max_p95_ms": (0, LONGEST_P95),
    "request_timeout": (1, 3600),
    "propagation_delay": (0, 3600),
}
# Parts of a plan that are used.
_PLAN = ("backends", "pools", "routes", "models")


def problems_of(params: dict[str, Any]) -> list[str]:
    """Return a sentence for each option that cannot be used; none holds a secret."""
    found = [
        f"{name} is {params[name]}: write a number from {lowest} to {highest}"
        for name, (lowest, highest) in _RANGES.items()
        if not lowest <= params[name] <= highest
    ]
    lacking = [name for name in _PLAN if not isinstance(params["plan"].get(name), list)]
    if lacking:
        problem = f"plan has no {', '.join(lacking)}: give what the filter citadel.ai_gateway.llm_routing_plan returns"
        found.append(problem)
    if not params["apis"]:
        found.append("apis is empty: list the APIs to try")
    if not params["checks"]:
        found.append(f"checks is empty: list some of {', '.join(CHECKS)}")
    paths = [each["path"].strip("/").lower() for each in params["apis"]]
    twice = sorted({path for path in paths if paths.count(path) > 1})
    found += [f"apis lists the path {path} more than once: list it once" for path in twice]
    key = params["subscription_key"] or ""
    if not (key.isascii() and key.isprintable()) or " " in key:
        found.append("subscription_key holds a space, a line break or another character that no key has: give it alone")
    found += client_problems(params["headers"], params["token_audience"])
    found += chat_problems(params["chat_options"], "chat_options")
    return found if lacking else [*found, *model_problems(params["models"], "models", params["plan"])]
