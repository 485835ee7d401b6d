#!/usr/bin/env bash
# Puts OGBench's environments into .packages, next to this file; what they need beside that is in the project's lock.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
"${PYTHON:-../../.venv/bin/python}" -m pip install --quiet --no-deps --target .packages --upgrade --requirement requirements.txt
PYTHONPATH=.packages "${PYTHON:-../../.venv/bin/python}" -c 'import ogbench.locomaze; print("ogbench is ready")'
