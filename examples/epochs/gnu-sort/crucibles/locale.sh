#!/bin/sh
# In the C locale capital letters come first and letters beyond ASCII last.
set -eu
LC_ALL=C sort inputs/data/letters.txt > sorted.txt
printf 'A\nB\na\nz\n\303\244\n' | cmp sorted.txt -
