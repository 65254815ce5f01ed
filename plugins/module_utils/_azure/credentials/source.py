# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every credential source has: the contract of the files beside this one.

To add a source: write a file with a class of this shape, add it to ``select.py``, its options to ``argument_spec.py``
and to the documentation fragment.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.options import CredentialOptions
    from azure.core.credentials import TokenCredential


class CredentialSource(Protocol):
    """One way to get tokens. ``problems`` is local and quick; nothing is sent before the first token is needed."""

    def problems(self, options: CredentialOptions) -> list[str]:
        """Return one sentence per reason why this source cannot work with ``options``; empty when it can."""

    def build(self, options: CredentialOptions, pipeline: dict[str, Any]) -> TokenCredential:
        """Return the azure-identity credential.

        ``pipeline`` are its keyword arguments for HTTP and authority; a source takes out what it has no use for.
        Raises ConfigurationError when a file turns out not to hold what it should.
        """
