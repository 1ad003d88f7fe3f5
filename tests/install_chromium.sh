#!/usr/bin/env bash
# Install Debian's Chromium, for the tests in a browser. Needs root, and does nothing
# where Chromium is already there.
set -euo pipefail
exec 9<"$0"
flock 9 # one at a time: apt turns away whoever comes second
command -v chromium >/dev/null && exit 0
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends chromium
