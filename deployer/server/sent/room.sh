#!/bin/bash
# A folder for what a script gathers before it answers. Sent before the scripts that do.
# What found no room there would be missing from the answer, and seem to be missing on the server: so it is asked again at the end.

make_answer() { # sets answer to a folder with room, which goes when this shell ends, and no child of it
    local place
    for place in "${TMPDIR:-/tmp}" /dev/shm; do
        answer=$(mktemp -d -p "$place") && has_room && break
        rm -rf "$answer" && answer=''
    done
    [ -n "$answer" ] || no_room "${TMPDIR:-/tmp} and /dev/shm"
    shell_that_answers=$BASHPID
    trap '[ "$BASHPID" != "$shell_that_answers" ] || { wait; rm -rf "$answer"; }' EXIT # what looks apart may have to begin still
}

has_room() { printf '%1000000s' '' >"$answer/room" && : >"$answer/room"; } 2>/dev/null

all_was_kept() { has_room || no_room "${answer%/*}"; } # once all is written

no_room() { # PLACE
    echo "there is no room for the answer in $1 (df -h, df -i)" >&2
    exit 1
}
