#!/bin/bash
# What a change of PHP-FPM's pools asks for. One master runs the pools of all sites on a version of PHP, and one pool that it
# does not take ends it, with all of them, while `systemctl reload` says that all is well: so it is asked before, and looked at
# afterwards.

php_versions() { # prints those that are installed
    local folder
    for folder in /etc/php/*/fpm; do
        folder=${folder%/fpm}
        if [ -x "/usr/sbin/php-fpm${folder##*/}" ]; then echo "${folder##*/}"; fi
    done
}

check_php() { # PATH…: PHP-FPM takes no pool whose user is not there; one too many is nobody's loss
    local version code=0
    make_system_users
    install -d -m 700 /run/deploy-php # which pools write to
    for version in $(php_versions); do takes_pools "$version" || code=1; done
    return "$code"
}

takes_pools() { # VERSION: with its own words, if it does not
    local said
    said=$("/usr/sbin/php-fpm$1" --test 2>&1) && return
    echo "$said"
    return 1
}

check_php_blames() { # the file that its words blame, and the line; some name only the pool, which is called as its file
    local words file
    words=$(cat)
    file=$(grep -oE '\[/etc/php/[^]]+:[0-9]+\]' <<<"$words" | sed -n 1p)
    if [ -n "$file" ]; then echo "${file:1:-1}" && return; fi
    file=$(sed -nE 's/^.*(ERROR|ALERT): \[pool ([^]]+)\].*$/\2/p' <<<"$words" | sed -n 1p)
    if [ -n "$file" ]; then
        for file in /etc/php/*/fpm/pool.d/"$file".conf; do
            if [ -e "$file" ]; then echo "$file:" && return; fi
        done
    fi
}

check_php_says() { # its words on standard input, without the time and what it says where all is well
    sed -nE 's/^\[[^]]*\] (ERROR|ALERT|WARNING): /\1: /p' | awk '!told[$0]++'
}

restart_php() {
    local version
    for version in $(php_versions); do
        takes_pools "$version" || return
        systemctl reset-failed "php$version-fpm" 2>/dev/null
        ! systemctl --quiet is-active "php$version-fpm" || systemctl restart "php$version-fpm" || return
    done
}

reload_php() {
    local version code=0
    for version in $(php_versions); do
        systemctl --quiet is-enabled "php$version-fpm" 2>/dev/null || continue
        reload_one_php "$version" || code=1
    done
    return "$code"
}

# Until it is another program in the same process, which the kernel tells by where it has put it. What it does not take may be
# of a person who is at work there: what runs goes on.
reload_one_php() { # VERSION
    local unit=php$1-fpm master before
    takes_pools "$1" || return
    master=$(systemctl show --property=MainPID --value "$unit")
    if [ "$master" != 0 ]; then
        before=$(md5sum <"/proc/$master/auxv")
        systemctl reload "$unit" 2>/dev/null
        for _ in {1..300}; do
            pause 0.05
            [ -e "/proc/$master" ] || break
            [ "$(md5sum <"/proc/$master/auxv")" != "$before" ] || continue
            if [ "$(systemctl show --property=ActiveState --value "$unit")" = active ] && pools_answer "$1"; then return 0; fi
        done 2>/dev/null
    fi
    systemctl --quiet is-active "$unit" && pools_answer "$1" && return
    systemctl reset-failed "$unit" 2>/dev/null # however often it has been tried
    systemctl restart "$unit" 2>/dev/null && pools_answer "$1" && return
    echo "PHP-FPM $1 does not start:"
    tail -n 20 "/var/log/php$1-fpm.log" | check_php_says | tail -3
    return 1
}

pools_answer() { # VERSION: each socket of a pool that shall be there is listened on
    local socket listening
    listening=$(ss --listening --no-header --unix | awk '{ print $5 }')
    while IFS= read -r socket; do
        grep -qxF -- "$socket" <<<"$listening" || return
    done < <(sed -nE 's|^listen = (/.*)$|\1|p' /etc/php/"$1"/fpm/pool.d/*.conf)
}

check_databases() { # PATH…: nobody is given what was made by hand; whether they can be made at all shows when that is done
    local file ENGINE NAME DATABASE said code=0
    for file; do
        DATABASE=''
        # shellcheck source=/dev/null
        source "$file"
        said=$(/usr/local/lib/deploy/bin/database "$ENGINE" others --here "$NAME" ${DATABASE:+"$DATABASE"} 2>/dev/null)
        if [ -n "$said" ]; then echo "$file:3: $said" && code=1; fi
    done
    return "$code"
}

make_databases() { # those that are not there; a file has the engine and the name of each, and what it is called if not as its user
    local file ENGINE NAME DATABASE code=0
    for file in /etc/deploy/databases/*; do
        [ -e "$file" ] || continue
        DATABASE=''
        # shellcheck source=/dev/null
        source "$file"
        case $ENGINE in mariadb) systemctl start mariadb ;; postgres) systemctl start postgresql ;; esac 2>&1 || code=1
        /usr/local/lib/deploy/bin/database "$ENGINE" make --here "$NAME" ${DATABASE:+"$DATABASE"} 2>&1 || { echo "the database of ${file##*/} could not be made" && code=1; }
    done
    return "$code"
}
