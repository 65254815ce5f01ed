# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ARM would refuse because of other objects of the service: told from the listings, before the first write.

Each rule is one that ARM applies on its own to a single write, in the middle of a run. PRIVATE to the
citadel.ai_gateway collection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._changes import Change
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api import Api
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api_operation import ApiOperation
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import NamedValue
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.pool import Pool
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.product_link import ProductLink

# Collection -> lower-case name -> ARM object.
Listings = Mapping[str, Mapping[str, Mapping[str, Any]]]


def conflicts(changes: Sequence[Change], existing: Listings) -> list[str]:
    """Return a problem, with its remedy, for each wanted object that another one is in the way of.

    :param changes: the wanted objects, and the removals that are made before them.
    :param existing: the listings of all collections that the changes are about.
    """
    wanted = [change for change in changes if change.wanted is not None]
    gone = {(each.resource.collection, each.name.lower()) for each in changes if each.wanted is None}
    return [
        *_missing_members(wanted, existing),
        *_taken_paths([each for each in wanted if isinstance(each.resource, Api)], existing),
        *_taken_display_names([each for each in wanted if isinstance(each.resource, NamedValue)], existing),
        *_missing_products([each for each in wanted if isinstance(each.resource, ProductLink)], existing),
        *_taken_operations([each for each in wanted if isinstance(each.resource, ApiOperation)], existing, gone),
    ]


def _missing_members(wanted: Iterable[Change], existing: Listings) -> Iterator[str]:
    """A pool holds backends that exist, or that the same run makes before it, and no pools (facts, backends)."""
    listed = {key: entity["properties"].get("type") == "Pool" for key, entity in existing.get("backends", {}).items()}
    listed |= {each.name.lower(): isinstance(each.resource, Pool) for each in wanted if _is_target(each)}
    for change in wanted:
        if not isinstance(change.resource, Pool):
            continue
        held = {member["backend"].lower() for member in (change.before or {}).get("members", [])}
        for name in [member["backend"] for member in (change.wanted or {}).get("members", [])]:
            if name.lower() in held or listed.get(name.lower()) is False:
                continue
            fault = "a pool, and pools hold backends alone" if name.lower() in listed else "which does not exist"
            remedy = "create a backend of that name first, or write the name of one that exists"
            yield f"pool {change.title}: members[].backend: is {name!r}, {fault}; {remedy}"


def _is_target(change: Change) -> bool:
    """Tell whether an object is in the collection of backends, where pools are as well."""
    return isinstance(change.resource, (Backend, Pool))


def _taken_paths(changes: Iterable[Change], existing: Listings) -> Iterator[str]:
    """Two APIs have one path only as versions of one set, or as revisions of one API."""
    for change in changes:
        path = (change.after or {}).get("path", "")
        if change.before and change.before["path"] == path:
            continue
        for entity in existing["apis"].values():
            held = entity["properties"]
            other = entity["name"].partition(";")[0]
            if other.lower() != change.name.lower() and not held.get("apiVersionSetId") and _path(held) == path.lower():
                remedy = "give it another (path), or remove that API first"
                yield f"API {change.title}: its path {path!r} is that of the API {other}; {remedy}"
                break


def _path(properties: Mapping[str, Any]) -> str:
    return str(properties.get("path") or "").strip("/").lower()


def _taken_display_names(changes: Iterable[Change], existing: Listings) -> Iterator[str]:
    """Policies refer to named values by display names, so ARM keeps these apart."""
    for change in changes:
        display_name = (change.after or {}).get("display_name")
        if change.before and change.before.get("display_name") == display_name:
            continue
        for entity in existing["namedValues"].values():
            if entity["properties"]["displayName"] == display_name and entity["name"].lower() != change.name.lower():
                yield (
                    f"named value {change.title}: its display name is that of the named value {entity['name']}; give "
                    "that one another display name, or remove it first"
                )


def _missing_products(changes: Iterable[Change], existing: Listings) -> Iterator[str]:
    for change in changes:
        product = str((change.wanted or {})["product"])
        if product.lower() not in existing["products"]:
            yield f"API {change.name}: there is no product {product!r}; create it first, or take it out of products"


def _taken_operations(changes: Sequence[Change], existing: Listings, gone: set[tuple[str, str]]) -> Iterator[str]:
    """An operation that nobody listed stays, whoever adopts its API: it may have a policy and callers of its own."""
    names = {(change.resource.collection, change.name.lower()) for change in changes}
    for change in changes:
        collection, wanted = change.resource.collection, change.wanted or {}
        for key, entity in existing.get(collection, {}).items():
            held = entity["properties"]
            same_method = held["method"].upper() == wanted["method"].upper()
            same = same_method and held["urlTemplate"].lower() == wanted["url_template"].lower()
            if same and (collection, key) not in names | gone:
                yield (
                    f"API operation {change.title}: {wanted['method'].upper()} {wanted['url_template']} is what the "
                    f"operation {entity['name']} of the API answers; remove that operation first"
                )
