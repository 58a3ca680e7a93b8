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
    {
        [[ ! $us =~ ^[0-9]+$ ]] || printf 'ssh_ours %s\nssh_port %s\n' "$us" "$us"
        ss -Hltnp 2>/dev/null | awk '/"sshd"/ { sub(/.*:/, "", $4); print "ssh_port", $4 }'
        ssh_listens | sed 's/^/ssh_port /'
        ssh_goes_to | sed 's/^/ssh_configured /'
        ! by_socket || echo "ssh_socket 1"
        ! by_socket || by_socket_as_sshd_says || comm -13 <(ssh_listens) <(ssh_ports_written) | sed 's/^/ssh_unheard /'
    } | sort -u
}

# account NAME; and of those who have a shell, login NAME who has a key, and password NAME who has none
accounts() {
    local user home shell file passwords='' said
    said=$(sshd -T 2>/dev/null)
    [[ $said == *"passwordauthentication yes"* ]] && passwords=$(awk -F: '$2 ~ /^[$_a-zA-Z0-9.\/]/ { print $1 }' /etc/shadow 2>/dev/null)
    [[ $said == *"permitrootlogin yes"* ]] || passwords=$(grep -vx root <<<"$passwords")
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
