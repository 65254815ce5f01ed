# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One compiler process for all tests here, and short ways to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apim_emulator.expressions import ExpressionHost
from apim_emulator.policies import CheckedPolicy, PolicyChecker, PolicyRefused

Check = Callable[..., CheckedPolicy]
Refusal = Callable[..., PolicyRefused]


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop that the checker lives in."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="session")
def host() -> ExpressionHost:
    """The compiler's process, not started yet."""
    return ExpressionHost()


@pytest.fixture(scope="session")
def checker(loop: asyncio.AbstractEventLoop, host: ExpressionHost) -> Iterator[PolicyChecker]:
    """A started checker."""
    checker = PolicyChecker(host)
    loop.run_until_complete(checker.start())
    yield checker
    loop.run_until_complete(checker.stop())


@pytest.fixture(scope="session")
def check(loop: asyncio.AbstractEventLoop, checker: PolicyChecker) -> Check:
    """Check a text; a fragment in rawxml unless told, in a service with backend b1, fragment f1 and no named value."""

    def run(text: str, **options: Any) -> CheckedPolicy:
        defaults: dict[str, Any] = {
            "format": "rawxml",
            "kind": "fragment",
            "backend_exists": lambda name: name == "b1",
            "fragment_exists": lambda name: name == "f1",
            "named_values": {},
        }
        return loop.run_until_complete(checker.check(text, **(defaults | options)))

    return run


@pytest.fixture(scope="session")
def refusal(check: Check) -> Refusal:
    """Check a text that must be refused, and return the refusal."""

    def run(text: str, **options: Any) -> PolicyRefused:
        with pytest.raises(PolicyRefused) as caught:
            check(text, **options)
        return caught.value

    return run


@pytest.fixture(scope="session")
def value_refusal(refusal: Refusal) -> Callable[..., list[str]]:
    """The texts, without their position, that refuse an expression as the value of a variable (or another place)."""

    def run(expression: str, place: str = "<set-variable name='v' value='{}'/>", **options: Any) -> list[str]:
        refused = refusal(f"<fragment>{place.replace('{}', expression)}</fragment>", **options)
        return [detail["message"].split(": ", 1)[1] for detail in refused.details]

    return run
