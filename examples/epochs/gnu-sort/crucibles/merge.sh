#!/bin/sh
# -m merges files that are sorted already.
set -eu
LC_ALL=C sort -m inputs/data/left.txt inputs/data/right.txt > merged.txt
printf 'a\nb\nc\nd\ne\nf\n' | cmp merged.txt -
