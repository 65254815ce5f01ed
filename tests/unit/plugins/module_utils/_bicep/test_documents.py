# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example in Bicep of the onboarding guide and of the package document is imported as it stands there.

The folder ``documents`` holds their examples under the headings that they have, word for word.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.importer import import_parameters
from ansible_collections.citadel.ai_gateway.plugins.module_utils._bicep.problems import ParameterFileError

from tests.unit.plugins.module_utils._bicep.parameter_files import variables_of, yaml_of

DOCUMENTS = Path(__file__).with_name("documents")
EXAMPLE = re.compile(r"^#+ ([^\n]*)\n\n```bicep\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SERVICE = "param apim = { name: 'apim-1', resourceGroupName: 'rg-1' }\n"


def examples_of(document: str) -> dict[str, str]:
    """The examples of a document by heading."""
    return dict(EXAMPLE.findall((DOCUMENTS / f"{document}.md").read_text(encoding="utf-8")))


EXAMPLES = {
    f"{document}: {heading}": text
    for document in ("onboarding-guide", "onboarding-package")
    for heading, text in examples_of(document).items()
}
SNIPPETS = {name: text for name, text in EXAMPLES.items() if text[0] in "[{"}


def test_no_example_is_forgotten() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS.iterdir())
    assert len(EXAMPLES) == texts.count("```bicep") == 11
    assert list(SNIPPETS) == [
        "onboarding-guide: AI Foundry (`ai-foundry`)",
        "onboarding-guide: Azure OpenAI (`azure-openai`)",
        "onboarding-guide: External Provider (`external`)",
        "onboarding-guide: Priority-Based Failover",
        "onboarding-guide: Weighted Round-Robin",
    ]


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_examples_are_imported_as_they_stand(example: str) -> None:
    imported = import_parameters(example, host="apim-1")
    assert imported.warnings == ()
    backends = variables_of(imported).get("llm_backends", [])
    assert [backend["backend_id"] for backend in backends] == re.findall(r"backendId: '([^']*)'", example)
    weights = [backend["weight"] for backend in backends if "weight" in backend]
    assert weights == [int(weight) for weight in re.findall(r"weight: (\d+)", example)]
    models = re.findall(r"supportedModels: \[(.*?)\]", example, re.DOTALL)
    assert [len(backend["supported_models"]) for backend in backends] == [
        text.count('"name"') or text.count("'") // 2 for text in models
    ]


@pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS)
def test_what_is_to_be_written_around_backends_is_told(snippet: str) -> None:
    with pytest.raises(ParameterFileError) as raised:
        import_parameters(snippet)
    assert str(raised.value).partition("\n")[2] == (
        "  - line 1, column 1: there is no apim.name, so the host has no name; "
        "name the host (bicep_host, or host of the filter), or write "
        "param apim = { name: '...', resourceGroupName: '...' } on a line above the backends, "
        "and them as param llmBackendConfig = [ ... ]"
    )
    wrapped = snippet if snippet.startswith("[") else f"[\n{snippet}]"
    imported = import_parameters(f"{SERVICE}param llmBackendConfig = {wrapped}")
    assert imported.host == "apim-1"
    backends = variables_of(imported)["llm_backends"]
    assert backends == variables_of(import_parameters(snippet, host="h"))["llm_backends"]


def test_comments_around_backends_arrive() -> None:
    one = "// first\n{\n  backendId: 'a' // it\n} // last\n\n// end\n"
    assert yaml_of(import_parameters(one, host="h")) == (
        "---\nllm_backends:\n  # first\n  - backend_id: a # it\n    # last\n\n# end\n"
    )
    several = "// all\n[ // open\n  { backendId: 'a' } // it\n] // last\n// end\n"
    assert yaml_of(import_parameters(several, host="h")) == (
        "---\n# all\nllm_backends: # open\n  - {backend_id: a} # it\n  # last\n\n# end\n"
    )


def test_backends_between_double_quotes_are_read_too() -> None:
    assert variables_of(import_parameters('{ "backendId": "a", "weight": 5 }', host="h")) == {
        "llm_backends": [{"backend_id": "a", "weight": 5}]
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ backendId: 'a' }\n{ backendId: 'b' }", "line 2, column 1: { is behind the end; write . and . around all"),
        ("['a']", r"llmBackendConfig\[0\] is no object"),
        ("{ unknown: 'a' }", "there is no object parameters"),
    ],
)
def test_other_values_are_refused(text: str, message: str) -> None:
    with pytest.raises(ParameterFileError, match=message):
        import_parameters(text, host="h")
