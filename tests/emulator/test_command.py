# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: exec, serve, configuration errors, and what stays behind (nothing)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.harness import COMMAND, exports, serving

PRINT_ENVIRONMENT = ["python3", "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def _exec(*command: str, options: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    arguments = [*COMMAND, "exec", *options, "--", *command]
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=30, check=False, env={**os.environ, **environment}
    )


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 137)])
def test_status_of_the_command(script: str, status: int) -> None:
    assert _exec("sh", "-c", script).returncode == status


def test_command_that_cannot_be_started() -> None:
    result = _exec("no-such-command")
    assert result.returncode == 127
    assert result.stderr == "apim-emulator: cannot start 'no-such-command': No such file or directory\n"


def test_what_is_installed_beside_it_is_found_without_activation(tmp_path: Path) -> None:
    (tmp_path / "apim-emulator").write_text("#!/bin/sh\nexit 9\n", "ascii")
    (tmp_path / "apim-emulator").chmod(0o755)
    found = _exec("apim-emulator", "--help", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert (found.returncode, found.stdout.split()[:2]) == (0, ["usage:", "apim-emulator"])
    path = _exec("sh", "-c", "echo $PATH", PATH="/usr/bin:/bin").stdout.strip()
    assert path == f"{Path(sys.executable).parent}:/usr/bin:/bin"
    assert "in front of the command's PATH" in " ".join(_exec("apim-emulator", "exec", "--help").stdout.split())


def test_no_command() -> None:
    result = subprocess.run([*COMMAND, "exec", "--"], capture_output=True, text=True, check=False, timeout=30)
    assert result.returncode == 2
    assert "needs a command" in result.stderr


def test_input_and_output_are_the_commands_own() -> None:
    arguments = [*COMMAND, "exec", "--", "cat"]
    result = subprocess.run(arguments, input="through", capture_output=True, text=True, timeout=30, check=True)
    assert result.stdout == "through"


def test_environment_of_the_child() -> None:
    foreign: dict[str, Any] = {
        "AZURE_CLIENT_SECRET": "real",
        "ARM_ACCESS_KEY": "real",
        "MSI_SECRET": "real",
        "NO_PROXY": "corp.example",
    }
    result = _exec(*PRINT_ENVIRONMENT, **foreign, KEPT="yes")
    environment = json.loads(result.stdout)
    assert foreign.keys() & environment.keys() == {"NO_PROXY"}
    assert environment["NO_PROXY"] == "corp.example,localhost,127.0.0.1"
    assert environment["KEPT"] == "yes"
    assert environment["AZURE_SUBSCRIPTION_ID"] == "00000000-0000-0000-0000-000000000000"
    assert environment["AZURE_TENANT"] == "11111111-1111-1111-1111-111111111111"
    assert environment["AZURE_CLOUD_ENVIRONMENT"].startswith("https://127.0.0.1:")
    assert environment["REQUESTS_CA_BUNDLE"] == environment["SSL_CERT_FILE"]
    assert {"APIM_GATEWAY_URL", "APIM_GATEWAY_KEY", "APIM_EMULATOR_ADMIN_URL", "AZURE_CONFIG_DIR"} <= environment.keys()
    assert not Path(environment["SSL_CERT_FILE"]).parent.exists()


def test_bundle_keeps_what_was_trusted_before(tmp_path: Path) -> None:
    own = tmp_path / "corporate.pem"
    own.write_text("corporate certificate\n", "ascii")
    script = 'cat "$SSL_CERT_FILE"'
    bundle = _exec("sh", "-c", script, SSL_CERT_FILE=str(own)).stdout
    assert bundle.startswith("-----BEGIN CERTIFICATE-----")
    assert bundle.endswith("corporate certificate\n")
    without = _exec("sh", "-c", script, SSL_CERT_FILE="", REQUESTS_CA_BUNDLE="").stdout
    assert without.count("BEGIN CERTIFICATE") > 50


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_reach_the_command(tmp_path: Path, number: signal.Signals) -> None:
    ready, got = tmp_path / "ready", tmp_path / "got"
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo {name} > {got}; exit 3' {name}; touch {ready}; while :; do sleep 0.05; done"
    with subprocess.Popen([*COMMAND, "exec", "--", "sh", "-c", script], stdin=subprocess.DEVNULL) as process:
        _wait_until(ready.exists, "the command did not start")
        process.send_signal(number)
        assert process.wait(10) == 3
    assert got.read_text("ascii").strip() == name


def test_nothing_stays_behind(tmp_path: Path) -> None:
    script = "echo $PPID; ps -o pid= --ppid $PPID; sleep 1; ps -o pid= --ppid $PPID"
    result = _exec("sh", "-c", script, TMPDIR=str(tmp_path))
    processes = {int(word) for word in result.stdout.split()}
    assert len(processes) >= 3, "the emulator, the command, and the process that compiles"
    assert not [process for process in processes if Path("/proc", str(process)).exists()]
    assert list(tmp_path.iterdir()) == []


def test_serve_stops_on_a_signal(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    for number in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True, env=environment) as process:
            printed = exports(process)
            assert Path(printed["SSL_CERT_FILE"]).is_file()
            process.send_signal(number)
            assert process.wait(10) == 0
        assert list(tmp_path.iterdir()) == []


def test_added_services() -> None:
    with serving("--service", "rg-new/apim-added", "--service", "rg-tests/apim-second") as azure:
        services = [(item["resource_group"], item["name"]) for item in azure.admin("GET", "services").json()]
        assert services[-2:] == [("rg-new", "apim-added"), ("rg-tests", "apim-second")]
        added = azure.arm("GET", azure.service("apim-added", "rg-new")).json()
        assert added["identity"]["type"] == "UserAssigned"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tenant: x\n", "tenant: is not a known key"),
        ("tenant_id: nonsense\n", "tenant_id: "),
        ("- a list\n", "expected a mapping"),
        ("a: [\n", "cannot read the configuration"),
    ],
)
def test_configuration_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    result = _exec("true", options=("--config", str(path)))
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("apim", "expected RESOURCE_GROUP/NAME"),
        ("rg/1-bad", "services.3.name"),
        ("rg-citadel-governance-hub/apim-single-foundry", "listed twice"),
    ],
)
def test_service_that_cannot_be_added(service: str, message: str) -> None:
    result = _exec("true", options=("--service", service))
    assert (result.returncode, message in result.stderr) == (2, True)


def test_default_configuration() -> None:
    directory = Path(tempfile.gettempdir())
    with subprocess.Popen([*COMMAND, "serve"], stdout=subprocess.PIPE, text=True, cwd=directory) as process:
        try:
            printed = exports(process)
        finally:
            process.terminate()
    assert printed["AZURE_SUBSCRIPTION_ID"] == "00000000-0000-0000-0000-000000000000"
