# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that generated inventories name, and what their providers take, as Microsoft and others document it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_CLOUDS = ("com", "us", "cn")


@dataclass(frozen=True)
class Site:
    """One kind of endpoint.

    :ivar name: also the first part of its host names.
    :ivar types: the `backend_type`s under which an inventory may list it.
    :ivar domain: the rest of its host names, `{}` for the cloud's top-level domain.
    :ivar paths: spellings of the endpoint's path that mean the same.
    :ivar audience: of the Entra token that it takes, `{}` for the cloud's top-level domain; empty for none.
    :ivar bearer_keys: whether it takes an API key as a bearer token.
    """

    name: str
    types: tuple[str, ...]
    domain: str
    paths: tuple[str, ...]
    audience: str
    bearer_keys: bool = False
    clouds: tuple[str, ...] = ("com",)

    def host(self, number: int, cloud: str) -> str:
        """Return one of its host names."""
        return f"{self.name}-{number}.{self.domain.format(cloud)}"

    @property
    def is_external(self) -> bool:
        """Whether it is nobody's of Azure."""
        return not self.audience

    @property
    def is_pathless(self) -> bool:
        """Whether requests name their model in the body alone."""
        return self.bearer_keys


_COGNITIVE, _MACHINE_LEARNING = "https://cognitiveservices.azure.{}", "https://ml.azure.com"
_OPENAI_PATHS = ("", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/")
_FOUNDRY_PATHS = ("", "/", "/models", "/models/", "/openai")
# A project is a part of an account, which serves the models of all of its projects.
_PROJECT_PATHS = (*_FOUNDRY_PATHS, "/api/projects/team-1", "/api/projects/team-1/", "/api/projects/team-1/models")

SITES = (
    # A host of Azure OpenAI is one whatever an inventory calls it.
    Site("account", ("azure-openai",), "openai.azure.{}", _OPENAI_PATHS, _COGNITIVE, clouds=_CLOUDS),
    Site("called-foundry", ("ai-foundry",), "openai.azure.{}", _FOUNDRY_PATHS, _COGNITIVE, clouds=_CLOUDS),
    Site("foundry", ("ai-foundry",), "cognitiveservices.azure.{}", _FOUNDRY_PATHS, _COGNITIVE, clouds=_CLOUDS),
    Site("called-openai", ("azure-openai",), "cognitiveservices.azure.{}", _OPENAI_PATHS, _COGNITIVE, clouds=_CLOUDS),
    Site("project", ("ai-foundry",), "services.ai.azure.com", _PROJECT_PATHS, _COGNITIVE.format("com")),
    Site("serverless", ("ai-foundry",), "eastus.models.ai.azure.com", ("", "/"), _MACHINE_LEARNING, True),
    Site("compute", ("ai-foundry",), "westus.inference.ml.azure.com", ("", "/"), _MACHINE_LEARNING, True),
    Site("external", ("external",), "example", ("/v1", "/v1/", "", "/", "/api/v2", "/api/v2/"), "", True),
)
_NAMES = {site.name: site for site in SITES}
_HOST = re.compile(r"([a-z-]+)-\d+\.(.+)")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint of an inventory, as a person would read it: its host, site, cloud and path."""

    host: str
    site: Site
    cloud: str
    path: str

    @property
    def audience(self) -> str:
        """Audience of the Entra token that it takes; empty for none."""
        return self.site.audience.format(self.cloud)


def read_endpoint(backend_type: object, text: object) -> Endpoint | None:
    """Return what an endpoint of one of these sites says, None for any other value."""
    try:
        url = urlsplit(text.strip() if isinstance(text, str) else "")
        host = (url.hostname or "").lower()
    except ValueError:
        return None
    match = _HOST.fullmatch(host)
    site = _NAMES.get(match[1]) if match else None
    if site is None or match is None or backend_type not in site.types or url.path not in site.paths or url.port:
        return None
    cloud = host.rpartition(".")[2] if len(site.clouds) > 1 else "com"
    return Endpoint(host, site, cloud, url.path) if match[2] == site.domain.format(cloud) else None
