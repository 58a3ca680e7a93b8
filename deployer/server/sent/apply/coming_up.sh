#!/bin/bash
# What runs in containers comes up, in the order of the plan, so that each port is free before somebody begins there. A part of
# apply.sh.
declare -A BECAME=() # of each composition that came up: well or back

bring_up_compositions() { # each healthy, or as it was
    local name step left later together=() stuck=''
    if [ ! -s "$incoming/compositions" ] && [ ! -s "$incoming/gone" ]; then follow_ports_kept && return; fi
    who=$(<"$incoming/label")
    while IFS= read -r name; do echo "$name $(value_of "$name" PROJECT)"; done <"$incoming/compositions" |
        sort -u - "$incoming/gone" >"$transaction/containers"
    while read -r _ name; do echo "$name"; done <"$incoming/leads" >"$transaction/leads"
    mapfile -t left <"$incoming/steps"
    for step in "${left[@]}"; do [[ $step == +([^ \|])'||' ]] || echo "$step"; done >"$transaction/exchanged"
    for step in "${left[@]}"; do if comes_by_itself "$step"; then together+=("${step%||}"); fi; done
    if [ ${#together[@]} -gt 1 ]; then
        bring_up_at_once "${together[@]}"
        left=()
        while IFS= read -r step; do [ -n "${BECAME[${step%%|*}]:-}" ] || left+=("$step"); done <"$incoming/steps"
    fi
    while [ ${#left[@]} -gt 0 ]; do
        later=()
        for step in "${left[@]}"; do
            if [ -z "$stuck" ] && must_wait "$step"; then later+=("$step"); else take_step "$step"; fi
        done
        [ ${#later[@]} -lt ${#left[@]} ] || stuck=1 # nobody here makes the network: Docker says so
        left=("${later[@]}")
    done
    follow_ports_kept
}

follow_ports_kept() { [ -z "$ports_kept" ] || /usr/local/lib/deploy/bin/firewall; } # UFW has the list that came

must_wait() { # NAMES|AFTER|INSTEAD[|crossed]: for another step, or for a network that another stack makes
    local names after name
    IFS='|' read -r names after _ <<<"$1"
    for name in $after; do [ -n "${BECAME[$name]:-}" ] || return 0; done
    for name in $names; do ! lacks_network "$name" || return 0; done
    return 1
}

lacks_network() { # NAME: one that another stack makes is not there yet
    local network folder
    folder=$(folder_of "$1")
    definition_says external "$folder" || return
    while IFS= read -r network; do
        docker network inspect "$network" >/dev/null 2>&1 || return 0
    done < <(cd "$folder" && "${COMPOSE[@]}" --file docker-compose.yml config 2>/dev/null | awk '
        /^[^ ]/ { networks = ($1 == "networks:") }
        networks && /^    name: / { gsub(/["\047]/, "", $2); name = $2 }
        networks && /^    external: true/ { print name }')
    return 1
}

take_step() { # NAMES|AFTER|INSTEAD[|crossed]
    local names after instead crossed name keeps=''
    IFS='|' read -r names after instead crossed <<<"$1"
    read -ra names <<<"$names"
    read -ra instead <<<"$instead"
    for name in $after; do [ "${BECAME[$name]:-}" != back ] || keeps=$name; done
    for name in "${names[@]}"; do ! is_refused "$name" || keeps=$name; done
    if [ -n "$keeps" ]; then
        leave_all "$keeps"
    elif [ ${#names[@]} -gt 1 ] || [ "$crossed" ]; then
        exchange "${names[@]}"
    else
        come_up "${names[0]}" "${instead[@]}"
    fi
}

leave_all() { # KEEPS: a part of `take_step`: nothing of its names was touched yet
    local name project
    for name in "${names[@]}"; do
        BECAME[$name]=back
        is_refused "$name" || say "  $name stays as it was$([ "$1" = "$name" ] || echo ": $1 has the port that it wants")."
        refuse_all_of "$name"
        for project in "${instead[@]}"; do keep_composition "$(ending "$project")" "$name"; done
    done
}

come_up() { # NAME PROJECT…: it comes up, in the place of these projects
    local name=$1 options=() project
    for project in "${@:2}"; do options+=(--instead-of "$project"); done
    if asks_at_port "$name"; then options+=(--at-port); fi
    say "▸ $name"
    for project in "${@:2}"; do say "  it takes the place of $(ending "$project")"; done
    if push_leading "$name" "${options[@]}" && lead_visitors "$name"; then BECAME[$name]=well && return; fi
    say "  $name goes back to what it was; everything else stays live."
    give_back "$@"
}

asks_at_port() { # NAME: for NGINX does not lead to it yet
    [[ $'\n'$(leading_to "$1")$'\n' == *$'\n'"/etc/nginx/conf.d/$1.conf"$'\n'* ]]
}

# A part of `take_step`, with its `instead`: each shall have what another has, or one domain of a single one what another
# domain has, so all stop, NGINX leads to none of the old places, and all begin.
exchange() { # NAME…
    local name project failed=''
    for name; do
        say "▸ $name"
        push_missing "$name" --prepare && continue
        instead=()
        leave_all "$name"
        return
    done
    stop_all "$@" || failed=$1 # where somebody still stands, nobody else is led
    for project in "${instead[@]}"; do stop_holding "$project" || failed=$1; done
    if [ -z "$failed" ]; then
        lead_to "$@"
        follow || failed=$1
    fi
    for name; do [ -n "$failed" ] || push_missing "$name" || failed=$name; done
    for name; do BECAME[$name]=well; done
    [ -n "$failed" ] || return 0
    if [ $# -eq 1 ]; then say "  $1 goes back to what it was; everything else stays live."; else
        say "  $* go back to what they were, for $failed is not well; everything else stays live."
    fi
    stop_all "$@"
    for name; do BECAME[$name]=back && refuse_all_of "$name"; done
    follow
    for name; do bring_back "$name"; done
    for project in "${instead[@]}"; do keep_composition "$(ending "$project")" ''; done
}

stop_all() { # NAME…: fails when one goes on
    local name code=0
    for name; do stop_holding "$(value_of "$name" PROJECT)" "$name" || code=1; done
    return $code
}

stop_holding() ( # PROJECT [SITE]: its visitors wait from now on, until somebody answers them again
    NAME=$1 PROJECT=$1 HOST=${2:-} INSTALLED=/usr/local/lib/deploy
    # shellcheck source=/dev/null
    for part in common/site common/hold composition/composition; do . "$INSTALLED/lib/$part"; done
    take_down /dev/null stop >/dev/null 2>&1 9>&-
)
