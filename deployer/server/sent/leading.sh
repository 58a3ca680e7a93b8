#!/bin/bash
# Whether names lead to this server as the authority of certificates sees it: by the DNS, and at port 80. Sent before the scripts
# that ask.
webroot=/var/www/acme
domains=()

addresses_of() { getent "${@:2}" ahosts "$1" | awk '{ print $1 }' | sort -u | paste -sd ' '; } # DOMAIN [OPTION…]: prints them

who_leads_here() { # prints which name of the same certificate does, to compare
    [ ${#domains[@]} -eq 0 ] || printf ' (%s leads here, by %s)' "${domains[0]}" "$(addresses_of "${domains[0]}")"
}

leads_here() { # DOMAIN: whether http://DOMAIN/ is answered by this server; says why not
    local token=$webroot/.well-known/acme-challenge/deploy-$BASHPID addresses answer file told there=()
    addresses=$(addresses_of "$1")
    if [ "$addresses" = 127.0.1.1 ]; then # that is what Debian calls itself in /etc/hosts: others ask the DNS
        told=$(addresses_of "$1" -s dns)
        if [ "$told" != 127.0.1.1 ]; then addresses=$told there=(--resolve "$1:80:${told// /,}"); fi # systemd-resolved reads it, too
    fi
    if [ -z "$addresses" ]; then printf '%s\n' "  $1 has no address in the DNS"; return 1; fi
    mkdir -p "${token%/*}" && echo "$1" >"$token"
    answer=$(curl --silent --max-time "${patience:-10}" "${there[@]}" "http://$1/.well-known/acme-challenge/${token##*/}" | head -c 300)
    rm -f "$token"
    [ "$answer" = "$1" ] && return
    file=$(grep -lE "^[^#]*server_name[^#]*[[:space:]]${1//./\\.}[;[:space:]]" /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/* 2>/dev/null |
        xargs -r -d '\n' grep -LE '^[^#]*(deploy/acme\.conf|acme-challenge)' | sed -n 1p) # ours have the challenge
    if [ -n "$file" ] && is_ours "$addresses"; then
        printf '%s\n' "  $file answers for $1 without the challenge: add to its server on port 80: include /etc/nginx/deploy/acme.conf;"
    else
        printf '%s\n' "  http://$1/ ($addresses) is not answered by this server: check its DNS records and port 80$(who_leads_here)"
    fi
    return 1
}

is_ours() { # ADDRESSES: whether one of them is this server's
    local address
    for address in $1; do if ip -o address 2>/dev/null | grep -F " $address/" >/dev/null; then return 0; fi; done
    return 1
}

tell_astray() { # of names on standard input: astray DOMAIN WHY of each to which the DNS leads elsewhere, so that visitors and renewals
    # do not come here. Sixteen at a time, and no more than can be asked in five seconds
    local name own patience=3 begun=$SECONDS running=0
    own=$(ip -o address show scope global 2>/dev/null | awk '{ sub(/\/.*/, "", $4); printf " %s", $4 } END { print " " }')
    while IFS= read -r name && ((SECONDS - begun < 5)); do
        if ((running >= 16)); then wait -n; running=$((running - 1)); fi
        if_astray "$name" </dev/null &
        running=$((running + 1))
    done
    wait
}

if_astray() { # DOMAIN: a part of `tell_astray`; one that has no other address than ours need not be asked for
    local said line why
    said=$(timeout 3 getent ahosts "$1")
    [ $? != 124 ] || return 0 # the DNS says nothing at all
    while IFS= read -r line; do
        [[ $own == *" ${line%% *} "* ]] || { why=$(leads_here "$1") || printf 'astray %s %s\n' "$1" "${why#  }"; return 0; }
    done <<<"$said"
}
