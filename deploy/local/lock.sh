#!/bin/sh
# Locks with hashes and without the address of any index, so that mirrors work: each file holds the one before it.
set -eu
cd "$(dirname "$0")/../.."
compile() {
    CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/python -m piptools compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
        --resolver backtracking --no-header --annotation-style line --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options "$@" pyproject.toml
}
touch requirements/app.txt requirements/local.txt
compile -o requirements/app.txt
compile -c requirements/app.txt --extra local --build-deps-for editable -o requirements/local.txt
compile -c requirements/local.txt --extra local --extra dev --build-deps-for editable -o requirements/dev.txt
