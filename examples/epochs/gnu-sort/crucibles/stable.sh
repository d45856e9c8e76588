#!/bin/sh
# With -s lines of equal key keep the order they came in.
set -eu
LC_ALL=C sort -s -k1,1 inputs/data/pairs.txt > sorted.txt
cmp sorted.txt inputs/data/pairs.stable.txt
