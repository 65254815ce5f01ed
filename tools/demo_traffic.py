# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends requests for every model through every gateway of the embedded Azure, and prints where they went.

`tools/demo` runs it inside `apim-emulator exec`. The client is OpenAI's own, in front of it is nothing but the gateway;
which provider answered is read from the request log of the embedded Azure. Fails when any request fails.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import openai
import requests

ADMIN = os.environ["APIM_EMULATOR_ADMIN_URL"]
REQUESTS = 6
Row = tuple[str, str, str]
HELLO: Any = [{"role": "user", "content": "Hello!"}]


def admin(method: str, path: str, **options: Any) -> Any:
    """Call the admin API of the embedded Azure; return the data that it answers, if any."""
    answer = requests.request(method, f"{ADMIN}/{path}", timeout=30, **options)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def answered() -> Counter[tuple[str, int]]:
    """Return how often each provider gave an answer of each status, and empty the log."""
    counts = Counter((entry["host"], entry["status"]) for entry in admin("GET", "requests?plane=provider"))
    admin("DELETE", "requests")
    return counts


def ask(client: openai.OpenAI, model: str, capabilities: dict[str, str]) -> None:
    """Ask a model for what it can do."""
    if "embeddings" in capabilities:
        client.embeddings.create(model=model, input="Hello!")
    elif "imageGenerations" in capabilities:
        client.images.generate(model=model, prompt="Hello!")
    else:
        client.chat.completions.create(model=model, messages=HELLO)


def rows(client: openai.OpenAI, deployments: list[dict[str, Any]]) -> Iterator[Row]:
    """Yield model, provider and number of its answers, for requests to each model."""
    for deployment in deployments:
        for _ in range(REQUESTS):
            ask(client, deployment["name"], deployment["properties"]["capabilities"])
        shown = deployment["name"]
        for (host, status), count in sorted(answered().items()):
            yield shown, host, f"{count}" if status < 400 else f"{count} (refused with {status})"
            shown = ""


def show_table(lines: list[Row]) -> None:
    """Print the rows below their heading, in columns."""
    table = [("MODEL", "ANSWERED BY", "REQUESTS"), *lines]
    widths = [max(len(row[column]) for row in table) for column in range(2)]
    for model, host, count in table:
        print(f"{model:{widths[0]}}  {host:{widths[1]}}  {count}")


def show_stream(client: openai.OpenAI, model: str) -> None:
    """Print an answer as it comes."""
    print(f"\n{model}, streamed: ", end="")
    for chunk in client.chat.completions.create(model=model, messages=HELLO, stream=True):
        print(chunk.choices[0].delta.content or "" if chunk.choices else "", end="", flush=True)
    print()


def show_failover(client: openai.OpenAI, deployments: list[dict[str, Any]]) -> None:
    """Let the provider that answers first for a model with a pool refuse requests, and print who answers then."""
    for deployment in deployments:
        answer = client.chat.completions.with_raw_response.create(model=deployment["name"], messages=HELLO)
        ((host, _status),) = answered()
        if answer.headers["x-llm-route"].endswith("-backend-pool"):
            print(f"\n{deployment['name']}, while {host} refuses every request with 429:\n")
            admin("PUT", f"providers/{host}", json={"status": 429})
            show_table(list(rows(client, [deployment])))
            admin("DELETE", f"providers/{host}")
            return


def main() -> None:
    """Send the requests."""
    for service in admin("GET", "services"):
        admin("DELETE", "requests")
        print(f"\n{service['name']} ({service['url']})\n")
        client = openai.OpenAI(
            base_url=f"{service['url']}/models",
            api_key="unused",
            default_headers={"api-key": service["key"]},
            max_retries=0,
        )
        listed = client.get("/deployments", cast_to=dict[str, Any])["value"]
        # A model may have several deployments; one of them stands for it.
        deployments = list({deployment["name"]: deployment for deployment in listed}.values())
        chats = [each for each in deployments if "chatCompletion" in each["properties"]["capabilities"]]
        show_table(list(rows(client, deployments)))
        show_stream(client, chats[0]["name"])
        answered()
        show_failover(client, chats)


if __name__ == "__main__":
    main()
