# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the variables of a validation say that cannot be: told before anything is asked.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import CALLS, GROUPS
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.client_headers import client_problems
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import (
    chat_problems,
    model_problems,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import (
    ACCESS,
    CHECKS,
    FAILOVER,
    LATENCY,
    MODELS,
    SHARES,
    STREAMING,
)

_PREFIX = "llm_validation_"
#: All that an inventory can have checked, in the order in which it is.
ALL_CHECKS = ("configuration", "prerequisites", *CHECKS)
# Groups of checks that come with others.
_COME_WITH = {
    CALLS: CHECKS,
    "secrets": (ACCESS,),
    "connectivity": (MODELS, STREAMING, SHARES, LATENCY, FAILOVER),
}


def settings_problems(
    plan: Mapping[str, Any],
    *,
    checks: Sequence[str],
    required: Sequence[str],
    models: Any,
    chat_options: Any,
    headers: Any,
    token_audience: str,
) -> list[str]:
    """Return a sentence for each variable of a validation that cannot be used; none holds a secret.

    :param plan: a plan of the filter ``llm_routing_plan``.
    """
    return [
        *_check_problems(checks),
        *_required_problems(required, checks),
        *model_problems(models, f"{_PREFIX}models", plan),
        *chat_problems(chat_options, f"{_PREFIX}chat_options"),
        *client_problems(headers, token_audience, _PREFIX),
    ]


def _check_problems(checks: Sequence[str]) -> Iterator[str]:
    if isinstance(checks, str):
        yield f"{_PREFIX}checks is the text {checks!r}: write a list, such as [{', '.join(checks.split(','))}]"
        return
    if not checks:
        yield f"{_PREFIX}checks is empty: list some of {', '.join(ALL_CHECKS)}"
    for name in checks:
        if name not in ALL_CHECKS:
            yield f"{_PREFIX}checks has {name}, which is none: list some of {', '.join(ALL_CHECKS)}"


def _required_problems(required: Sequence[str], checks: Sequence[str]) -> Iterator[str]:
    if isinstance(required, str):
        yield f"{_PREFIX}required is the text {required!r}: write a list, such as [{', '.join(required.split(','))}]"
        return
    for name in required:
        if name not in GROUPS:
            yield f"{_PREFIX}required has {name}, which is no group of checks: list some of {', '.join(GROUPS)}"
        elif not set(_COME_WITH.get(name, (name,))) & set(checks):
            needed = " or ".join(_COME_WITH.get(name, (name,)))
            yield f"{_PREFIX}required has {name}, which is not checked: add {needed} to {_PREFIX}checks"
