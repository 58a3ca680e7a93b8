#!/bin/bash
# How what runs on PHP-FPM on this server is. Sent before the scripts that ask, and changes nothing.

# Prints `unwell DOMAIN WHY` for each site whose database does not run, and `strained DOMAIN WHY` for each that needed more
# processes or memory within the last day than sites.yaml gives it. A database of the server has a file with its engine.
php_tells() {
    local file ENGINE NAME
    for file in /etc/deploy/databases/*; do
        [ -e "$file" ] || continue
        # shellcheck source=/dev/null
        source "$file"
        case $ENGINE in
            mariadb) systemctl --quiet is-active mariadb ;;
            *) systemctl --quiet is-active 'postgresql@*' ;;
        esac || echo "unwell ${file##*/} its database does not run: $ENGINE, for $NAME"
    done
    php_strained
}

# The log's own times are those of the server, `[29-Nov-2026 23:21:25]`: what is older than a day is left out.
php_strained() {
    local log
    for log in /var/log/php*-fpm.log; do
        [ -r "$log" ] || continue
        tail -c 4000000 "$log" | tr -d '\000' | awk -v since="$(date -d '1 day ago' '+%Y%m%d%H%M%S')" '
            !match($0, /^\[[0-9]+-[A-Z][a-z][a-z]-[0-9]+ [0-9:]+\] WARNING: \[pool [a-z0-9.-]+\] /) { next }
            {
                said = substr($0, RLENGTH + 1)
                month = sprintf("%02d", (index("JanFebMarAprMayJunJulAugSepOctNovDec", substr($0, 5, 3)) + 2) / 3)
                time = substr($0, 9, 4) month substr($0, 2, 2) substr($0, 14, 2) substr($0, 17, 2) substr($0, 20, 2)
                if (time < since) next
                pool = substr($0, 1, RLENGTH - 2); sub(/.*\[pool /, "", pool)
            }
            said ~ /^server reached (pm\.)?max_children setting \([0-9]+\)/ { busy[pool]++; next }
            said ~ /^child [0-9]+ said into stderr: "(NOTICE: )?PHP message: PHP Fatal error:  Allowed memory size of / { large[pool]++ }
            END {
                for (pool in busy) printf "strained %s all processes that it may have were busy, %d× within a day, and visitors waited (processes: in sites.yaml)\n", pool, busy[pool]
                for (pool in large) printf "strained %s requests wanted more memory than each may use, %d× within a day, and failed (memory: in sites.yaml)\n", pool, large[pool]
            }'
    done
}
