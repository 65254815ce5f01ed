# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One generated inventory: the variables of a host, shown as the YAML that a person would write."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from tests.integration.harness import IDENTITY_CLIENT_ID, RESOURCE_GROUP, SUBSCRIPTION
from tests.integration.inventory import Unsafe

Backend = dict[str, Any]
_TEMPLATE = re.compile(r"\{[{%#]")


class _Dumper(yaml.SafeDumper):
    """Writes every value in full: anchors would hide what an inventory holds."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


@dataclass(frozen=True)
class Case:
    """Variables of one host, as far as they differ from the role's defaults."""

    variables: dict[str, Any]

    def __repr__(self) -> str:
        text: str = yaml.dump(self.variables, Dumper=_Dumper, sort_keys=False, width=120)
        return f"inventory:\n{text}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Show it so where a generated example is shown."""
        printer.text(repr(self))

    @property
    def backends(self) -> list[Backend]:
        """What an inventory without problems lists."""
        return list(self.variables.get("llm_backends") or ())

    def host(self, service: str) -> dict[str, Any]:
        """All variables of the host that stands for a service of the embedded Azure."""
        return {
            "apim_subscription_id": SUBSCRIPTION,
            "apim_resource_group": RESOURCE_GROUP,
            "apim_service_name": service,
            "apim_managed_identity": {"client_id": IDENTITY_CLIENT_ID},
            **self.variables,
        }


@dataclass(frozen=True)
class Example:
    """What is tried at once: an inventory, the one that the service had before, and whether check mode goes first."""

    case: Case
    before: Case | None
    check_mode: bool


def unsafe(value: Any) -> Any:
    """Return data in which Ansible takes texts that look like templates as they are; keys never are templates."""
    if isinstance(value, dict):
        return {key: unsafe(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unsafe(item) for item in value]
    # The tag is left away elsewhere: behind it, a text like 1 would be read as a number.
    return Unsafe(value) if isinstance(value, str) and _TEMPLATE.search(value) else value
