#!/bin/bash
# How this server and its sites are. Each line of standard input is a site or an alias: DOMAIN <tab> http|https <tab> PATH.
# Answers with lines of words: `server …`, for each name `answer …` and `distrust …` with what is wrong with its
# certificate, `astray DOMAIN WHY` of those with one to which the DNS leads elsewhere, `deaf DOMAIN PORT` where nothing listens at the port to which NGINX leads, for each site `release …` and `pushed JSON`, for each service whose containers are not well
# `unwell NAME WHY`, for each that was stopped on purpose `stopped NAME BY`, for each to which something was done last that
# failed `failed NAME JSON`, for each that waits for its first push `waits NAME COMMAND`, for each site that shows its page of maintenance `closed NAME WORDS`,
# for each application that a rollback has brought back with another configuration `rolled_back NAME RELEASE`, what php.sh tells, for each that apply could not bring up and that was never up `not_up NAME TIME DIGEST WHY`, for all that is backed up `backup NAME JSON` with its last success, empty without one, and what
# apt.sh, nginx.sh and lib/doctor/nginx tell. The page is asked for through NGINX on this machine by `visit_all` of lib/common/visitor, and lib/common/record knows
# what logs have forgotten; all are sent before this.
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

# What is live of each site, who has made it so, and what failed: all of them in one go, of lines KIND|LINK|IMAGES NAME WORD,
# then of those of the logs, and of each made-live: where there is one, no log knows better. What a site was before may still
# lie there; a restart of containers names no release; that it went back afterwards is not what was done to it, nor is
# what was refused before it began.
releases() {
    local line name kind live
    {
        (cd /etc/deploy/sites && grep -H '^KIND=' -- *.conf | sed "s/\.conf:KIND=/ /; s/'//g; s/^/KIND /")
        find /var/www -maxdepth 1 -type l -printf 'LINK %f %l\n'
        (cd /srv/deploy && find ./*/images/live -maxdepth 0 -type l -printf 'IMAGES %p %l\n' | sed 's|/images/live||; s|\./||')
        cat /var/log/deploy/push.log.1 /var/log/deploy/push.log
        sed 's/^/MADE /' /srv/deploy/*/made-live
    } 2>/dev/null | tr -d '\000' | awk '
        $1 == "KIND" { kind[$2] = $3; next }
        ($1 == "LINK" || $1 == "IMAGES") && !($2 in kind) { next }
        $1 == "LINK" || $1 == "IMAGES" { sub(/\/$/, "", $3); sub(/.*\//, "", $3); if (($1 == "IMAGES") == (kind[$2] == "compose")) live[$2] = $3; next }
        { is_record = sub(/^MADE /, "") }
        { sub(/^.*\{"time":/, "{\"time\":") } # what a full disk or a power cut has left of a line has no end of its own
        !/^\{.*\}$/ { next }
        !match($0, /"site":"[^"]*"/) || /"action":"back"|"result":"refused"/ { next }
        { name = substr($0, RSTART + 8, RLENGTH - 9) }
        !(name in kind) { next }
        is_record { delete made[name] }
        /"result":"live"/ && match($0, /"revision":"[^"]+"/) { revision[name] = substr($0, RSTART, RLENGTH) }
        !is_record { last[name] = $0 }
        /"result":"live"/ && (kind[name] == "compose" || index($0, "\"release\":\"" (live[name] == "" ? "none" : live[name]) "\"")) { made[name] = $0 }
        END {
            for (name in kind) {
                if (live[name] != "") print "release", name, live[name]
                if (name in made && (name in revision) && made[name] !~ /"revision":"[^"]/) { # a restart keeps it
                    sub(/"revision":"",?/, "", made[name])
                    sub(/^{/, "{" revision[name] ",", made[name])
                }
                if (name in made) print "pushed", name, made[name]
                else if (live[name] != "") print "forgotten", name, kind[name], live[name]
                if (last[name] ~ /"result":"failed".*}$/) print "failed", name, last[name]
            }
        }' | while IFS= read -r line; do
        if [[ $line == forgotten\ * ]]; then
            read -r _ name kind live <<<"$line"
            line="pushed $name $(made_live "$name" "$kind" "$live")"
        fi
        printf '%s\n' "$line"
    done
}

deaf() { # DOMAIN: tells the port to which NGINX leads its visitors, when nothing listens there
    local ports
    ports=$(sed -nE 's~.*(proxy_pass http://|server )127\.0\.0\.1:([0-9]+).*~\2~p' "/etc/nginx/conf.d/$1.conf" 2>/dev/null)
    [ -z "$ports" ] || grep -qxF "$ports" <<<"$(ports_here)" || echo "deaf $1 ${ports%%$'\n'*}"
}

sites() { # asks for the page of each
    local domain status seconds expires distrust certified=''
    while IFS='|' read -r domain status seconds expires distrust; do
        echo "answer $domain $status $seconds $expires"
        [ -z "$distrust" ] || echo "distrust $domain $distrust"
        [[ $status != 50[23] ]] || deaf "$domain"
        if [ -n "$expires" ] && [ -z "$distrust" ]; then certified+="$domain $expires"$'\n'; fi
    done < <(visit_all)
    first_to_end <<<"$certified" | sed -n 1,100p | tell_astray
}

first_to_end() { # of lines DOMAIN EXPIRES: the names whose certificates end first, among which are those that cannot be renewed
    awk 'NF > 4 { month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3; printf "%s%02d%02d %s\n", $5, month, $3, $1 }' |
        sort | cut -d ' ' -f 2
}

backups() {
    local key=/etc/deploy/backup-key.asc home
    [ -d /etc/deploy/backup ] || return 0
    {
        find /etc/deploy/backup -mindepth 1 -maxdepth 1 -printf 'NAME %f\n'
        cat /var/log/deploy/backup.log.1 /var/log/deploy/backup.log 2>/dev/null
    } | tr -d '\000' | awk '
        $1 == "NAME" { names[$2]; next }
        { sub(/^.*\{"time":/, "{\"time\":") }
        !/^\{.*\}$/ { next }
        !match($0, /"site":"[^"]*","action":"backup","result":"/) || /"result":"failed"/ { next }
        { name = substr($0, RSTART + 8); sub(/".*/, "", name); last[name] = $0 }
        END { for (name in names) print "backup", name, last[name] }'
    # when the first of the keys expires, in seconds: by itself, or by the last of its parts that encrypt; nothing when none does
    home=$(mktemp -d) && gpg --batch --no-options --homedir "$home" --with-colons --show-keys $key 2>/dev/null |
        awk -F: 'function earlier(end) { if (end != "" && (ends == "" || end < ends)) ends = end }
                 function end_of_key() { earlier(own); if (!never) earlier(parts); own = parts = never = "" }
                 $1 == "pub" { end_of_key(); own = $7 }
                 $1 == "sub" && $2 != "r" && $12 ~ /e/ { if ($7 == "") never = 1; else if ($7 > parts) parts = $7 }
                 END { end_of_key(); if (ends != "") print "server backup_key " ends }'
    rm -rf "$home"
}

unwell() {
    local well
    well=$(program well)
    [ -x "$well" ] || return 0
    "$well" | awk -F '\t' '$2 == "" { print "stopped", $1, $3; next } { print "unwell", $1, $2 }'
}

closed() { # by whom, as bin/maintenance has written it
    (cd /var/lib/deploy/maintenance 2>/dev/null && sed -sn '1s/^# Since \(.*\); it ends by: deploy maintenance \(.*\) off$/closed \2 since \1/p' -- *.conf) 2>/dev/null
}

rolled_back() { # as the first line of its file says, which is kept by its release
    local each name
    for each in /srv/deploy/*/images/configurations/applied.yml; do
        [ -e "$each" ] || continue
        name=${each#/srv/deploy/} name=${name%%/*}
        sed -n "1s/^# Rolled back to \([^,]*\),.*/rolled_back $name \1/p" "${each%/*}/$(readlink "/srv/deploy/$name/images/live").yml" 2>/dev/null
    done
}

never_up() { # of the others, `failed` tells
    local name rest
    failures | while read -r _ name rest; do
        [ -e "/etc/deploy/sites/$name.conf" ] || echo "not_up $name $rest"
    done
}

server
unwell &
php_tells &
nginx_refuses &
nginx_rests &
releases
closed
rolled_back
never_up
apt_at_work
dpkg_list | half_done
backups
waits_tell </dev/null
sites
wait
