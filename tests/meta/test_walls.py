# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walls between the rooms: who may import whom.

The embedded Azure and the collection must not share a misunderstanding, so they share no code. Inside the collection
imports run one way, modules -> _module -> _reconcile -> _changes -> _resources and _azure; _routing and
_probe need only to know from _resources what looks like a credential; _bicep and _report stand alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.meta.checkout import files, imported_names, relative

OWN_PREFIX = "ansible_collections.citadel.ai_gateway."

# Which rooms of the collection the files of a room may import besides their own.
ALLOWED = {
    "plugins/doc_fragments": frozenset[str](),
    "plugins/filter": frozenset({"_bicep", "_report", "_routing", "_validation", "plugin_utils"}),
    "plugins/plugin_utils": frozenset({"_report", "_routing"}),
    "plugins/modules": frozenset(
        {
            "_module",
            "_gateway",
            "_prerequisites",
            "_preflight",
            "_probe",
            "_workbook",
            "_apis",
            "_changes",
            "_resources",
            "_azure",
        }
    ),
    "plugins/action": frozenset({"_probe", "_validation", "_gateway", "_azure"}),
    "plugins/module_utils/_probe": frozenset({"_validation", "_resources", "_azure"}),
    "plugins/module_utils/_validation": frozenset({"_resources", "_routing"}),
    "plugins/module_utils/_apis": frozenset({"_changes", "_resources"}),
    "plugins/module_utils/_module": frozenset({"_changes", "_reconcile", "_resources", "_azure"}),
    "plugins/module_utils/_gateway": frozenset({"_azure"}),
    "plugins/module_utils/_prerequisites": frozenset({"_preflight", "_gateway", "_workbook", "_azure"}),
    "plugins/module_utils/_preflight": frozenset({"_routing", "_resources"}),
    "plugins/module_utils/_reconcile": frozenset({"_changes", "_conflicts", "_sharing", "_resources", "_azure"}),
    "plugins/module_utils/_workbook": frozenset({"_changes", "_resources", "_azure"}),
    "plugins/module_utils/_sharing": frozenset({"_changes", "_conflicts", "_resources"}),
    "plugins/module_utils/_conflicts": frozenset({"_changes", "_resources"}),
    "plugins/module_utils/_changes": frozenset({"_resources", "_azure"}),
    "plugins/module_utils/_resources": frozenset[str](),
    "plugins/module_utils/_azure": frozenset[str](),
    "plugins/module_utils/_routing": frozenset({"_resources"}),
    "plugins/module_utils/_bicep": frozenset[str](),
    "plugins/module_utils/_report": frozenset[str](),
}

# The domain and the resources are data in, data out: whatever reaches a network, a file or a process is out of place.
IMPURE = (
    "ansible",
    "asyncio",
    "azure",
    "http",
    "os",
    "pathlib",
    "requests",
    "shutil",
    "socket",
    "subprocess",
    "time",
    "urllib.request",
)


def room_of(path: Path) -> str:
    """The room of a file of plugins/: a folder of it, and one level more below module_utils."""
    parts = relative(path).removesuffix(".py").split("/")
    return "/".join(parts[:3] if parts[1] == "module_utils" else parts[:2])


def is_package_marker(path: Path) -> bool:
    """Empty files that only make a folder a package belong to no room."""
    return path.name == "__init__.py" and not path.read_text(encoding="utf-8").strip()


def collection_files() -> list[Path]:
    """Python files of plugins/ that hold code."""
    return [path for path in files("plugins") if not is_package_marker(path)]


@pytest.mark.parametrize("path", collection_files(), ids=relative)
def test_collection_imports_run_one_way(path: Path) -> None:
    room = room_of(path)
    assert room in ALLOWED, f"{room} is a new room: say in ALLOWED what it may import"
    prefix = OWN_PREFIX + "plugins."
    inner = [name.removeprefix(prefix) for name in imported_names(path) if name.startswith(OWN_PREFIX)]
    own = {name.removeprefix("module_utils.").split(".")[0] for name in inner}
    assert own <= ALLOWED[room] | {room.rpartition("/")[2]}


@pytest.mark.parametrize("path", collection_files(), ids=relative)
def test_collection_knows_nothing_of_the_embedded_azure(path: Path) -> None:
    assert not [name for name in imported_names(path) if name.split(".")[0] in {"apim_emulator", "emulator", "tests"}]


@pytest.mark.parametrize("path", files("emulator") + files("tests/emulator"), ids=relative)
def test_embedded_azure_knows_nothing_of_the_collection(path: Path) -> None:
    assert not [
        name for name in imported_names(path) if name.split(".")[0] in {"ansible", "ansible_collections", "plugins"}
    ]


@pytest.mark.parametrize(
    "path",
    [
        path
        for room in ("_bicep", "_report", "_routing", "_resources", "_preflight", "_validation")
        for path in files(f"plugins/module_utils/{room}")
    ],
    ids=relative,
)
def test_pure_rooms_touch_nothing_outside(path: Path) -> None:
    reached = [
        name
        for name in imported_names(path)
        if not name.startswith(OWN_PREFIX) and any(f"{name}.".startswith(f"{impure}.") for impure in IMPURE)
    ]
    assert not reached
