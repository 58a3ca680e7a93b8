#!/bin/bash
# What apply could not bring up, as it has written that down. Sent before the scripts that tell of it.

failures() { # failed NAME TIME DIGEST WHY
    local file name
    for file in /srv/deploy/*/failed; do
        name=${file#/srv/deploy/}
        [ ! -f "$file" ] || awk -v name="${name%/failed}" '
            { key = $0; sub(/=.*/, "", key); value[key] = substr($0, length(key) + 2) }
            END { if ("why" in value) print "failed", name, value["time"], value["tried"], value["why"] }' "$file"
    done
}
