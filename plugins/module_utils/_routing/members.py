# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A member of a model: one deployment of it on one account, and what a request to that must look like.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.endpoints import (
    AZURE_OPENAI,
    EXTERNAL,
    FOUNDRY,
    SERVERLESS,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.inventory import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.model_entries import Model
from ansible_collections.citadel.ai_gateway.plugins.module_utils._routing.naming import model_key

# facts, endpoint families: what a request carries when its client sends none.
_API_VERSIONS = {
    AZURE_OPENAI: "2024-10-21",
    FOUNDRY: "2024-05-01-preview",
    SERVERLESS: "2024-05-01-preview",
    EXTERNAL: "",
}

# What tells a member from others: the account's position and the deployment, see :attr:`Member.deployment_key`.
MemberKey = tuple[int, str]


@dataclass(frozen=True)
class Member:
    """One (account, deployment) that serves a model.

    :ivar account: the backend of the inventory.
    :ivar model: its first entry for the deployment.
    """

    account: Backend
    model: Model

    @cached_property
    def key(self) -> MemberKey:
        """What tells it from other members."""
        return self.account.index, self.deployment_key

    @cached_property
    def deployment_key(self) -> str:
        """What tells the deployment from others of its account: Azure ignores the case of names, others may not."""
        is_external = self.account.family == EXTERNAL
        return self.model.deployment if is_external else model_key(self.model.deployment)

    @property
    def is_path_only(self) -> bool:
        """Whether the path names the deployment, so that the model in a body does not matter.

        facts: an AI Foundry account serves models of OpenAI in the shape of Azure OpenAI too.
        """
        family = self.account.family
        return family == AZURE_OPENAI or (family == FOUNDRY and self.model.is_of_openai)

    @property
    def family(self) -> str:
        """The family whose shape requests to the deployment have, see :mod:`.endpoints`."""
        return AZURE_OPENAI if self.is_path_only else self.account.family

    @property
    def api_version(self) -> str:
        """The api-version that a request to the deployment takes, empty for none."""
        return _API_VERSIONS.get(self.family, "")

    @property
    def url(self) -> str:
        """URL of the deployment, to which a request adds the operation alone."""
        if self.is_path_only:
            return f"{self.account.endpoint}/openai/deployments/{quote(self.model.deployment, safe='')}"
        return f"{self.account.endpoint}/models" if self.account.family == FOUNDRY else self.account.endpoint

    @cached_property
    def credential_class(self) -> tuple[str, ...]:
        """What authenticates requests to it: members of different classes cannot share a pool.

        Every member of a pool gets the token that a request carries, so tokens of one audience are a class. Credentials
        that the inventory gives belong to each APIM backend. Where it gives none, they may have been set there by
        someone else, and are left alone.
        """
        if self.account.auth_scheme == "managed_identity":
            return "identity", self.account.token_audience
        return ("own",) if self.account.credential else ("unknown",)

    @property
    def pool_class(self) -> tuple[str, ...]:
        """What members of a pool have in common: the credentials' class and, if these are unknown, the api-version.

        An APIM backend that brings its api-version keeps that among its credentials, which are then no longer left
        alone.
        """
        return (*self.credential_class, "" if self.account.is_authenticated else self.api_version)
