# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module documents is what it accepts; its examples too, which the usual checks of collections never look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.meta.checkout import COLLECTION, ROOT, constant, load, module_names
from tests.meta.module_specs import Options, declared, documentation

ACTION_GROUP = "ai_gateway"
COMPARED: dict[str, Any] = {
    "type": "str",
    "elements": None,
    "required": False,
    "default": None,
    "choices": None,
    "aliases": [],
}


def flattened(options: Options, nested: str, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each option with its dotted path and what is compared of it; nested options lie under the given key."""
    for name, option in options.items():
        given = {key: value for key, value in option.items() if key in COMPARED and value is not None}
        yield path + name, COMPARED | given
        yield from flattened(option.get(nested) or {}, nested, f"{path}{name}.")


def tasks(content: Any) -> Iterator[dict[str, Any]]:
    """Every task of an example, however deep in plays and blocks."""
    for item in content if isinstance(content, list) else []:
        inner = [item.get(key) for key in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")]
        if any(inner):
            for part in inner:
                yield from tasks(part)
        else:
            yield item


def is_template(value: Any) -> bool:
    """Whether a value is known only when the playbook runs."""
    return isinstance(value, str) and "{{" in value


def misuse(options: Options, given: Any, path: str, *, complete: bool) -> Iterator[str]:
    """What is wrong with the values given for some options: unknown names, no choice, or missing where all are due."""
    if is_template(given):
        return
    known = options | {alias: option for option in options.values() for alias in option.get("aliases", [])}
    if complete:
        required = {name for name, option in options.items() if option.get("required")}
        yield from (f"{path}{name} is missing" for name in sorted(required - set(given)))
    for name, value in given.items():
        if name not in known:
            yield f"{path}{name} is unknown"
            continue
        option = known[name]
        values = value if isinstance(value, list) else [value]
        if option.get("options"):
            for item in values:
                yield from misuse(option["options"], item, f"{path}{name}.", complete=True)
        elif option.get("choices"):
            unknown = [item for item in values if not is_template(item) and item not in option["choices"]]
            yield from (f"{path}{name} cannot be {item!r}" for item in unknown)


@pytest.mark.parametrize("name", module_names())
def test_documentation_is_what_the_module_accepts(name: str) -> None:
    documented = dict(flattened(documentation()[name]["doc"]["options"], "suboptions"))
    assert documented == dict(flattened(declared(name).options, "options"))


@pytest.mark.parametrize("name", module_names())
def test_check_mode_is_documented_as_it_is(name: str) -> None:
    support = documentation()[name]["doc"]["attributes"]["check_mode"]["support"]
    assert (support == "full") == declared(name).supports_check_mode


@pytest.mark.parametrize("name", module_names())
def test_examples_use_options_that_exist(name: str) -> None:
    examples = yaml.safe_load(constant(ROOT / "plugins" / "modules" / f"{name}.py", "EXAMPLES"))
    used = 0
    problems: list[str] = []
    for task in tasks(examples):
        for action, given in task.items():
            module = action.removeprefix(f"{COLLECTION}.")
            if module == action or module not in module_names():
                assert action not in module_names(), f"{action} is not written with the name of its collection"
                continue
            used += module == name
            with_defaults = bool(task.get("module_defaults"))
            problems += misuse(declared(module).options, given or {}, f"{module}: ", complete=not with_defaults)
    assert used, f"EXAMPLES of {name} never use it"
    assert not problems


def test_action_group_holds_every_module() -> None:
    groups = load("meta/runtime.yml")["action_groups"]
    assert groups == {ACTION_GROUP: sorted(module_names())}


@pytest.mark.parametrize("name", module_names())
def test_module_says_that_it_belongs_to_the_action_group(name: str) -> None:
    attributes = documentation()[name]["doc"]["attributes"]
    assert attributes["action_group"]["membership"] == [f"{COLLECTION}.{ACTION_GROUP}"]
