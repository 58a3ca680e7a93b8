#!/bin/bash
# What could not come up is as it was, gives back what others gave it, and is remembered for the next plans. A part of apply.sh.
# shellcheck disable=SC2004 # variables such as $incoming and $BECAME are those of apply.sh and its parts

give_back() { # NAME PROJECT…: it is as it was, and so is what stopped for it
    local name=$1 project own
    own=$(value_of "$name" PROJECT)
    BECAME[$name]=back
    refuse_all_of "$name"
    follow
    if [ -e "/etc/deploy/sites/$name.conf" ]; then
        bring_back "$name"
    elif [ -z "$(ending "$own")" ] && [ -z "$(owner_of "$own")" ]; then # it came up, and has no way back
        by_compose "$own" down --remove-orphans >/dev/null 2>&1
    fi
    for project in "${@:2}"; do keep_composition "$(ending "$project")" "$name"; done
    remember_failure "$name"
}

bring_back() { # NAME: what it runs, if it ran in containers before
    ! is_composition "$1" || "$(program push)" "$1" --back 9>&-
}

keep_composition() { # NAME BUT: it was to end, and stays, for BUT, which was to have its place, is not well
    [ -n "$1" ] || return 0
    awk -v name="$1" '$1 != name' "$incoming/gone" >"$incoming/still-gone"
    mv "$incoming/still-gone" "$incoming/gone"
    [ "$1" != "$2" ] || return 0 # the same one as another project
    say "  $1 stays."
    refuse_all_of "$1"
    follow
    bring_back "$1"
}

ending() { # PROJECT: the name of what ends
    local name project
    while read -r name project; do [ "$project" != "$1" ] || say "$name"; done <"$incoming/gone"
}

remember_failure() { # NAME: for the next plans; whatever brings it up takes that away (`remember_live`)
    local tried why file=/srv/deploy/$1/failed
    rm -f "$file"
    tried=$(what_is_tried "$1")
    [ -n "$tried" ] && docker version >/dev/null 2>&1 || return 0 # without Docker it was not tried
    why=$(grep -F "\"site\":\"$1\",\"action\":\"push\"" /var/log/deploy/push.log 2>/dev/null | tail -n 1 |
        sed -nE 's/.*"result":"failed".*,"error":"(.*)"\}$/\1/p' | sed 's/\\\(["\\]\)/\1/g')
    { (umask 077 && printf 'time=%(%s)T\ntried=%s\nwhy=%s\n' -1 "$tried" "${why:-visitors do not get its page}" >"$file.new") &&
        mv "$file.new" "$file"; } 2>/dev/null
}

what_is_tried() { # NAME
    local name digest
    while read -r name digest; do [ "$name" != "$1" ] || say "$digest"; done <"$incoming/tried"
}

has_failed_before() { # NAME: just so, and nothing of it has changed since
    local tried
    tried=$(what_is_tried "$1")
    [ -n "$tried" ] && grep -qsx "tried=$tried" "/srv/deploy/$1/failed"
}
