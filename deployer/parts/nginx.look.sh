#!/bin/bash
# What NGINX is, and what its files say that a person may have written.

look_nginx() {
    local line
    nginx_version
    foreign
    server_names
    ipv4_only
    said_once
    web_ports | while IFS= read -r line; do echo "web_port $line"; done
}

nginx_version() {
    local pid=${main_pid[nginx.service]:-0} # its file may be of before, and the number another's by now
    [[ $(nginx -v 2>&1) =~ nginx/([0-9.]+) ]] && echo "version nginx ${BASH_REMATCH[1]}"
    is_replaced "$pid" nginx && echo "outdated nginx $("/proc/$pid/exe" -v 2>&1 | sed -n 's|.*nginx/||p')"
}

foreign() { # foreign_nginx 1: modules of the distribution do not fit it
    local line=$'\n'
    [[ $line$dpkg_says =~ ${line}installed\ nginx\ ([^$line]*) && ${BASH_REMATCH[1]} != *nginx-abi-* ]] && echo "foreign_nginx 1"
}

# FILE NAME… for every server_name of the NGINX files that a person may have written
server_names() {
    files /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk 'FNR == 1 { open = 0 }
         { sub(/#.*/, "") }
         /(^|[ \t;{])server_name[ \t]/ { open = 1; sub(/.*server_name[ \t]/, "") }
         open { line = $0; if (sub(/;.*/, "", line)) open = 0; if (line != "") print "name", FILENAME, line }' \
        "${FILES[@]}"
}

ipv4_only() { # ipv4_only FILE NAMES: servers of NGINX that listen on the ports of the web, but not by IPv6
    files /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk 'function tell() { if (four && !six && names != "") print "ipv4_only", file, names; four = six = 0; names = "" }
         FNR == 1 { tell() }
         { file = FILENAME; sub(/#.*/, "") }
         /(^|[ \t;{}])server[ \t]*\{/ { tell() }
         /(^|[ \t;{])listen[ \t]+\[/ { six = 1; next }
         /(^|[ \t;{])listen[ \t]+([0-9.]+:|\*:)?(80|443)[ \t;]/ { four = 1 }
         /(^|[ \t;{])server_name[ \t]/ { line = $0; sub(/.*server_name[ \t]+/, "", line); sub(/[ \t]*;.*/, "", line); names = line }
         END { tell() }' "${FILES[@]}"
}

# said_once FILE NAME: what NGINX takes once for all servers. `map` is what it meets before our sizes of maps, which it then refuses.
said_once() {
    local ours=/etc/nginx/conf.d/00-deploy-before.conf
    [ ! -e /etc/nginx/conf.d/+deploy-before.conf ] || ours=/etc/nginx/conf.d/+deploy-before.conf
    files /etc/nginx/nginx.conf /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk -v ours="$ours" 'FNR == 1 { depth = FILENAME == "/etc/nginx/nginx.conf" ? -1 : 0 }
         FILENAME ~ /\/(00-|\+)deploy[^\/]*\.conf$/ { next } # ours, whatever the manifest says
         { sub(/#.*/, "") }
         depth == 0 && $1 ~ /^((server_names|variables|map)_hash_(max|bucket)_size|open_file_cache(_valid|_errors)?)$/ { print "said_once", FILENAME, $1 }
         depth == 0 && $1 == "map" && (FILENAME == "/etc/nginx/nginx.conf" || FILENAME < ours) {
             print "said_once", FILENAME, "map"
         }
         { depth += gsub(/{/, "{") - gsub(/}/, "}") }' "${FILES[@]}"
}
