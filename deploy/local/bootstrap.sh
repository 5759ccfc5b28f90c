#!/bin/sh
# Makes .venv from a lock: `sh deploy/local/bootstrap.sh local|dev`. Instant when it is already so.
set -eu
cd "$(dirname "$0")/../.."
lock="requirements/$1.txt"

fail() { printf '%s\n' "$1" >&2; exit 1; }
stamp() { printf '%s\n' "$PWD"; cat "$1" pyproject.toml; }

# dev holds everything local does
for made in "$1" dev; do
    if [ -x .venv/bin/python ] && [ -f ".venv/$made.stamp" ] && stamp "requirements/$made.txt" | cmp -s - ".venv/$made.stamp"; then exit 0; fi
done

python=""
for candidate in "${PYTHON:-}" python3.11 python3 python3.12 python3.13 python3.14; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || fail "Python 3.11 or later was not found: install it (Debian: apt-get install python3 python3-venv), or say where it is: make PYTHON=/path/to/python3.11 …"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python has no venv module: install it (Debian: apt-get install python3-venv), then run the same command again."

if [ ! -x .venv/bin/python ] || ! grep -qsF "$PWD/.venv/bin/python" .venv/bin/pip; then
    rm -rf .venv        # none yet, or made for another folder, to which it still points
    "$python" -m venv .venv || fail "$python could not make .venv in this folder: is the disk full, or the folder not yours?"
fi
rm -f .venv/*.stamp
printf 'Fetching Python packages (once)…\n' >&2
if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes -r "$lock" > .venv/pip.log 2>&1; then
    reason=$(grep '^ERROR' .venv/pip.log | head -n 1 | cut -c 1-200)
    fail "Python packages could not be fetched (${reason:-see .venv/pip.log}): a mirror is set by PIP_INDEX_URL or \`pip config set global.index-url URL\`, a proxy by HTTPS_PROXY, its certificate by PIP_CERT."
fi
.venv/bin/python -m pip install --disable-pip-version-check --no-input --no-deps --no-build-isolation -e . >> .venv/pip.log 2>&1 ||
    fail "Careloop itself could not be installed into .venv: .venv/pip.log says why."
stamp "$lock" > ".venv/$1.stamp"
