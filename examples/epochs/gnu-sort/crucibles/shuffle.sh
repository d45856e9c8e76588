#!/bin/sh
# Any order in gives the same order out; the seed decides the shuffle, so the run can be replayed to the byte.
set -eu
seed=$1
seq 1 5000 | awk -v seed="$seed" 'BEGIN { srand(seed) } { print rand() "\t" $0 }' | LC_ALL=C sort -g | cut -f2 > shuffled.txt
sort -n shuffled.txt | cksum
