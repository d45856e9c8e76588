#!/bin/sh
. tests/tap.sh
is "2024 is one" "yes" "$(sh src/leap.sh 2024)"
is "2023 is none" "no" "$(sh src/leap.sh 2023)"
is "1900 is none" "no" "$(sh src/leap.sh 1900)"
is "2000 is one" "yes" "$(sh src/leap.sh 2000)"
plan
