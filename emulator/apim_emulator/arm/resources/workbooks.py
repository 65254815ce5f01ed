# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workbooks of Azure Monitor: kept by subscription, resource group and name.

Sources: the 2022-04-01 and 2023-06-01 descriptions, recorded traffic of azure-cli, reported errors.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, Field

from apim_emulator.arm.contracts import Contract, parse
from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.http import utc_text

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_READ_ONLY = {"": frozenset(("id", "name", "type", "systemData")), "properties": {"timeModified", "userId", "revision"}}


def _json_text(text: str) -> str:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"The text is not valid JSON: {error}.") from error
    return text


JsonText = Annotated[str, AfterValidator(_json_text)]
Tags = Annotated[dict[str, str], Field(max_length=50)]


class WorkbookPropertiesContract(Contract):
    """`properties` of a workbook."""

    display_name: str = Field(min_length=1)
    serialized_data: JsonText
    category: str = Field(min_length=1)
    version: str | None = None
    source_id: str | None = None
    description: str | None = None


class WorkbookContract(Contract):
    """Body of a PUT."""

    location: str = Field(min_length=1)
    kind: Literal["shared"]
    tags: Tags = Field(default_factory=dict)
    etag: str | None = None
    properties: WorkbookPropertiesContract


class WorkbookPropertiesUpdateContract(Contract):
    """What a PATCH may change of `properties`."""

    display_name: str | None = Field(default=None, min_length=1)
    serialized_data: JsonText | None = None
    category: str | None = Field(default=None, min_length=1)
    description: str | None = None


class WorkbookUpdateContract(Contract):
    """Body of a PATCH."""

    kind: Literal["shared"] = "shared"
    tags: Tags | None = None
    properties: WorkbookPropertiesUpdateContract = WorkbookPropertiesUpdateContract()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workbook is: subscription, resource group, name; the last two ignore case."""

    subscription: str
    resource_group: str
    name: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what two spellings of one place have in common."""
        return self.subscription, self.resource_group.lower(), self.name.lower()


@dataclass(frozen=True, slots=True)
class Workbook:
    """One revision of a workbook. `properties` are the contract's, with who made the revision and when."""

    place: Place
    location: str
    tags: Mapping[str, str]
    properties: Mapping[str, Any]
    etag: str

    def show(self, *, content: bool) -> dict[str, Any]:
        """Return the workbook as ARM shows it: without a type, and without its content unless `content` is wanted."""
        place = self.place
        properties = self.properties if content else {**self.properties, "serializedData": None}
        return {
            "kind": "shared",
            "etag": self.etag,
            "id": f"/subscriptions/{place.subscription}/resourcegroups/{place.resource_group}"
            f"/providers/microsoft.insights/workbooks/{place.name.lower()}",
            "name": place.name.lower(),
            "type": None,
            "location": self.location,
            "tags": dict(self.tags),
            "properties": {**properties, "tags": None, "storageUri": None},
        }


class Workbooks:
    """All workbooks."""

    def __init__(self) -> None:
        self._workbooks: dict[tuple[str, str, str], Workbook] = {}

    def find(self, place: Place) -> Workbook | None:
        """Return the workbook, or None."""
        return self._workbooks.get(place.key)

    def within(self, subscription: str, resource_group: str | None) -> Iterable[Workbook]:
        """Return the workbooks of a subscription or of a resource group, ordered by place."""
        for key in sorted(self._workbooks):
            if key[0] == subscription and resource_group in (None, key[1]):
                yield self._workbooks[key]

    def put(self, place: Place, body: Mapping[str, Any], user: str) -> Workbook:
        """Make a workbook, or a new revision of it; `user` is the caller's object id. Raises ArmError."""
        if not _GUID.fullmatch(place.name.lower()):
            raise ArmError(400, "BadRequest", f"Invalid Workbook resource name: '{place.name.lower()}'")
        stored, problems = parse(WorkbookContract, _sent(body))
        if stored is None:
            raise _refused(problems, body)
        location = stored["location"].replace(" ", "").lower()
        existing = self.find(place)
        if existing is not None:
            check_etag(stored.get("etag"), existing)
            if existing.location != location:
                raise _other_location(existing, location)
        return self._keep(existing.place if existing else place, location, stored["tags"], stored["properties"], user)

    def patch(self, existing: Workbook, body: Mapping[str, Any], user: str) -> Workbook:
        """Make a new revision that differs in what the body names; tags are replaced together. Raises ArmError."""
        stored, problems = parse(WorkbookUpdateContract, _sent(body))
        if stored is None:
            raise _refused(problems, body)
        properties = {**existing.properties, **stored["properties"]}
        tags = stored.get("tags", dict(existing.tags))
        return self._keep(existing.place, existing.location, tags, properties, user)

    def remove(self, workbook: Workbook) -> None:
        """Remove a workbook."""
        del self._workbooks[workbook.place.key]

    def _keep(
        self, place: Place, location: str, tags: Mapping[str, str], sent: Mapping[str, Any], user: str
    ) -> Workbook:
        title = sent["displayName"]
        for other in self.within(place.subscription, place.key[1]):
            if other.place.key != place.key and other.properties["displayName"] == title:
                message = "A Workbook with the same name already exists within this subscription."
                raise ArmError(409, "Conflict", message)
        source = sent.get("sourceId")
        properties = {
            "displayName": title,
            "serializedData": sent["serializedData"],
            "version": sent.get("version"),
            "category": sent["category"],
            "userId": user,
            "sourceId": source.lower() if source is not None else None,
            "timeModified": utc_text(),
            "revision": secrets.token_hex(16),
        }
        if "description" in sent:
            properties["description"] = sent["description"]
        etag = f'"{secrets.token_hex(4)}-0000-0200-0000-{int(time.time()):08x}"'
        workbook = Workbook(place, location, {**tags, "hidden-title": title}, properties, etag)
        self._workbooks[place.key] = workbook
        return workbook


def check_etag(wanted: str | None, existing: Workbook | None) -> None:
    """Raise ArmError (412) unless `wanted` is None, `*`, or the ETag of the existing workbook."""
    if wanted is None or wanted.strip() == "*":
        return
    if existing is None or wanted.strip() != existing.etag:
        raise ArmError(412, "PreconditionFailed", "The workbook was modified since it was read.")


def _sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without null and read-only members."""
    kept = {name: value for name, value in body.items() if value is not None and name not in _READ_ONLY[""]}
    properties = kept.get("properties")
    if isinstance(properties, Mapping):
        kept["properties"] = {
            name: value
            for name, value in properties.items()
            if value is not None and name not in _READ_ONLY["properties"]
        }
    return kept


def _refused(problems: list[Problem], body: Mapping[str, Any]) -> ArmError:
    if "location" not in body and any(problem.target == "location" for problem in problems):
        return ArmError(400, "LocationRequired", "The location property is required for this definition.")
    return invalid(problems)


def _other_location(existing: Workbook, location: str) -> ArmError:
    place = existing.place
    message = (
        f"The resource '{place.name}' already exists in location '{existing.location}' in resource group "
        f"'{place.resource_group}'. A resource with the same name cannot be created in location '{location}'. "
        "Please select a new resource name."
    )
    return ArmError(409, "InvalidResourceLocation", message)
