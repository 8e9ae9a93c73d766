# Every task of the project; `make` alone lists them. Nothing is needed but make and Python 3.11.

# A third faster where it was built with optimisation: a distribution's is, one built here seldom.
FIRST := python3 -c "import sys, sysconfig; \
         sys.exit('--enable-optimizations' not in str(sysconfig.get_config_var('CONFIG_ARGS')))"
FIT := /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell $(FIRST) 2>/dev/null || ! $(FIT) 2>/dev/null || echo /usr/bin/)python3
UV := .bootstrap/bin/uv
BIN := .venv/bin
MEMBERS := contracts chassis services/companies services/enrichment services/credit-monitor \
           services/gateway deploy/onebox deploy/standins
# Tried with uv's own certificates first, then with this machine's (behind a company's proxy).
SYNC := $(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
T ?= tests docs/howto
# Most tests wait for servers and processes: four at a time keep two cores busy.
WORKERS ?= 4
IMAGES := companies enrichment credit-monitor gateway operator bureau
# As a plugin of the engine, or as a program of its own.
COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || \
                  echo docker-compose) --project-name kundvakt --file deploy/compose.yaml
F ?= tests
# Fewer than this are no run to speak of; `F=tests/faults/test_x.py FAULTS_MIN=0` for a part.
FAULTS_MIN ?= 2000

export UV_PYTHON_DOWNLOADS := never
# What was compiled once is kept: all of it again in every process takes seconds.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Without a home of our own to write to, what is downloaded is kept here.
ifneq ($(shell test -n "$$HOME" && test -w "$$HOME" && echo yes),yes)
export HOME := $(CURDIR)/.bootstrap/home
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Every task is one: none makes a file of its own name.
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

help: ## list the tasks
	@echo 'Kundvakt. First: make run, make test.'
	@echo
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

setup: .venv/.ready ## install everything into .venv (the other tasks do it by themselves)

run: setup ## run all of Kundvakt here: servers, services, demo; Ctrl-C stops it
	@exec $(BIN)/python -m onebox

test: setup ## run the tests (T=tests/companies for some of them)
	@$(BIN)/python -m pytest --numprocesses $(WORKERS) $(T)

bench: setup ## measure beside limits and peers, write docs/benchmarks.md (B=append, FAST=1)
	@$(BIN)/python -m benchmarks $(if $(FAST),--fast) $(B)

check: setup ## everything that needs no servers
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
	@$(BIN)/python -m pytest -q -m \
	    'not servers and not journey and not faults and not containers and not simulation'

fix: setup ## format, and repair what can be repaired
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

journeys: setup ## only the long tests: all of Kundvakt as processes, killed at every step
	@$(BIN)/python -m pytest -m journey

images: ## build the images: one a service, the command line, the stand-in bureau
	@for image in $(IMAGES); do \
	    case $$image in operator|bureau) target=$$image ;; *) target=service ;; esac; \
	    docker build --quiet --file deploy/Dockerfile --target $$target \
	        --build-arg SERVICE=$$image --tag kundvakt/$$image . || exit 1; \
	done

secrets: setup ## make the secrets of a deployment in containers, deploy/env, or keep them
	@$(BIN)/python -m onebox.deployment deploy/env

up: images secrets ## run all of Kundvakt in containers, with a demo bureau and registry
	@$(COMPOSE) --profile demo up --detach

down: ## stop the containers; their data stays
	@$(COMPOSE) --profile demo --profile operator down

test-containers: setup ## run the tests on containers, and the tests of the containers
	@$(BIN)/python -m pytest --containers tests/chassis tests/companies tests/credit_monitor \
	    tests/enrichment tests/gateway tests/containers

test-faults: setup ## thousands of faults under load, for a long while; ends with their tally
	@KUNDVAKT_FAULTS_MIN=$(FAULTS_MIN) $(BIN)/python -m pytest -m faults $(F)

simulate: setup ## play schedules in memory for SECONDS=60, from SEED=1 on
	@PYTHONPATH=tests $(BIN)/python -m support.simulation

wire: setup ## write down what is said on the wire: examples, schemas, AsyncAPI
	@$(BIN)/python -m contracts.describe

nats: setup ## write deploy/nats/*.conf from the table of permissions
	@$(BIN)/python -m onebox.permissions > deploy/nats/nats.conf
	@$(BIN)/python -m onebox.permissions --cluster > deploy/nats/cluster.conf

lock: $(UV) ## renew requirements.lock, deploy/images.lock and deploy/onebox/bootstrap.lock
	@$(UV) lock --upgrade
	@$(UV) export --quiet --frozen --no-emit-workspace --all-groups --no-annotate --no-header \
	    -o requirements.lock
	@$(MAKE) images-lock
	@echo uv | $(UV) pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header \
	    -o deploy/onebox/bootstrap.lock -

# What of the lock an image needs: what services and the stand-in bureau stand on.
images-lock: $(UV)
	@$(UV) pip compile --quiet --universal --no-annotate --no-header --constraints requirements.lock \
	    --no-emit-package contracts --no-emit-package chassis --python-version 3.11 \
	    services/*/pyproject.toml deploy/standins/pyproject.toml \
	    | awk -F '[=; ]' 'NR == FNR { wanted[$$1]; next } /^[a-z]/ { take = $$1 in wanted } take' \
	        - requirements.lock > deploy/images.lock

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
