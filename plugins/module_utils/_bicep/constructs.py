# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Bicep has and an inventory has not, by its name, and what to write instead.

Source of the names: Microsoft's pages "Bicep operators", "Bicep functions" and "Create parameters files for Bicep
deployment". PRIVATE to the citadel.ai_gateway collection.
"""

from __future__ import annotations

VALUE_REMEDY = "write the value itself"
RESULT_REMEDY = "write its result"
TEMPLATE_REMEDY = "give the .bicepparam file, not the .bicep template; there it is: param name = value"
VAULT_REMEDY = "leave it out, and name the secret in the inventory: credential.key_vault_secret_id of the backend"
_ITEMS_REMEDY = "write out the items"

# Each a message and a remedy.
LAMBDA = ("a lambda with => cannot be carried over", _ITEMS_REMEDY)
LOOP = ("a loop with for cannot be carried over", _ITEMS_REMEDY)
SAFE_INDEX = ("a safe access with [? ] cannot be carried over", "write [ ] without ?, or the value itself")
INTERPOLATED_LINES = (
    "a multi-line string with $ before it cannot be carried over",
    r"write '...' on one line, with \n between the lines",
)
PROPERTY_NAME = ("the name of a property has an expression in it", "write the name itself")

_OPERATORS = {
    "?": ("a condition with ? and : cannot be carried over", "write the value that it gives"),
    "??": ("a default for null with ?? cannot be carried over", "write the value that counts"),
    "=>": LAMBDA,
    ".?": ("a safe access with .? cannot be carried over", "write . without ?, or the value itself"),
    "::": ("an access to a nested resource with :: cannot be carried over", VALUE_REMEDY),
}
_BINARY = frozenset(("+", "-", "*", "/", "%", "==", "!=", "=~", "!~", "<", ">", "<=", ">=", "&&", "||", "="))

_SPREAD = ("a spread with ... stands outside of [ ] and { }", "write out what it spreads, or write it in one of them")

_STATEMENTS = {
    "extends": ("extends takes parameters from another file", "copy its parameters into this file"),
    "import": ("import takes variables from another file", "copy them into this file, each as var name = value"),
    "type": ("type declares a type, and the inventory has none", "remove this statement"),
}
_OF_TEMPLATES = frozenset(("resource", "module", "output", "func", "metadata", "targetScope", "assert"))

_FUNCTION_REMEDIES = {
    "concat": "write [...a, ...b] for arrays, '${a}${b}' for strings",
    "union": "write [...a, ...b] for arrays, { ...a, ...b } for objects, or the value itself",
    "externalInput": "write the value itself, or readEnvironmentVariable('NAME')",
    "readCliArg": "write the value itself, or readEnvironmentVariable('NAME')",
    **dict.fromkeys(("map", "filter", "reduce", "range", "sort", "items", "flatten", "mapValues"), _ITEMS_REMEDY),
    **dict.fromkeys(
        ("loadTextContent", "loadJsonContent", "loadYamlContent", "loadFileAsBase64", "loadDirectoryFileInfo"),
        "copy what it reads into this file",
    ),
}
_ASKS_AZURE = frozenset(
    (
        *("resourceGroup", "subscription", "tenant", "managementGroup", "deployment", "environment", "deployer"),
        *("resourceId", "subscriptionResourceId", "tenantResourceId", "managementGroupResourceId"),
        *("extensionResourceId", "reference", "pickZones", "providers"),
    )
)


def operator(symbol: str) -> tuple[str, str] | None:
    """Return the message and remedy for an operator behind a value; None for what is no operator."""
    if symbol in _BINARY:
        return f"an expression with {symbol} cannot be carried over", RESULT_REMEDY
    return _OPERATORS.get(symbol)


def no_value(symbol: str, shown: str) -> tuple[str, str]:
    """Return the message and remedy for what stands where a value is expected.

    :param symbol: the text of the token, empty for what is no symbol.
    :param shown: how the message names it.
    """
    if symbol == "...":
        return _SPREAD
    if symbol in ("!", "-"):
        return f"an expression with {symbol} cannot be carried over", RESULT_REMEDY
    return f"{shown} stands where a value is expected", VALUE_REMEDY


def statement(keyword: str, shown: str) -> tuple[str, str]:
    """Return the message and remedy for a statement that is neither using nor param nor var."""
    if keyword in _OF_TEMPLATES:
        return f"{keyword} belongs in a .bicep template", "give the .bicepparam file"
    return _STATEMENTS.get(keyword, (f"{shown} begins no using, param or var", "remove this statement"))


def function(name: str) -> tuple[str, str]:
    """Return the message and remedy for a function that is not carried over."""
    if name == "getSecret":
        return "a secret of Key Vault cannot be carried over", VAULT_REMEDY
    if name in _ASKS_AZURE or name.startswith("list"):
        return f"the function {name} asks Azure, which an inventory cannot", VALUE_REMEDY
    return f"the function {name} cannot be carried over", _FUNCTION_REMEDIES.get(name, VALUE_REMEDY)
