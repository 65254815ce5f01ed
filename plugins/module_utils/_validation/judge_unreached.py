# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges backends that no request for a model reached: by what their accounts answer for what they store.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation

THROTTLED = 429
_UNAUTHORIZED, _FORBIDDEN = 401, 403
_SUCCESS, _SERVER_ERROR = range(200, 300), 500
#: Status code that a backend answers, or None for no answer -> what to do about it.
REMEDIES = {
    None: "check its endpoint, that it runs, and the network from API Management to it",
    _UNAUTHORIZED: "give the managed identity its role on the account, or check the credential; "
    "--tags preflight tells which",
    _FORBIDDEN: "check the role of the managed identity, and the network rules of the account",
    404: "check its endpoint, and that it has the deployments that the inventory lists",
    THROTTLED: "raise its quota, or add a backend",
}
#: What to do about any other answer.
OTHER_REMEDY = "look at the provider's own status and logs"


@dataclass(frozen=True)
class Unproven:
    """What is known of backends that no request for a model reached.

    :ivar answers: account to its answer for what it stores.
    :ivar remedy: what lets requests reach a backend.
    :ivar later: backends that have to serve when others are made to fail.
    """

    answers: Mapping[str, Observation] = field(default_factory=dict)
    remedy: str = ""
    later: Collection[str] = ()


def judge_unreached(name: str, account: str, reason: str, unproven: Unproven) -> Check:
    """Return the check of a backend.

    An answer of success proves its endpoint and its credential, though not the deployment; that the credential is
    refused, that it fails or is silent is a failure; any other answer proves only that somebody is there.

    :param reason: why no request reached it.
    """
    answer = unproven.answers.get(account)
    told = f"{reason}: unproven"
    if answer is None or _is_refused_before(answer):
        return skipped("connectivity", name, f"{told}; {_how(name, unproven)}")
    status = answer.attempts[-1].status if answer.attempts else answer.status
    what = f"{reason}; asked for {answer.question.operation} its account {account}"
    if status in _SUCCESS:
        return passed("connectivity", name, f"{what} answers HTTP {status}")
    if status in (None, _UNAUTHORIZED, _FORBIDDEN) or status >= _SERVER_ERROR:
        shown = f"does not answer ({answer.outcome})" if status is None else f"answers {answer.outcome}"
        return failed("connectivity", name, f"{what} {shown}", REMEDIES.get(status, OTHER_REMEDY))
    proof = f"answers HTTP {status}, which proves no more than that it is there"
    return skipped("connectivity", name, f"{what} {proof}; {_how(name, unproven)}")


def _is_refused_before(answer: Observation) -> bool:
    """Tell whether the gateway answered by itself: traces say so, or its own codes where there are none."""
    if answer.attempts is None:
        return answer.code in ("backend_pool_access_forbidden", "backend_unavailable", "OperationNotFound")
    return not answer.attempts


def _how(name: str, unproven: Unproven) -> str:
    return "failover makes it serve" if name in unproven.later else unproven.remedy
