#!/bin/bash
# What was checked counts. A part of apply.sh.

go_live() {
    local pattern command
    while IFS=$'\t' read -r pattern command <&6; do
        is_left "$pattern" || continue
        failed=$pattern$'\t-\t'$command # it is blamed as checks are
        if passes || find_owner; then continue; fi
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
        return 1
    done 6<"$incoming/live"
    start_units && go_live_guarded
}

is_left() { # PATTERN: of the changed files that match, one is not refused; or none has changed, and something else asked for it
    local paths
    mapfile -t paths < <(matching "$1" <"$incoming/changed-paths")
    [ ${#paths[@]} -eq 0 ] || printf '%s\n' "${paths[@]}" | grep -vxF -f "$incoming/refused" >/dev/null
}

start_units() { # without those of who is refused; whose unit does not start, goes back
    local unit name units=()
    local -A was=()
    while IFS= read -r unit; do
        name=${OWNER[$unit]:-}
        if [ -n "$name" ] && is_refused "$name"; then continue; fi
        units+=("$unit")
        was[$unit]="$(systemctl is-active "$unit" 2>/dev/null) $(systemctl is-enabled "$unit" 2>/dev/null)"
    done <"$incoming/units"
    [ ${#units[@]} -gt 0 ] || return 0
    if words=$(systemctl enable --now "${units[@]}" 2>&1); then return 0; fi
    for unit in "${units[@]}"; do
        name=${OWNER[$unit]:-}
        if is_refused "${name:-:}" || systemctl enable --now "$unit" >"$incoming/said" 2>&1; then continue; fi
        if [ -z "$name" ]; then
            say "✗ ${units[*]}: not all of them start:"
            with_last_words <<<"$words" | indent
            return 1
        fi
        say "✗ ${name%:}: $unit does not start:"
        with_last_words <"$incoming/said" | indent
        take_off "$name"
    done
}

take_off() { # OWNER, and whoever goes with it: what is live already does as the files of before say
    local name unit
    local -A known=()
    for name in "${!STAYS[@]}"; do known[$name]=1; done
    leave_behind "$1"
    for unit in "${!was[@]}"; do
        name=${OWNER[$unit]:-:}
        if [ -n "${known[$name]:-}" ] || ! is_refused "$name"; then continue; fi
        case ${was[$unit]} in *' enabled') ;; *) systemctl disable --quiet "$unit" 2>/dev/null ;; esac
        systemctl stop "$unit" 2>/dev/null
        systemctl reset-failed "$unit" 2>/dev/null
    done
    for name in "${!STAYS[@]}"; do [ -n "${known[$name]:-}" ] || follow_back "$name"; done
    for unit in "${!was[@]}"; do
        name=${OWNER[$unit]:-:}
        if [ -n "${known[$name]:-}" ] || ! is_refused "$name"; then continue; fi
        case ${was[$unit]} in active*) systemctl start "$unit" 2>/dev/null ;; esac
    done
}

follow_back() { # OWNER
    local pattern command
    awk -F '\t' -v name="$1" '$2 == name { print $1 }' "$incoming/owners" >"$incoming/of-owner"
    while IFS=$'\t' read -r pattern command <&7; do
        [ -n "$(matching "$pattern" <"$incoming/of-owner")" ] || continue
        read -ra command <<<"$command"
        run_handler "${command[@]}" >/dev/null
    done 7<"$incoming/back"
}
