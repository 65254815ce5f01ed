# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of parameter files: what its values are, and what is said where it cannot be carried over."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError, Place

from tests.unit.plugins.module_utils._bicep.parameter_files import variables_of

# Anything that follows on the same line is the value of one field.
FIELD = "param apim = {{ name: 'apim-1' }}\nparam inferenceAPIPath = {}\n"


def value_of(expression: str, before: str = "") -> Any:
    """The value of an expression, as a variable of the inventory holds it."""
    return variables_of(import_parameters(before + FIELD.format(expression)))["llm_universal_api"]["path"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'plain'", "plain"),
        (r"'it\'s \\ \n\r\t \${x} \u{1F600}'", "it's \\ \n\r\t ${x} 😀"),
        ("'$ $x }'", "$ $x }"),
        ("'// no comment'", "// no comment"),
        ("''", ""),
        ("'''\nfirst\n  'second' ${x} \\n\n'''", "first\n  'second' ${x} \\n\n"),
        ("''''quoted''''", "'quoted'"),
        (r'"a\tb \u00e9 ${x}"', "a\tb é ${x}"),
        ("('in parentheses')", "in parentheses"),
        ("7", "7"),
        ("-7", "-7"),
        ("true", True),
        ("null", None),
    ],
)
def test_values(expression: str, value: Any) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("name", "hub"),
        ("'${name}-${count}'", "hub-2"),
        ("'${'a${name}'}/${later}'", "ahub/x"),
        ("hosts.first", "one"),
        ("hosts['first']", "one"),
        ("list[1]", "b"),
        ("hosts.deep[0].end", "!"),
    ],
)
def test_variables(expression: str, value: str) -> None:
    declared = (
        "var name = 'hub'\nvar count = 2\nvar list = ['a', 'b']\n"
        "var hosts = {\n  first: 'one'\n  deep: [\n    { end: '!' }\n  ]\n}\n"
        # Declared behind its first use, which Bicep allows.
        "var alias = later\nvar later = 'x'\n"
    )
    assert value_of(expression, declared) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("readEnvironmentVariable('A')", "{{ lookup('ansible.builtin.env', 'A', default=undef()) }}"),
        ("readEnvironmentVariable('A', 'b')", "{{ lookup('ansible.builtin.env', 'A', default='b') }}"),
        ("sys.readEnvironmentVariable('A', '')", "{{ lookup('ansible.builtin.env', 'A', default='') }}"),
        ("readEnvironmentVariable('A', 'it\\'s')", "{{ lookup('ansible.builtin.env', 'A', default=\"it's\") }}"),
        ("'{${readEnvironmentVariable('A', '')}'", "{{ '{' }}{{ lookup('ansible.builtin.env', 'A', default='') }}"),
    ],
)
def test_environment_variables_are_read_later(text: str, value: str) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    "layout",
    [
        "[{name:'a'},{name:'b'}]",
        "[\n{ name: 'a' }\n{ name: 'b' }\n]",
        "[\n  {\n    name: 'a',\n  },\n\n  {\n    'name': 'b'\n  }\n]",
        '[ { "name"\n : "a" } , { "name" : "b" } ]'.replace("\n ", ""),
        "[ // one\r\n  { name: 'a' } // two\r\n  /* three */ { name: /* four */ 'b' }\r\n]",
    ],
)
def test_layouts(layout: str) -> None:
    file = f"param llmBackendConfig = [{{ supportedModels: {layout} }}]"
    assert variables_of(import_parameters(file, host="h"))["llm_backends"] == [
        {"supported_models": [{"name": "a"}, {"name": "b"}]}
    ]


