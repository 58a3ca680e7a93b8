#!/bin/bash
# What a change of NGINX's files asks for.

check_nginx() (ulimit -S -n hard && exec nginx -t -q) # each site has a log, and a login mostly begins with 1024 open files

check_nginx_blames() { # the file that NGINX's words blame, and the line; for a certificate that it cannot read, whoever names it
    local words path
    words=$(cat)
    path=$(grep -oE 'in /etc/nginx/[^ :]+:[0-9]+' <<<"$words" | tail -1)
    if [ -n "$path" ]; then echo "${path#in }" && return; fi
    path=$(grep -oE '"/etc/letsencrypt/live/[^"]+' <<<"$words" | sed -n 1p)
    [ -n "$path" ] && path=$(grep -lF "${path#\"}" /etc/nginx/conf.d/*.conf | sed -n 1p) && echo "$path:"
}

check_nginx_says() { # NGINX's words on standard input, without what they say twice
    local words
    words=$(cat)
    emergencies <<<"$words" | grep . || echo "$words"
}

# Reloads NGINX and waits until the new workers answer, for `systemctl reload` does not; fails when NGINX
# goes on with the old configuration, as it does when it cannot have a port. HUP is what `systemctl reload`
# sends too, after it has read all files once more.
reload_nginx() {
    begin_rooms
    read_anew && end_rooms
}

read_anew() { # a part of `reload_nginx`
    local master children old new pid title
    find_nginx
    if [ "$master" = 0 ]; then
        systemctl reset-failed nginx 2>/dev/null # however often it has been tried
        systemctl start nginx 2>/dev/null && return
        echo "NGINX does not start:"
        journalctl --no-pager --lines 20 --output cat --unit nginx | emergencies | tail -3
        port_holders
        return 1
    fi
    find_children "$master"
    old=$children
    hash nginx
    if [[ ! /proc/$master/exe -ef ${BASH_CMDS[nginx]} && $(readlink "/proc/$master/exe") == *' (deleted)' ]]; then
        take_over "$master" || { systemctl restart nginx; return; } # what runs may not understand our files
        master=$(</run/nginx.pid)
    else
        kill -HUP "$master" || return
    fi
    for _ in {1..100}; do
        pause 0.03
        for pid in $old; do
            title=''
            IFS= read -r -d '' title <"/proc/$pid/cmdline"
            case $title in *'worker process') continue 2 ;; esac
        done
        find_children "$master"
        for new in $children; do
            case " $old " in *" $new "*) ;; *) return 0 ;; esac
        done
    done 2>/dev/null
    echo "NGINX goes on with its old configuration:"
    tail -n 100 /var/log/nginx/error.log | emergencies | tail -3
    port_holders
    return 1
}

find_nginx() { # sets master to the process that systemd calls NGINX, or to 0; its file may be of before, and the number another's by now
    local title=''
    master=''
    { IFS= read -r master </run/nginx.pid && IFS= read -r -d '' title <"/proc/$master/cmdline"; } 2>/dev/null
    if [[ $title == 'nginx: master process'* ]] && is_of_unit "$master" nginx.service; then return; fi
    master=$(systemctl show --property=MainPID --value nginx)
}

find_children() { # PROCESS: sets children to the numbers of its own
    children=''
    if [ -r "/proc/$1/task/$1/children" ]; then read -r children <"/proc/$1/task/$1/children"; else children=$(pgrep --parent "$1" | paste -sd ' '); fi
}

take_over() { # MASTER: of an NGINX that has been replaced by an update; the new one gets its ports, and no visitor waits
    local new children
    kill -USR2 "$1" || return
    for _ in {1..100}; do
        pause 0.05
        new=''
        IFS= read -r new </run/nginx.pid
        [ "${new:-$1}" != "$1" ] || continue
        find_children "$new"
        if [ -n "$children" ]; then
            kill -QUIT "$1"
            return
        fi
    done 2>/dev/null
    return 1
}

port_holders() {
    local port name pid unit
    while read -r port pid unit name; do echo "port $port is held by $name (process $pid, $unit)"; done < <(web_ports)
}

emergencies() { # NGINX's errors on standard input, each once: it says them on two ways, and each time that it tries again
    sed -nE 's/^.*\[emerg\] ([0-9]+#[0-9]+: )?(\*[0-9]+ )?/nginx: [emerg] /p' | awk '!told[$0]++'
}

raise_nginx_limit() { # the NGINX that runs may open as many files as its unit says
    prlimit --pid="$(systemctl show -P MainPID nginx)" --nofile="$(systemctl show -P LimitNOFILESoft nginx):"
}
