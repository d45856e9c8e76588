#!/bin/sh
. tests/tap.sh
is "three" "III" "$(sh src/roman.sh 3)"
is "four" "IV" "$(sh src/roman.sh 4)"
is "1994" "MCMXCIV" "$(sh src/roman.sh 1994)"
is "2026" "MMXXVI" "$(sh src/roman.sh 2026)"
plan
