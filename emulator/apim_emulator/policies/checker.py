# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check that a policy passes before it is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apim_emulator.expressions import CompileError, Expression, ExpressionHost, RefusedUsage
from apim_emulator.policies.csharp import starts_expression
from apim_emulator.policies.document import Document, Element, Format, MalformedDocument, as_format, parse
from apim_emulator.policies.errors import PolicyRefused, detail, element_detail
from apim_emulator.policies.named_values import NamedValues, has_reference
from apim_emulator.policies.render import render
from apim_emulator.policies.schema import load_schema
from apim_emulator.policies.validation import FoundExpression, Kind, Validator

MAX_BYTES = 512 * 1024
"""Size limit of a policy document and of a fragment (service limits, tiers other than Consumption)."""

_RETURN_TYPE = re.compile(
    r"Cannot implicitly convert type `(?P<type>[^']+)' to `ApimEmulator\.Expressions\.Results\.\w+'"
)
_RESULT_NAME = re.compile(r"ApimEmulator\.Expressions\.Results\.(\w+)")
_KEYWORDS = {
    "bool": "Boolean", "byte": "Byte", "char": "Char", "decimal": "Decimal", "double": "Double", "float": "Single",
    "int": "Int32", "long": "Int64", "object": "Object", "sbyte": "SByte", "short": "Int16", "string": "String",
    "uint": "UInt32", "ulong": "UInt64", "ushort": "UInt16",
}  # fmt: skip


@dataclass(frozen=True)
class CheckedPolicy:
    """A policy that may be stored, and the names that it refers to.

    backends: literal backend ids (an expression or a named value in one is resolved at run time only).
    """

    document: Document = field(repr=False)
    backends: frozenset[str]
    fragments: frozenset[str]
    named_values: frozenset[str]

    def render(self, format: str) -> str:  # noqa: A002 - ARM's own word
        """The text that a GET answers with, in format xml or rawxml. Raises ValueError for another format."""
        return render(self.document, as_format(format))


class PolicyChecker:
    """Checks policies; holds the process that compiles their expressions."""

    def __init__(self, host: ExpressionHost | None = None) -> None:
        """host: the compiler, when others use it too."""
        self._host = host or ExpressionHost()

    async def start(self) -> None:
        """Start the compiler. Raises ToolchainMissing when Mono is not installed."""
        await self._host.start()

    async def stop(self) -> None:
        """End the compiler's process."""
        await self._host.stop()

    async def check(
        self,
        text: str,
        *,
        format: str,  # noqa: A002 - ARM's own word
        kind: Kind,
        backend_exists: Callable[[str], bool],
        fragment_exists: Callable[[str], bool],
        named_values: Mapping[str, str],
    ) -> CheckedPolicy:
        """Check a policy document (root `policies`) or a fragment (root `fragment`) as ARM does on PUT.

        format: xml or rawxml, else ValueError. named_values: display name -> value, secrets included; no message
        repeats a value.
        Raises PolicyRefused with everything that is wrong; ExpressionHost's HostFailure when it cannot be told.
        """
        document = _parse(text, as_format(format), kind)
        values = NamedValues(named_values)
        validator = Validator(load_schema(), kind, values.resolve)
        validator.document(document.root)
        if problems := [*validator.problems, *values.problems]:
            raise _refused(problems, values)
        problems = [
            *_missing(validator.policies, backend_exists, fragment_exists),
            *await self._compile(validator.expressions),
        ]
        if problems:
            raise _refused(problems, values)
        return CheckedPolicy(
            document,
            backends=_references(validator.policies, "set-backend-service", "backend-id"),
            fragments=_references(validator.policies, "include-fragment", "fragment-id"),
            named_values=frozenset(values.used),
        )

    async def _compile(self, found: list[FoundExpression]) -> list[dict[str, str]]:
        if not found:
            return []
        expressions = [
            Expression(item.parsed.code, item.parsed.block, item.rule.result, item.parsed.names) for item in found
        ]
        return [
            element_detail(found[error.expression].policy, _text(error))
            for error in await self._host.compile(expressions)
        ]


def _parse(text: str, format: Format, kind: Kind) -> Document:  # noqa: A002 - ARM's own word
    if len(text.encode("utf-8", errors="surrogatepass")) > MAX_BYTES:
        raise PolicyRefused([detail("value", f"The policy is larger than {MAX_BYTES // 1024} KB.")])
    try:
        return parse(text, format)
    except MalformedDocument as error:
        raise PolicyRefused.malformed(error, fragment=kind == "fragment") from error


def _refused(problems: list[dict[str, str]], values: NamedValues) -> PolicyRefused:
    return PolicyRefused([problem | {"message": values.mask(problem["message"])} for problem in problems])


def _literal(element: Element, attribute: str) -> str | None:
    """The value of an attribute when it is known before a request comes."""
    value = element.attributes.get(attribute)
    return None if value is None or starts_expression(value) or has_reference(value) else value


def _references(policies: list[Element], policy: str, attribute: str) -> frozenset[str]:
    """The literal values of an attribute in all policies of a name."""
    values = (_literal(element, attribute) for element in policies if element.name == policy)
    return frozenset(value for value in values if value is not None)


def _missing(
    policies: list[Element], backend_exists: Callable[[str], bool], fragment_exists: Callable[[str], bool]
) -> list[dict[str, str]]:
    """References to what does not exist, in the order of the document."""
    checks = {
        "set-backend-service": ("backend-id", backend_exists, "Backend"),
        "include-fragment": ("fragment-id", fragment_exists, "Policy fragment"),
    }
    problems = []
    for policy in policies:
        attribute, exists, thing = checks.get(policy.name, ("", None, ""))
        name = _literal(policy, attribute)
        if exists and name is not None and not exists(name):
            problems.append(element_detail(policy, f"{thing} with id '{name}' could not be found."))
    return problems


def _text(error: CompileError | RefusedUsage) -> str:
    """ARM's text for what the compiler found."""
    if isinstance(error, RefusedUsage):
        what = f"member '{error.member}' of type" if error.member else "type"
        return f"Usage of {what} '{error.type}' is not supported within expressions"
    if match := _RETURN_TYPE.search(error.text):
        name = match["type"]
        full = re.sub(
            r"^\w+(?=\W*$)", lambda word: f"System.{_KEYWORDS[word[0]]}" if word[0] in _KEYWORDS else word[0], name
        )
        return f"Expression return type '{full}' is not allowed"
    return _RESULT_NAME.sub(r"\1", error.text).replace("`", "'")
