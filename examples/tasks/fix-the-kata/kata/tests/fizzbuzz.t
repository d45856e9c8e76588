#!/bin/sh
. tests/tap.sh
is "a plain number" "1" "$(sh src/fizzbuzz.sh 1 | tail -n 1)"
is "three is Fizz" "Fizz" "$(sh src/fizzbuzz.sh 3 | tail -n 1)"
is "five is Buzz" "Buzz" "$(sh src/fizzbuzz.sh 5 | tail -n 1)"
is "fifteen is FizzBuzz" "FizzBuzz" "$(sh src/fizzbuzz.sh 15 | tail -n 1)"
plan
