#!/bin/bash
# What was checked counts. A part of apply.sh.
# shellcheck disable=SC2154 # variables such as $incoming are those of apply.sh

go_live() {
    local words units
    if ! words=$(run_list "$incoming/live"); then
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
        return 1
    fi
    mapfile -t units <"$incoming/units"
    [ ${#units[@]} -eq 0 ] || words=$(systemctl enable --now "${units[@]}" 2>&1) || {
        say "✗ ${units[*]}: not all of them start:"
        with_last_words <<<"$words" | indent
        return 1
    }
    go_live_guarded
}
