#!/bin/bash
# Asks the certificate authority for certificates: each line of standard input is one,
#   NAME <tab> new|again <tab> DOMAIN DOMAIN …
# Arguments: ACME directory URL, e-mail address (may be empty), CA file of that server (may be empty).
# A name that does not lead here yet is told and left out, so that it cannot use up the few failures
# that the authority allows. Exit: 0 all names are covered, 1 not all.
set -uo pipefail
export LC_ALL=C.UTF-8
directory=$1 email=$2 ca=$3
webroot=/var/www/acme
failed=0

say() { printf '%s\n' "$*"; }
indent() { sed 's/^/  /'; }

leads_here() { # DOMAIN: whether http://DOMAIN/ is answered by this server; says why not
    local token=$webroot/.well-known/acme-challenge/deploy-$$ addresses answer file
    addresses=$(getent ahosts "$1" | awk '{ print $1 }' | sort -u | paste -sd ' ')
    if [ -z "$addresses" ]; then say "  $1 has no address in the DNS"; return 1; fi
    mkdir -p "${token%/*}" && echo "$1" >"$token"
    answer=$(curl --silent --max-time 10 "http://$1/.well-known/acme-challenge/${token##*/}" | head -c 300)
    rm -f "$token"
    [ "$answer" = "$1" ] && return
    file=$(grep -lE "^[^#]*server_name[^#]*[[:space:]]${1//./\\.}[;[:space:]]" /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/* 2>/dev/null | head -1)
    if [ -n "$file" ]; then
        say "  $file answers for $1 without the challenge: add to its server on port 80: include /etc/nginx/deploy/acme.conf;"
    else
        say "  http://$1/ ($addresses) is not answered by this server: check its DNS records and port 80"
    fi
    return 1
}

covered() { # NAME: the domains of the certificate that is there, sorted
    openssl x509 -noout -ext subjectAltName -in "/etc/letsencrypt/live/$1/cert.pem" 2>/dev/null |
        grep -o 'DNS:[^,]*' | cut -c5- | sort | paste -sd ' '
}

issue() { # NAME new|again DOMAIN…
    local name=$1 how=$2 words domains=() started=$SECONDS
    local options=(--cert-name "$name" --webroot --webroot-path "$webroot" --key-type ecdsa --server "$directory")
    shift 2
    say "▸ certificate $name"
    for domain; do leads_here "$domain" && domains+=("$domain"); done
    [ ${#domains[@]} -eq $# ] || failed=1
    if [ ${#domains[@]} -eq 0 ]; then say "✗ certificate $name: none of its names leads here"; return; fi
    if [ "$how" = new ] && [ "$(printf '%s\n' "${domains[@]}" | sort | paste -sd ' ')" = "$(covered "$name")" ]; then
        say "✗ certificate $name stays as it is"
        return
    fi
    if [ -n "$email" ]; then options+=(-m "$email"); else options+=(--register-unsafely-without-email); fi
    [ -e "/etc/letsencrypt/live/$name" ] || options+=(--allow-subset-of-names)
    [ "$how" = again ] && options+=(--force-renewal)
    for domain in "${domains[@]}"; do options+=(-d "$domain"); done
    if words=$(certbot certonly --non-interactive --agree-tos --renew-with-new-domains "${options[@]}" 2>&1 </dev/null); then
        covers_all "$@" && say "✓ certificate $name $((SECONDS - started))s ${domains[*]}" && return
        say "✗ certificate $name: made, but only for $(covered "$name")"
        details <<<"$words"
    else
        say "✗ certificate $name: the authority says"
        details <<<"$words" || indent <<<"$words"
    fi
    failed=1
}

details() { # what matters of Certbot's words; fails when there is nothing
    grep -E '^ *(Domain|Type|Detail):|error|Error|limit' | sort -u | grep . | indent
}

covers_all() { # DOMAIN…: whether the certificate now covers them
    local there domain
    there=" $(covered "$name") "
    for domain; do [[ $there == *" $domain "* ]] || return; done
}

[ -z "$ca" ] || export REQUESTS_CA_BUNDLE=$ca
while IFS=$'\t' read -r name how domains <&3; do
    # the domains are words without spaces
    # shellcheck disable=SC2086
    issue "$name" "$how" $domains
done 3<&0
exit $failed
