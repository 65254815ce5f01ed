# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python libraries that talking to Azure needs.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import importlib
import re

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import MissingLibraryError

# Distribution, module that carries __version__, minimum version, what it is for.
_REQUIRED = (
    ("requests", "requests", "2.32.0", "to talk to Azure over HTTPS"),
    ("azure-mgmt-core", "azure.mgmt.core", "1.5.0", "to call Azure Resource Manager"),
    ("azure-identity", "azure.identity", "1.19.0", "to sign in to Azure"),
)


def require() -> None:
    """Raise MissingLibraryError that names every library that is missing or too old, with version and reason."""
    complaints = []
    for distribution, module, minimum, reason in _REQUIRED:
        try:
            found = importlib.import_module(module).__version__
        except ImportError:
            complaints.append(missing_required_lib(f"{distribution} >= {minimum}", reason=reason))  # type: ignore[no-untyped-call]
            continue
        if _numbers(found) < _numbers(minimum):
            complaints.append(f"The Python library {distribution} {found} is too old: {minimum} is required {reason}.")
    if complaints:
        raise MissingLibraryError(" ".join(complaints))


def _numbers(version: str) -> tuple[int, ...]:
    """Return the release numbers of a version, without any suffix: "1.27.0b2" is (1, 27, 0)."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
