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
    local - IFS=$'\n' line
    local -A ports=()
    set -f
    for line in $(sshd -T 2>/dev/null); do if [[ $line == 'listenaddress '* ]]; then ports[${line##*:}]=1; fi; done
    [ ${#ports[@]} -eq 0 ] || printf '%s\n' "${!ports[@]}"
}

ssh_listens() { # the ports where logins are taken, without what logged in users forward
    if by_socket; then
        systemctl show --property=Listen --value ssh.socket | sed -nE 's/^(.*:)?([0-9]+) \(Stream\).*/\2/p' | sort -u
    else
        ports_of "pid=${ssh_pid:-$(systemctl show --property=MainPID --value ssh)},"
    fi
}

ports_of() { # WORDS: where somebody listens of whom `ss` says that
    local - IFS=$'\n' line
    local -A ports=()
    set -f # what listens everywhere has a * in its line
    for line in $(ss -Hltnp 2>/dev/null); do
        if [[ $line == *"$1"* && $line =~ ^([^\ ]+\ +){3}[^\ ]*:([0-9]+)\  ]]; then ports[${BASH_REMATCH[2]}]=1; fi
    done
    [ ${#ports[@]} -eq 0 ] || printf '%s\n' "${!ports[@]}"
}

is_of_unit() { # PROCESS UNIT of systemd
    local line
    while IFS= read -r line; do if [[ $line == */"$2" ]]; then return 0; fi; done 2>/dev/null <"/proc/$1/cgroup"
    return 1
}

ssh_goes_to() { # the ports where it listens once it is started anew; nothing when its files cannot be understood
    if by_socket && ! by_socket_as_sshd_says; then ssh_listens; else ssh_ports_written; fi
}

web_ports() { # PORT PROCESS UNIT NAME of whoever keeps NGINX from its ports
    local - IFS=$'\n' line port name pid unit
    local -A told=()
    set -f
    for line in $(ss -Hltnp '( sport = :80 or sport = :443 )' 2>/dev/null); do
        [[ $line =~ :(80|443)\ .*users:\(\(\"([^\"]*)\",pid=([0-9]+) ]] || continue
        port=${BASH_REMATCH[1]} name=${BASH_REMATCH[2]} pid=${BASH_REMATCH[3]}
        if [ -n "${told[$port $pid]:-}" ] || { [ "$name" = nginx ] && is_of_unit "$pid" nginx.service; }; then continue; fi
        told[$port $pid]=1 unit=$(ps -o unit= -p "$pid" 2>/dev/null)
        case $name:${unit:--} in nginx:nginx.service | nginx:-) ;; *) echo "$port $pid ${unit:--} $name" ;; esac
    done
}

ports_here() { # those at which 127.0.0.1 answers, where NGINX leads to
    local - IFS=$'\n' line here='127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]|\[::ffff:127\.0\.0\.1\]'
    local -A ports=()
    set -f
    for line in $(ss -Hltn 2>/dev/null); do
        if [[ $line =~ ^([^\ ]+\ +){3}($here)(%[^:\ ]+)?:([0-9]+)\  ]]; then ports[${BASH_REMATCH[4]}]=1; fi
    done
    [ ${#ports[@]} -eq 0 ] || printf '%s\n' "${!ports[@]}"
}
