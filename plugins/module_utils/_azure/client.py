# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to this package: the ARM client, and how to make one from the options of a module.

Private to the collection: not for use from outside, may change at any time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure import clouds, failures, libraries
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.arm import ArmClient, Entity, Service
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.azure_cli import (
    AzureCli,
    default_subscription,
)
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.credentials.select import select_source
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.deadline import Deadline
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.errors import ConfigurationError
from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.signals import Signal

if TYPE_CHECKING:
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.transport import ArmTransport

__all__ = ["ArmClient", "Entity", "create_client"]

_SUBSCRIPTION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# ARM's published naming rules: no period at the end of a group, letters first and no hyphen last in a service.
_RESOURCE_GROUP = re.compile(r"[\w.()-]{0,89}[\w()-]")
_SERVICE_NAME = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9-]{0,48}[a-zA-Z0-9])?")


def create_client(params: Mapping[str, Any]) -> ArmClient:
    """Return a client for the service that the options of a module name.

    ``params`` hold everything of argument_spec.AUTH_ARGUMENT_SPEC. Signing in happens with the first call; only the
    metadata of a cloud that is given by URL are read at once.
    Raises ConfigurationError with every problem of the options, MissingLibraryError, or ArmError for that metadata.
    """
    source, options = select_source(params)
    subscription = params.get("subscription_id")
    if not subscription and isinstance(source, AzureCli):
        subscription = default_subscription()
    found = [*_coordinate_problems(params, subscription), *_limit_problems(params), *source.problems(options)]
    if found:
        raise ConfigurationError(found)
    libraries.require()
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.pipeline import ArmPipeline
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.transport import ArmTransport

    # azure-identity logs failures that are raised as well; without a handler Python would print them.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    transport = ArmTransport(Deadline(params["timeout"]), params["parallelism"])
    cloud = _cloud(params["cloud_environment"], transport)
    credential = source.build(options, _identity_options(params, cloud, transport))
    service = Service(str(subscription), params["resource_group"], params["service_name"])
    return ArmClient(ArmPipeline(cloud, credential, transport), service)


def _coordinate_problems(params: Mapping[str, Any], subscription: str | None) -> list[str]:
    """Check the names that make up the service's path."""
    found = []
    if not subscription:
        found.append("subscription_id is missing: set the option subscription_id or AZURE_SUBSCRIPTION_ID")
    elif not _SUBSCRIPTION.fullmatch(subscription):
        found.append(f"subscription_id is {subscription!r}: it must be the subscription's GUID, not its name")
    if not _RESOURCE_GROUP.fullmatch(params["resource_group"]):
        found.append(f"resource_group is {params['resource_group']!r}: that cannot be the name of a resource group")
    if not _SERVICE_NAME.fullmatch(params["service_name"]):
        found.append(
            f"service_name is {params['service_name']!r}: that cannot be the name of an API Management service"
        )
    return found


def _limit_problems(params: Mapping[str, Any]) -> list[str]:
    """Check the cloud and the limits."""
    found = [problem] if (problem := clouds.problem(params["cloud_environment"])) else []
    if params["timeout"] < 1:
        found.append(f"timeout is {params['timeout']}: it must be at least 1 second")
    if not 1 <= params["parallelism"] <= 64:
        found.append(f"parallelism is {params['parallelism']}: it must be from 1 to 64")
    return found


def _cloud(name: str, transport: ArmTransport) -> clouds.Cloud:
    """Return the cloud: one of Microsoft's by name, or what the ARM endpoint at that URL says about itself."""
    known = clouds.known_cloud(name)
    if known:
        return known
    from ansible_collections.citadel.ai_gateway.plugins.module_utils._azure.pipeline import fetch_public
    from azure.core.exceptions import AzureError

    url = name.rstrip("/") + clouds.METADATA_PATH
    try:
        return clouds.parse_metadata(name, fetch_public(url, transport))
    except (AzureError, Signal) as error:
        raise failures.from_exception("read", url, error) from error
    except ValueError as error:
        problem = f"cloud_environment (AZURE_CLOUD_ENVIRONMENT): the metadata at {url} cannot be used: {error}"
        raise ConfigurationError([problem]) from error


def _identity_options(params: Mapping[str, Any], cloud: clouds.Cloud, transport: ArmTransport) -> dict[str, Any]:
    """Return azure-identity's keyword arguments.

    Instance discovery asks Microsoft's public cloud whether an authority is genuine, which it cannot know of a cloud
    that is found by URL; there the ARM endpoint vouches for it, so the default is to leave it out.
    """
    disabled = params.get("disable_instance_discovery")
    return {
        "authority": cloud.authority,
        "disable_instance_discovery": cloud.custom if disabled is None else disabled,
        "transport": transport,
        "retry_backoff_factor": 0.5,
    }
