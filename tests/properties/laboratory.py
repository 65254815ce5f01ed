# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Onboards one inventory after the other in the embedded Azure, and checks what must hold for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from ansible.module_utils.parsing.convert_bool import boolean

from tests.gateway.gateway import Gateway
from tests.integration.harness import Azure, Service
from tests.properties.cases import Case, Example
from tests.properties.expectations import secret_of
from tests.properties.plausible import NAMED_VALUES
from tests.properties.refusals import check_refusal
from tests.properties.role import Outcome, Role
from tests.properties.traffic import Traffic

REFUSED, ONBOARDED = "refused", "onboarded"
# Objects of one kind that APIM has from the start or the tests put there; the rest must be an inventory's.
_KEPT = {f"shared-{number}" for number in range(len(NAMED_VALUES))}


class Laboratory:
    """Services of one embedded Azure. One serves an inventory after the other, until it cannot be emptied any more."""

    def __init__(self, azure: Azure, role: Role, services: Sequence[str]) -> None:
        self.azure = azure
        self.role = role
        self._unused = iter(services)
        self._free: Service | None = None

    def check(self, example: Example) -> str:
        """Onboard an inventory and try it out; return whether it was `refused` or `onboarded`.

        :raises AssertionError: for the first thing that does not hold.
        """
        # What fails leaves a service behind that nothing is known of.
        service, self._free = self._free or self.new_service(), None
        if example.before is not None:
            self.role.onboard(example.before, service.name)
        outcome = self._check(example, service)
        # What was refused may name an owner that cannot be one, and has nothing here.
        for case in (example.case if outcome == ONBOARDED else None, example.before):
            if case is not None:
                self.role.offboard(case, service.name)
        left = _objects(service) - _KEPT
        assert not left, f"offboarding left {left}"
        self._free = service
        return outcome

    def new_service(self) -> Service:
        """Return a service that has nothing but the named values that inventories may refer to."""
        service = Service(self.azure, next(self._unused))
        for number, (name, value) in enumerate(NAMED_VALUES.items()):
            secret = {"properties": {"displayName": name, "value": value, "secret": True}}
            self.azure.sdk.named_value.begin_create_or_update(*service.place, f"shared-{number}", secret).result()
        return service

    def _check(self, example: Example, service: Service) -> str:
        foreseen = None
        self.azure.forget()
        if example.check_mode:
            foreseen = self.role.onboard(example.case, service.name, check_mode=True)
            self._check_no_writes("check mode")
        first = self.role.onboard(example.case, service.name)
        if first.problems or first.failed:
            _check_refusal(example, first, service.name)
            self._check_no_writes("a refused run")
            return REFUSED
        _check_no_secrets(example.case, first.text, "the module's result")
        assert foreseen is None or foreseen.changes == first.changes, f"check mode foresaw {foreseen.changes}"
        left = _objects(service) - _KEPT - first.names
        assert not left or not _prunes(example.case), f"prune left {left}"
        self.azure.forget()
        second = self.role.onboard(example.case, service.name)
        assert (second.result["changed"], second.changes) == (False, []), f"a second run: {second.changes}"
        self._check_no_writes("a second run")
        Traffic(Gateway(service), example.case).check()
        return ONBOARDED

    def _check_no_writes(self, what: str) -> None:
        writes = [(each.method, each.target) for each in self.azure.requests() if each.is_write]
        assert not writes, f"{what} wrote {writes}"


def _prunes(case: Case) -> bool:
    """Tell whether a run removes what left the inventory, in any spelling that Ansible reads as true."""
    # ansible-core annotates only a part of it.
    return bool(boolean(case.variables.get("llm_prune", False), strict=False))  # type: ignore[no-untyped-call]


def _objects(service: Service) -> set[str]:
    """Return the names of all objects that an onboarding may have made, whatever their kind."""
    sdk = service.azure.sdk
    kinds = (sdk.backend, sdk.policy_fragment, sdk.named_value, sdk.api)
    return {entity.name for kind in kinds for entity in kind.list_by_service(*service.place)}


def _check_refusal(example: Example, outcome: Outcome, service: str) -> None:
    case = example.case
    if outcome.problems:
        check_refusal(outcome.problems, case.host(service))
        _check_no_secrets(case, outcome.problems, "a refusal")
        return
    # What only the service can tell: what the inventory refers to is not there, or a name is taken.
    message = str(outcome.result["msg"])
    credentials = [each.get("credential") or {} for each in case.backends]
    named = {str(each["named_value"]).strip() for each in credentials if each.get("named_value") is not None}
    missing = any(f"no named value {name!r}" in message for name in named - NAMED_VALUES.keys())
    identity = "apim_managed_identity" in message and "apim_managed_identity" in case.variables
    names = (
        "is the name of a pool of the service",
        "is the name of a backend of the service",
        "references tell case apart",
    )
    taken = example.before is not None and any(each in message for each in names)
    assert missing or identity or taken, f"the onboarding failed: {message}"


def _check_no_secrets(case: Case, text: str, where: str) -> None:
    backends = case.variables.get("llm_backends")
    for backend in backends if isinstance(backends, list) else ():
        credential = backend.get("credential") if isinstance(backend, dict) else None
        secret = secret_of(backend) if isinstance(credential, dict) else ""
        assert not secret.startswith("secret-of-backend") or secret not in text, f"{where} holds {secret}"
