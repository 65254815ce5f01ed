# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges backends by the requests that the gateway sent them: whether they answer, and which secrets they were shown.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.judge_unreached import (
    OTHER_REMEDY,
    REMEDIES,
    THROTTLED,
    Unproven,
    judge_unreached,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Attempt, Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

# From this share of failures on a backend is not taken to be well; single ones happen at every provider.
_FAILING_SHARE = 0.2
#: Headers in which clients and gateways show who they are.
CREDENTIAL_HEADERS = frozenset({"authorization", "api-key", "ocp-apim-subscription-key", "x-api-key", "cookie"})


def judge_backends(
    observations: Sequence[Observation],
    topology: Topology,
    untraced: str,
    credentials: Mapping[str, frozenset[str]],
    unproven: Unproven,
) -> Iterator[Check]:
    """Yield checks of groups ``connectivity`` and ``secrets`` for each backend, and for what is none of the plan.

    :param untraced: why the gateway does not tell whom it asked; empty when it does.
    :param credentials: names, in lower case, of the headers in which each backend expects its own credential; not of
        backends whose credentials are nobody's business here.
    :param unproven: what is known of backends that no request for a model reached.
    """
    if observations and all(each.attempts is None for each in observations):
        untraced = untraced or "the gateway kept no trace of any request"
    attempts, strange = _attempts_by_backend(observations, topology)
    accounts = topology.accounts()
    for backend in topology.shown_backends():
        name = backend["name"]
        sent = attempts.get(name, [])
        if not sent:
            reason = untraced or _why_unasked(name, topology)
            yield judge_unreached(name, accounts[name], reason, unproven)
            continue
        yield _connectivity(name, sent)
        yield _secrets(name, sent, credentials.get(name, CREDENTIAL_HEADERS))
    for url, number in sorted(strange.items()):
        message = f"{number} requests went there, which the inventory does not list for their models"
        yield failed("connectivity", url, message, "run playbooks/onboard.yml for this inventory, and validate again")


def reached(observations: Sequence[Observation], topology: Topology) -> set[str]:
    """Return the backends that requests for models went to, as far as the gateway tells."""
    return set(_attempts_by_backend(observations, topology)[0])


def _attempts_by_backend(
    observations: Sequence[Observation], topology: Topology
) -> tuple[dict[str, list[Attempt]], Counter[str]]:
    """Return what was sent to each backend of the plan, and how much to each other URL."""
    found: dict[str, list[Attempt]] = {}
    strange: Counter[str] = Counter()
    for observation in observations:
        for attempt in observation.attempts or ():
            member = topology.member_of(observation.question.model, attempt.url)
            if member is None:
                strange[attempt.url] += 1
            else:
                found.setdefault(member.backend, []).append(attempt)
    return found, strange


def _why_unasked(name: str, topology: Topology) -> str:
    """Say why no request went to a backend."""
    twins = topology.namesakes(name)
    if twins:
        return f"it has one URL with {', '.join(twins)}: traces do not tell which of them was asked"
    return "no request reached it: it stands behind others, or its weight is too small for so few requests"


def _connectivity(name: str, sent: Sequence[Attempt]) -> Check:
    statuses = Counter(attempt.status for attempt in sent if attempt.failed)
    number = sum(statuses.values())
    worst = max(statuses, key=lambda status: (status != THROTTLED, statuses[status]), default=200)
    only_throttled = set(statuses) == {THROTTLED}
    if only_throttled and number == len(sent):
        message = f"throttled: {_told(statuses)} in {number} requests; {REMEDIES[THROTTLED]}"
        return skipped("connectivity", name, message)
    if not number or only_throttled or number < _FAILING_SHARE * len(sent):
        note = f"; {_told(statuses)}" if number else ""
        return passed("connectivity", name, f"{len(sent)} requests{note}")
    message = f"{number} of {len(sent)} requests failed: {_told(statuses)}"
    return failed("connectivity", name, message, REMEDIES.get(worst, OTHER_REMEDY))


def _told(statuses: Counter[int | None]) -> str:
    ordered = sorted(statuses.items(), key=lambda item: (-item[1], item[0] or 0))
    return ", ".join(
        f"{number} times {'no answer' if status is None else f'HTTP {status}'}" for status, number in ordered
    )


def _secrets(name: str, sent: Sequence[Attempt], own: frozenset[str]) -> Check:
    title = f"requests to {name}"
    if any(attempt.carries_key for attempt in sent):
        remedy = "delete the key's header and query parameter in the policy of the API, as the shipped fragments do"
        return failed("secrets", title, "they carry the subscription key of the caller", remedy)
    foreign = sorted({each for attempt in sent for each in attempt.headers if each in CREDENTIAL_HEADERS - own})
    if foreign:
        remedy = "delete these headers in the policy of the API, or set auth_scheme and credential of the backend"
        return failed("secrets", title, f"they carry credentials that it is not to see: {', '.join(foreign)}", remedy)
    return passed("secrets", title)
