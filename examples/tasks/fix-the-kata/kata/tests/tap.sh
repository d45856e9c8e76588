# Sourced by the tests: "is NAME EXPECTED ACTUAL", then "plan".
count=0
failed=0

is() {
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        echo "# expected: $2"
        echo "# got:      $3"
        failed=$((failed + 1))
    fi
}

plan() {
    echo "1..$count"
    [ "$failed" -eq 0 ]
}
