# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host names exist, and how one listener is all of them."""

from __future__ import annotations

import socket
import ssl

import pytest

from tests.emulator.providers.stand import CHAT, EXTERNAL, EXTERNAL_CHAT, FOUNDRY, OPENAI, Stand


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("anything.openai.azure.com", True),
        ("ANYTHING.OpenAI.Azure.com", True),
        ("a.openai.azure.us", True),
        ("a.cognitiveservices.azure.com", True),
        (FOUNDRY, True),
        ("a.services.ai.azure.com", True),
        ("a.eastus.models.ai.azure.com", True),
        ("a.eastus.inference.ml.azure.com", True),
        (EXTERNAL, True),
        ("openai.azure.com", False),
        (".openai.azure.com", False),
        ("openai.azure.com.example", False),
        ("notopenai.azure.com", False),
        ("api.other.example", False),
        ("localhost", False),
    ],
)
def test_which_hosts_exist(stand: Stand, host: str, known: bool) -> None:
    assert stand.providers.knows(host) is known


def test_a_host_exists_once_it_was_configured(stand: Stand) -> None:
    stand.configure("Api.Other.Example", latency_ms=1)
    assert stand.providers.knows("api.other.EXAMPLE")
    assert stand.post("https://api.other.example/v1/chat/completions", key=None).status_code == 200
    stand.clean()
    assert not stand.providers.knows("api.other.example")


def handshake(stand: Stand, name: str | None, context: ssl.SSLContext) -> ssl.SSLSocket:
    """Connect to the listener under a name, or under none."""
    plain = socket.create_connection(stand.providers.address("https"), timeout=10)
    return context.wrap_socket(plain, server_hostname=name)


@pytest.mark.parametrize("name", [OPENAI, FOUNDRY, EXTERNAL, "a.services.ai.azure.com"])
def test_each_host_has_a_certificate_of_its_own(stand: Stand, name: str) -> None:
    with handshake(stand, name, stand.context()) as connection:
        certificate = connection.getpeercert()
        assert certificate is not None
        assert certificate["subjectAltName"] == (("DNS", name.lower()),)


def test_a_host_that_does_not_exist_has_none(stand: Stand) -> None:
    with pytest.raises(ssl.SSLError):
        handshake(stand, "api.other.example", stand.context())


def test_a_client_that_names_nobody(stand: Stand) -> None:
    context = stand.context()
    context.check_hostname = False
    with handshake(stand, None, context) as connection:
        certificate = connection.getpeercert()
        assert certificate is not None
        assert certificate["subjectAltName"] == (("DNS", "localhost"), ("IP Address", "127.0.0.1"))


def test_the_host_header_decides(stand: Stand) -> None:
    answer = stand.post(headers={"Host": "other.openai.azure.com"})
    assert (answer.status_code, stand.entry()["host"]) == (401, "other.openai.azure.com")
    astray = stand.post(headers={"Host": "api.other.example"})
    assert (astray.status_code, stand.entry()["status"]) == (421, 421)


def test_plain_http(stand: Stand) -> None:
    assert stand.post(EXTERNAL_CHAT.replace("https", "http")).status_code == 200
    assert stand.entry()["url"] == EXTERNAL_CHAT.replace("https", "http")


def test_a_port_in_the_url(stand: Stand) -> None:
    _, port = stand.providers.address("https")
    assert stand.post(CHAT.replace(OPENAI, f"{OPENAI}:{port}")).status_code == 200
