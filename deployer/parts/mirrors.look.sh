#!/bin/bash
# What of mirrors is otherwise than their files say.

look_mirrors() { # mirrors DOMAIN WHAT
    if [[ -e /var/lib/deploy/manifest ]] && compgen -G '/etc/deploy/mirrors/*' >/dev/null; then
        /usr/local/lib/deploy/bin/mirrors drift 2>/dev/null | sed 's/^/mirrors /'
    fi
}
