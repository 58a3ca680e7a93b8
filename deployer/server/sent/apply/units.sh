#!/bin/bash
# Units start, and stay up; whose unit does not, is as it was. A part of apply.sh.
declare -A WAS=()      # of each unit that is new, or of whom something changes: what it did before
declare -A RESTARTED=() # and how often systemd had started it anew when it was looked at first

note_units() { # before anything counts
    local unit list units=() key value now='' enabled='' at=0
    for list in units watched; do
        while IFS= read -r unit; do
            if [ -z "${WAS[$unit]:-}" ]; then units+=("$unit") && WAS[$unit]=' '; fi
        done <"$incoming/$list"
    done
    [ ${#units[@]} -gt 0 ] || return 0
    while IFS='=' read -r key value; do
        case $key in
            ActiveState) now=$value ;;
            UnitFileState) enabled=$value ;;
            '') WAS[${units[at]}]="$now $enabled" at=$((at + 1)) ;;
        esac
    done < <(systemctl show --property=ActiveState,UnitFileState -- "${units[@]}" 2>/dev/null; echo)
}

start_units() { # without those of who is refused; whose unit does not start, goes back
    local unit name units=()
    while IFS= read -r unit; do
        name=${OWNER[$unit]:-}
        if [ -z "$name" ] || ! is_refused "$name"; then units+=("$unit"); fi
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

# systemd calls most units started as soon as there is a program to run, whatever becomes of that. So they are looked at for two
# seconds, as `stay_up` of lib/runner/systemd does; for ten at most, while what NGINX leads to is not there.
watch_units() {
    local unit name units=() until=$((${EPOCHREALTIME/./} + 2000000)) most=$((${EPOCHREALTIME/./} + 10000000))
    for unit in "${!WAS[@]}"; do
        if [[ ${WAS[$unit]} == active* ]] || grep -qxF -- "$unit" "$incoming/units"; then units+=("$unit"); fi
    done
    while leave_those_on_watch; do
        if ((${EPOCHREALTIME/./} > most)) || { ((${EPOCHREALTIME/./} > until)) && [ "$(how_many_to_come)" = 0 ]; }; then break; fi
        pause 0.4
    done
}

leave_those_on_watch() { # a part of `watch_units`: takes off whose unit is down; fails when there is none left to watch
    local unit name left=()
    for unit in "${units[@]}"; do
        name=${OWNER[$unit]:-:}
        if [ "$name" = : ] || is_refused "$name"; then continue; fi
        if is_up "$unit"; then left+=("$unit") && continue; fi
        say "✗ ${name%:}: $unit does not stay up:"
        last_words_of "$unit" | indent
        take_off "$name"
    done
    units=("${left[@]}")
    [ ${#units[@]} -gt 0 ]
}

is_up() { # UNIT: or has done what it was started for
    local key value
    local -A now=()
    while IFS='=' read -r key value; do now[$key]=$value; done < <(systemctl show --property=ActiveState,SubState,Type,NRestarts -- "$1")
    RESTARTED[$1]=${RESTARTED[$1]-${now[NRestarts]:-}}
    [ "${now[NRestarts]:-}" = "${RESTARTED[$1]}" ] || return
    case ${now[ActiveState]:-}:${now[SubState]:-}:${now[Type]:-} in
        failed:* | *:auto-restart*) return 1 ;;
        inactive:*) [ "${now[Type]:-}" = oneshot ] ;;
    esac
}

how_many_to_come() { # a part of `watch_units`: sites to whose port NGINX leads, and where none of its units listens yet
    local unit name port listens count=0
    listens=$(ss -Hltnp)
    for unit in "${units[@]}"; do
        name=${OWNER[$unit]:-}
        port=$(sed -nE 's~.*(proxy_pass http://|server )127\.0\.0\.1:([0-9]+).*~\2~p' "/etc/nginx/conf.d/$name.conf" 2>/dev/null | sed -n 1p)
        if [ -n "$port" ] && ! listens_as "$unit" "$port" <<<"$listens"; then count=$((count + 1)); fi
    done
    echo "$count"
}

listens_as() { # UNIT PORT: a process of it, or systemd for it, by what `ss` says
    local pid
    while IFS= read -r pid; do
        if [ "$pid" = 1 ] || grep -qsF -- "/$1" "/proc/$pid/cgroup"; then return 0; fi
    done < <(awk -v port=":$2\$" '$4 ~ port' | grep -oE 'pid=[0-9]+' | cut -d = -f 2)
    return 1
}

take_off() { # OWNER, and whoever goes with it: what is live already does as the files of before say
    local name unit
    local -A known=()
    for name in "${!STAYS[@]}"; do known[$name]=1; done
    leave_behind "$1"
    for unit in "${!WAS[@]}"; do
        name=${OWNER[$unit]:-:}
        if [ -n "${known[$name]:-}" ] || ! is_refused "$name"; then continue; fi
        case ${WAS[$unit]} in *' enabled') ;; *) systemctl disable --quiet "$unit" 2>/dev/null ;; esac
        systemctl stop "$unit" 2>/dev/null
        systemctl reset-failed "$unit" 2>/dev/null
    done
    for name in "${!STAYS[@]}"; do [ -n "${known[$name]:-}" ] || follow_back "$name"; done
    for unit in "${!WAS[@]}"; do
        name=${OWNER[$unit]:-:}
        if [ -n "${known[$name]:-}" ] || ! is_refused "$name"; then continue; fi
        case ${WAS[$unit]} in active*) systemctl start "$unit" 2>/dev/null && until_served "$name" ;; esac
    done
}

until_served() { # NAME: visitors have an answer again, if it is a site that had one
    [ ! -e "/etc/deploy/sites/$1.conf" ] || "$(program served)" "$1" >/dev/null 2>&1 9>&-
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
