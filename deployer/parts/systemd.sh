#!/bin/bash
# What a change of systemd's files asks for.

make_system_users() {
    systemd-sysusers
}

make_folders() { # FILE: for systemd-tmpfiles
    systemd-tmpfiles --create "$1"
}

reload_systemd() {
    systemctl daemon-reload
}
