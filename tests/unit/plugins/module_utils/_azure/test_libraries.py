# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Missing libraries, what is imported when, and the version shown to Azure: each in an interpreter of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.version import VERSION

ROOT = Path(__file__).resolve().parents[5]
PACKAGE = "ansible_collections.citadel.ai_gateway.plugins.module_utils._azure"
OPTIONS = (
    "dict(auth_source='auto', tenant='t', client_id='c', secret='s', cloud_environment='AzureCloud', timeout=9,"
    " parallelism=2, subscription_id='00000000-0000-0000-0000-000000000000', resource_group='rg', service_name='apim')"
)
HIDE = "import sys\nfor name in {names!r}: sys.modules[name] = None\n"


def run(code: str) -> str:
    """Run code in a fresh interpreter that finds the collection; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "collections")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_missing_library_is_named_with_version_and_reason() -> None:
    code = f"""{HIDE.format(names=["azure", "requests"])}
from {PACKAGE}.client import create_client
from {PACKAGE}.errors import MissingLibraryError
try:
    create_client({OPTIONS})
except MissingLibraryError as error:
    print(error)
"""
    text = run(code)
    for part in ("azure-identity >= 1.19.0", "azure-mgmt-core >= 1.5.0", "requests >= 2.32.0", "to sign in to Azure"):
        assert part in text


def test_a_library_that_is_too_old_is_named() -> None:
    code = f"""
import azure.mgmt.core
azure.mgmt.core.__version__ = "1.4.9b1"
from {PACKAGE}.client import create_client
from {PACKAGE}.errors import MissingLibraryError
try:
    create_client({OPTIONS})
except MissingLibraryError as error:
    print(error)
"""
    assert "azure-mgmt-core 1.4.9b1 is too old: 1.5.0 is required" in run(code)


def test_every_file_can_be_imported_without_the_libraries() -> None:
    folder = ROOT / "plugins/module_utils/_azure"
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py") if path.stem != "__init__"]
    assert len(paths) > 20
    imports = "\n".join(f"import {'.'.join([PACKAGE, *path.parts])}" for path in paths)
    hidden = HIDE.format(names=["azure", "requests", "certifi", "urllib3", "msal", "cryptography"])
    assert run(f"{hidden}{imports}\nprint('done')") == "done\n"


def test_options_are_checked_before_anything_is_imported() -> None:
    code = f"import sys\nimport {PACKAGE}.client\nprint({{'azure', 'azure.core', 'requests'}} & set(sys.modules))"
    assert run(code) == "set()\n"


def test_a_client_loads_nothing_beyond_what_it_needs() -> None:
    code = f"""
import sys
from {PACKAGE}.client import create_client
create_client({OPTIONS})
print(*sys.modules, sep="\\n")
"""
    loaded = set(run(code).splitlines())
    assert {"azure.identity", "azure.mgmt.core", "requests"} <= loaded
    sdks = {name.split(".")[2] for name in loaded if name.startswith("azure.mgmt.")}
    assert sdks <= {"core"}
    assert not {"aiohttp", "azure.cli", "msrest", "pkg_resources"} & loaded


def test_the_version_is_that_of_the_collection() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == VERSION
