#!/bin/bash
# What a change of systemd's files asks for.

make_system_users() {
    systemd-sysusers
}

make_folders() { # those of all, and of sites and services
    systemd-tmpfiles --create /etc/tmpfiles.d/deploy*.conf
}

# Of ours, what is changed runs as its file says now, and what is gone is stopped. When all this is put back, what was
# stopped runs again, and so does what did not start with its new file.
reload_systemd() {
    local path unit code=0 transaction=/var/lib/deploy/transaction
    systemctl daemon-reload || return
    while IFS= read -r path; do
        unit=${path##*/}
        if [ ! -e "$path" ]; then
            end_unit "$unit" "$transaction/ended-units" || code=1
        elif grep -qxF -- "$unit" "$transaction/ended-units" 2>/dev/null; then
            systemctl enable --quiet "$unit" && systemctl start --no-block "$unit" || code=1
        elif [ -e "$transaction/before$path" ] && [ "$(systemctl show -P Type "$unit")" != oneshot ]; then
            if systemctl --quiet is-active "$unit"; then echo "$unit" >>"$transaction/ran-units"; fi
            grep -qxF -- "$unit" "$transaction/ran-units" 2>/dev/null || continue
            systemctl reset-failed "$unit" 2>/dev/null
            systemctl restart "$unit" || code=1
        fi
    done < <(grep -xE '/etc/systemd/system/deploy-[^/]+\.(service|socket|timer|path)' $transaction/paths 2>/dev/null)
    return "$code"
}

end_unit() { # UNIT FILE, which remembers it if it ran
    if systemctl --quiet is-active "$1"; then echo "$1" >>"$2"; fi
    systemctl disable --quiet --now "$1" 2>/dev/null
    systemctl reset-failed "$1" 2>/dev/null
    ! systemctl --quiet is-active "$1"
}

check_units() { # PATH…: units and drop-ins; what else is wrong with units that they need is not theirs
    local path units=()
    for path; do
        case $path in
            *@.*) continue ;; # it is no unit before it has an instance
            *.d/*.conf)
                path=${path%.d/*} path=${path##*/}
                systemctl cat "$path" >/dev/null 2>&1 || continue
                ;;
        esac
        units+=("$path")
    done
    [ ${#units[@]} -eq 0 ] || systemd-analyze verify --man=no --recursive-errors=no "${units[@]}"
}
