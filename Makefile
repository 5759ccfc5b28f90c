# Every command; `make` alone prints them. Paths are relative, so that the checkout may lie in a folder with a space.
MAKEFLAGS += --no-print-directory
BIN := .venv/bin

help:  ## these lines
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | awk -F '\t' '{ printf "make %-8s %s\n", $$1, $$2 }'

run: local  ## PostgreSQL, Kafka, all services and sample events on this machine; Ctrl-C stops them
	@$(BIN)/python -m deploy.command run

stop:  ## end what `make run` started, wherever its terminal is
	@if $(BIN)/python -c 'import psutil' 2>/dev/null; then $(BIN)/python -m deploy.local.stop; fi

clean: stop  ## forget .run/: data, logs, keys
	@if $(BIN)/python -c 'import psutil' 2>/dev/null; then $(BIN)/python -m deploy.local.clean; else rm -rf .run; fi

test: check  ## check, then every test on a real PostgreSQL and a real Kafka
	@$(BIN)/python -m pytest

bench: dev  ## beside the usual way and the bare minimum, three quarters of an hour; ARGS="path --rounds 3" is less
	@$(BIN)/python -m tests.bench $(ARGS)

chaos: dev  ## break everything for ten minutes while both stories go on; ARGS="--seed 7" plays a run again
	@$(BIN)/python -m tests.chaos $(ARGS)

fuzz: dev  ## 20,000 records that are wrong in every way, and 20,000 odd requests (ARGS="events --seed 7", ARGS="doors --cases 500")
	@$(BIN)/python -m tests.fuzz $(ARGS)

test-deploy: dev  ## what needs promtool, Prometheus, Alertmanager, buildah or Helm's engine; ARGS=drill breaks ten things in a watched system
	@$(BIN)/python -m tests.deploy_tools $(ARGS)

check: dev  ## format, lint, types, import fences, generated documents
	@$(BIN)/ruff format --check --quiet . || { echo "Some files are not formatted: run $(BIN)/ruff format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m deploy.events check
	@$(BIN)/python -m deploy.monitoring check

schemas: dev  ## write docs/events anew; refuses what would break readers or publishers
	@$(BIN)/python -m deploy.events

lock: dev  ## resolve all requirements and Kafka's jars anew, with hashes
	@sh deploy/local/lock.sh
	@$(BIN)/python -m deploy.local.jars
	@$(BIN)/python -m tests.bench.relay_jars

local dev:
	@sh deploy/local/bootstrap.sh $@

.PHONY: help run stop clean test test-deploy bench chaos fuzz check schemas lock local dev
