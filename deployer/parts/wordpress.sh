#!/bin/bash
# What a change of MariaDB's settings for WordPress asks for.

keep_answers() { # MariaDB goes by its files from now on; it is not restarted, for that would break off whoever asks it something
    local settings type size
    systemctl --quiet is-active mariadb || return 0 # it reads them when it starts
    settings=$(my_print_defaults --mysqld | tr - _) || return
    type=$(sed -nE 's/^__(loose_)?query_cache_type=([[:alnum:]]+)$/\2/p' <<<"$settings" | tail -n 1)
    size=$(sed -nE 's/^__(loose_)?query_cache_size=([[:alnum:]]+)$/\2/p' <<<"$settings" | tail -n 1)
    size=$(numfmt --from=iec -- "${size:-1M}") || return
    mariadb --execute "SET GLOBAL query_cache_size = $size, GLOBAL query_cache_type = ${type:-OFF}"
}
