#!/bin/sh
# An agent that loses its nerve twice and then does its work.
set -eu
if [ "$ASSAY_TASK_ATTEMPT" -lt 3 ]; then
    echo "attempt $ASSAY_TASK_ATTEMPT: lost the connection" >&2
    exit 75
fi
exec "$(dirname "$0")/fix.sh"
