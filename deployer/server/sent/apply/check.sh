#!/bin/bash
# What is new is checked before it counts. A part of apply.sh.
LONGEST_CHECK=120 # seconds; what makes files count is limited by systemd

check() { # until what is left is accepted
    : >"$incoming/refused"
    check_compositions
    until passes_all; do
        if ! blame; then
            say "✗ the server refuses the change:"
            indent <<<"$words"
            return 1
        fi
    done
    [ ! -s "$incoming/refused" ] || keep_what_all_share
}

passes_all() { # `failed` is the first line of the checks that does not pass
    while IFS= read -r failed <&7; do passes || return; done 7<"$incoming/checks"
}

passes() { # the check `failed`, or what makes new files count; sets `words` to what it says
    local pattern who command path left paths=() longest='' code=0
    IFS=$'\t' read -r pattern who command <<<"$failed"
    [ "$who" = - ] || longest=$LONGEST_CHECK
    find_left "$incoming/changed-paths" "$pattern"
    for path in "${left[@]}"; do [ ! -e "$path" ] || paths+=("$path"); done
    read -ra command <<<"$command"
    words=$(run_handler "${command[@]}" "${paths[@]}") || code=$?
    [[ $longest && $code == @(124|137) ]] && words+=${words:+$'\n'}"${command[0]} did not end within $longest s"
    return "$code"
}

keep_what_all_share() { # it goes with the last one that needs it, and who stays as it was may be that one
    local paths
    mapfile -t paths < <(grep -E '^/(usr/local/lib/deploy|etc/systemd/system/(.*/)?deploy-resume)[/.]' "$incoming/remove")
    [ ${#paths[@]} -gt 0 ] || return 0
    printf '%s\n' "${paths[@]}" >>"$incoming/refused"
    put_back "${paths[@]}"
}
