#!/bin/bash
# What was checked counts. A part of apply.sh.

go_live() {
    local pattern command
    note_units
    while IFS=$'\t' read -r pattern command <&6; do
        is_left "$pattern" || continue
        failed=$pattern$'\t-\t'$command # it is blamed as checks are
        if passes || find_owner; then continue; fi
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
        return 1
    done 6<"$incoming/live"
    start_units && watch_units && go_live_guarded
}

is_left() { # PATTERN: of the changed files that match, one is not refused; or none has changed, and something else asked for it
    local left
    find_left "$incoming/changed-paths" "$1"
    [ ${#left[@]} -gt 0 ] || [ -z "$(matching "$1" <"$incoming/changed-paths")" ]
}
