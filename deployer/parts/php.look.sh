#!/bin/bash
# What of PHP a person has set up by hand, as the usual tutorials do.

look_php() {
    old_roots
    find /var/www -mindepth 2 -maxdepth 3 -user www-data -printf 'php_of_nginx %P\n' 2>/dev/null | cut -d / -f 1 | sort -u
    if [ ! -e /etc/deploy/dokuwiki ]; then
        find /var/lib/dokuwiki/data/pages -name '*.txt' -not -path '*/pages/wiki/*' 2>/dev/null | wc -l | sed '/^0$/d; s/^/old_wiki /'
    fi
}

# php_root FILE ROOT NAMES: where NGINX files that lead to PHP have theirs, of each server
old_roots() {
    files /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk 'function tell() { if (php && root != "" && names != "") print "php_root", file, root, names; php = 0; root = names = "" }
         function value(key) { line = $0; sub(".*" key "[ \t]+", "", line); sub(/[ \t]*;.*/, "", line); return line }
         FNR == 1 { tell() }
         { file = FILENAME; sub(/#.*/, "") }
         /(^|[ \t;{}])server[ \t]*\{/ { tell() }
         /(^|[ \t;{])fastcgi_pass[ \t]/ { php = 1 }
         root == "" && /(^|[ \t;{])root[ \t]/ { root = value("root") }
         /(^|[ \t;{])server_name[ \t]/ { names = value("server_name") }
         END { tell() }' "${FILES[@]}"
}
