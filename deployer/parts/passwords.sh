#!/bin/bash
# What a change of the passwords of sites asks for.

make_passwords() { # what NGINX compares, which its workers read: a hash of each, as it was where it is the same password
    local from=/etc/deploy/passwords to=/var/lib/deploy/passwords file site
    install -d -m 750 -g www-data "$to" || return
    for file in "$from"/*; do
        if [ -f "$file" ]; then hash_passwords "$file" "$to/${file##*/}" "$from/.env" || return; fi
    done
    for file in "$to"/*; do
        site=${file##*/}
        if [ ! -e "$from/$site" ]; then rm -f "$file"; fi
    done
    compgen -G "$from/*" >/dev/null || rm -rf "$from"
}

hash_passwords() ( # USERS FILE ENV
    umask 027
    # shellcheck source=/dev/null
    . /usr/local/lib/deploy/lib/composition/secrets || return
    new=$2.new
    install -m 640 -g www-data /dev/null "$new" || return
    while read -r user name; do
        case $user in '' | '#'*) continue ;; esac
        read_secret "$3" "$name" || { echo "$3 has no $name" && return 1; }
        former=$(sed -n "s/^$user://p" "$2" 2>/dev/null | sed -n 1p)
        salt=$(cut -d '$' -f 3 <<<"$former")
        hash=$(openssl passwd -6 ${former:+-salt "$salt"} -stdin <<<"$SECRET") || return
        if [ "$hash" != "$former" ]; then hash=$(openssl passwd -6 -stdin <<<"$SECRET") || return; fi
        printf '%s:%s\n' "$user" "$hash" >>"$new" || return
    done <"$1"
    mv "$new" "$2"
)
