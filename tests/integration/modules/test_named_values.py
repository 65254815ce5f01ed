# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets: compared without being shown, changed by one write, and in no output, difference or log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.integration.harness import IDENTITY_CLIENT_ID
from tests.integration.modules import sdk
from tests.integration.modules.conftest import VAULT_SECRETS
from tests.integration.modules.steps import Gateway, Step, Task, task

_FIRST, _SECOND = "first-Secret-3141592653", "second-Secret-2718281828"
_VAULT, _OTHER_VAULT = VAULT_SECRETS


def named_value(name: str, *, check: bool = False, **options: Any) -> Task:
    """Return a task that wants the named value `llm-key` so."""
    return task("apim_named_value", name, check=check, named_values=[{"name": "llm-key", **options}])


def in_vault(identifier: str) -> dict[str, Any]:
    """Return the options of a reference to a secret of the key vault."""
    return {"key_vault": {"secret_identifier": identifier, "identity_client_id": IDENTITY_CLIENT_ID}}


def asked(step: Step) -> list[str]:
    """Secrets that were read from ARM."""
    return [request.target for request in step.arm if request.target.endswith("/listValue")]


def held(step: Step) -> dict[str, Any]:
    """What ARM shows of the named value."""
    return step.state["namedValues"]["llm-key"]


def test_a_secret_is_idempotent_rotated_by_one_write_and_shown_nowhere(gateway: Gateway, tmp_path: Path) -> None:
    log = tmp_path / "ansible.log"
    secrets: list[str] = []

    def remember() -> None:
        secrets.append(sdk.secret(gateway.service, "llm-key"))

    tasks = [
        named_value("create", secret_value=_FIRST),
        named_value("same", secret_value=_FIRST),
        named_value("rotation checked", check=True, secret_value=_SECOND),
        named_value("rotate", secret_value=_SECOND),
        named_value("left alone", tags=["llm"]),
    ]
    steps = gateway.run(
        *tasks,
        arguments=("-vvv",),
        environment={"ANSIBLE_LOG_PATH": str(log)},
        between={step["name"]: remember for step in tasks},
    )

    create, _same, checked, rotate, left = steps
    whole, part = "PUT namedValues/llm-key", "PATCH namedValues/llm-key"
    assert [step.writes for step in steps] == [[whole], [], [], [whole], [part]]
    assert [asked(step) for step in steps] == [[], *[["namedValues/llm-key/listValue"]] * 3, []]
    assert [step.changed for step in steps] == [True, False, True, True, True]
    assert secrets == [_FIRST, _FIRST, _FIRST, _SECOND, _SECOND]
    assert held(rotate) == {"display_name": "llm-key", "secret": True, "tags": []}
    assert held(left) == {"display_name": "llm-key", "secret": True, "tags": ["llm"]}
    assert checked.diff == rotate.diff
    assert "a value that is not shown differs" in str(rotate.diff)
    assert "secret_value: (hidden)" in create.diff["named value llm-key"][1]
    for text in (gateway.output, log.read_text(encoding="utf-8"), str([step.result for step in steps])):
        assert "llm-key" in text
        assert _FIRST not in text
        assert _SECOND not in text


def test_a_refused_secret_is_in_no_error(gateway: Gateway) -> None:
    fault = {"method": "PUT", "path": "/namedValues/", "status": 400, "code": "ValidationError"}
    # A service that repeats what it was sent must not make the module repeat it, too.
    gateway.azure.fail({**fault, "message": f"The value '{_FIRST}' is not allowed."})

    (step,) = gateway.attempt(named_value("create", secret_value=_FIRST), arguments=("-vvv",))

    assert "HTTP 400 ValidationError" in step.message
    assert _FIRST not in gateway.output
    assert _FIRST not in str(step.result)


def test_one_source_replaces_another_whatever_they_are(gateway: Gateway) -> None:
    sources: dict[str, dict[str, Any]] = {
        "plain": {"value": "open"},
        "secret": {"secret_value": _FIRST},
        "vault": in_vault(_VAULT),
        "other secret of the vault": in_vault(_OTHER_VAULT),
        "secret again": {"secret_value": _SECOND},
        "plain again": {"value": "open again"},
        "vault at last": in_vault(_VAULT),
        "plain at last": {"value": "open at last"},
    }
    tasks = [named_value(name + again, **options) for name, options in sources.items() for again in ("", ", repeated")]

    steps = gateway.run(named_value("made", value="start", tags=["kept"]), *tasks)[1:]

    assert [step.changed for step in steps] == [True, False] * len(sources)
    assert [len(step.writes) for step in steps] == [1, 0] * len(sources)
    shown = {step.name: held(step) for step in steps[::2]}
    common = {"display_name": "llm-key", "tags": ["kept"]}
    for name, value in (("plain", "open"), ("plain again", "open again"), ("plain at last", "open at last")):
        assert shown[name] == {**common, "secret": False, "value": value}
    for name in ("secret", "secret again"):
        assert shown[name] == {**common, "secret": True}
    for name, identifier in (("vault", _VAULT), ("other secret of the vault", _OTHER_VAULT), ("vault at last", _VAULT)):
        reference = shown[name]["key_vault"]
        assert (reference["secret_identifier"], reference["identity_client_id"]) == (identifier, IDENTITY_CLIENT_ID)
        assert shown[name]["secret"] is True
        assert VAULT_SECRETS[identifier] not in gateway.output
    assert not [step.name for step in steps if "vault" in step.name and asked(step)]


def test_a_secret_made_a_plain_text_is_hidden_in_the_difference(gateway: Gateway) -> None:
    steps = gateway.run(
        named_value("secret", secret_value=_FIRST),
        named_value("renamed", display_name="llm-key-2", secret_value=_FIRST),
    )

    before, after = steps[1].diff["named value llm-key"]
    assert "display_name: llm-key\n" in before
    assert "display_name: llm-key-2\n" in after
    assert _FIRST not in before + after
    assert held(steps[1])["display_name"] == "llm-key-2"


def test_a_credential_that_may_not_read_secrets_is_told_so(gateway: Gateway) -> None:
    sdk.put_named_value(gateway.service, "llm-key", value=_FIRST, secret=True)
    gateway.azure.fail({"method": "POST", "path": "/listValue", "status": 403, "message": "No action permission."})

    secret, plain = gateway.attempt(named_value("compare", secret_value=_FIRST), named_value("tag", tags=["llm"]))

    assert "cannot call namedValues/llm-key/listValue" in secret.message
    assert "HTTP 403 AuthorizationFailed: No action permission" in secret.message
    assert "API Management Service Contributor" in secret.message
    assert secret.writes == []
    assert plain.changed


def test_a_key_vault_that_cannot_be_read_is_told_in_arms_words(gateway: Gateway) -> None:
    missing, _made, other_identity = gateway.attempt(
        named_value("missing", **in_vault("https://kv-citadel.vault.azure.net/secrets/gone")),
        named_value("made", **in_vault(_VAULT)),
        named_value("system-assigned", key_vault={"secret_identifier": _VAULT}),
    )

    assert "keyVault.secretIdentifier: The secret 'https://kv-citadel.vault.azure.net/secrets/gone' " in missing.message
    assert "keyVault.identityClientId: The service has no system-assigned identity" in other_identity.message
