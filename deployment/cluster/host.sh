#!/usr/bin/env bash
# Makes this host one of a cluster, until the command ends: on the first host `bash deployment/cluster/host.sh head`,
# on each other one `bash deployment/cluster/host.sh FIRST`, with the first one's address. What follows goes to `ray start`.
# Settings are those of cluster.env in the clone (CLUSTER_ENV_FILE names another file); see docs/deployment.md.
set -euo pipefail
cd "$(dirname "$0")/../.."
first=${1:?"which is the first host? bash deployment/cluster/host.sh head, or the address of the first one"}
shift
settings=${CLUSTER_ENV_FILE:-cluster.env}
[ -r "$settings" ] || { echo "$settings is missing: copy deployment/cluster/cluster.env.example, and fill it in" >&2; exit 1; }
[ -x .venv/bin/ray ] || { echo "Ray is not installed: run make install-cluster" >&2; exit 1; }
set -a
. "$settings"
set +a
: "${RAY_AUTH_TOKEN:?"$settings does not set it: whoever reaches a cluster without one runs what he likes on it"}"
export RAY_AUTH_MODE=token
export PATH=$PWD/.venv/bin:$PATH  # a step is started by its name
export RAY_JOB_START_TIMEOUT_SECONDS=86400  # steps wait for a host as long as a run may take; Ray's own word is 15 minutes
if [ "$first" = head ]; then
  exec ray start --head --block --disable-usage-stats --port 6379 --dashboard-host 0.0.0.0 --dashboard-port 8265 "$@"
fi
exec ray start --address "$first:6379" --block --disable-usage-stats "$@"
