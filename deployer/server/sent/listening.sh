#!/bin/bash
# Who listens on this server, for sshd, at the ports of the web, and where NGINX leads to. Sent before the scripts that ask, and changes nothing.

our_login() { # ADDRESS PORT ADDRESS PORT, from where and to where; behind sudo, its environment tells
    [ -z "${SSH_CONNECTION:-}" ] || { echo "$SSH_CONNECTION"; return; }
    sed -zn 's/^SSH_CONNECTION=//p' "/proc/$PPID/environ" 2>/dev/null | tr '\0' '\n'
}

# systemd listens for sshd, as it does on Ubuntu: sshd's own `Port` opens nothing, and a reload would end it. A shell asks once.
by_socket() {
    [ "${ssh_socket:=$(systemctl is-active ssh.socket)}" = active ]
}

by_socket_as_sshd_says() { # on Ubuntu, where that is made anew from sshd's files at each start of the server
    by_socket && [ -x /usr/lib/systemd/system-generators/sshd-socket-generator ] &&
        [ ! -e /etc/systemd/system/ssh.socket.d/zz-deploy.conf ]
}

ssh_ports_written() { # those of sshd's files; nothing when they cannot be understood
    sshd -T 2>/dev/null | sed -n 's/^listenaddress .*://p' | sort -u
}

ssh_listens() { # the ports where logins are taken, without what logged in users forward
    if by_socket; then
        systemctl show --property=Listen --value ssh.socket | sed -nE 's/^(.*:)?([0-9]+) \(Stream\).*/\2/p'
    else
        ss -Hltnp 2>/dev/null | awk -v pid="pid=${ssh_pid:-$(systemctl show --property=MainPID --value ssh)}," \
            'index($0, pid) { sub(/.*:/, "", $4); print $4 }'
    fi | sort -u
}

ssh_goes_to() { # the ports where it listens once it is started anew; nothing when its files cannot be understood
    if by_socket && ! by_socket_as_sshd_says; then ssh_listens; else ssh_ports_written; fi
}

web_ports() { # PORT PROCESS UNIT NAME of whoever keeps NGINX from its ports
    local port name pid unit asked=''
    while read -r port name pid; do
        if [ "$pid" != "$asked" ]; then unit=$(ps -o unit= -p "$pid" 2>/dev/null) asked=$pid; fi
        case $name:${unit:--} in nginx:nginx.service | nginx:-) ;; *) echo "$port $pid ${unit:--} $name" ;; esac
    done < <(ss -Hltnp '( sport = :80 or sport = :443 )' 2>/dev/null |
        sed -nE 's/^.*:(80|443) .*users:\(\("([^"]*)",pid=([0-9]+).*$/\1 \2 \3/p' | sort -u)
}

ports_here() { # those at which 127.0.0.1 answers, where NGINX leads to
    ss -Hltn 2>/dev/null | sed -nE 's/^[^ ]+ +[^ ]+ +[^ ]+ +(127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]|\[::ffff:127\.0\.0\.1\])(%[^: ]+)?:([0-9]+) .*/\3/p' | sort -u
}
