#!/bin/bash
# What the server knows of compositions, and whether Docker Compose understands the new files. A part of apply.sh.

check_compositions() {
    local name folder words
    while IFS= read -r name <&8; do
        ! is_refused "$name" || continue
        folder=$(folder_of "$name")
        if is_unmade_stack "$name" "$folder"; then continue; fi
        words=$(cd "$folder" && "${COMPOSE[@]}" --file docker-compose.yml config --quiet 2>&1) && continue
        say "✗ $name: Docker Compose refuses $folder/docker-compose.yml"
        without_secrets "$name" "$words" | indent
        say "  $name stays as it was; everything else goes live."
        refuse_all_of "$name"
    done 8<"$incoming/compositions"
}

is_unmade_stack() { [ -n "$(value_of "$1" STACK)" ] && [ ! -e "$2/docker-compose.yml" ]; } # NAME FOLDER: its first push makes its file

without_secrets() { # NAME WORDS: Compose repeats values in its own
    # shellcheck source=/dev/null
    (NAME=$1 && for part in common/site composition/secrets; do . "/usr/local/lib/deploy/lib/$part"; done && hush_secrets "$(folder_of "$NAME")/.env" && say "$2")
}

folder_of() { # NAME
    local folder
    folder=$(value_of "$1" DIRECTORY)
    say "${folder:-/opt/$1}"
}

definition_says() { # PATTERN FOLDER: one of its compose files has such a word, or takes in others that may have it
    local files=("$2/docker-compose.yml")
    if [ -e "$2/docker-compose.upstream.yml" ]; then files=("$2"/docker-compose.*.yml); fi # the first only includes these
    grep -qsE "$1|extends:|^include:" "${files[@]}"
}

value_of() { # NAME KEY: a value of the composition, now or before, such as PROJECT: what Docker Compose calls it
    value_in "/etc/deploy/sites/$1.conf" "$2" || value_before "$1" "$2"
}

value_before() { # NAME KEY
    value_in "$transaction/before/etc/deploy/sites/$1.conf" "$2"
}

value_in() { # FILE KEY
    local line
    [ -r "$1" ] || return
    while IFS= read -r line || [ "$line" ]; do
        if [[ $line == "$2="* ]]; then line=${line#*=} && say "${line//\'/}" && return; fi
    done <"$1"
    return 1
}

owner_of() { # PROJECT: whose it is now
    local file
    file=$(grep -lsE "^PROJECT='?$1'?\$" /etc/deploy/sites/*.conf)
    file=${file%%$'\n'*} file=${file##*/}
    say "${file%.conf}"
}

by_compose() { # PROJECT COMMAND…: its containers, whatever is in their folder
    (cd / && "${COMPOSE[@]}" --project-name "$@" 9>&-)
}
