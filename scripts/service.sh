#!/usr/bin/env bash
# Sourced: starts a service for the time of a script.

# start_service PROGRAM: with a private database and the seed page, on a free port; sets `address`. The
# service is stopped when the script ends.
start_service() {
    service_log=$(mktemp)
    "$1" serve --ephemeral --listen 127.0.0.1:0 --ops-listen 127.0.0.1:0 >"$service_log" 2>"$service_log.err" &
    service=$!
    trap stop_service EXIT
    for _ in $(seq 300); do
        grep -q '^serving on' "$service_log" && break
        kill -0 "$service" 2>/dev/null || { cat "$service_log.err" >&2; exit 1; }
        sleep 0.1
    done
    # shellcheck disable=SC2034 # for the script
    address=$(sed -n 's/^serving on \([^;]*\);.*/\1/p' "$service_log")
    [ -n "$address" ] || { echo "the service did not start" >&2; cat "$service_log.err" >&2; exit 1; }
}

stop_service() {
    kill "$service" 2>/dev/null || true
    wait "$service" 2>/dev/null || true
    rm -f "$service_log" "$service_log.err"
}
