#!/bin/bash
# What a change of what restricted keys need asks for.

look_whose_user_deploy_is() { # HOME: that of our own
    local home
    home=$(getent passwd deploy | cut -d: -f6)
    [ "${home:-$1}" = "$1" ] || {
        echo "the user 'deploy' is not ours: its home is $home. Restricted keys need that name"
        return 1
    }
}

check_sudo() {
    visudo -c -f /etc/sudoers >/dev/null
}

let_archives_be_read() { # FILE: for systemd-tmpfiles, if it is there
    [ ! -e "$1" ] || systemd-tmpfiles --create "$1"
}
