# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Mono tools that compile and run policy expressions, and the two assemblies of ours that they need."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

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
        for part in ("context", "host")
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
    for part, options in (
        ("context", ("-target:library", f"-out:{context}")),
        ("host", ("-target:exe", f"-out:{directory / _PROGRAM}", f"-reference:{context}")),
    ):
        folder = directory / part
        folder.mkdir()
        for name, text in sources[part].items():
            (folder / name).write_text(text, encoding="utf-8")
        references = [f"-reference:{reference}" for reference in (*_FRAMEWORK, tools.json)]
        files = [str(folder / name) for name in sources[part]]
        process = await asyncio.create_subprocess_exec(
            str(tools.mcs), *_BUILD_OPTIONS, *options, *references, *files,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise ToolchainMissing(f"{tools.mcs} cannot compile the expression {part}:\n{output.decode()}")


def _publish(staged: Path, directory: Path) -> None:
    """Move the result in place as a whole: two emulators may build at the same time, and the first one wins."""
    try:
        staged.rename(directory)
    except OSError:
        if not directory.is_dir():
            raise
