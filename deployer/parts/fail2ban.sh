#!/bin/bash
# What a change of fail2ban's files asks for; it shall not shut out who is logged in.

check_jails() { # FILE: of our jails
    [ ! -e "$1" ] || fail2ban-client -t >/dev/null
}

set_jails() { # FILE: of our jails, which counts; where they run already, nothing of before is read again
    local anew=1
    if [ ! -e "$1" ]; then
        systemctl disable --quiet --now fail2ban
        return
    fi
    if [ -e "/var/lib/deploy/transaction/before$1" ] && systemctl --quiet is-active fail2ban; then anew=''; fi
    systemctl reload-or-restart fail2ban || return
    [ -z "$anew" ] || let_us_in
}

installed_fail2ban() { let_us_in; } # Debian's package starts it at once

# fail2ban begins with what sshd has said of the last minutes, and shuts out who mistyped a password before this login.
# That takes it a moment, and so does its own start.
let_us_in() {
    local us=${SSH_CONNECTION%% *} told most over=$((SECONDS + 10))
    [ -n "$us" ] && told=$(failed_before "$us") || return 0
    until most=$(fail2ban-client get sshd maxretry 2>/dev/null); do
        if ((SECONDS > over)) || ! systemctl --quiet is-active fail2ban; then return 0; fi
        pause 0.1
    done
    ((told >= most)) || return 0
    until [ "$(fail2ban-client get sshd banned "$us")" = 1 ]; do
        ((SECONDS <= over)) || return 0
        pause 0.1
    done
    fail2ban-client unban "$us" >/dev/null
}

failed_before() { # ADDRESS: how many lines sshd has written of it in ten minutes, besides those that are no failed login's
    local harmless='Accepted|Connection from|Starting session|Close session|Disconnected from user|srclimit_penalise:'
    harmless+='|Connection (closed|reset) by [^ ]+ port|Received disconnect from [^ ]+ port [0-9]+:11:'
    journalctl --quiet --output=cat --since=-10min _SYSTEMD_UNIT=ssh.service + \
        _SYSTEMD_SLICE=system-ssh.slice + _SYSTEMD_SLICE=system-sshd.slice |
        grep -wF -- "$1" | grep -vcE "^($harmless) "
}
