#!/bin/bash
# What a change of SSH's files asks for.

check_sshd() { # sshd understands its files, and what ours says is what counts
    local words keyword value
    words=$(sshd -t 2>&1) || { echo "$words"; return 1; }
    [ -e /etc/ssh/sshd_config.d/00-deploy.conf ] || return 0
    words=$(sshd -T 2>/dev/null)
    while read -r keyword value; do
        grep -qix "$keyword $value" <<<"${words//without-password/prohibit-password}" && continue
        echo "$keyword is not '$value', as /etc/ssh/sshd_config.d/00-deploy.conf says: what stands before"
        echo "'Include /etc/ssh/sshd_config.d/*.conf' in /etc/ssh/sshd_config? That line must come first."
        return 1
    done < <(grep -E '^(Port|PasswordAuthentication|KbdInteractiveAuthentication|PermitRootLogin) ' \
        /etc/ssh/sshd_config.d/00-deploy.conf)
}

# Where systemd listens for it, sshd dies of a reload: it has no port that it could open again. A sixth start within ten
# seconds, as when changes are undone, would be refused, and the socket closed for good: `reset-failed` begins the count anew.
reload_ssh() {
    if systemctl --quiet is-active ssh.socket; then
        systemctl reset-failed ssh.service 2>/dev/null
        systemctl try-restart ssh
    else
        systemctl try-reload-or-restart ssh
    fi && pause 0.3
}

move_ssh_socket() { # it starts none while sshd runs; a login that is open goes on: it is a process of its own
    systemctl daemon-reload
    if systemctl --quiet is-enabled ssh.socket || systemctl --quiet is-active ssh.socket; then
        systemctl stop ssh.socket ssh.service && systemctl reset-failed ssh.socket ssh.service 2>/dev/null
        systemctl start ssh.socket
    fi
}

let_ssh_in() { # PORT…, where sshd listened before: if it has moved, UFW lets in where it listens now
    local port
    ufw status 2>/dev/null | grep '^Status: active' >/dev/null || return 0
    for port in $(ssh_listens); do
        case " $* " in *" $port "*) ;; *) ufw allow "$port/tcp" comment SSH >/dev/null 2>&1 ;; esac
    done
}
