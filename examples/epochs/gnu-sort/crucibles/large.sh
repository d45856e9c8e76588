#!/bin/sh
# A file of about 100 MB is sorted within 48 MB of memory: sort spills to files of its own.
set -eu
seed=$1
awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 3000000; i++) printf "%010d some payload behind the key\n", rand() * 1e10 }' > large.txt
LC_ALL=C sort -S 16M -T . large.txt > sorted.txt
LC_ALL=C sort -c sorted.txt
[ "$(wc -l < large.txt)" = "$(wc -l < sorted.txt)" ]
rm large.txt sorted.txt
