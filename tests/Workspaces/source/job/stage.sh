#!/bin/sh
set -eu
cd "$ASSAY_STAGE_OUTPUT"
metrics='{"schema_version":"metrics_v1","metrics":{"sharpe":1.5,"months":24}}'
case $ASSAY_STAGE in
  strategy_spec) echo '{"schema_version":"strategy_spec_v1","title":"spec","strategy":{"top":2}}' > strategy_spec.json ;;
  compile) echo '{"schema_version":"runspec_v1","strategy":{"top":2},"segments":{"list":[{"segment_id":"walk"},{"segment_id":"held","holdout":true}]}}' > runspec.json ;;
  trace_preview) echo '{"schema_version":"trace_preview_v1","columns":["month"],"rows":[["2003-01"]]}' > trace_preview.json ;;
  run)
    while [ -e /var/tmp/assay-stored/hold ]; do : > /var/tmp/assay-stored/held; sleep 0.05; done
    mkdir -p segments/walk segments/held
    echo "$metrics" > metrics.json
    echo "$metrics" > segments/walk/metrics.json
    printf 'month,value\n2003-01,1\n2003-02,1.25\n' > segments/walk/curve.csv
    echo month > segments/walk/trades.csv
    echo '{"schema_version":"metrics_v1","metrics":{"sharpe":0.7654321,"months":15}}' > segments/held/metrics.json
    printf '{"schema_version":"segments_summary_v1","segments":[' > segments_summary.json
    printf '{"segment_id":"walk","metrics":{"sharpe":1.5}},' >> segments_summary.json
    printf '{"segment_id":"held","holdout":true,"metrics":{"months":15}}]}' >> segments_summary.json ;;
  gates)
    printf '{"schema_version":"gate_results_v1","gates":[{"gate_id":"good","status":"PASS","metric":"sharpe",' > gate_results.json
    printf '"operator":">=","threshold":1,"value":1.5},' >> gate_results.json
    printf '{"gate_id":"held","status":"PASS","metric":"sharpe","operator":">=","threshold":0.5,"segment_id":"held"}]}' >> gate_results.json ;;
  registry)
    run_id=$(sed -n 's/.*"run_id":"\([0-9a-f]*\)".*/\1/p' "$ASSAY_STAGE_INPUT")
    echo "{\"schema_version\":\"registry_card_v1\",\"title\":\"card\",\"run_id\":\"$run_id\"}" > registry_card.json ;;
  report) echo '{"schema_version":"report_v1","title":"The report","sections":[{"heading":"What","text":"It was tried."}]}' > report.json ;;
  improvements)
    printf '{"schema_version":"improvements_v1","proposals":[{"proposal_id":"wider","title":"Three",' > improvements.json
    printf '"blueprint":{"schema_version":"blueprint_v1","title":"child","strategy":{"top":3}}}]}' >> improvements.json ;;
esac
