# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the configuration says of Azure Monitor."""

from __future__ import annotations

from pydantic import Field

from apim_emulator.config_base import PlacedConfig


class ApplicationInsightsConfig(PlacedConfig):
    """An Application Insights component."""

    name: str = Field(min_length=1, max_length=260, pattern=r"^[^%&\\?/\x00-\x1f]*[^%&\\?/\x00-\x1f. ]$")
