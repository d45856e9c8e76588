#!/bin/sh
# leap YEAR: yes or no.
if [ $(($1 % 4)) -eq 0 ]; then echo yes; else echo no; fi
