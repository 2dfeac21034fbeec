# Phonereader. `make run` and `make test` work on a fresh checkout and need Python (3.11 or newer), make and a
# package index, nothing else; `make help` lists the rest.

VENV := .venv
PYTHON := $(VENV)/bin/python
RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test

# PyTorch without CUDA is a tenth of the size: on Linux it comes from here when this index can be reached, else
# (or with TORCH_INDEX= empty) from the usual one.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.DEFAULT_GOAL := help
.PHONY: help install run test lint secrets format bench-reading bench-training bench-learning chaos

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

install: $(RUN_READY) ## make .venv with what running needs

# The last line is a simple command, which make starts itself, without a shell: TERM to make alone reaches it.
run: $(RUN_READY) ## run the site and its workers in the foreground; Ctrl-C stops them
	@$(PYTHON) manage.py run

test: $(TEST_READY) ## run all tests (LONG=1: the long ones, too); the job core once more on TEST_DATABASE_URL, if it is set
	@$(PYTHON) -m tests.find_browser --install
	$(PYTHON) -m pytest $(if $(CI)$(LONG),,-m "not long")
	@if [ -n "$$TEST_DATABASE_URL" ]; then \
		echo "The job core on TEST_DATABASE_URL:"; \
		DATABASE_URL="$$TEST_DATABASE_URL" $(PYTHON) -m pytest -m core; \
	fi

lint: $(TEST_READY) ## check style, types, migrations and the settings of a deployment
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) manage.py check --deploy --fail-level ERROR

# DATA is a folder with mnist/, pendigits/ and paper-digits/, or what of them there is; docs/reading.md.
DATA ?= $(PHONEREADER_TRAINING_DATA)
WEIGHTS ?=
WRITERS ?= test

bench-reading: $(RUN_READY) ## how well unseen writers are read: tables and pictures in var/bench (DATA=folder)
	@$(PYTHON) -m bench.reading $(if $(DATA),--data "$(DATA)") $(if $(WEIGHTS),--weights "$(WEIGHTS)") \
		--writers $(WRITERS)

bench-training: $(RUN_READY) ## time to 99 % on MNIST, beside a plain PyTorch script (DATA=folder)
	@$(PYTHON) -m bench.plain_mnist $(if $(DATA),--data "$(DATA)")

bench-learning: $(RUN_READY) ## what 300 reviewed digits of an odd hand teach, and what is forgotten (DATA=folder)
	@$(PYTHON) -m bench.learning $(if $(DATA),--data "$(DATA)")

# BROKER is redis or amqp, DATABASE postgres or sqlite; servers of its own, which it kills.
BROKER ?= redis
DATABASE ?= postgres
SEED ?= 1

chaos: $(TEST_READY) ## 2,000 jobs while every part is killed, frozen and emptied at random (BROKER, DATABASE, SEED)
	@$(PYTHON) -m tests.chaos --broker $(BROKER) --database $(DATABASE) --seed $(SEED)

secrets: ## make the passwords and keys of docker-compose.yml, once, in var/secrets
	@test ! -e var/secrets || { echo "var/secrets is there already."; exit 1; }
	@umask 077; mkdir -p var/secrets.part; cd var/secrets.part; \
	random() { head -c 48 /dev/urandom | base64 | tr -d '+/=\n'; }; \
	random > postgres_password; random > secret_key; \
	printf 'postgres://phonereader:%s@postgres:5432/phonereader' "$$(cat postgres_password)" > database_url; \
	chmod 644 *; cd ..; mv secrets.part secrets  # containers have other users; the folder shuts others out
	@echo "Made var/secrets: database_url, postgres_password, secret_key."

format: $(TEST_READY) ## mend what ruff can mend
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

# --- The virtual environment -----------------------------------------------------------------------

# The first Python that is new enough and can make a virtual environment.
FIND_PYTHON = for python in python3.11 python3.12 python3.13 python3 python3.14 python; do \
		"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
			&& { echo "$$python"; break; }; \
	done

$(PYTHON):
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
		echo "Python 3.11 or newer with its venv module is needed (Debian: apt install python3-venv)." >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# Downloads of this size break off now and then; pip keeps what it has, so that trying again is cheap.
INSTALL = export PYTHONWARNINGS=ignore; install() { $(PYTHON) -m pip --disable-pip-version-check install "$$@"; }; \
	again() { echo "Trying again ..."; sleep 5; install "$$@"; }; \
	try() { install "$$@" || again "$$@" || again "$$@"; }; try -c constraints.txt

# Whether TORCH_INDEX can be reached, asked without pip's configuration, which may name other indexes.
TORCH_INDEX_ANSWERS = [ "$$(uname -s)" = Linux ] && [ -n "$(TORCH_INDEX)" ] \
	&& PIP_CONFIG_FILE=/dev/null $(PYTHON) -m pip --isolated index versions torch \
		--index-url "$(TORCH_INDEX)" --retries 0 --timeout 5 >/dev/null 2>&1

# The marks are files, so that the next `make run` starts at once; anew when a version changes.
$(RUN_READY): pyproject.toml constraints.txt | $(PYTHON)
	@echo "Installing what Phonereader needs (the first time this takes some minutes) ..."
	@index=; \
	if ! $(PYTHON) -c 'import torch' 2>/dev/null && $(TORCH_INDEX_ANSWERS); then \
		index="--extra-index-url $(TORCH_INDEX)"; \
	fi; \
	$(INSTALL) $$index -e .
	@touch $@

$(TEST_READY): $(RUN_READY)
	@echo "Installing what the tests need ..."
	@$(INSTALL) --quiet -e ".[test]"
	@touch $@
