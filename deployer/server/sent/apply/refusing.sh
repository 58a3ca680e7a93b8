#!/bin/bash
# All that is an owner's goes back, and whoever was to have something of it waits. A part of apply.sh.
declare -A STAYS=() # of each owner of which something is refused, or could not come up: it is as it was
FIREWALL=/etc/deploy/firewall
ports_kept='' # the firewall's list is not the one that came

is_refused() { [ -n "${STAYS[$1]:-}" ]; } # NAME

refuse_all_of() { # OWNER: all that is its own is as it was, and so is what leads to it, and who was to have something of it
    local path paths
    ! is_refused "$1" || return 0
    STAYS[$1]=1
    mapfile -t paths < <(
        awk -F '\t' -v name="$1" '$2 == name { print $1 }' "$incoming/owners" | grep -xF -f "$transaction/paths"
        leading_to "$1")
    printf '%s\n' "${paths[@]}" >>"$incoming/refused"
    for path in "${paths[@]}"; do has_been_used "$path" || put_back "$path"; done
    keep_ports "$1"
    refuse_takers "$1"
    while IFS= read -r path <&5; do refuse_all_of "$(basename "$path" .conf)"; done 5< <(leading_to "$1")
}

refuse_takers() { # NAME: a name, port or project that it keeps is not free for who was to have it
    local name old what
    while read -r name old what <&5; do
        if [ "$old" != "$1" ] || is_refused "$name" || [ "${BECAME[$name]:-}" = well ]; then continue; fi
        say "  $name waits: it takes $what from $1, which stays as it was."
        refuse_all_of "$name"
    done 5<"$incoming/takeovers"
}

keep_ports() { # NAME: in the firewall's list, which all share, its lines are those of before
    local before=$transaction/before$FIREWALL
    grep -qxF "$FIREWALL" "$transaction/paths" && [ -e "$FIREWALL" ] || return 0
    if [ ! -e "$before" ]; then
        [ ! -e "/etc/deploy/sites/$1.conf" ] || return 0 # there was no list to tell its ports
        before=/dev/null
    fi
    {
        grep '^#' "$FIREWALL"
        awk -v name="$1" 'FNR == 1 { file++ } /^[0-9]/ && (substr($0, index($0, " ") + 1) == name) == (file == 2)' \
            "$FIREWALL" "$before" | sort -n
    } >"$FIREWALL.new"
    if cmp -s "$FIREWALL.new" "$FIREWALL"; then rm "$FIREWALL.new"; else mv "$FIREWALL.new" "$FIREWALL" && ports_kept=1; fi
}

remember_ports_kept() { # in the list of what is ours
    [ "$ports_kept" ] || return 0
    { awk -v file="$FIREWALL" 'substr($0, 67) != file' "$state/manifest" && sha256sum "$FIREWALL"; } |
        (umask 077 && LC_ALL=C sort --field-separator=$'\n' --key=1.67 >"$state/manifest.new") && mv "$state/manifest.new" "$state/manifest"
}
