#!/bin/bash
# What has become of the logins to registries.

look_registries() { # registry NAME STATE: ours, changed or gone of each that we log in to; by-hand of each other that has a login
    local logins=/etc/deploy/registries/logins file=/root/.docker/config.json name key login
    local -A written=() told=()
    if [ -r $logins ]; then
        while read -r name key login; do written[$name]+=" $login"; done < <(cat "$state/registries" 2>/dev/null)
        while read -r name _; do
            case $name in '' | '#'*) continue ;; esac
            key=$name told[$name]=1
            [ "$name" != docker.io ] || key=https://index.docker.io/v1/
            login=$(jq --raw-output --arg key "$key" '.auths[$key].auth // empty' $file 2>/dev/null)
            if [ -z "$login" ]; then
                echo "registry $name gone"
            elif [[ "${written[$name]:-} " == *" $(printf %s "$login" | sha256sum | cut -c -64) "* ]]; then
                echo "registry $name ours"
            else
                echo "registry $name changed"
            fi
        done <$logins
    fi
    [ -r $file ] || return 0
    while IFS= read -r name; do # a server that is looked at for the first time has no jq
        [ "$name" != https://index.docker.io/v1/ ] || name=docker.io
        [ -n "${told[$name]:-}" ] || echo "registry $name by-hand"
    done < <(grep --only-matching --extended-regexp '"[^" ]+[.:][^" ]+"[[:space:]]*:[[:space:]]*\{' $file | cut -d '"' -f 2)
}
