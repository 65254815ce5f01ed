# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action ``apim_llm_gateway_probe``: runs on the controller, where it can tell how far it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.client import ArmClient, create_client
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ClientError, ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._gateway import read_gateway
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.argument_spec import (
    ALL,
    CALM,
    PROBE_ARGUMENT_SPEC,
    problems_of,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.asking import Asker
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.client_headers import ClientHeaders
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.failing import try_failovers
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.faults import (
    AddressFault,
    EmbeddedFault,
    Fault,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.gateway import GatewayClient
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.products import (
    ProductQuestions,
    product_questions,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.service import ServiceReader
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.tracing import Tracer
from ansible_collections.citadel.ai_gateway.plugins.module_utils._probe.validation import Validation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation import schedule as scheduled
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.budget import LIMIT, Budget
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import CALLS, skipped
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.model_options import ModelOptions
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.schedule import FAILOVER
from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.topology import (
    Topology,
    credential_headers,
)

Params = dict[str, Any]


def _phase_of(check: str) -> str:
    return FAILOVER if check == FAILOVER else CALM


# Checks whose requests go to backends while all is well.
_ASKING = {scheduled.MODELS, scheduled.STREAMING, scheduled.SHARES, scheduled.LATENCY}
_REPEATING = {scheduled.SHARES, scheduled.LATENCY}
_ALLOWED = "failover: address (llm_validation_failover)"
_NO_FAULT = (
    f"only providers of the embedded Azure can be told to fail; {_ALLOWED} allows to give a backend an address where "
    "nobody is, for a while"
)
_UNREACHED = "raise llm_validation_share_requests"


class ActionModule(ActionBase):
    """Asks a gateway, and returns what was found."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the result of the task."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        # ansible-core annotates only a part of it.
        _validation, params = self.validate_argument_spec(PROBE_ARGUMENT_SPEC)  # type: ignore[no-untyped-call]
        host = (task_vars or {}).get("inventory_hostname", params["service_name"])
        try:
            problems = problems_of(params)
            if problems:
                raise ConfigurationError(problems)
            probe = _Probe(params, lambda text: self._display.display(f"{host}: {text}"))
            return {**result, "changed": False, **probe.run(check_mode=self._task.check_mode)}
        except LimitExceeded as error:
            return {**result, "failed": True, "msg": str(error), "group": CALLS}
        except ClientError as error:
            return {**result, "failed": True, "msg": str(error)}


class LimitExceeded(ConfigurationError):
    """The checks that are wanted need more requests than they may make."""


class _Probe:
    """One run of the action."""

    def __init__(self, params: Params, tell: Callable[[str], None]) -> None:
        self._params = params
        self._tell = tell
        self._client: ArmClient = create_client(params)
        further = ClientHeaders(self._client, params["headers"], params["token_audience"])
        self._reader = ServiceReader(self._client, params["parallelism"], further)
        self._topology = Topology(params["plan"])
        self._options = ModelOptions(params["chat_options"], params["max_p95_ms"], params["models"])
        self._products = self._reader.products(params["subscriptions"]) if scheduled.ACCESS in params["checks"] else []
        self._fault = self._way_to_fail() if FAILOVER in params["checks"] else None
        # What is made now; the limit and the announcement are for all checks.
        self._now = [each for each in params["checks"] if params["phase"] in (ALL, _phase_of(each))]

    def run(self, *, check_mode: bool) -> dict[str, Any]:
        """Make the checks and return the parts of the result that they give."""
        params, began = self._params, datetime.now(UTC)
        gateway = read_gateway(self._client).shown
        if not gateway["url"]:
            raise ConfigurationError([f"the service {gateway['name']} has no URL of a gateway yet: try again later"])
        apis = self._reader.apis(params["apis"])
        products = product_questions(params["plan"], apis, self._reader.restricted(self._products), self._options)
        schedule = self._schedule(apis)
        schedule.products = sum(each.allowed is not None for each in products)
        self._fit(schedule)
        planned = sum(number for check, number in schedule.counts().items() if check in self._now)
        self._tell(f"{self._announced(schedule, planned)}; {params['concurrency']} at a time")
        found: dict[str, Any] = {
            "gateway": gateway,
            "models": self._topology.shown_models(),
            "backends": self._topology.shown_backends(),
            "checks": [],
            "calls": {"planned": planned, "made": 0},
        }
        if check_mode:
            reason = f"check mode makes no requests; it would make {schedule.told()}"
            found["checks"] = [skipped(name, "requests", reason).shown() for name in self._now]
        else:
            validated = self._validate(gateway, apis, schedule, products)
            found["calls"]["made"] = validated.pop("made")
            found |= validated
        found["started"] = began.strftime("%Y-%m-%dT%H:%M:%SZ")
        found["duration_s"] = round((datetime.now(UTC) - began).total_seconds(), 1)
        return found

    def _schedule(self, apis: list[dict[str, str]]) -> scheduled.Schedule:
        params = self._params
        limits = scheduled.Limits(params["share_requests"], params["latency_requests"])
        checks = [each for each in params["checks"] if each != FAILOVER or self._fault is not None]
        return scheduled.schedule_of(params["plan"], apis, checks=checks, limits=limits, options=self._options)

    def _fit(self, schedule: scheduled.Schedule) -> None:
        limit = self._params["max_calls"]
        schedule.fit(limit)
        if schedule.calls > limit:
            remedy = (
                f"raise {LIMIT}, lower llm_validation_latency_requests (latency_requests), or leave out checks of "
                "llm_validation_checks or models of llm_validation_models (skip)"
            )
            raise LimitExceeded([f"max_calls is {limit}, but this makes {schedule.told()}; {remedy}"])

    def _announced(self, schedule: scheduled.Schedule, planned: int) -> str:
        """Return how many requests go to LLMs, for all checks together; later phases repeat only their part of it."""
        if self._params["phase"] != FAILOVER or planned == schedule.calls:
            return schedule.told()
        return f"{planned} of the {schedule.calls} requests to LLMs are for failover"

    def _validate(
        self,
        gateway: Mapping[str, Any],
        apis: list[dict[str, str]],
        schedule: scheduled.Schedule,
        products: Sequence[ProductQuestions],
    ) -> dict[str, Any]:
        params, checks = self._params, self._now
        secrets = [*params["secrets"], params["subscription_key"] or ""]
        further = [str(value) for value in params["headers"].values()]
        client = GatewayClient(gateway["url"], params["concurrency"], params["request_timeout"], secrets, further)
        spare = schedule.spare if params["phase"] != FAILOVER else 0
        asker = Asker(client, Tracer(self._client), params["concurrency"], Budget(spare))
        key = params["subscription_key"]
        access = self._reader.access_by(key, apis) if key else self._reader.access(params["subscription"], apis)
        validation = Validation(params["plan"], apis, schedule, asker, access, self._tell)
        if scheduled.LISTING in checks:
            validation.check_lists()
        if scheduled.MODELS in checks:
            validation.check_models()
        if scheduled.STREAMING in checks:
            validation.check_streams()
        if not _REPEATING.isdisjoint(checks):
            validation.measure(self._options, latency=scheduled.LATENCY in checks)
        if scheduled.ACCESS in checks:
            validation.check_access(products, self._reader)
            validation.judge_leaks(self._reader, self._products)
        credentials = credential_headers(params["plan"])
        if not _ASKING.isdisjoint(checks):
            validation.judge_backends(credentials, self._how_to_reach())
        if FAILOVER in checks and self._fault is not None:
            trials = try_failovers(schedule.failovers, self._fault, asker, access, self._topology, self._tell)
            validation.judge_failovers(trials, credentials, self._how_to_reach())
        elif FAILOVER in checks:
            validation.checks.append(skipped("failover", "pools", _NO_FAULT))
        validation.judge_answers()
        return {
            "checks": [check.shown() for check in validation.checks],
            "made": asker.asked,
            **validation.measured,
        }

    def _how_to_reach(self) -> str:
        """Say what lets requests reach a backend that stands behind others."""
        if self._fault is None:
            return f"{_UNREACHED}, and let others fail: failover in llm_validation_checks, by {_ALLOWED}"
        return f"{_UNREACHED}, or see why failover left it out"

    def _way_to_fail(self) -> Fault | None:
        """Return the way to let a member fail; None where there is none that was allowed."""
        params = self._params
        if params["failover"] == "address":
            return AddressFault(lambda: create_client(params), params["propagation_delay"])
        admin = params["emulator_admin_url"]
        return EmbeddedFault(admin, f"{params['resource_group']}/{params['service_name']}") if admin else None
