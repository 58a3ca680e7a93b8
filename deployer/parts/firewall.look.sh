#!/bin/bash
# What UFW does.
state=/var/lib/deploy

look_firewall() { # UFW's settings, and its rules
    [ -e /etc/deploy/firewall ] && echo "ufw_managed 1"
    [ -e $state/firewall-was-off ] && echo "ufw_was_off 1"
    files /etc/ufw/ufw.conf /etc/default/ufw /etc/ufw/user.rules /etc/ufw/user6.rules
    awk '/^(ENABLED|IPV6|DEFAULT_INPUT_POLICY)=/ { print "ufw", $0 }
         sub(/^### tuple ### /, "") { print "ufw", FILENAME ~ /6/ ? 6 : 4, $0 }' "${FILES[@]}"
    [ -e $state/guard/until ] && sed 's/^/armed /' $state/guard/until 2>/dev/null
}
