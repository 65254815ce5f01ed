# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One simulated endpoint: what it is, how it was told to behave, and what is left of its rate limits."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from apim_emulator.providers.families import EXTERNAL, Family
from apim_emulator.settings import ProviderBehaviour, ProviderSettings

REQUESTS_PER_MINUTE = 10_000
TOKENS_PER_MINUTE = 10_000_000
_WHOLE_HOST = ""


@dataclass(slots=True)
class _Window:
    """What one deployment has served in the current minute."""

    minute: int = 0
    requests: int = 0
    tokens: int = 0


class Host:
    """The endpoint behind one host name (lower case). Azure's deployments ignore case, the models of others do not."""

    def __init__(self, name: str, family: Family, settings: ProviderSettings) -> None:
        self.name = name
        self.family = family
        self._windows: dict[str, _Window] = {}
        self.configure(settings)

    def configure(self, settings: ProviderSettings) -> None:
        """Put settings in force; what was counted against `times` starts anew."""
        self.settings = settings
        self._known = {self._key(name) for name in settings.deployments or ()}
        self._scripts: dict[str, ProviderBehaviour] = {
            _WHOLE_HOST: settings,
            **{self._key(name): behaviour for name, behaviour in settings.per_deployment.items()},
        }
        self._acted: Counter[str] = Counter()

    @property
    def default_model(self) -> str:
        """Return the name of the model that answers when a request to a serverless endpoint names none."""
        return self.settings.deployments[0] if self.settings.deployments else self.name.partition(".")[0]

    def has(self, deployment: str) -> bool:
        """Tell whether the deployment exists; without a list of them, all do."""
        return self.settings.deployments is None or self._key(deployment) in self._known

    def behaviour(self, deployment: str | None) -> tuple[str, ProviderBehaviour]:
        """Return the behaviour in force for a deployment, and the key with which `count` counts it.

        That of the deployment goes before that of the host; one that has acted as often as it should is over.
        """
        for key in (self._key(deployment or ""), _WHOLE_HOST):
            script = self._scripts.get(key)
            if script is not None and (script.times is None or self._acted[key] < script.times):
                return key, script
        return _WHOLE_HOST, _NORMAL

    def count(self, key: str) -> None:
        """Count that the behaviour under `key` has acted."""
        self._acted[key] += 1

    def served(self, deployment: str, tokens: int) -> tuple[int, int]:
        """Count an answer; return the requests and tokens that the rate limits leave for this minute.

        They only inform: nothing is refused because of them.
        """
        minute = int(time.time()) // 60
        window = self._windows.setdefault(self._key(deployment), _Window())
        if window.minute != minute:
            window.minute, window.requests, window.tokens = minute, 0, 0
        window.requests += 1
        window.tokens += tokens
        return max(0, REQUESTS_PER_MINUTE - window.requests), max(0, TOKENS_PER_MINUTE - window.tokens)

    def _key(self, deployment: str) -> str:
        return deployment if self.family is EXTERNAL else deployment.lower()


_NORMAL = ProviderBehaviour()
