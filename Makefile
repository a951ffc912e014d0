# Everything is installed into .venv beside this file; nothing needs root, Docker, git or Node.

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PORT ?= 8000

# The first interpreter that is Python 3.11.
PYTHON ?= $(shell for candidate in python3.11 python3 python; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo "$$candidate" && break; done)

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
STATIC := $(shell find static -type f 2>/dev/null)
MANIFEST := var/static/staticfiles.json

.PHONY: help install demo test bench faults faults-all lint messages screenshots pictures lock clean

help:
	@echo "make install   the virtual environment with everything for run time"
	@echo "make demo      the whole system with a simulated WeChat, on PORT=$(PORT)"
	@echo "make test      the whole test suite against real PostgreSQL and Redis"
	@echo "make bench     what docs/performance.md says, measured on this machine"
	@echo "make faults    kill each process of the running system, and check that nothing was lost"
	@echo "make faults-all  everything else that can break on one machine (ARGS='redis' for some of it)"
	@echo "make lint      what CI checks before it runs tests"
	@echo "make messages  update the message catalogues from the sources"
	@echo "make screenshots  pictures of every page into var/screenshots, while make demo runs"
	@echo "make pictures  the pictures of the README and docs/ anew, into docs/screenshots"
	@echo "make lock      pin requirements*.in anew into requirements*.txt"

install: $(STAMPS)/run $(CATALOGUES) $(MANIFEST)

demo: install $(STAMPS)/demo
	@PORT=$(PORT) exec $(BIN)/python -m devtools.demo

test: install $(STAMPS)/dev
	$(BIN)/python -m devtools.services run -- $(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

bench: install $(STAMPS)/demo
	$(BIN)/python -m devtools.bench

faults: install $(STAMPS)/demo
	$(BIN)/python -m devtools.faults $(ARGS)

faults-all: install $(STAMPS)/demo
	$(BIN)/python -m devtools.faults --all $(ARGS)

lint: install $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir .cache/import-linter
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python -m devtools.messages check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

screenshots: install $(STAMPS)/dev
	$(BIN)/python -m devtools.screenshots $(PORT)

pictures: install $(STAMPS)/dev
	$(BIN)/python -m devtools.pictures

messages: $(STAMPS)/run
	$(BIN)/python -m devtools.messages extract

lock:
	$(call require_python)
	$(PYTHON) -m devtools.lock

clean:
	rm -rf $(VENV) var/static .cache

define require_python
@test -n "$(PYTHON)" || { echo "Python 3.11 is needed and was not found (looked for python3.11 and python3); set PYTHON=/path/to/python3.11" >&2; exit 1; }
endef

$(STAMPS)/venv:
	$(call require_python)
	@test -x $(BIN)/python || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make virtual environments: install Debian's package python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

# One pip run at a time: the sets share an environment.
$(STAMPS)/run: requirements.txt | $(STAMPS)/venv
	@echo "Installing into $(VENV), one to two minutes in all:"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/demo: requirements-demo.txt $(STAMPS)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

%.mo: %.po | $(STAMPS)/run
	$(BIN)/python -m devtools.messages compile $<

$(MANIFEST): $(STATIC) $(STAMPS)/run
	$(BIN)/python manage.py collectstatic --noinput --verbosity 0
	@touch $@
