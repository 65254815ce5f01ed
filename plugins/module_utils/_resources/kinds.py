# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All kinds of objects, by the name of the option that lists them.

PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.api import Api
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.backend import Backend
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.named_value import NamedValue
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.policy_fragment import PolicyFragment
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.pool import Pool
from ansible_collections.citadel.ai_gateway.plugins.module_utils._resources.resource import Resource

# In the order of an onboarding run: what is referred to comes before what refers to it (design, section 5).
KINDS: dict[str, Resource] = {
    "named_values": NamedValue(),
    "backends": Backend(),
    "pools": Pool(),
    "fragments": PolicyFragment(),
    "apis": Api(),
}

# Kinds whose objects are removed when their inventory no longer lists them. Fragments are the same for every inventory.
PRUNED_KINDS = ("named_values", "backends", "pools", "apis")
