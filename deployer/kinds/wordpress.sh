#!/bin/bash
# What new sites of WordPress ask for, and old ones that go.

check_wordpress() { # PATH…: the programs that these ask for are here, and are what sites.yaml says
    local path code=0
    check_archives WordPress complete_wordpress "$@" || code=1
    for path; do
        (read_wordpress "$path" && { [ ! -d "$PROGRAM" ] || check_old_wordpress "$path"; }) || code=1
    done
    return "$code"
}

complete_wordpress() { # FOLDER: that it is one, and reads what each site has
    [ -f "$1/wp-load.php" ] && write_loader >"$1/wp-config.php"
}

read_wordpress() { # PATH: its values
    TAKES_OVER='' DATABASE='' PREFIX='' # among those that it has
    # shellcheck source=/dev/null
    source "$1"
}

write_loader() { # as Debian's package has one: each site has a configuration of its own
    cat <<'END'
<?php
// Which site is asked for says NGINX, or the site's job; made by deploy.
define('ABSPATH', __DIR__ . '/');
define('WP_AUTO_UPDATE_CORE', false);
require '/etc/wordpress/config-' . preg_replace('/[^a-z0-9.-]/', '', $_SERVER['HTTP_HOST']) . '.php';
require_once ABSPATH . 'wp-settings.php';
END
}

make_wordpress() { # what is not there of each: what logins go by, who may set it up, and its wp-content
    local file code=0
    give_back_wordpress || code=1
    for file in /etc/deploy/wordpress/*; do
        [ -e "$file" ] || continue
        read_wordpress "$file"
        { take_over_wordpress && make_salts && make_setup_password && fill_content; } 2>&1 || { echo "$NAME could not be made" && code=1; }
    done
    forget_caches
    forget_archives wordpress
    return "$code"
}

make_salts() { # for PHP to read, and for nobody to write
    local file=$DATA/salts.php name
    [ ! -s "$file" ] || return 0
    install -o root -g "$OWNER" -m 640 /dev/null "$file.new" || return
    {
        printf '<?php\n// What the logins of %s go by. Made on this server; without this file, everyone is logged out.\n' "$NAME"
        for name in {AUTH,SECURE_AUTH,LOGGED_IN,NONCE}_{KEY,SALT}; do
            printf "define('%s', '%s');\n" "$name" "$(head -c 48 /dev/urandom | base64 --wrap 0)"
        done
    } >"$file.new" && sync "$file.new" && mv -T "$file.new" "$file"
}

make_setup_password() { # for NGINX to read, as its hash
    local file=$DATA/setup hash
    [ ! -s "$file" ] || return 0
    hash=$(/usr/local/lib/deploy/bin/secret "$NAME" SETUP | openssl passwd -6 -stdin) && [ -n "$hash" ] || return
    install -o root -g www-data -m 640 /dev/null "$file.new" && printf 'setup:%s\n' "$hash" >"$file.new" &&
        mv -T "$file.new" "$file"
}

fill_content() { # as its user, into a folder that is this user's
    printf '%s\n' "$PLACE/wp-content" "$PROGRAM/wp-content" |
        runuser --user "$OWNER" -- env -i PATH="$PATH" LC_ALL=C.UTF-8 bash -c "$(declare -f copy_content); copy_content"
}

copy_content() { # what the program brings of themes and plugins, where there are none; reads TO and FROM
    local to from name
    umask 027
    read -r to && read -r from && cd "$to" || return
    for name in plugins themes; do
        [ ! -e "$name" ] || continue
        rm -rf "$name.new" && cp -rL "$from/$name" "$name.new" && mv -T "$name.new" "$name" || return
    done
    mkdir -p uploads
}

forget_caches() { # the pages that NGINX keeps; what it was of is on the server no more, or has changed
    local folder
    for folder in /var/lib/nginx/deploy-*; do
        [ -d "$folder" ] || continue
        find "$folder" -mindepth 1 -delete
        [ -e "/etc/deploy/wordpress/${folder#*/deploy-}" ] || rmdir "$folder"
    done
}
