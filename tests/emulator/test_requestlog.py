# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the request log hides."""

from __future__ import annotations

import pytest
from apim_emulator.requestlog import MASK, masked_url


@pytest.mark.parametrize(
    ("url", "secret", "masked"),
    [
        ("/path", None, "/path"),
        ("/path?", None, "/path?"),
        ("https://h/p?a=%20b&API-key=x=y&c", None, f"https://h/p?a=%20b&API-key={MASK}&c"),
        ("/p?api%2Dkey=x&code", None, f"/p?api%2Dkey={MASK}&code={MASK}"),
        ("/p?My+Pass=x&a=1", "my pass", f"/p?My+Pass={MASK}&a=1"),
        ("/p?pass=x", None, "/p?pass=x"),
    ],
)
def test_credentials_of_a_url(url: str, secret: str | None, masked: str) -> None:
    assert masked_url(url, secret) == masked
    assert masked_url(masked, secret) == masked
