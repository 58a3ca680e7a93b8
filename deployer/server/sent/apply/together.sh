#!/bin/bash
# Several compositions come up at once. A part of apply.sh.
# shellcheck disable=SC2004 # variables such as $incoming and ${BECAME[…]} are those of apply.sh and its parts

# Most of what it takes a service to come up is waiting until it is well. Those that take nothing of others and wait for
# nobody come up together, before all others. What runs beside this script is no more than their push, which needs nothing of
# it and ends by itself when it is killed; where NGINX leads, and what becomes of who fails, is decided here, one by one.
# A new one that fails may have lacked another of them, or the processors that they all needed: it stays for later, unless
# it failed just so before.
bring_up_at_once() { # NAME…
    local most name left=("$@")
    local -A push=()
    most=$(how_many_at_once)
    say "▸ $# services, up to $most at a time"
    while ((${#left[@]} + ${#push[@]} > 0)); do
        while ((${#left[@]} > 0 && ${#push[@]} < most)); do
            name=${left[0]} left=("${left[@]:1}")
            push_beside "$name" >"$incoming/said.$name" 2>&1 &
            push[$name]=$!
        done
        pause 0.1
        judge_pushes
    done
}

push_beside() ( # NAME: whatever becomes of this script; so our lock is not its own
    exec 9>&-
    options=()
    if asks_at_port "$1"; then options=(--at-port); fi
    push_missing "$1" "${options[@]}"
)

judge_pushes() { # a part of `bring_up_at_once`: of those that have ended
    local ready=() failed=() led=''
    for name in "${!push[@]}"; do
        if kill -0 "${push[$name]}" 2>/dev/null; then continue; fi
        if wait "${push[$name]}"; then ready+=("$name"); else failed+=("$name"); fi
        unset "push[$name]"
    done
    ((${#ready[@]} + ${#failed[@]} > 0)) || return 0
    if lead_together "${ready[@]}"; then led=1; fi
    for name in "${ready[@]}" "${failed[@]}"; do
        say "▸ $name"
        cat "$incoming/said.$name"
        if [[ " ${failed[*]} " == *" $name "* ]] && ! was_composition "$name" && ! has_failed_before "$name"; then
            say "  $name is tried once more, by itself, when the others are up."
            continue
        fi
        if [[ " ${failed[*]} " != *" $name "* ]] && if [ "$led" ]; then is_served "$name"; else lead_visitors "$name"; fi; then
            BECAME[$name]=well
            continue
        fi
        say "  $name goes back to what it was; everything else stays live."
        give_back "$name"
    done
    ((${#left[@]} + ${#push[@]} == 0)) || say "▸ $((${#left[@]} + ${#push[@]})) more to come up"
}

how_many_at_once() { # as memory is there for as many Docker Composes, and processors for what they start
    awk -v most="$((5 * $(nproc)))" '$1 == "MemAvailable:" { free = int($2 / 100000); most = free < most ? free : most }
        END { print (most < 1 ? 1 : most > 10 ? 10 : most) }' /proc/meminfo
}

comes_by_itself() { # NAMES|AFTER|INSTEAD[|crossed]: takes and waits for nothing of others, and nothing is built for it
    local name=${1%%|*}
    [[ $1 == "$name||" && $name != *' '* ]] && ! is_refused "$name" || return
    [ "$(value_of "$name" BUILT)" != 1 ] && ! definition_says 'external|container:' "$(folder_of "$name")" || return
    ! asks_at_port "$name" || ! was_composition "$name" || holds_its_port "$name"
}

lead_together() { # NAME…: by one reload, if NGINX takes them together; else each is led to by itself
    local name file files=()
    for name; do while IFS= read -r file; do files+=("$file"); done < <(leading_to "$name" | grep -vxF -f "$incoming/refused"); done
    ((${#files[@]} > 0)) || return 0
    lead_to "$@"
    if follow >/dev/null; then return 0; fi
    put_back "${files[@]}" && follow
    return 1
}
