#!/bin/bash
# Which WordPress a person has set up by hand, where the usual tutorials do it.

look_wordpress() { # old_wordpress FOLDER VERSION DATABASE PREFIX [NAME…]: with what else is in the folder
    local config folder version database prefix
    while IFS= read -r config; do
        for folder in "${config%/*}" "${config%/*}"/*; do
            [[ -f $folder/wp-includes/version.php && $folder != *[[:space:]]* && $(stat -c %U "$folder/wp-content" 2>/dev/null) != php-* ]] || continue
            version=$(sed -nE "s/^\\\$wp_version *= *'([0-9.]+)[^']*';.*/\1/p" "$folder/wp-includes/version.php")
            database=$(sed -nE "s/^[[:space:]]*define\([[:space:]]*['\"]DB_NAME['\"][[:space:]]*,[[:space:]]*['\"]([A-Za-z0-9_-]+)['\"].*/\1/p" "$config" | tail -n 1)
            prefix=$(sed -nE "s/^[[:space:]]*\\\$table_prefix[[:space:]]*=[[:space:]]*['\"]([A-Za-z0-9_]+)['\"].*/\1/p" "$config" | tail -n 1)
            echo "old_wordpress $folder ${version:--} ${database:--} ${prefix:--} $(beside_wordpress "$folder")"
        done
    done < <(find /var/www /srv /usr/share/nginx -maxdepth 3 -path /srv/deploy -prune -o -name wp-config.php -print 2>/dev/null)
}

beside_wordpress() { # FOLDER: the first ten names that are not the program's own, on one line
    find "$1" -mindepth 1 -maxdepth 1 -regextype posix-extended -regex '.*/[A-Za-z0-9._-]+' ! -name 'wp-*' ! -name index.php \
        ! -name license.txt ! -name readme.html ! -name xmlrpc.php ! -name .htaccess -printf '%f\n' | sort | sed -n 1,10p | paste -sd ' '
}
