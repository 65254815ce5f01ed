# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module that signs in and reads its service, on a machine where nothing but the test says how."""

from __future__ import annotations

import socketserver
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.integration.harness import BIN, SUBSCRIPTION, Request
from tests.integration.modules.steps import Gateway, Step, Task, task

# Every variable that tells who signs in, and where. The certificate authority and NO_PROXY stay.
_IDENTITY_VARIABLES = ("AZURE_", "ARM_", "IDENTITY_", "MSI_")


class Machine:
    """A machine whose environment names no credentials, no subscription and no cloud."""

    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self._gateway = gateway
        self.folder = folder
        known = gateway.azure.environment
        self.cloud = known["AZURE_CLOUD_ENVIRONMENT"]
        self._place = {"subscription_id": SUBSCRIPTION, "cloud_environment": self.cloud, **gateway.place()}
        self._without = dict.fromkeys((name for name in known if name.startswith(_IDENTITY_VARIABLES)), None)
        # An az that is installed on the machine of the tests must not be asked.
        self._path = f"{folder / 'bin'}:{BIN}:/usr/bin:/bin"

    @property
    def known(self) -> Mapping[str, str]:
        """The environment in which the embedded Azure would run a command."""
        return self._gateway.azure.environment

    @property
    def output(self) -> str:
        """What the last playbook printed."""
        return self._gateway.output

    def run(
        self, *tasks: Task, arguments: tuple[str, ...] = ("-vvv",), defaults: Mapping[str, Any] | None = None
    ) -> list[Step]:
        """Run tasks in one playbook, which a task that fails does not end.

        :param arguments: further options of ansible-playbook.
        :param defaults: options for all tasks besides those that name cloud, subscription and service.
        """
        variables = {**self._without, "PATH": self._path}
        options = {**self._place, **(defaults or {})}
        return self._gateway.attempt(*tasks, arguments=arguments, environment=variables, defaults=options)

    def install(self, name: str, script: str) -> None:
        """Put an executable shell script on the PATH."""
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


def sign_in(name: str, *, environment: Mapping[str, str] | None = None, **options: Any) -> Task:
    """Return a task that signs in with these options and reads nothing but the service."""
    return {
        **task("apim_llm_gateway_info", name, gather=[], **options),
        "environment": dict(environment or {}),
    }


def proof(step: Step) -> str:
    """Return what the one token request of a step proved its identity with."""
    tokens = [request for request in step.requests if request.plane == "login" and _asks_for_token(request)]
    if len(tokens) != 1:
        raise AssertionError(f"{step.name}: {len(tokens)} token requests")
    if tokens[0].method == "GET":
        return "managed identity " + parse_qs(urlsplit(tokens[0].url).query).get("client_id", ["of the machine"])[0]
    return "secret" if "client_secret" in parse_qs(tokens[0].body) else "assertion"


def _asks_for_token(request: Request) -> bool:
    return request.target.endswith(("/oauth2/v2.0/token", "/msi/token"))


@contextmanager
def dead_end() -> Iterator[tuple[str, list[str]]]:
    """A proxy that notes which hosts it is asked for and lets nothing through: its URL, and the hosts with port."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            method, _, rest = self.rfile.readline().decode().partition(" ")
            if method == "CONNECT":
                asked.append(rest.split()[0])
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
