#!/bin/bash
# How this server and its sites are. Each line of standard input is a site: DOMAIN <tab> http|https <tab> PATH.
# Answers with lines of words: `server …`, and for each site `answer …`, `release …` and `pushed JSON`.
# The page is asked for through NGINX on this machine, with the certificate that visitors get.
set -uo pipefail
export LC_ALL=C

server() {
    local total available
    read -r _ total _ < <(grep MemTotal: /proc/meminfo)
    read -r _ available _ < <(grep MemAvailable: /proc/meminfo)
    echo "server memory $total $available"
    echo "server disk $(df -Pk / | awk 'NR == 2 { print $2, $4 }')"
    echo "server load $(cut -d' ' -f1 /proc/loadavg) $(nproc)"
    echo "server uptime $(cut -d. -f1 /proc/uptime)"
    echo "server reboot $([ -e /run/reboot-required ] && echo yes || echo no)"
    echo "server now $(date +%s)"
}

site() { # DOMAIN SCHEME PATH
    local port=443 answer live
    [ "$2" = http ] && port=80
    answer=$(curl --silent --insecure --max-time 10 --resolve "$1:$port:127.0.0.1" --output /dev/null \
        --write-out '%{http_code} %{time_total} %{certs}' "$2://$1$3" 2>/dev/null)
    # the certificate of another site is as good as none
    grep -qE "DNS:(${1//./\\.}|\\*\\.${1#*.})(,|$)" <<<"$answer" || answer=$(head -1 <<<"$answer")
    echo "answer $1 $(head -1 <<<"$answer" | cut -d' ' -f1,2) $(sed -n 's/^Expire date: *//p' <<<"$answer" | head -1)"
    live=$(readlink "/var/www/$1" || readlink "/srv/deploy/$1/images/live") && echo "release $1 ${live##*/}"
    grep -F "\"site\":\"$1\"" /var/log/deploy/push.log 2>/dev/null | grep -F '"result":"live"' | tail -1 |
        sed "s|^|pushed $1 |"
}

server
export -f site
tr '\t' '\n' | tr '\n' '\0' | xargs -0 -r -n 3 -P 8 bash -c 'site "$@"' site
