#!/bin/bash
# What a change of the firewall's list asks for.

set_firewall() { # LIST: UFW follows it; without it, UFW is off where deploy has turned it on
    local was_off=/var/lib/deploy/firewall-was-off
    if [ -e "$1" ]; then
        /usr/local/lib/deploy/bin/firewall
    elif [ -e $was_off ]; then
        ufw --force disable >/dev/null && rm $was_off
    fi
}

put_firewall_back() { # UFW does as its own files say, which are as they were
    if grep -q '^ENABLED=yes' /etc/ufw/ufw.conf; then ufw reload; else ufw --force disable; fi >/dev/null
}
