# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges APIs whose answers hand credentials to clients. PRIVATE to the citadel.ai_gateway collection."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ansible_collections.citadel.ai_gateway.plugins.module_utils._validation.checks import Check, failed

_REMEDY = (
    "see which policy of the API, its products or all APIs puts it there, or let one delete what a backend answers "
    "(set-header with exists-action delete), and rotate the credential"
)


def judge_exposed(exposed: Mapping[str, Collection[str]]) -> Iterator[Check]:
    """Yield a check for each API that hands out credentials.

    :param exposed: the places that hold them in its answers, by the name of the API.
    """
    for api, places in sorted(exposed.items()):
        message = f"they hand a credential to whoever asks: {', '.join(sorted(places))}"
        yield failed("secrets", f"answers of API {api}", message, _REMEDY)
