#!/bin/sh
# -n reads a plain number and stops at the e of 1e3; -g reads all of it.
set -eu
LC_ALL=C sort -n inputs/data/numbers.txt | cmp - inputs/data/numbers.n.txt
LC_ALL=C sort -g inputs/data/numbers.txt | cmp - inputs/data/numbers.g.txt
