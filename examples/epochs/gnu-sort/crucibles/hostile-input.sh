#!/bin/sh
# NUL bytes, invalid UTF-8, a line of a megabyte and a missing last line break: nothing is lost.
set -eu
{
  printf 'nul\000inside\n'
  printf '\377\376 invalid\n'
  head -c 1000000 /dev/zero | tr '\000' x
  printf '\nlast line without an end'
} > hostile.bin
LC_ALL=C sort hostile.bin > sorted.bin
LC_ALL=C sort -c sorted.bin
[ "$(wc -l < sorted.bin)" = 4 ]
[ "$(($(wc -c < hostile.bin) + 1))" = "$(wc -c < sorted.bin)" ]
