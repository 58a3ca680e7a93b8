#!/bin/bash
# How this server and its sites are. Each line of standard input is a site or an alias: DOMAIN <tab> http|https <tab> PATH.
# Answers with lines of words: `server …`, for each name `answer …` and `distrust …` with what is wrong with its
# certificate, for each site `release …` and `pushed JSON`, for each service whose containers are not well
# `unwell NAME WHY`, for each that was stopped on purpose `stopped NAME BY`, for each to which something was done last that
# failed `failed NAME JSON`, for all that is backed up `backup NAME JSON` with its last success, empty without one, and what
# apt.sh tells. The page is asked for through NGINX on this machine by `visit` of scripts/visitor; both are sent before this.
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

done_to() { # NAME: the lines of JSON that tell what was done to it; that it went back afterwards is none
    grep -hF "\"site\":\"$1\"" /var/log/deploy/push.log.1 /var/log/deploy/push.log 2>/dev/null | grep -vF '"action":"back"'
}

failed() { # of each name whose last push, restart or restore failed, what is told of that
    local file name last
    for file in /etc/deploy/sites/*.conf; do
        name=${file##*/} name=${name%.conf}
        last=$(done_to "$name" | tail -1)
        case $last in *'"result":"failed"'*'}') echo "failed $name $last" ;; esac
    done
}

live() { # DOMAIN: its release as what it is now, for what it was before may still lie there; sets KIND and LIVE
    KIND=$(sed -n "s/^KIND='\\?\([^']*\).*/\1/p" "/etc/deploy/sites/$1.conf" 2>/dev/null)
    case $KIND in
        '') LIVE='' ;;
        compose) LIVE=$(readlink "/srv/deploy/$1/images/live") ;;
        *) LIVE=$(readlink "/var/www/$1") ;;
    esac
    LIVE=${LIVE##*/}
}

made_live() { # DOMAIN: the line that tells who has made live what it has; a restart of containers names no release
    local of="\"release\":\"${LIVE:-none}\""
    [ "$KIND" != compose ] || of=''
    done_to "$1" | grep -F '"result":"live"' | grep -F "$of" | tail -1
}

site() { # DOMAIN SCHEME PATH
    local KIND LIVE STATUS SECONDS_TAKEN EXPIRES DISTRUST
    visit "$1" "$2" "$3"
    echo "answer $1 $STATUS $SECONDS_TAKEN $EXPIRES"
    [ -z "$DISTRUST" ] || echo "distrust $1 $DISTRUST"
    live "$1"
    [ -z "$LIVE" ] || echo "release $1 $LIVE"
    made_live "$1" | sed "s|^|pushed $1 |"
}

backups() {
    local script name key=/etc/deploy/backup-key.asc home
    [ -d /etc/deploy/backup ] || return 0
    for script in /etc/deploy/backup/*; do
        name=${script##*/}
        echo "backup $name $(grep -hF "\"site\":\"$name\",\"action\":\"backup\",\"result\":\"" \
            /var/log/deploy/backup.log.1 /var/log/deploy/backup.log 2>/dev/null | grep -v '"result":"failed"' | tail -1)"
    done
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
    [ -x /usr/local/lib/deploy/well ] || return 0
    /usr/local/lib/deploy/well | awk -F '\t' '$2 == "" { print "stopped", $1, $3; next } { print "unwell", $1, $2 }'
}

server
unwell &
failed
apt_at_work
dpkg_list | half_done
backups
export -f site live made_live done_to visit ask_page explain_distrust
tr '\t' '\n' | tr '\n' '\0' | xargs -0 -r -n 3 -P 8 bash -c 'site "$@"' site
wait
