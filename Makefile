# What a person types. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help run test coverage test-all faults production bench check docs lock messages pictures
SHELL := /bin/sh
VENV := .venv
PYTHON_BIN := $(VENV)/bin/python
# One process for each core. Each runs its share in the order of all: tests that empty tables come last.
AT_ONCE := -n auto --dist load
# The same where each file has servers of its own.
AT_ONCE_BY_FILE := -n auto --dist loadfile
# Suites that drive real servers, clients and a browser.
REAL := tests/conformance tests/journeys tests/faults tests/browser tests/benchmarks
# Those of them in which many ask the database at once; the others would only drive the same clients again.
ON_POSTGRESQL := tests/conformance $(patsubst %,tests/journeys/test_%.py,aws_at_once collection replication replication_between)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(VENV)/base.stamp: requirements/base.txt requirements/make_venv.sh
	@requirements/make_venv.sh $(VENV) requirements/base.txt
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt requirements/make_venv.sh $(VENV)/base.stamp
	@requirements/make_venv.sh $(VENV) requirements/dev.txt
	@touch $@

run: $(VENV)/base.stamp ## start Kho on this machine (Ctrl-C stops it)
	@exec $(PYTHON_BIN) -m config.run

test: $(VENV)/dev.stamp ## run the tests that need nothing but Python
	$(PYTHON_BIN) -m pytest $(AT_ONCE)

coverage: $(VENV)/dev.stamp ## the same, and which lines and branches they leave out; fails below the share in pyproject.toml
	$(PYTHON_BIN) -m pytest $(AT_ONCE) --cov --cov-report=term:skip-covered

test-all: $(VENV)/dev.stamp ## run the tests with real servers, clients and a browser; installs them (Debian, root)
	tests/clients/install.sh
	$(PYTHON_BIN) -m tests.clients.on_postgresql -q $(AT_ONCE)
	KHO_TEST_DATABASE=sqlite $(PYTHON_BIN) -m pytest -v $(AT_ONCE_BY_FILE) --durations=40 $(REAL)
	KHO_TEST_DATABASE=postgresql $(PYTHON_BIN) -m pytest -v $(AT_ONCE_BY_FILE) $(ON_POSTGRESQL)

faults: $(VENV)/dev.stamp ## kill and break everything at every step, for an hour; installs what it needs (Debian, root)
	tests/clients/install.sh
	KHO_FAULTS=long $(PYTHON_BIN) -m pytest -q tests/faults

production: $(VENV)/dev.stamp ## start what docker-compose.yml describes, without containers (nginx, PostgreSQL, Redis, S3)
	@exec $(PYTHON_BIN) -m config.deploy run

bench: $(VENV)/dev.stamp ## measure Kho beside other registries; installs them (Debian, root)
	tests/clients/install.sh
	$(PYTHON_BIN) -m tests.benchmarks

check: $(VENV)/dev.stamp ## check style, types, import contracts, migrations and translations
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	DJANGO_SETTINGS_MODULE=config.settings.test $(PYTHON_BIN) manage.py makemigrations --check --dry-run

lock: $(VENV)/dev.stamp ## choose new versions for requirements/*.in
	$(PYTHON_BIN) -m pip install --quiet uv
	for each in base dev; do $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--upgrade --no-header --no-annotate --no-emit-index-url requirements/$$each.in -o requirements/$$each.txt; done

docs: $(VENV)/dev.stamp ## write docs/aws-compatibility.md anew
	DJANGO_SETTINGS_MODULE=config.settings.test $(PYTHON_BIN) manage.py aws_compatibility > docs/aws-compatibility.md

pictures: $(VENV)/dev.stamp ## take the pictures of docs/ anew (needs chromium)
	$(PYTHON_BIN) -m tests.browser.pictures

messages: $(VENV)/dev.stamp ## collect the texts to translate, and compile the translations (needs gettext)
	$(PYTHON_BIN) manage.py makemessages --locale vi --no-obsolete --no-location --ignore .venv --ignore tests
	$(PYTHON_BIN) manage.py compilemessages --ignore .venv
