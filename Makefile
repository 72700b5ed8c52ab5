# What the project can do. `make` alone prints this list; the scripts lie in ops/.
SHELL := /bin/sh
PY := .venv/bin/python
PORT ?= 8000
SEED ?= 1806
FLASK = $(PY) -m flask --app app.factory

.DEFAULT_GOAL := help
.PHONY: help setup setup-run run test check journeys fix test-slow test-red test-oracles bench pictures migration strings vendor clean-instance

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup-run:
	@sh ops/python.sh -m ops.setup run

setup: ## environment, dependencies, browser libraries, languages; skips what is there
	@sh ops/python.sh -m ops.setup test

run: setup-run ## the whole app on this machine (PORT=8000; LAN=1 for phones in the network)
	@$(PY) -m ops.run --port "$(PORT)" $(if $(filter 1 yes true,$(LAN)),--lan)

test: setup ## everything: check, then the journeys in a real browser (SEED=1806)
	@$(PY) -m ops.check test --seed "$(SEED)"

check: setup ## format, lint, templates, floors, types, the suite on SQLite and on PostgreSQL
	@$(PY) -m ops.check check --seed "$(SEED)"

journeys: setup ## people's ways through the site, in Chromium
	@$(PY) -m ops.check journeys --seed "$(SEED)"

test-slow: setup ## the full sizes: all themes and widths, the long checks
	@$(PY) -m ops.check slow --seed "$(SEED)"

test-red: setup ## plant each known fault and see its check go red
	@$(PY) -m tests.promises.red

test-oracles: ## compare counting methods with other people's libraries
	@echo "Nothing to do yet: the counting methods come with the votes."

fix: setup ## let the formatters mend what they can
	@$(PY) -m ruff check --fix --quiet . || true
	@$(PY) -m ruff format .

bench: setup ## measure, into bench/results.json (ONLY=idea for a part)
	@$(PY) -m bench $(if $(ONLY),--only "$(ONLY)")

pictures: setup ## the screens of the README as they look now, in docs/pictures
	@$(PY) -m tests.journeys.pictures

migration: setup ## a new migration from the models (name=add_pin_photo)
	@$(PY) -m ops.migration "$(name)"

strings: setup ## collect the texts into the gettext catalogues
	@$(PY) -m ops.strings

vendor: setup ## make static/vendor again from npm's packages and our CSS
	@$(PY) ops/vendor.py

clean-instance: setup-run ## forget the demo: database, keys, logs in instance/
	@$(PY) -m ops.clean
