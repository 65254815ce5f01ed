# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parts of the configuration have in common: ids, and resources that are in a resource group."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from apim_emulator.settings import Settings

GUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Guid = Annotated[str, BeforeValidator(_lower), Field(pattern=GUID)]
ResourceGroup = Annotated[str, Field(min_length=1, max_length=90, pattern=r"^[-\w.()]*[-\w()]$")]


class PlacedConfig(Settings):
    """A resource in a resource group; `subscription_id` defaults to the first subscription."""

    subscription_id: Guid | None = None
    resource_group: ResourceGroup
    name: str
    location: str = "swedencentral"

    @property
    def label(self) -> str:
        """Return RESOURCE_GROUP/NAME."""
        return f"{self.resource_group}/{self.name}"

    @property
    def key(self) -> tuple[str, str]:
        """Return what no two resources of a type have in common: subscription, and label in lower case."""
        return self.subscription_id or "", self.label.lower()

    def resource_id(self, resource_type: str) -> str:
        """Return the ARM id of a resource of this type."""
        group = f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
        return f"{group}/providers/{resource_type}/{self.name}"
