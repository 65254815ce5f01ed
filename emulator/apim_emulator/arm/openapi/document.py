# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading an OpenAPI 3 document: its syntax, its validity, and what its references mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import yaml

from apim_emulator.arm.errors import ArmError, Problem, invalid

_TARGET = "representation"
_INVALID = (
    "The input OpenAPI file is not valid for the OpenAPI specification "
    "https://github.com/OAI/OpenAPI-Specification/blob/master/versions/3.0.1.md "
    "(schema https://github.com/OAI/OpenAPI-Specification/blob/master/schemas/v3.0/schema.yaml)."
)
_MAX_REFERENCES = 20


class _JsonLoader(yaml.SafeLoader):
    """Reads YAML as JSON would have it: dates stay text, and keys are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {str(key): value for key, value in super().construct_mapping(node, deep=deep).items()}


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Document:
    """A valid OpenAPI 3 document, whose references all lead to parts of it."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a node stands for, following $ref. Raises ArmError for a reference that leads to itself."""
        for _ in range(_MAX_REFERENCES):
            if "$ref" not in node:
                return node
            node = _target(self.root, node["$ref"]) or {}
        raise refused([f"The reference '{node['$ref']}' leads back to itself."])


def _target(root: Mapping[str, Any], reference: str) -> Mapping[str, Any] | None:
    """Return the part of the document that a reference names, None when it names none."""
    if not reference.startswith("#/"):
        return None
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _references(node: Any) -> Iterator[str]:
    """Yield every reference below a node."""
    if isinstance(node, Mapping):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def load(text: str) -> Document:
    """Read a document, YAML or its subset JSON; the versions 3.0 and 3.1 are known.

    Raises ArmError (ValidationError, target `representation`) with a detail for each violation.
    """
    try:
        root = _parse(text)
        if not isinstance(root, dict) or not str(root.get("openapi", "")).startswith(("3.0.", "3.1.")):
            raise refused(["The document is not one of OpenAPI 3.0 or 3.1.", _INVALID])
        violations = _dangling(root) or _violations(root)
    except RecursionError as error:
        raise refused(["The document is nested too deeply.", _INVALID]) from error
    if violations:
        raise refused([*violations, _INVALID])
    return Document(root)


def _parse(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return yaml.load(text, _JsonLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise refused([_syntax_text(error)]) from error


def _dangling(root: dict[str, Any]) -> list[str]:
    """Return what is wrong with references. No other file may be referred to; none is ever read."""
    return [
        f"The reference '{reference}' is not to a part of the document."
        for reference in dict.fromkeys(_references(root))
        if _target(root, reference) is None
    ]


def _violations(root: dict[str, Any]) -> list[str]:
    # Imported where it is needed: it takes a third of a second, which most runs would spend for nothing.
    from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

    kind = OpenAPIV30SpecValidator if root["openapi"].startswith("3.0.") else OpenAPIV31SpecValidator
    violations = []
    for error in kind(root).iter_errors():
        place = "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in error.absolute_path)
        violations.append(f"{error.message} [#/{place}]")
    return violations


def _syntax_text(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    place = f"(Lin: {mark.line}, Col: {mark.column}, Chr: {mark.index})"
    return f"{place} - {place}: {getattr(error, 'problem', None) or error}"


def refused(texts: list[str]) -> ArmError:
    """Return the refusal of a document, in the form of the observed errors."""
    return invalid([Problem(_TARGET, f"Parsing error(s): {text}") for text in texts])
