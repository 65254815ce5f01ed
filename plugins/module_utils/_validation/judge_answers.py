# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges single answers: of models, streams, lists, and to what must be refused.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import (
    Check,
    failed,
    passed,
    skipped,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.held_back import held_back
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.observations import Observation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.questions import Unasked
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import Topology

# Member of a JSON answer that holds what was asked for.
_ANSWERS = {"chat": "choices", "completions": "choices", "embeddings": "data", "images": "data", "responses": "output"}
# One piece would be a whole answer in another dress.
_FEWEST_PIECES = 2
_AGAIN = "run playbooks/onboard.yml for this inventory, and validate again"
_REMEDIES = {
    "unsupported_model": f"the fragments of the gateway do not route it: {_AGAIN}",
    "missing_model_parameter": f"the policy of the API does not find the model: {_AGAIN}",
    "backend_unavailable": "look at the backends under connectivity: the breakers of all of them are open",
    "backend_timeout": "look at the backend's load, and at the network between API Management and it",
    "backend_unreachable": "check the endpoint, and the network from API Management to it",
}
_STATUS_REMEDIES = {
    401: "give the managed identity its role on the account, or check the credential; --tags preflight tells which",
    403: "check what the subscription may use, and the network rules of the account",
    404: "check that the account has this deployment, and the API this operation",
    410: "the model has been retired: deploy a newer version",
    429: "the backend is not dead: raise its quota, add a backend, or validate when there is less traffic",
}
_OWN_LIMIT = "the gateway itself refuses: raise the limit of its rate-limit, quota or llm-token-limit policies"
_OWN_REFUSAL = (
    "the gateway itself refuses: check llm_validation_subscription or llm_validation_subscription_key, and whether its "
    "policies demand a token (llm_validation_headers, llm_validation_token_audience)"
)
_NO_TEXT = "look at the answer of the provider: its events are none of a chat, or it writes nothing"
_TOO_SHORT = "raise the limit of tokens in llm_validation_chat_options: thinking counts, too"
_UNBUFFER = (
    'set buffer-response="false" in the forward-request of the API; let no policy of the API, its products or all APIs '
    "read the body of a response, cache or log it; if a content filter collects, let it run asynchronously"
)


def judge_models(
    observations: Sequence[Observation], unasked: Sequence[Unasked], topology: Topology
) -> Iterator[Check]:
    """Yield a check for each model by each operation."""
    for observation in observations:
        yield _judged("models", observation, _fault(observation, topology))
    for each in unasked:
        yield skipped("models", f"{each.model} by {each.api}", each.reason)


def judge_streams(observations: Sequence[Observation]) -> Iterator[Check]:
    """Yield a check for each stream: it must come in several parts, as they are written, and to its end."""
    for observation in observations:
        if not observation.is_good:
            yield _judged("streaming", observation, observation.outcome)
            continue
        fault, remedy = _stream_fault(observation)
        name, took = observation.question.title, observation.duration_ms
        if fault:
            yield failed("streaming", name, fault, remedy, duration_ms=took)
        else:
            yield _judged("streaming", observation, "", _pace(observation))


def _stream_fault(observation: Observation) -> tuple[str, str]:
    """Say what is wrong with a stream that came to its end, and what to do about it; empty when nothing is."""
    pieces = observation.pieces
    if len(pieces) < _FEWEST_PIECES:
        return f"the answer came in {len(pieces)} pieces, not as a stream", _UNBUFFER
    if not observation.parts:
        fault = f"none of its {len(pieces)} pieces holds a part of an answer"
        if observation.was_cut_short:
            return f"{fault}: the limit of tokens was reached before", _TOO_SHORT
        return fault, _NO_TEXT
    return held_back(pieces, observation.duration_ms), _UNBUFFER


def _pace(observation: Observation) -> str:
    """Tell when the parts of a stream came."""
    parts = observation.parts
    return f"{len(parts)} parts, the first after {parts[0].at_ms:.0f} ms, the last after {parts[-1].at_ms:.0f} ms"


def _judged(group: str, observation: Observation, fault: str, told: str = "") -> Check:
    name, took = observation.question.title, observation.duration_ms
    if not fault:
        before = _before(observation)
        return passed(group, name, f"{told}; {before}" if told and before else told or before, duration_ms=took)
    return failed(group, name, fault, remedy_for(observation), duration_ms=took)


def _before(observation: Observation) -> str:
    """Tell what was answered before the good answer; empty when that was the first one."""
    statuses = ", ".join(f"HTTP {each.status}" for each in observation.others)
    return f"asked {len(observation.others) + 1} times, before answered {statuses}" if statuses else ""


