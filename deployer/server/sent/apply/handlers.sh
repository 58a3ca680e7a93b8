#!/bin/bash
# What handlers name: commands that check new files, and make them count. A part of apply.sh, which runs each in a shell of its own.

run_list() { # FILE: runs its commands in order; the first that fails ends it, its words on standard output
    local command
    while IFS= read -r command <&8; do
        bash -c "$command" 9>&- 2>&1 || return
    done 8<"$1"
}

port_holders() {
    local port name pid unit
    while read -r port pid unit name; do echo "port $port is held by $name (process $pid, $unit)"; done < <(web_ports)
}
export -f web_ports port_holders

check_nginx() (ulimit -S -n hard && exec nginx -t -q) # each site has a log, and a login mostly begins with 1024 open files
export -f check_nginx

# Reloads NGINX and waits until the new workers answer, for `systemctl reload` does not; fails when NGINX
# goes on with the old configuration, as it does when it cannot have a port. HUP is what `systemctl reload`
# sends too, after it has read all files once more.
reload_nginx() {
    local master old new pid title
    master=$(systemctl show --property=MainPID --value nginx)
    if [ "$master" = 0 ]; then
        systemctl reset-failed nginx 2>/dev/null # however often it has been tried
        systemctl start nginx 2>/dev/null && return
        echo "NGINX does not start:"
        journalctl --no-pager --lines 20 --output cat --unit nginx | emergencies | tail -3
        port_holders
        return 1
    fi
    old=$(pgrep --parent "$master")
    if [[ $(readlink "/proc/$master/exe") == *' (deleted)' ]]; then
        take_over "$master" || { systemctl restart nginx; return; } # what runs may not understand our files
        master=$(</run/nginx.pid)
    else
        kill -HUP "$master" || return
    fi
    for _ in {1..100}; do
        sleep 0.03
        for pid in $old; do
            title=''
            IFS= read -r -d '' title <"/proc/$pid/cmdline"
            case $title in *'worker process') continue 2 ;; esac
        done
        for new in $(pgrep --parent "$master"); do
            case $'\n'$old$'\n' in *$'\n'$new$'\n'*) ;; *) return 0 ;; esac
        done
    done 2>/dev/null
    echo "NGINX goes on with its old configuration:"
    tail -n 100 /var/log/nginx/error.log | emergencies | tail -3
    port_holders
    return 1
}
export -f reload_nginx

take_over() { # MASTER: of an NGINX that has been replaced by an update; the new one gets its ports, and no visitor waits
    local new
    kill -USR2 "$1" || return
    for _ in {1..100}; do
        sleep 0.05
        new=$(cat /run/nginx.pid 2>/dev/null)
        if [ "${new:-$1}" != "$1" ] && pgrep --parent "$new" >/dev/null; then
            kill -QUIT "$1"
            return
        fi
    done
    return 1
}
export -f take_over

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
export -f check_sshd
