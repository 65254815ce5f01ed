# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release says about itself in several places is the same in all of them."""

from __future__ import annotations

from tests.meta.checkout import COLLECTION, ROOT, files, load, module_names


def test_changelog_has_the_version_of_the_collection() -> None:
    assert load("galaxy.yml")["version"] in load("changelogs/changelog.yaml")["releases"]


def test_changelog_announces_every_plugin() -> None:
    announced = set()
    for release in load("changelogs/changelog.yaml")["releases"].values():
        for plugins in (release.get("modules", []), *release.get("plugins", {}).values()):
            announced |= {plugin["name"] for plugin in plugins}
    filters = {path.stem for path in files("plugins/filter") if path.stem != "__init__"}
    assert announced == filters | set(module_names())


def test_collection_is_named_after_its_folder() -> None:
    galaxy = load("galaxy.yml")
    assert f"{galaxy['namespace']}.{galaxy['name']}" == COLLECTION
    link = ROOT / "collections" / "ansible_collections" / galaxy["namespace"] / galaxy["name"]
    assert link.resolve() == ROOT
