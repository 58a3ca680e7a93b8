#!/bin/bash
# What shall not run any more ends, and is owed until it has; also what a killed apply has left. A part of apply.sh.

owe() { # what is to end stays in the books until it has
    [ -s "$incoming/gone" ] || return 0
    touch "$state/owed"
    sort -u "$incoming/gone" "$state/owed" >"$state/owed.new" && mv "$state/owed.new" "$state/owed"
}

end_what_is_owed() {
    local owed each
    [ -s "$state/owed" ] || return 0
    who=$(<"$incoming/label")
    mapfile -t owed <"$state/owed"
    for each in "${owed[@]}"; do
        if end_composition "${each% *}" "${each#* }"; then
            grep -vxF "$each" "$state/owed" >"$incoming/owed"
            cp "$incoming/owed" "$state/owed.new" && mv "$state/owed.new" "$state/owed"
        else
            say "  The containers of ${each% *} are still to be ended: the next apply tries it again."
            partly=1
        fi
    done
    [ -s "$state/owed" ] || rm "$state/owed"
}

end_composition() { # NAME PROJECT: its volumes stay
    local images image new
    new=$(owner_of "$2")
    [ "$new" != "$1" ] || return 0 # it is wanted again
    say "▸ $1"
    if [ -n "$new" ]; then # its containers go on under another name
        mv -n "/srv/deploy/$1/images"/[0-9]* "/srv/deploy/$new/images/" 2>/dev/null
        rm -rf "/srv/deploy/$1/images"
        if [ -n "$(by_compose "$2" ps --quiet 2>/dev/null)" ]; then
            say "✓ $new goes on with its containers"
        else
            say "✗ $new shall go on with its containers, and none of them runs: deploy push $new"
            partly=1
        fi
    elif [ "$(value_of "$1" DIRECTORY)" ]; then # it goes on as another project
        by_compose "$2" down --remove-orphans 2>&1 | indent && say "✓ the Compose project $2 has ended; its volumes stay"
    elif [ -x /usr/local/lib/deploy/bin/down ]; then
        FORMER_PROJECT=$2 /usr/local/lib/deploy/bin/down "$1" --by "${who%%, since*}" 9>&-
    else # our scripts go too: this was the last one
        mapfile -t images < <(
            docker ps --all --filter "label=com.docker.compose.project=$2" --format '{{.Image}}' | sort -u
            built_images "$1"
            docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -F ":deploy.$2.")
        by_compose "$2" down --remove-orphans 2>&1 | indent && say "✓ down its volumes stay" || return
        for image in "${images[@]}"; do
            [ -n "$(docker ps --all --quiet --filter "ancestor=$image")" ] || docker rmi "$image" >/dev/null 2>&1
        done
        rm -rf "/srv/deploy/$1/images"
    fi
}

recover_containers() { # of an apply that was killed while it brought them up; their files are as they were
    local name project owner
    [ -e "$state/containers" ] || return 0
    stop_exchanged
    if [ -d "$state/parked" ]; then # a restart of the server came between, and NGINX leads to none of them
        cp -a "$state/parked/." /etc/nginx/conf.d/ && rm -r "$state/parked" && follow
    fi
    while read -r name project <&8; do
        owner=$(owner_of "$project")
        if [ -z "$owner" ]; then
            lock_of "$name"
            by_compose "$project" down --remove-orphans >/dev/null 2>&1 6>&-
            exec 6>&-
        fi
        if [ "$owner" = "$name" ]; then bring_back "$name"; fi
    done 8<"$state/containers"
    rm -f "$state/containers" "$state/exchanged"
}

stop_exchanged() { # before NGINX leads to the old places again, nobody stands there who came from another
    local name project
    [ -s "$state/exchanged" ] || return 0
    while read -r name project <&8; do
        lock_of "$name"
        by_compose "$project" stop >/dev/null 2>&1 6>&-
        exec 6>&-
    done 8<"$state/containers"
}

lock_of() { # NAME: on descriptor 6, for a push that outlived the apply may be bringing it up
    [ -d "/srv/deploy/$1" ] || return 0
    private_lock "/srv/deploy/$1/lock"
    exec 6>>"/srv/deploy/$1/lock"
    flock --wait 300 6
}
