#!/bin/bash
# How sshd is reached, and who may log in.

look_sshd() {
    local sshd_says ssh_socket=${state_of[ssh.socket]:-} ssh_pid=${main_pid[ssh.service]:-0}
    sshd_says=$(command sshd -T 2>/dev/null)
    ssh_ports
    accounts
}

sshd() { printf '%s\n' "$sshd_says"; } # it is asked once, for nothing changes meanwhile

# Where sshd listens, where the one does that we came through, and where its files say that it will after a reload
ssh_ports() {
    local us
    us=$(our_login)
    us=${us##* }
    if [[ ! $us =~ ^[0-9]+$ ]]; then us=''; fi
    told ssh_ours "$us"
    told ssh_port "$us $(ports_of '"sshd"') $(ssh_listens)"
    told ssh_configured "$(ssh_goes_to)"
    ! by_socket || echo "ssh_socket 1"
    ! by_socket || by_socket_as_sshd_says || told ssh_unheard "$(comm -13 <(ssh_listens | sort) <(ssh_ports_written | sort))"
}

told() { # WORD LIST: a line with this word for each of them, once
    local each
    local -A lines=()
    for each in $2; do lines[$each]=1; done
    for each in "${!lines[@]}"; do echo "$1 $each"; done
}

# account NAME; and of those who have a shell, login NAME who has a key, and password NAME who has none
accounts() {
    local user home shell file passwords='' said
    said=$(sshd -T 2>/dev/null)
    [[ $said == *"passwordauthentication yes"* ]] && passwords=$(awk -F: '$2 ~ /^[$_a-zA-Z0-9.\/]/ { print $1 }' /etc/shadow 2>/dev/null)
    if [[ $said != *"permitrootlogin yes"* ]]; then passwords=$'\n'$passwords$'\n' passwords=${passwords/$'\n'root$'\n'/$'\n'}; fi
    while IFS=: read -r user _ _ _ _ home shell; do
        echo "account $user"
        case $shell in */nologin | */false) continue ;; esac
        for file in "$home"/.ssh/authorized_keys{,2}; do
            [ -f "$file" ] || continue # the user may have put there what never ends
            if grep -q '^[^#]' < <(timeout 2 head -c 1000000 -- "$file" 2>/dev/null); then echo "login $user" && continue 2; fi
        done
        [[ $'\n'$passwords$'\n' == *$'\n'"$user"$'\n'* ]] && echo "password $user"
    done < <(getent passwd)
}