def remedy_for(observation: Observation) -> str:
    """Return what to do about an answer that is not the right one."""
    default = "look at the trace or the logs of the API in API Management"
    if observation.status is None:
        return "check the gateway's URL, and the network from here to it"
    if 300 <= observation.status < 400:
        return "check the gateway's URL, and what stands before it: an API answers without redirects"
    was_asked = observation.attempts != []  # also where no trace tells
    if observation.is_throttled and not was_asked:
        return _OWN_LIMIT
    if observation.status in (401, 403) and (not was_asked or "subscription key" in observation.message):
        return _OWN_REFUSAL
    return _REMEDIES.get(observation.code) or _STATUS_REMEDIES.get(observation.status, default)


def _fault(observation: Observation, topology: Topology) -> str:
    """Say what is wrong with the answer of a model; empty when nothing is."""
    question = observation.question
    if not observation.is_good:
        return observation.outcome
    member = _ANSWERS[question.capability]
    content = observation.content
    if not isinstance(content, Mapping) or not content.get(member):
        return f"the answer has no {member}"
    return _misrouted(observation, topology)


def _misrouted(observation: Observation, topology: Topology) -> str:
    """Say by what a good answer seems to be that of something else; empty when it does not."""
    question = observation.question
    if observation.attempts:
        last = observation.attempts[-1]
        if topology.member_of(question.model, last.url) is None:
            return f"{last.url} answered, which the inventory does not list for it"
        if deployment := topology.misdirected(question.model, last.url):
            return f"the deployment {deployment} answered, which the inventory does not list for it there"
    routes = [route.name for route in topology.chain(question.model)]
    if observation.route and observation.route not in routes:
        return f"the route {observation.route} answered, not {' or '.join(routes)}"
    names = [_in_header(name) for name in topology.names(question.model)]
    if observation.model and _in_header(observation.model) not in names:
        return "its header x-llm-model names another model"
    return ""


def _in_header(name: str) -> str:
    """Return a name of a model as ``x-llm-model`` has it, which has question marks for what no header can hold."""
    return re.sub(r"[^!->@-~]+", "?", name).lower()


def judge_lists(observations: Sequence[Observation], plan: Mapping[str, Any]) -> Iterator[Check]:
    """Yield a check for each list of deployments: every deployment of the inventory must have its entry.

    A list has one spelling of a model's name, whichever the backends have.
    """
    models = plan["models"]
    expected = sorted({(model["name"], each["backend_id"]) for model in models for each in model["deployments"]})
    for observation in observations:
        entries = _listed(observation)
        if entries is None:
            yield _judged("listing", observation, _no_list(observation))
            continue
        names = [(str(each.get("name")).lower(), str(each.get("id"))) for each in entries]
        missing = [f"{model} of {backend}" for model, backend in expected if (model.lower(), backend) not in names]
        took = observation.duration_ms
        if missing:
            yield failed("listing", observation.question.title, f"it lacks {_some(missing)}", _AGAIN, duration_ms=took)
        else:
            yield _judged("listing", observation, "", f"{len(names)} deployments")


def _listed(observation: Observation) -> Sequence[Mapping[str, Any]] | None:
    """Return the entries of a list; None when the answer is none."""
    content = observation.content
    entries = content.get("value") if observation.is_good and isinstance(content, Mapping) else None
    is_list = isinstance(entries, list) and all(isinstance(each, Mapping) for each in entries)
    return entries if is_list else None


def _no_list(observation: Observation) -> str:
    return "the answer is no list of deployments" if observation.is_good else observation.outcome


def judge_entries(observations: Sequence[Observation]) -> Iterator[Check]:
    """Yield a check for each entry of a list that was asked for by its name, in whatever case the list has that."""
    for observation in observations:
        content, model = observation.content, observation.question.model
        is_right = isinstance(content, Mapping) and str(content.get("name")).lower() == model.lower()
        fault = "" if is_right else f"the answer is not the entry of {model}"
        yield _judged("listing", observation, fault if observation.is_good else observation.outcome)


def judge_unknown(observations: Sequence[Observation]) -> Iterator[Check]:
    """Yield a check for each request that names no model of any inventory: it must be refused as such."""
    for observation in observations:
        question = observation.question
        name = f"an unknown model by {question.operation}"
        if observation.status == 400 and observation.code == "unsupported_model":
            yield passed("access", name, duration_ms=observation.duration_ms)
        else:
            yield failed(
                "access",
                name,
                f"it is answered {observation.outcome}, not HTTP 400 unsupported_model",
                "a defaultBackendPool of a product takes unknown models; otherwise " + _AGAIN,
                duration_ms=observation.duration_ms,
            )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
