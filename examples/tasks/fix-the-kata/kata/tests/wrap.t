#!/bin/sh
. tests/tap.sh
is "a short line stays" "one two" "$(echo one two | sh src/wrap.sh 10)"
is "a long line is broken" "one two
three" "$(echo one two three | sh src/wrap.sh 8)"
plan