@pytest.mark.parametrize(
    ("expression", "column", "message"),
    [
        ("az.getSecret('a', 'b', 'c', 'd')", 1, "a secret of Key Vault cannot be carried over"),
        ("getSecret('a', 'b', 'c', 'd')", 1, "a secret of Key Vault cannot be carried over"),
        ("trim('X')", 1, "the function trim cannot be carried over"),
        ("'a${trim('X')}'", 5, "the function trim cannot be carried over"),
        ("concat('a', 'b')", 1, "the function concat cannot be carried over"),
        ("union(name, name)", 1, "the function union cannot be carried over"),
        ("resourceGroup().name", 1, "the function resourceGroup asks Azure, which an inventory cannot"),
        ("listKeys('a', 'b').x", 1, "the function listKeys asks Azure, which an inventory cannot"),
        ("1 + 1", 1, "an expression with + cannot be carried over"),
        ("true ? 'a' : 'b'", 1, "a condition with ? and : cannot be carried over"),
        ("!true", 1, "an expression with ! cannot be carried over"),
        ("1 == 1", 1, "an expression with == cannot be carried over"),
        ("flag && flag", 1, "an expression with && cannot be carried over"),
        ("'a'.length()", 4, "a method cannot be carried over"),
        ("[for x in y: x]", 2, "a loop with for cannot be carried over"),
        ("[for (x, i) in y: x]", 2, "a loop with for cannot be carried over"),
        ("map(name, x => x.a)", 11, "a lambda with => cannot be carried over"),
        ("map(name, (x, i) => x.a)", 11, "a lambda with => cannot be carried over"),
        ("name ?? 'x'", 1, "a default for null with ?? cannot be carried over"),
        ("name.?none", 1, "a safe access with .? cannot be carried over"),
        ("name[?'none']", 5, "a safe access with [? ] cannot be carried over"),
        ("name::none", 1, "an access to a nested resource with :: cannot be carried over"),
        ("$'''a${name}'''", 1, "a multi-line string with $ before it cannot be carried over"),
        ("'''open", 1, "a multi-line string begins here and does not end"),
        ("{ 'a${name.a}': 1 }", 3, "the name of a property has an expression in it"),
        ("unknown", 1, "unknown is not declared in this file"),
        ("name.none", 5, "there is no such property or item"),
        ("'${flag}'", 4, "a string contains an expression that is neither a string nor an integer"),
        ("readEnvironmentVariable()", 1, "readEnvironmentVariable has other arguments than strings"),
        (
            "readEnvironmentVariable('A', '\\\\')",
            1,
            "readEnvironmentVariable has an argument that Ansible cannot write",
        ),
        ("1.5", 1, "1.5 is no integer of 64 bits"),
        ("12345678901234567890", 1, "12345678901234567890 is no integer of 64 bits"),
        ("'open", 1, "a string begins here and does not end on its line"),
        ('"open', 1, "a string begins here and does not end on its line"),
        (r"'\q'", 2, r"\q is not an escape"),
        (r"'\u{D800}'", 2, r"\u{D800} is not an escape"),
        (r'"\ud800"', 1, "the string has an escape that JSON does not have"),
        ("'a' 'b'", 5, "a string is behind the value"),
        ("('a'", 1, "a parenthesis begins here and does not end"),
        ("['a' 'b']", 6, "a string follows without a separator"),
        ("['a'", 1, "[ has no ]"),
        ("{ a: 1, a: 2 }", 9, "a is given twice"),
        ("{ . }", 3, ". is no name of a property"),
        ("{ a: 1 }", 1, "inferenceAPIPath is no single value"),
        ("/* open", 1, "a comment begins here and does not end"),
        ("", 1, "the end of the line stands where a value is expected"),
        ("[" * 60, 51, "more than 50 brackets are open"),
        ("'${" * 30, 1 + 3 * 20, "more than 20 strings are inside each other"),
    ],
)
def test_what_cannot_be_carried_over_is_told_with_its_place(expression: str, column: int, message: str) -> None:
    before = "var name = { a: 'b' }\nvar flag = true\n\n"
    with pytest.raises(ParameterFileError) as raised:
        value_of(expression, before)
    found = {(problem.place, problem.message) for problem in raised.value.problems}
    assert (Place(5, len("param inferenceAPIPath = ") + column), message) in found
    assert all(problem.remedy for problem in raised.value.problems)


def test_all_problems_are_told_at_once() -> None:
    text = (
        "extends 'base'\nparam apim = { name: a }\n"
        "param llmBackendConfig = [\n  1 + 2\n  { endpoint: b() }\n]\nparam x 'y'\nvar loop = loop\n"
    )
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(text)
    assert str(raised.value).splitlines() == [
        "The parameter file has 6 problems; nothing was written:",
        "  - line 1, column 1: extends takes parameters from another file; copy its parameters into this file",
        "  - line 2, column 22: a is not declared in this file; declare it, or write the value itself",
        "  - line 4, column 3: an expression with + cannot be carried over; write its result",
        "  - line 5, column 15: the function b cannot be carried over; write the value itself",
        (
            "  - line 7, column 9: a string stands where = is expected; "
            "give the .bicepparam file, not the .bicep template; there it is: param name = value"
        ),
        "  - line 8, column 12: loop refers to itself; write the value itself",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "param apim = a" + "[0]" * 5000,
        "".join(f"var v{number} = [v{number + 1}]\n" for number in range(500)) + "var v500 = 1\nparam apim = v0\n",
        "".join(f"var v{number} = [v{number + 1}, v{number + 1}]\n" for number in range(40))
        + "var v40 = 1\nparam apim = v0\n",
    ],
    ids=["long", "deep", "many"],
)
def test_variables_that_multiply_are_refused(text: str) -> None:
    with pytest.raises(ParameterFileError, match="values are more than 80 deep, or more than 200000"):
        import_parameters(text)


def test_strings_are_never_shown() -> None:
    with pytest.raises(ParameterFileError) as raised:
        import_parameters("param apim = 'k3y' 'k3y' + \"k3y\n")
    assert "k3y" not in str(raised.value)
