# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles rendered fragments with Mono and sends requests through them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.unit.policies.fragment_text import method_of, read_fragment

UAMI_CLIENT_ID = "22222222-2222-2222-2222-222222222222"
# The order of an API policy's inbound section.
INBOUND = (
    "set-llm-requested-model",
    "set-backend-pools",
    "set-target-backend-pool",
    "set-backend-authorization",
    "set-llm-usage",
)

_HARNESS = Path(__file__).parent / "harness"
_PACKAGES = "apt-get install mono-mcs mono-runtime libnewtonsoft-json5.0-cil"
_NEWTONSOFT = Path("/usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll")
_SYSTEM_ASSEMBLIES = ("System.Core", "System.Xml", "System.Xml.Linq")
_USINGS = (
    "System",
    "System.Collections.Generic",
    "System.Linq",
    "System.Text.RegularExpressions",
    "Harness",
    "Newtonsoft.Json.Linq",
)


class Result(NamedTuple):
    """What became of a request.

    :ivar response: status, reason, headers and body (text) when a fragment answered, else None.
    :ivar sent: path, query, headers, body, backend and metric of the request as it would be forwarded.
    """

    response: dict[str, Any] | None
    sent: dict[str, Any]
    variables: dict[str, Any]

    @property
    def error(self) -> dict[str, Any]:
        """The error object of the fragment's JSON answer."""
        assert self.response is not None
        assert self.response["headers"]["Content-Type"] == "application/json"
        error: dict[str, Any] = json.loads(self.response["body"])["error"]
        return error

    @property
    def target(self) -> tuple[str, str]:
        """The chosen pool or backend and its type."""
        return self.variables["targetBackendPool"], self.variables["targetPoolType"]


class Host:
    """A Mono process that runs the fragments of several plans."""

    def __init__(self, folder: Path) -> None:
        """Compile what runs fragments.

        :param folder: an empty folder for what is compiled.
        :raises RuntimeError: naming the Debian packages when Mono or Newtonsoft.Json is missing.
        """
        if not (shutil.which("mcs") and shutil.which("mono") and _NEWTONSOFT.exists()):
            raise RuntimeError(f"the policy fragments are tested as C#: {_PACKAGES}")
        self._folder = folder
        shutil.copy(_NEWTONSOFT, folder)
        _compile(folder / "Host.exe", sorted(_HARNESS.glob("*.cs")), references=[_NEWTONSOFT])
        self._process: subprocess.Popen[str] | None = None

    def start(self, plans: Mapping[str, Mapping[str, str]]) -> None:
        """Compile the fragments of all plans at once, and start.

        :param plans: name of the plan (a C# identifier) -> fragment id -> rendered text.
        """
        methods: list[str] = []
        for plan, fragments in plans.items():
            for fragment_id, text in fragments.items():
                prefix = f"{plan}_{fragment_id.replace('-', '_')}_"
                fragment = read_fragment(text.replace("{{uami-client-id}}", UAMI_CLIENT_ID), prefix)
                methods += [method_of(name, expression) for name, expression in fragment.expressions.items()]
                (self._folder / f"{plan}.{fragment_id}.xml").write_text(fragment.xml)
        source = self._folder / "Expressions.cs"
        usings = "".join(f"using {name};\n" for name in _USINGS)
        source.write_text(f"{usings}public static class Expressions\n{{\n" + "\n".join(methods) + "\n}\n")
        assembly = self._folder / "Expressions.dll"
        _compile(assembly, [source], references=[_NEWTONSOFT, self._folder / "Host.exe"])
        self._process = subprocess.Popen(
            ["mono", str(self._folder / "Host.exe"), str(assembly), str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        """End the process."""
        if self._process:
            assert self._process.stdin
            self._process.stdin.close()
            self._process.wait(timeout=10)

    def call(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Send one message and return its answer."""
        assert self._process
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer


class Gateway:
    """The fragments of one plan."""

    def __init__(self, host: Host, plan: str) -> None:
        """Speak of the fragments that ``host`` runs under the name ``plan``."""
        self._host = host
        self._plan = plan

    def send(
        self,
        path: str = "/chat/completions",
        *,
        model: Any = None,
        body: str | None = None,
        method: str = "POST",
        fragments: Iterable[str] = INBOUND,
        **rest: Any,
    ) -> Result:
        """Send a request through fragments.

        :param model: makes a JSON body with this model, unless ``body`` is given.
        :param rest: ``query``, ``headers``, ``parameters`` (matched in the path), ``variables``, ``product``.
        """
        return Result(**self._host.call(self._message(path, model, body, method, fragments, rest)))

    def microseconds(self, *, model: str, fragments: Iterable[str], repeat: int, **rest: Any) -> float:
        """Return what the fragments cost per request."""
        message = self._message("/chat/completions", model, None, "POST", fragments, rest)
        return float(self._host.call({**message, "repeat": repeat})["microseconds"])

    def _message(
        self, path: str, model: Any, body: str | None, method: str, fragments: Iterable[str], rest: Mapping[str, Any]
    ) -> dict[str, Any]:
        if body is None and model is not None:
            body = json.dumps({"model": model, "messages": [{"role": "user", "content": "2026-01-02T03:04:05+06:00"}]})
        defaults: dict[str, Any] = {"query": {}, "headers": {}, "parameters": {}, "variables": {}, "product": None}
        named = [f"{self._plan}.{fragment_id}" for fragment_id in fragments]
        return {**defaults, **rest, "path": path, "body": body, "method": method, "fragments": named}


def _compile(target: Path, sources: Iterable[Path], references: Iterable[Path]) -> None:
    kind = "exe" if target.suffix == ".exe" else "library"
    arguments = [f"-reference:{reference}" for reference in (*_SYSTEM_ASSEMBLIES, *references)]
    arguments += [str(source) for source in sources]
    # C# 7 is what API Management compiles expressions with.
    command = ["mcs", "-langversion:7", f"-target:{kind}", f"-out:{target}", "-nowarn:1701,1702", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
