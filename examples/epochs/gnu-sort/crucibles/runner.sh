#!/bin/sh
# A runner that speaks the protocol C019_RUNNER_V1: it tries one thing, writes what it touched, and prints its outcome.
set -eu
what=$1
outcome=PASS
event() { printf '{"event_type":"%s"}\n' "$1" >> governance_events.jsonl; }

case $what in
  reverse)
    printf 'b\nc\na\n' | LC_ALL=C sort -r | tr '\n' ' ' | grep -qx 'c b a ' || outcome=FAIL
    ;;
  unique)
    printf 'b\na\nb\n' | LC_ALL=C sort -u | tr '\n' ' ' | grep -qx 'a b ' || outcome=FAIL
    ;;
  contradiction)
    # Asked to sort by two orders that exclude each other, sort must refuse.
    event PARADOX_POSED
    if printf '1\n' | sort -n -M 2> refusal.txt; then outcome=PASS; else outcome=REFUSE; event PARADOX_REFUSED; fi
    ;;
  governed)
    event RUN_APPROVED
    printf '2\n1\n' | sort -c 2> /dev/null && outcome=FAIL
    event EVIDENCE_WRITTEN
    ;;
esac

cat > crucible_coverage.json <<END
{
  "schema_version": "crucible_coverage_v1",
  "run_id": "$ASSAY_RUN_ID",
  "kernel_target": "$ASSAY_KERNEL_TARGET",
  "observed": { "domains": ["sorting"], "subdomains": ["$what"], "tools": ["sort"], "counts": { "calls": 1 } },
  "sequence": ["$what"]
}
END
printf '[{"outcome":"%s","run_id":"%s"}]\n' "$outcome" "$ASSAY_RUN_ID"
