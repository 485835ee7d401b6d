#!/usr/bin/env bash
# Creates the environment of d3rlpy in .venv, next to this file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
"${PYTHON:-python3}" -m venv .venv
.venv/bin/python -m pip install --quiet --requirement requirements.txt
.venv/bin/python -c 'import d3rlpy, torch; print("d3rlpy", d3rlpy.__version__, "torch", torch.__version__)' 2>/dev/null
