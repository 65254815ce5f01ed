# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which endpoint a host name is, and which operation a path of it names.

Hosts, paths and audiences are those of Azure OpenAI (deployment in the path, or the v1 shape with the model in the
body), of AI Foundry's model inference (`/models`), and of serverless and managed compute endpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from urllib.parse import unquote

ML_AUDIENCE = "https://ml.azure.com"
FOUNDRY_AUDIENCE = "https://ai.azure.com"


class Surface(Enum):
    """A shape of API that an endpoint offers; one host may offer several."""

    CLASSIC = "classic"
    V1 = "v1"
    MODELS = "models"
    SERVERLESS = "serverless"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of endpoint: its name, the surfaces that it offers, and the audiences of the tokens that it takes.

    The first audience is the one that its errors name.
    """

    name: str
    surfaces: frozenset[Surface]
    audiences: tuple[str, ...] = ()

    @property
    def keeps_objects(self) -> bool:
        """Tell whether the endpoint keeps responses, files and batches."""
        return not self.surfaces.isdisjoint((Surface.V1, Surface.EXTERNAL))


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names: the surface, the deployment (when it is in the path) and the path of the operation."""

    surface: Surface
    deployment: str | None
    operation: str


EXTERNAL = Family("external", frozenset((Surface.EXTERNAL,)))

_OPENAI_SURFACES = frozenset((Surface.CLASSIC, Surface.V1))
_FOUNDRY_SURFACES = frozenset((*_OPENAI_SURFACES, Surface.MODELS))
_SERVERLESS_SURFACES = frozenset((Surface.SERVERLESS,))


def _families() -> dict[str, Family]:
    """Return the families of Azure by the end of the host name."""
    families: dict[str, Family] = {}
    for cloud in ("com", "us", "cn"):
        audiences = (f"https://cognitiveservices.azure.{cloud}", FOUNDRY_AUDIENCE)
        families[f".openai.azure.{cloud}"] = Family("azure-openai", _OPENAI_SURFACES, audiences)
        families[f".cognitiveservices.azure.{cloud}"] = Family("ai-foundry", _FOUNDRY_SURFACES, audiences)
    families[".services.ai.azure.com"] = families[".cognitiveservices.azure.com"]
    serverless = Family("serverless", _SERVERLESS_SURFACES, (ML_AUDIENCE,))
    families[".models.ai.azure.com"] = families[".inference.ml.azure.com"] = serverless
    return families


_FAMILIES = _families()


def azure_family(host: str) -> Family | None:
    """Return the family of an Azure host name (lower case), or None when the name is not one of Azure's models."""
    for suffix, family in _FAMILIES.items():
        if host.endswith(suffix) and len(host) > len(suffix):
            return family
    return None


def locate(family: Family, base_path: str, path: str) -> Place | None:
    """Return what a path (percent-encoded) of an endpoint names, or None when it names nothing.

    `base_path` is where the paths of an external endpoint begin. Empty segments, and so a slash at the end, do not
    match.
    """
    segments = tuple(unquote(segment) for segment in path.split("/")[1:])
    if Surface.EXTERNAL in family.surfaces:
        base = tuple(base_path.split("/")[1:])
        if segments[: len(base)] != base:
            return None
        return _place(Surface.EXTERNAL, segments[len(base) :])
    if Surface.SERVERLESS in family.surfaces:
        return _serverless(segments)
    match segments:
        case ("openai", "v1", *rest):
            return _place(Surface.V1, rest)
        case ("openai", "deployments", deployment, operation, *rest) if deployment:
            return _place(Surface.CLASSIC, (operation, *rest), deployment)
        case ("openai", *rest):
            return _place(Surface.CLASSIC, rest)
        case ("models", *rest) if Surface.MODELS in family.surfaces:
            return _place(Surface.MODELS, rest)
        case _:
            return None


def _serverless(segments: Sequence[str]) -> Place | None:
    # The path with v1 is OpenAI's own, without an api-version.
    if segments[:1] == ("v1",):
        return _place(Surface.V1, segments[1:])
    return _place(Surface.SERVERLESS, segments)


def _place(surface: Surface, rest: Sequence[str], deployment: str | None = None) -> Place | None:
    return Place(surface, deployment, "/".join(rest)) if rest and all(rest) else None
