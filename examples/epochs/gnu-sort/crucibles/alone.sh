#!/bin/sh
# In the strict sandbox sort works, the system is read-only, and there is no network.
set -eu
printf '2\n1\n' | sort > sorted.txt
printf '1\n2\n' | cmp sorted.txt -
if touch /etc/assay-was-here 2>/dev/null; then echo "the system is writable" >&2; exit 10; fi
if [ "$(ls /sys/class/net 2>/dev/null | grep -vc '^lo$')" != 0 ] && ip route get 192.0.2.1 2>/dev/null; then exit 11; fi
