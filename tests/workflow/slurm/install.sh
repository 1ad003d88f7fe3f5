#!/usr/bin/env bash
# Install Slurm from the Debian or Ubuntu packages, for the tests marked slurm. Needs root, starts no
# service, and does nothing where Slurm is already there.
set -euo pipefail
exec 9<"$0"
flock 9 # one at a time: apt turns away whoever comes second
for command in slurmctld slurmd sbatch; do
    command -v "$command" >/dev/null || missing=1
done
[[ -n ${missing:-} ]] || exit 0
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get update --quiet
apt-get install --quiet --yes --no-install-recommends slurmctld slurmd slurm-client
