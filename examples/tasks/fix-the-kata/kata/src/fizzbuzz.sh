#!/bin/sh
# fizzbuzz N: the numbers from 1 to N, one a line.
i=1
while [ "$i" -le "$1" ]; do
    if [ $((i % 3)) -eq 0 ]; then echo Fizz
    elif [ $((i % 5)) -eq 0 ]; then echo Buzz
    else echo "$i"
    fi
    i=$((i + 1))
done
