# Every task of the project; `make` alone lists them. Nothing is needed but make and Python 3.11.

PYTHON ?= python3
UV := .bootstrap/bin/uv
BIN := .venv/bin
MEMBERS := contracts chassis services/companies services/enrichment services/credit-monitor \
           services/gateway deploy/onebox deploy/standins
# Tried with uv's own certificates first, then with this machine's (behind a company's proxy).
SYNC := $(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
T ?= tests docs/howto

export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without a home of our own to write to, what is downloaded is kept here.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.bootstrap/home
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test check fmt-check lint types fences pure fix journeys simulate wire nats \
        lock migrate clean

help: ## list the tasks
	@echo 'Kundvakt. First: make run, make test.'
	@echo
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready ## install everything into .venv (the other tasks do it by themselves)

run: setup ## run all of Kundvakt here: servers, services, demo; Ctrl-C stops it
	@exec $(BIN)/python -m onebox

test: setup ## run the tests (T=tests/companies for some of them)
	@$(BIN)/python -m pytest $(T)

check: setup ## everything that needs no servers, in under a minute
	@$(MAKE) --jobs=2 --keep-going --output-sync fmt-check lint types fences pure

fmt-check: setup
	@$(BIN)/ruff format --check --quiet .

lint: setup
	@$(BIN)/ruff check --quiet .

types: setup
	@$(BIN)/mypy

fences: setup
	@$(BIN)/lint-imports

pure: setup
	@$(BIN)/python -m pytest -q -m 'not servers and not journey and not simulation'

fix: setup ## format, and repair what can be repaired
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

journeys: setup ## only the long tests: all of Kundvakt as processes, killed at every step
	@$(BIN)/python -m pytest -m journey

simulate: setup ## play schedules in memory for SECONDS=60, from SEED=1 on
	@PYTHONPATH=tests $(BIN)/python -m support.simulation

wire: setup ## write down what is said on the wire: examples, schemas, AsyncAPI
	@$(BIN)/python -m contracts.describe

nats: setup ## write deploy/nats/nats.conf from the table of permissions
	@$(BIN)/python -m onebox.permissions > deploy/nats/nats.conf

lock: $(UV) ## renew requirements.lock and deploy/onebox/bootstrap.lock
	@$(UV) lock --upgrade
	@$(UV) export --quiet --frozen --no-emit-workspace --all-groups --no-annotate --no-header \
	    -o requirements.lock
	@echo uv | $(UV) pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header \
	    -o deploy/onebox/bootstrap.lock -

migrate: setup ## bring the servers of a running Kundvakt, or given ones, to this version
	@$(BIN)/kundvakt migrate

clean: ## remove what was installed and cached; the data in .kundvakt stays
	@rm -rf .venv .bootstrap .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
	    .hypothesis .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed so that others can read it: run by root, Postgres runs as another account.
.venv/.ready: $(UV) requirements.lock pyproject.toml $(addsuffix /pyproject.toml,$(MEMBERS))
	@echo 'Installing into .venv' >&2
	@umask 022; $(BIN)/python -c '' 2>/dev/null || \
	    $(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@umask 022; $(SYNC) 2>/dev/null || UV_SYSTEM_CERTS=1 $(SYNC)
	@umask 022; $(UV) pip install --quiet --python $(BIN)/python --no-deps \
	    $(addprefix --editable ./,$(MEMBERS))
	@touch $@

$(UV): deploy/onebox/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'Kundvakt needs Python 3.11 or later as "$(PYTHON)".' \
	         'Install it, or name another one: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'This Python cannot make virtual environments: its venv or ensurepip is missing.' \
	         'On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing uv into .bootstrap' >&2
	@umask 022; $(PYTHON) -m venv --clear .bootstrap
	@umask 022; .bootstrap/bin/python -m pip install --quiet --require-hashes \
	    --requirement deploy/onebox/bootstrap.lock
	@touch $@
