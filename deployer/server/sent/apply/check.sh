#!/bin/bash
# What is new is checked before it counts, and whose file is refused, that one stays as it was. A part of apply.sh.
# shellcheck disable=SC2154 # variables such as $transaction and $incoming are those of apply.sh

check() { # until what is left is accepted
    local words place
    : >"$incoming/refused"
    check_compositions
    until words=$(run_list "$incoming/checks"); do
        place=$(blamed <<<"$words")
        if [ -n "$place" ] && refuse "${place%:*}" "${place##*:}" "$words"; then continue; fi
        if ! find_owners; then
            say "✗ the server refuses the change:"
            indent <<<"$words"
            return 1
        fi
    done
    [ ! -s "$incoming/refused" ] || keep_what_all_share
}

# The file of ours that NGINX blames in its words on standard input, and the line
blamed() {
    local words path
    words=$(cat)
    path=$(grep -oE 'in /etc/nginx/[^ :]+:[0-9]+' <<<"$words" | tail -1)
    if [ -n "$path" ]; then say "${path#in }"; return; fi
    path=$(grep -oE '"/etc/letsencrypt/live/[^"]+' <<<"$words" | head -1)
    [ -n "$path" ] && path=$(grep -lF "${path#\"}" /etc/nginx/conf.d/*.conf | head -1) && say "$path:"
}

refuse() { # FILE LINE WORDS [PLACE]: whose file it is stays as it was; fails when it is not one of ours. PLACE is of a shared one
    local file=$1 line=$2 words=$3 shared=${4:-} name
    grep -qxF -- "$file" "$transaction/paths" && ! grep -qxF -- "$file" "$incoming/refused" || return
    case $file in /etc/nginx/conf.d/00-deploy.conf | /etc/nginx/deploy/*) return 1 ;; esac
    name=$(basename "$file" .conf)
    say "✗ $name: NGINX refuses $file${shared:+ together with ${shared%:*}, line ${shared##*:}}${line:+, line $line}"
    { emergencies <<<"$words" | grep . || echo "$words"; } | indent
    [ -z "$line" ] || sed -n "$((line > 2 ? line - 2 : 1)),$((line + 1))p" "$file" |
        awk -v first=$((line > 2 ? line - 2 : 1)) '{ printf "  %5d | %s\n", first + NR - 1, $0 }'
    say "  $name stays as it was; everything else goes live."
    say "$file" >>"$incoming/refused"
    put_back "$file"
    refuse_all_of "$name" # a push asks at the address that its values have
}

# What a site adds to a file that all share is blamed there: a second `gzip_vary`, a location that is there already; and
# of some lines NGINX does not say where they stand. So the new files of sites are left out, and come in again as far as
# NGINX takes them.
find_owners() { # refuses the sites without which all is accepted; fails when it is not for a site
    local file sites=()
    while IFS= read -r file; do
        grep -qxF -- "$file" "$incoming/refused" || sites+=("$file")
    done < <(printf '%s\n' "${new_files[@]}" | grep -x '/etc/nginx/conf\.d/.*\.conf' | grep -vxF /etc/nginx/conf.d/00-deploy.conf)
    [ ${#sites[@]} -gt 0 ] || return
    mkdir -p "$incoming/aside" && (cd / && cp -a --parents -t "$incoming/aside" "${sites[@]/#/.}") || return
    put_back "${sites[@]}"
    if ! run_list "$incoming/checks" >/dev/null; then
        bring_in "${sites[@]}"
        return 1
    fi
    take_back_in "${sites[@]}"
}

bring_in() { # FILE…: the new ones, which were put aside
    local file
    for file; do
        grep -qxF -- "$file" "$incoming/refused" || cp -a --remove-destination "$incoming/aside$file" "$file"
    done
}

take_back_in() { # FILE…: all that NGINX takes; a half at a time, so that few refused ones of many are found soon
    local words
    bring_in "$@"
    if words=$(run_list "$incoming/checks"); then return 0; fi
    if [ $# -gt 1 ]; then
        put_back "$@"
        take_back_in "${@:1:$# / 2}"
        take_back_in "${@:$# / 2 + 1}"
        return 0
    fi
    refuse "$1" '' "$words" "$(blamed <<<"$words")"
}

keep_what_all_share() { # it goes with the last one that needs it, and who stays as it was may be that one
    local paths
    mapfile -t paths < <(grep -E '^/(usr/local/lib/deploy|etc/systemd/system/(.*/)?deploy-resume)[/.]' "$incoming/remove")
    [ ${#paths[@]} -gt 0 ] || return 0
    printf '%s\n' "${paths[@]}" >>"$incoming/refused"
    put_back "${paths[@]}"
}
