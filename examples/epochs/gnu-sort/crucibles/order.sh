#!/bin/sh
# Lines come out in byte order, duplicates and the empty line included.
set -eu
LC_ALL=C sort inputs/data/fruit.txt > sorted.txt
cmp sorted.txt inputs/data/fruit.sorted.txt
