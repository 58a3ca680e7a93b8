#!/bin/bash
# What a reload of NGINX asks for: each site that has a waiting room has its socket, and no other has one. Who waits for a port that
# is not the site's any more goes on before somebody else begins there: NGINX of before would lead them there.

keep_rooms() {
    local wants=/etc/systemd/system/sockets.target.wants file line name new=() gone=()
    local -A wanted=()
    for file in /etc/nginx/conf.d/*.conf; do
        while IFS= read -r line; do
            case $line in
                '# waiting room: PORT='*)
                    name=${file##*/} line=${line#*=}
                    wanted[${name%.conf}_${line%% *}]=1
                    break ;;
                'server {') break ;;
            esac
        done <"$file"
    done
    for file in "$wants"/deploy-room@*.socket; do
        [ -L "$file" ] || continue
        name=${file##*@} name=${name%.socket}
        if [ -n "${wanted[$name]:-}" ]; then unset "wanted[$name]"; else gone+=("$name"); fi
    done
    mkdir -p "$wants"
    for name in "${!wanted[@]}"; do
        ln -sf ../deploy-room@.socket "$wants/deploy-room@$name.socket"
        new+=("deploy-room@$name.socket")
    done
    for name in "${gone[@]}"; do
        systemctl stop "deploy-room@$name.socket" "deploy-room@$name.service" 2>/dev/null
        rm -f "$wants/deploy-room@$name.socket" "/run/deploy/held/${name%_*}"
    done
    for file in /var/lib/deploy/live/*.conf; do
        grep -qsF '/var/lib/deploy/live/' "/etc/nginx/conf.d/${file##*/}" || rm -f "$file"
    done
    [ ${#new[@]} -eq 0 ] || systemctl start "${new[@]}"
}
