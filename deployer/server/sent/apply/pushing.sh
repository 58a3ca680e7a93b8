#!/bin/bash
# One composition comes up by its push; where its own containers are replaced, NGINX leads to the new ones at once. A part of
# apply.sh.

push_missing() { # NAME OPTION…
    /usr/local/lib/deploy/bin/push "$1" --missing --hold "${@:2}" --by "${who%%, since*}" 9>&-
}

push_leading() { # NAME OPTION…: where its own containers are replaced, visitors go to the new ones as soon as they answer
    local name=$1 push port there=''
    if [[ " $* " != *' --at-port '* ]] || ! was_composition "$name" || holds_its_port "$name"; then
        push_missing "$@"
        return
    fi
    port=$(value_of "$name" PORT)
    push_missing "$@" &
    push=$!
    while kill -0 "$push" 2>/dev/null; do
        if [ -z "$there" ] && is_taken "$port" && holds_its_port "$name"; then there=1; fi
        if [ "$there" ] && answers_at_port "$name" && ! has_its_former_port "$name"; then
            lead_to "$name"
            follow
            break
        fi
        pause 0.1
    done
    wait "$push"
}

was_composition() { # NAME: before this apply
    is_composition "$1" "$transaction/before/etc/deploy"
}

is_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; } # PORT: by whoever

holds_its_port() { # NAME: a container of its own, and so nobody else
    some_run "label=com.docker.compose.project=$(value_of "$1" PROJECT)" "publish=$(value_of "$1" PORT)"
}

has_its_former_port() { # NAME: a container, to which visitors go
    some_run "publish=$(value_before "$1" PORT)"
}

some_run() { # FILTER=VALUE…
    local ids
    ids=$(container_ids running "$@") && [ -n "$ids" ]
}

answers_at_port() ( # NAME: as its push will judge it
    HOST=$1 PORT=$(value_of "$1" PORT) PROBE=$(value_of "$1" PROBE) HTTPS=$(value_of "$1" HTTPS)
    ask_port --max-time 2
    is_answer "$CODE"
)
