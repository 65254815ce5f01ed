# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of the token endpoint, in Entra's words (AADSTS codes)."""

from __future__ import annotations

from apim_emulator.http import Answer, new_guid, security_headers, utc_text


class TokenRefused(Exception):
    """A token request that Entra refuses: OAuth error name, AADSTS number, message and HTTP status."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.number = number
        self.message = message
        self.status = status

    def answer(self) -> Answer:
        """Return the answer with Entra's error body."""
        trace, correlation, stamp = new_guid(), new_guid(), utc_text()
        description = (
            f"AADSTS{self.number}: {self.message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        )
        content = {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return Answer(self.status, content, security_headers())
