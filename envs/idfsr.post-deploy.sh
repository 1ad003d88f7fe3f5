#!/usr/bin/env bash
# Runs in the project's folder, in the new conda environment.
set -euo pipefail
pip install --no-deps --require-hashes -r requirements.lock
pip install --no-deps --no-build-isolation -e .
