# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""APIs: their contract, import and export of OpenAPI documents, removal with all that hangs on them.

Sources: facts 1.1, 1.2, 1.3, 1.5, 1.6 and 1.7; observed errors for the path and for the current revision.
"""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal

from pydantic import Field

from apim_emulator.arm.call import Call
from apim_emulator.arm.contracts import Contract, is_absolute_url, parse, spelled
from apim_emulator.arm.errors import ArmError, Problem, invalid
from apim_emulator.arm.openapi.exporting import export_document
from apim_emulator.arm.openapi.importing import FORMATS, ImportedApi, import_document
from apim_emulator.arm.operations import Operation
from apim_emulator.arm.resources.api_import import store_import
from apim_emulator.arm.resources.child import ChildKind, Conditions, check_text
from apim_emulator.arm.resources.service_subscriptions import subscriptions_of
from apim_emulator.arm.store import Entity, Service
from apim_emulator.http import Answer

_NAME = re.compile(r"[^*#&+:<>?]+")
_REVISION = re.compile(r"(?P<api>.+);rev=(?P<revision>.+)", re.IGNORECASE)
_EXPORT_FORMAT = "openapi+json"

# Members of the description that the embedded Azure does not model; each is refused by name.
_UNKNOWN = ("apiVersion", "apiVersionSet", "apiVersionSetId", "authenticationSettings", "sourceApiId", "wsdlSelector")

Protocol = Annotated[Literal["http", "https"], spelled("http", "https")]
Conduct = Annotated[Literal["template", "query"], spelled("template", "query")]


class KeyNamesContract(Contract):
    """Where clients put the subscription key."""

    header: str = Field(default="Ocp-Apim-Subscription-Key", min_length=1)
    query: str = Field(default="subscription-key", min_length=1)


class ApiContract(Contract):
    """`properties` of an API; `isOnline` and `provisioningState` are read-only and ignored when they are sent back."""

    display_name: str = Field(min_length=1, max_length=300)
    path: str = Field(max_length=400)
    description: str | None = None
    service_url: str | None = Field(default=None, max_length=2000)
    protocols: list[Protocol] = Field(default=["https"], min_length=1)
    subscription_required: bool = True
    subscription_key_parameter_names: KeyNamesContract = KeyNamesContract()
    type: Annotated[Literal["http"], spelled("http")] = "http"
    api_revision: str = Field(default="1", min_length=1, max_length=100)
    api_revision_description: str | None = Field(default=None, max_length=256)
    api_version_description: str | None = Field(default=None, max_length=256)
    is_current: Literal[True] = True
    terms_of_service_url: str | None = None
    contact: dict[str, str] | None = None
    license: dict[str, str] | None = None
    is_online: bool | None = None
    provisioning_state: str | None = None


class ImportContract(Contract):
    """The members of a PUT that make an API from a document."""

    value: str = Field(min_length=1)
    format: Annotated[Literal["openapi", "openapi+json"], spelled(*FORMATS)]
    api_type: Annotated[Literal["http"] | None, spelled("http")] = None
    translate_required_query_parameters: Conduct = "template"


_IMPORT_MEMBERS = frozenset(("value", "format", "apiType", "translateRequiredQueryParameters"))


class Apis(ChildKind):
    """S/apis."""

    collection = "apis"
    title = "API"
    filterable = frozenset(("name", "displayName", "description", "serviceUrl", "path"))
    long_running = frozenset(("PUT", "DELETE"))

    def check_name(self, name: str) -> None:
        check_text(name, "apiId", 1, 256, _NAME.fullmatch)
        if _REVISION.fullmatch(name):
            text = "The embedded Azure knows the current revision of an API only; it does not make another."
            raise invalid([Problem("apiId", text)])

    def find(self, call: Call, name: str) -> Entity | None:
        """Return the API; its current revision may be named, as in models;rev=1."""
        revision = _REVISION.fullmatch(name)
        if revision is None:
            return super().find(call, name)
        api = super().find(call, revision["api"])
        return api if api is not None and api.properties["apiRevision"] == revision["revision"] else None

    def check_sent(self, _call: Call, properties: dict[str, Any]) -> None:
        text = "The embedded Azure does not know the member '{}' of an API."
        unknown = [Problem(name, text.format(name)) for name in _UNKNOWN if name in properties]
        if unknown:
            raise invalid(unknown)

    async def build(self, call: Call, name: str, properties: dict[str, Any], _existing: Entity | None) -> Entity:
        own = {member: value for member, value in properties.items() if member not in _IMPORT_MEMBERS}
        imported = await self._import(properties)
        if imported is not None:
            own = {**imported.api_properties(), **own}
        stored, problems = parse(ApiContract, own)
        url = own.get("serviceUrl")
        if isinstance(url, str) and not is_absolute_url(url):
            problems.append(Problem("serviceUrl", "The service URL must be an absolute http or https URL."))
        if stored is not None:
            stored["path"] = stored["path"].strip("/")
            problems += _path_problems(call.apim(), name, stored["path"])
        if problems or stored is None:
            raise invalid(problems)
        kept = {member: value for member, value in stored.items() if member not in ("isOnline", "provisioningState")}
        return Entity(self.collection, name, kept, parsed=imported)

    @staticmethod
    async def _import(properties: dict[str, Any]) -> ImportedApi | None:
        """Return what the sent document describes, None when none was sent. Raises ArmError for a wrong document."""
        sent = {member: properties[member] for member in _IMPORT_MEMBERS & properties.keys()}
        if not {"value", "format"} & sent.keys():
            return None
        wanted, problems = parse(ImportContract, sent)
        if problems or wanted is None:
            raise invalid(problems)
        in_template = wanted["translateRequiredQueryParameters"] == "template"
        # Reading a document of some thousand lines takes longer than the other clients should wait.
        return await asyncio.to_thread(import_document, wanted["value"], in_template=in_template)

    def put(self, call: Call, entity: Entity) -> None:
        imported, entity.parsed = entity.parsed, None
        with call.apim().batch():
            super().put(call, entity)
            if imported is not None:
                store_import(self._store, call.apim(), entity, imported)

    def properties(self, _call: Call, entity: Entity) -> dict[str, Any]:
        return entity.properties if entity.is_ready() else {**entity.properties, "provisioningState": "InProgress"}

    def read(self, call: Call, entity: Entity, status: int) -> Answer:
        query = call.request.query
        if query.get("export", "").lower() != "true":
            return super().read(call, entity, status)
        # A + that a client did not encode arrives as a space.
        if query.get("format", "").replace(" ", "+").lower() != _EXPORT_FORMAT:
            text = f"'{query.get('format', '')}' is not a format to which the embedded Azure exports: {_EXPORT_FORMAT}."
            raise invalid([Problem("format", text)])
        content = {
            "id": f"{call.apim().resource_id}{entity.path}",
            "format": _EXPORT_FORMAT,
            "value": export_document(call.apim(), entity),
        }
        return Answer(status, content, {"ETag": entity.etag})

    def check_removal(self, call: Call, entity: Entity) -> None:
        """An API may always go: products, subscriptions and its own children do not keep it."""

    def start(self, call: Call, entity: Entity, conditions: Conditions) -> Operation | None:
        if call.request.method == "DELETE" and _REVISION.fullmatch(call.request.segments()[-1]):
            conditions = Conditions(conditions.lro_ms, _current_revision())
        return super().start(call, entity, conditions)

    def remove(self, call: Call, entity: Entity) -> None:
        service = call.apim()
        with service.batch():
            for subscription in subscriptions_of(service, entity):
                service.remove(subscription)
            for product in service.children("products"):
                link = service.get(f"products/{product.name}/apis", entity.name)
                if link is not None:
                    service.remove(link)
            super().remove(call, entity)


def _current_revision() -> ArmError:
    return ArmError(400, "ValidationError", "Cannot delete the current revision of an API.")


def _path_problems(service: Service, name: str, path: str) -> list[Problem]:
    text = "Cannot create API '{}' with the same Path '{}' as API '{}'  unless it's a part of the same version set"
    return [
        Problem("path", text.format(name, path, other.name))
        for other in service.children("apis")
        if other.name.lower() != name.lower() and other.properties["path"].lower() == path.lower()
    ]
