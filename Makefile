# Every target says what it does in `make help`. A Debian or Ubuntu with python3, venv, make and git is enough.

.DEFAULT_GOAL := help
.PHONY: help demo run test chaos soak lint format messages lock clean

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTHON3 ?= python3

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

demo: $(INSTALLED) ## forty orders while a worker is killed and RabbitMQ goes away; ends with a ledger, in under a minute
	@exec $(BIN)/python -m shop.local demo

run: $(INSTALLED) ## the shop with admin, worker and mailbox, until Ctrl-C (PORT=8000 is the default)
	@exec $(BIN)/python -m shop.local run

test: $(INSTALLED) ## linters, types, checks, the suite on PostgreSQL and SQLite, two minutes of chaos (ARGS="-k cart": pytest only, with these)
	@exec $(BIN)/python -m shop.local test $(ARGS)

chaos: $(INSTALLED) ## the shop under load while everything fails in turn, then a ledger (CHAOS_SECONDS=600 CHAOS_SEED= CHAOS_DATABASE=sqlite)
	@exec $(BIN)/python -m tests.chaos

soak: $(INSTALLED) ## relay and workers kept busy, to see that nothing grows (SOAK_SECONDS=900)
	@exec $(BIN)/python -m shop.local servers $(abspath $(BIN))/python -m benchmarks.soak

lint: $(INSTALLED) ## ruff and mypy alone
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(INSTALLED) ## let ruff repair and format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

messages: $(INSTALLED) ## collect the texts to translate into each locale/de, and compile what is translated (needs gettext)
	$(BIN)/python manage.py makemessages --locale=de --no-wrap --no-obsolete --add-location=file $(foreach folder,.venv .run messaging tests benchmarks,--ignore=$(folder))
	$(BIN)/python manage.py compilemessages --locale=de --ignore=.venv --ignore=.run --verbosity=0

lock: ## renew requirements*.txt from pyproject.toml (needs uv; UPGRADE=--upgrade takes newer versions)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE) pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE) pyproject.toml --group dev -o requirements-dev.txt

clean: ## remove what the other targets made: .venv, .run (with its databases and mail) and caches
	rm -rf $(VENV) .run .mypy_cache .pytest_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements-dev.txt
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "The shop needs Python 3.11 or newer, and $(PYTHON3) is older or missing: install one, or name it with PYTHON3=..." >&2; exit 1; }
	@$(PYTHON3) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the pinned requirements into $(VENV)."
	@test -x $(BIN)/python || $(PYTHON3) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
