# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mono tools that compile and run policy expressions, and the two assemblies of ours that they need."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

_PACKAGES = "mono-mcs mono-runtime libnewtonsoft-json5.0-cil"
_COMPILER_ASSEMBLY = Path("/usr/lib/mono/4.5/mcs.exe")
_JSON_ASSEMBLIES = (Path("/usr/lib/cli"), Path("/usr/lib/mono/gac"))
_FRAMEWORK = ("System.dll", "System.Core.dll", "System.Xml.dll", "System.Xml.Linq.dll")
_CONTEXT = "ApimExpressions.dll"
_PROGRAM = "ExpressionHost.exe"
_SETTINGS = "settings.json"
_BUILD_OPTIONS = ("-langversion:7", "-optimize+", "-warn:4", "-warnaserror", "-nologo")


class ToolchainMissing(Exception):
    """A part of Mono that the embedded Azure needs is not installed, or cannot build our sources."""


@dataclass(frozen=True)
class Toolchain:
    """Where the installed parts are: the `mono` and `mcs` commands, the compiler's assembly, Newtonsoft.Json."""

    mono: Path
    mcs: Path
    compiler: Path
    json: Path

    @classmethod
    def find(cls) -> Toolchain:
        """Locate all parts.

        Raises ToolchainMissing, which names every missing part and the Debian packages that bring them.
        """
        mono, mcs = shutil.which("mono"), shutil.which("mcs")
        json_assembly = next((path for root in _JSON_ASSEMBLIES for path in root.rglob("Newtonsoft.Json.dll")), None)
        compiler = _COMPILER_ASSEMBLY if _COMPILER_ASSEMBLY.is_file() else None
        parts = {"mono": mono, "mcs": mcs, "mcs.exe": compiler, "Newtonsoft.Json.dll": json_assembly}
        missing = ", ".join(name for name, path in parts.items() if path is None)
        if mono is None or mcs is None or compiler is None or json_assembly is None:
            raise ToolchainMissing(
                f"Policy expressions need Mono, and this is missing: {missing}. Install it: apt-get install {_PACKAGES}"
            )
        return cls(Path(mono), Path(mcs), compiler, json_assembly)


@dataclass(frozen=True)
class HostFiles:
    """What the host process is started with: its program and its settings."""

    program: Path
    settings: Path


@dataclass
class HostProcess:
    """The running host; its working directory holds the sources of what it compiles."""

    process: asyncio.subprocess.Process
    work: tempfile.TemporaryDirectory[str]
    input: asyncio.StreamWriter
    output: asyncio.StreamReader

    @classmethod
    async def start(cls, command: Literal["check", "execute"], cache: Path | None) -> HostProcess:
        """Build the C# sources if need be, and start the program. Raises ToolchainMissing."""
        tools = Toolchain.find()
        files = await build_host(tools, cache)
        work = tempfile.TemporaryDirectory(prefix="apim-expressions-", ignore_cleanup_errors=True)
        process = await asyncio.create_subprocess_exec(
            str(tools.mono), str(files.program), command, str(files.settings), work.name,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "MONO_PATH": str(tools.json.parent)},
        )  # fmt: skip
        if process.stdin is None or process.stdout is None:
            raise BrokenPipeError
        return cls(process, work, process.stdin, process.stdout)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process.returncode is None else None

    async def end(self) -> None:
        """End the process and remove its working directory."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self.work.cleanup()


async def build_host(tools: Toolchain, cache: Path | None = None) -> HostFiles:
    """Compile our C# sources once; later calls find the result under the hash of sources, options and tools.

    cache: the directory for results, by default `apim-emulator` in the user's cache directory.
    Raises ToolchainMissing with the compiler's text when the sources do not compile.
    """
    sources = _sources()
    settings = _settings(tools)
    key = hashlib.sha256(json.dumps([sources, settings, _BUILD_OPTIONS]).encode()).hexdigest()[:24]
    root = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "apim-emulator"
    directory = root / key
    if not directory.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        staged = Path(tempfile.mkdtemp(dir=root))
        try:
            await _compile(tools, sources, staged)
            references = [*_FRAMEWORK, str(tools.json), str(directory / _CONTEXT)]
            (staged / _SETTINGS).write_text(json.dumps({**settings, "references": references}), encoding="utf-8")
            _publish(staged, directory)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return HostFiles(directory / _PROGRAM, directory / _SETTINGS)


def _sources() -> dict[str, dict[str, str]]:
    root = resources.files("apim_emulator.expressions") / "csharp"
    return {
        part: {
            file.name: file.read_text(encoding="utf-8")
            for file in sorted((root / part).iterdir(), key=lambda file: file.name)
            if file.name.endswith(".cs")
        }
        for part in ("context", "host", "runtime")
    }


def _settings(tools: Toolchain) -> dict[str, object]:
    text = (resources.files("apim_emulator.expressions") / "allowed_types.toml").read_text(encoding="utf-8")
    allowed = tomllib.loads(text)
    types = {
        f"{namespace}.{name}": members
        for namespace, names in allowed["types"].items()
        for name, members in names.items()
    }
    return {
        "compiler": str(tools.compiler),
        "json": str(tools.json),
        "namespaces": allowed["namespaces"],
        "types": {**types, **allowed["implicit"]},
    }


async def _compile(tools: Toolchain, sources: dict[str, dict[str, str]], directory: Path) -> None:
    context = directory / _CONTEXT
    for parts, options in (
        (("context",), ("-target:library", f"-out:{context}")),
        (("host", "runtime"), ("-target:exe", f"-out:{directory / _PROGRAM}", f"-reference:{context}")),
    ):
        files = [str(path) for part in parts for path in _write(sources[part], directory / part)]
        references = [f"-reference:{reference}" for reference in (*_FRAMEWORK, tools.json)]
        process = await asyncio.create_subprocess_exec(
            str(tools.mcs), *_BUILD_OPTIONS, *options, *references, *files,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise ToolchainMissing(f"{tools.mcs} cannot compile the expression {parts[-1]}:\n{output.decode()}")


def _write(sources: dict[str, str], directory: Path) -> list[Path]:
    directory.mkdir()
    for name, text in sources.items():
        (directory / name).write_text(text, encoding="utf-8")
    return [directory / name for name in sources]


def _publish(staged: Path, directory: Path) -> None:
    """Move the result in place as a whole: two emulators may build at the same time, and the first one wins."""
    try:
        staged.rename(directory)
    except OSError:
        if not directory.is_dir():
            raise
