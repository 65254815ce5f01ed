# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What API Management answers when it refuses a policy (observed ARM error bodies)."""

from __future__ import annotations

from apim_emulator.policies.document import Element, MalformedDocument

_FIELDS_MESSAGE = "One or more fields contain incorrect values:"
_CODE = "ValidationError"


class PolicyRefused(Exception):
    """A policy that API Management would not store; status 400, error code `ValidationError`.

    details: ARM's `error.details`, each {"code", "target", "message"}; empty where ARM answers `null`.
    message: ARM's `error.message`.
    """

    def __init__(self, details: list[dict[str, str]], message: str = _FIELDS_MESSAGE) -> None:
        super().__init__(" ".join([message, *(detail["message"] for detail in details)]))
        self.details = details
        self.message = message

    @classmethod
    def malformed(cls, error: MalformedDocument, *, fragment: bool) -> PolicyRefused:
        """The text is no XML document: a policy is refused with a detail, a fragment with the message alone."""
        if fragment:
            return cls([], f"The policy fragment is not a valid XML: {error}")
        return cls([detail("representation", str(error))])


def detail(target: str, message: str) -> dict[str, str]:
    """One entry of ARM's `error.details`."""
    return {"code": _CODE, "target": target, "message": message}


def element_detail(element: Element, text: str) -> dict[str, str]:
    """A detail about an element: its name is the target, the position in the text is that of the name."""
    return detail(
        element.name, f"Error in element '{element.name}' on line {element.line}, column {element.column}: {text}"
    )
