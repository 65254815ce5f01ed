# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every rendered fragment holds to, whatever the inventory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from tests.unit.policies.fragment_text import read_fragment
from tests.unit.policies.plans import PLANS, hand_made
from tests.unit.policies.rendering import FRAGMENTS, POLICIES, TOKEN_AUDIENCE, render

_ROOT = POLICIES.parent
# Service limits of API Management: a fragment holds 512 KB.
_LIMIT = 512 * 1024

pytestmark = pytest.mark.parametrize("fragment_id", FRAGMENTS)


@pytest.fixture(scope="session")
def rendered_by_ansible(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the fragments of one plan as a playbook renders them."""
    folder = tmp_path_factory.mktemp("ansible")
    lookups = {each: f"{{{{ lookup('ansible.builtin.template', '{POLICIES / each}.xml.j2') }}}}" for each in FRAGMENTS}
    task = {"ansible.builtin.copy": {"content": "{{ fragments | to_json }}", "dest": str(folder / "fragments.json")}}
    variables = {"ansible_python_interpreter": sys.executable, "fragments": lookups}
    play = {"hosts": "localhost", "gather_facts": False, "connection": "local", "vars": variables, "tasks": [task]}
    (folder / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    given = {"llm_routing_plan": PLANS["providers"], "llm_token_audience": TOKEN_AUDIENCE}
    (folder / "vars.json").write_text(json.dumps(given))
    subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-e", "@vars.json", "play.yml"],
        cwd=folder,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(_ROOT / "collections")},
        check=True,
        capture_output=True,
    )
    fragments: dict[str, str] = json.loads((folder / "fragments.json").read_text())
    return fragments


def _comments(text: str) -> list[str]:
    return re.findall(r"<!--.*?-->", text, re.DOTALL)


def test_renders_the_same_in_ansible(fragment_id: str, rendered_by_ansible: dict[str, str]) -> None:
    assert rendered_by_ansible[fragment_id] == render(fragment_id, PLANS["providers"])


@pytest.mark.parametrize("plan", PLANS)
def test_is_one_well_formed_fragment(fragment_id: str, plan: str) -> None:
    text = render(fragment_id, PLANS[plan])
    root = read_fragment(text, "e").root
    assert root.tag == "fragment"
    assert len(root) >= 1
    assert text.startswith("<fragment>")
    assert text.isascii()
    assert len(text) < _LIMIT


@pytest.mark.parametrize("plan", PLANS)
def test_has_one_comment_of_one_line(fragment_id: str, plan: str) -> None:
    comments = _comments(render(fragment_id, PLANS[plan]))
    assert len(comments) == 1
    assert "\n" not in comments[0]


@pytest.mark.parametrize("plan", PLANS)
def test_does_not_repeat_the_inventory_outside_of_literals(fragment_id: str, plan: str) -> None:
    """Code, XML and comments around the literals are those of a plan with other values of the same shape."""
    masked = json.loads(json.dumps(PLANS[plan]))
    for route in masked["routes"]:
        route["models"] = ["masked"] * len(route["models"])
    for model in masked["models"]:
        model["key"] = model["name"] = "masked"
        model["deployments"] = [dict.fromkeys(deployment, "masked") for deployment in model["deployments"]]
    expected = read_fragment(render(fragment_id, masked), "e").text_outside_literals
    assert read_fragment(render(fragment_id, PLANS[plan]), "e").text_outside_literals == expected


@pytest.mark.parametrize("plan", PLANS)
def test_refers_to_no_named_value_but_the_identity(fragment_id: str, plan: str) -> None:
    needs_identity = fragment_id == "set-backend-authorization" and plan not in {"external", "empty", "hostile"}
    named_values = re.findall(r"\{\{.*?\}\}", render(fragment_id, PLANS[plan]))
    assert named_values == (["{{uami-client-id}}"] if needs_identity else [])


@pytest.mark.parametrize("plan", PLANS)
def test_equal_plans_give_equal_text(fragment_id: str, plan: str) -> None:
    copy = json.loads(json.dumps(PLANS[plan]), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert render(fragment_id, copy) == render(fragment_id, PLANS[plan])


def test_does_not_read_expressions_as_lines(fragment_id: str) -> None:
    """XML folds line breaks of an attribute into spaces, so a comment up to the end of its line would end the code."""
    for expression in read_fragment(render(fragment_id, PLANS["providers"]), "e").expressions.values():
        assert "//" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)


@pytest.mark.parametrize("audience", ["https://cognitiveservices.azure.us", 'https://x" /><inject a="'])
def test_takes_the_token_audience_from_the_cloud(fragment_id: str, audience: str) -> None:
    plan: dict[str, Any] = hand_made([("route", "ai-foundry", ["model"])])
    try:
        root = read_fragment(render(fragment_id, plan, audience), "e").root
    except ET.ParseError as error:
        pytest.fail(str(error))
    assert root.find(".//inject") is None
    tokens = root.findall(".//authentication-managed-identity")
    assert len(tokens) == (fragment_id == "set-backend-authorization")
