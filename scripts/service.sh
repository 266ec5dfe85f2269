#!/usr/bin/env bash
# Sourced: starts services for the time of a script.

services=()
service_logs=()

# start_service PROGRAM [OPTION…]: with a private database and the seed page, on a free port; sets `address`.
# The services are stopped when the script ends.
start_service() {
    local program=$1 log service
    shift
    log=$(mktemp)
    "$program" serve --ephemeral --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 "$@" >"$log" 2>"$log.err" &
    service=$!
    services+=("$service")
    service_logs+=("$log" "$log.err")
    trap stop_service EXIT
    for _ in $(seq 300); do
        grep -q '^serving on' "$log" && break
        kill -0 "$service" 2>/dev/null || { cat "$log.err" >&2; exit 1; }
        sleep 0.1
    done
    # shellcheck disable=SC2034 # for the script
    address=$(sed -n 's/^serving on \([^;]*\);.*/\1/p' "$log")
    [ -n "$address" ] || { echo "the service did not start" >&2; cat "$log.err" >&2; exit 1; }
}

stop_service() {
    kill "${services[@]}" 2>/dev/null || true
    wait "${services[@]}" 2>/dev/null || true
    rm -f "${service_logs[@]}"
    services=() service_logs=()
}
