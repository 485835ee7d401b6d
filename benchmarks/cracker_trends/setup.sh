#!/usr/bin/env bash
# Creates the environment of this benchmark in .venv, next to this file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
"${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip install --quiet --no-deps --requirement requirements.txt
.venv/bin/python -c 'import cantera; print("Cantera", cantera.__version__, "ready")'
