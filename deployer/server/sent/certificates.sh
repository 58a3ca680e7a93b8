#!/bin/bash
# Asks the certificate authority for certificates: each line of standard input is one,
#   NAME <tab> new|again|mend <tab> DOMAIN DOMAIN …
# `new-by-dns` and `again-by-dns` prove the names by DNS records, with `challenge`: those need not lead here yet.
# `mend` asks for nothing: from then on a renewal leaves no name out, as none of what is made here does.
# Arguments: ACME directory URL, e-mail address (may be empty), CA file of that server (may be empty), names whose DNS
# records have just been written: those may take a moment until they lead here.
# A name that does not lead here yet is told and left out, so that it cannot use up the few failures
# that the authority allows (leading.sh, which is sent before this). Exit: 0 all names are covered, 1 not all.
set -uo pipefail
export LC_ALL=C.UTF-8
directory=$1 email=$2 ca=$3 fresh=" ${4:-} "
failed=0
challenge=/usr/local/lib/deploy/bin/challenge
by_dns=(--manual --preferred-challenges dns)

say() { printf '%s\n' "$*"; }
indent() { sed 's/^/  /'; }

covered() { # NAME: the domains of the certificate that is there, sorted
    openssl x509 -noout -ext subjectAltName -in "/etc/letsencrypt/live/$1/cert.pem" 2>/dev/null |
        grep -o 'DNS:[^,]*' | cut -c5- | sort | paste -sd ' '
}

issue() { # NAME new|again DOMAIN…
    local name=$1 how=$2 words domains=() astray=() started=$SECONDS
    local options=(--cert-name "$name" --key-type ecdsa --server "$directory")
    shift 2
    say "▸ certificate $name"
    if [[ $how == *-by-dns ]]; then
        how=${how%-by-dns} domains=("$@") options+=("${by_dns[@]}" --manual-auth-hook "$challenge $name")
        options+=(--manual-cleanup-hook "$challenge --remove $name")
    else
        options+=(--webroot --webroot-path "$webroot")
        keep_those_that_lead_here "$@"
    fi
    [ ${#domains[@]} -eq $# ] || failed=1
    if [ ${#domains[@]} -eq 0 ]; then say "✗ certificate $name: none of its names leads here"; return; fi
    if [ "${domains[0]}" != "$1" ]; then say "✗ certificate $name: without $1 itself it would be of no use"; return; fi
    if [ "$how" = new ] && [ "$(printf '%s\n' "${domains[@]}" | sort | paste -sd ' ')" = "$(covered "$name")" ]; then
        say "✗ certificate $name stays without $(who_is_astray)"
        return
    fi
    if [ -n "$email" ]; then options+=(-m "$email"); else options+=(--register-unsafely-without-email); fi
    [ "$how" = again ] && options+=(--force-renewal)
    words=$(ask "${domains[@]}") || words=$(ask_without_refused "$name") || {
        say "✗ certificate $name: the authority says"
        details <<<"$words" || indent <<<"$words"
        failed=1
        return
    }
    covers_all "$@" && say "✓ certificate $name $((SECONDS - started))s ${domains[*]}" && return
    say "✗ certificate $name: made without $(who_lacks)"
    details <<<"$words"
    failed=1
}

keep_those_that_lead_here() { # DOMAIN…: sets domains and astray
    local domain
    for domain; do if leads_here_soon "$domain"; then domains+=("$domain"); else astray+=("$domain"); fi; done
}

leads_here_soon() { # DOMAIN: like leads_here; a fresh one is asked for again, until a minute and a half are over
    local said
    until said=$(leads_here "$1"); do
        if [[ $fresh != *" $1 "* ]] || ((SECONDS > 90)); then printf '%s\n' "$said"; return 1; fi
        pause 3
    done
}

who_is_astray() { # prints the names that do not lead here, and that they do not
    local lead='does not lead'
    if [ ${#astray[@]} -gt 1 ]; then lead='do not lead'; fi
    printf '%s, which %s here' "${astray[*]}" "$lead"
}

who_lacks() { # prints those that the certificate does not cover, and why
    local domain refused=() there
    there=" $(covered "$name") "
    for domain in "${domains[@]}"; do [[ $there == *" $domain "* ]] || refused+=("$domain"); done
    if [ ${#astray[@]} -gt 0 ]; then who_is_astray; fi
    if [ ${#astray[@]} -gt 0 ] && [ ${#refused[@]} -gt 0 ]; then printf ', and without '; fi
    if [ ${#refused[@]} -gt 0 ]; then printf '%s, which the authority refuses' "${refused[*]}"; fi
}

ask() { # DOMAIN…: with the options of `issue`. Never --allow-subset-of-names: Certbot would go on leaving out names at renewals
    local domain names=()
    for domain; do names+=(-d "$domain"); done
    certbot certonly --non-interactive --agree-tos --renew-with-new-domains "${options[@]}" "${names[@]}" 2>&1 </dev/null
}

ask_without_refused() { # NAME: a new certificate is made without the names that the authority has just refused, but never without its own
    local refused good=()
    refused=$(sed -n 's/^ *Domain: *//p' <<<"$words")
    for domain in "${domains[@]}"; do grep -qxF -- "$domain" <<<"$refused" || good+=("$domain"); done
    if [ -z "$refused" ] || [ -e "/etc/letsencrypt/live/$1" ] || [ "${good[0]:-}" != "$1" ]; then
        echo "$words"
        return 1
    fi
    echo "$words"
    ask "${good[@]}"
}

mend() { # NAME: made by an older version, its renewals would leave out each name that is refused once, its own too
    local file=/etc/letsencrypt/renewal/$1.conf
    if sed -i '/^allow_subset_of_names *=/d' "$file"; then say "✓ certificate $1: its renewals keep all names"; else failed=1; fi
}

details() { # what matters of Certbot's words; fails when there is nothing
    grep -E '^ *(Domain|Type|Detail):|error|Error|limit|✗ challenge' | sort -u | grep . | indent
}

covers_all() { # DOMAIN…: whether the certificate now covers them
    local there domain
    there=" $(covered "$name") "
    for domain; do [[ $there == *" $domain "* ]] || return; done
}

[ -z "$ca" ] || export REQUESTS_CA_BUNDLE=$ca
while IFS=$'\t' read -r name how wanted <&3; do
    read -r -a names <<<"$wanted" # words without spaces; one may be a wildcard, which the shell must not take for its own
    if [ "$how" = mend ]; then mend "$name"; else issue "$name" "$how" "${names[@]}"; fi
done 3<&0
exit $failed
