#!/bin/bash
# What apt and dpkg are about on this server. Sent before the scripts that ask, and changes nothing.

apt_at_work() { # apt_at_work PROCESS NAME: who has their locks; nothing when nobody does
    local kind process open lock
    local -A told=()
    while read -r _ kind _ _ process _; do
        if [[ $kind != POSIX || $process != [1-9]* || -n ${told[$process]:-} ]]; then continue; fi
        told[$process]=1
        for open in /proc/"$process"/fd/*; do
            for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock; do
                [ "$open" -ef $lock ] && echo "apt_at_work $process $(cat "/proc/$process/comm")" && return
            done
        done
    done </proc/locks
}

dpkg_list() { # [MORE]: STATUS PACKAGE VERSION of each that dpkg knows, and more fields
    dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}'"${1:-}"'\n'
}

half_done() { # half_done PACKAGE for each of dpkg_list, on standard input, with which dpkg has not come to an end
    local updates=(/var/lib/dpkg/updates/[0-9]*)
    awk '$1 ~ /^(half-|unpacked|triggers-)/ { print "half_done", $2 }'
    [ ! -e "${updates[0]}" ] || echo "half_done" # what it was about is in its journal
}

suites() { # suite NAME of each source of packages; `stable` by what it means, if its list is there
    local file suite known files=()
    local -A told=()
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        [ ! -f "$file" ] || files+=("$file")
    done
    awk 'function tell(names, count, list, i) { count = split(names, list); for (i = 1; i <= count; i++) print list[i] }
         function stanza() { if (on && binary) tell(suites); on = binary = 1; suites = "" }
         FNR == 1 { stanza(); deb822 = FILENAME ~ /\.sources$/ }
         /^[ \t]*#/ { next }
         !deb822 { gsub(/\[[^]]*\]/, ""); if ($1 == "deb") print $3; next }
         /^[ \t]*$/ { stanza(); next }
         tolower($1) == "enabled:" { on = ($2 != "no") }
         tolower($1) == "types:" { binary = ($0 ~ /deb([ \t]|$)/) }
         tolower($1) == "suites:" { sub(/^[^:]*:/, ""); suites = $0 }
         END { stanza() }' "${files[@]:-/dev/null}" |
        while IFS= read -r suite; do
            if [ -n "${told[$suite]:-}" ]; then continue; fi
            told[$suite]=1
            case $suite in
                stable* | oldstable* | testing* | unstable*)
                    known=$(cat /var/lib/apt/lists/*_dists_"${suite//\//_}"_{In,}Release 2>/dev/null |
                        sed -n '/^Codename: /{s///p;q}')
                    suite=${known:-$suite}
                    ;;
            esac
            echo "suite $suite"
        done
}

# What apt would do besides to install packages: `upgrade NAME` with where from, such as Debian:12.1/stable, `remove NAME`.
# Fails with its errors
comes_along() { # PACKAGE…
    local said
    said=$(apt-get --simulate --no-install-recommends -o Debug::NoLocking=true install "$@" 2>&1) ||
        { grep '^E: ' <<<"$said"; return 1; }
    awk -v asked=" $* " '/^Inst [^ ]+ \[/ { from = $0; sub(/.*\([^ ]+ /, "", from); sub(/ \[[^\]]*\]\).*/, "", from); print "upgrade", $2, from }
        /^Remv / && !index(asked, " " $2 "- ") { print "remove", $2 }' <<<"$said"
}
