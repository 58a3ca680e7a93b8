#!/bin/bash
# What a reload of NGINX asks for: each site that has a waiting room has its socket before, and no other has one after it. Who waits for
# a port that is not the site's any more goes on when the new NGINX is there: theirs finds nobody at the port, and leads them to that one
# (00-deploy-rooms.conf). By then nobody else has begun at the port.

begin_rooms() { # sets ROOMS: NAME_PORT of each that NGINX's files want
    local wants=/etc/systemd/system/sockets.target.wants file line name new=()
    declare -gA ROOMS=()
    for file in /etc/nginx/conf.d/*.conf; do
        while IFS= read -r line; do
            case $line in
                '# waiting room: PORT='*)
                    name=${file##*/} line=${line#*=}
                    ROOMS[${name%.conf}_${line%% *}]=1
                    break ;;
                'server {') break ;;
            esac
        done <"$file"
    done
    mkdir -p "$wants"
    for name in "${!ROOMS[@]}"; do
        [ ! -L "$wants/deploy-room@$name.socket" ] || continue
        ln -s ../deploy-room@.socket "$wants/deploy-room@$name.socket"
        new+=("deploy-room@$name.socket")
    done
    [ ${#new[@]} -eq 0 ] || systemctl start "${new[@]}"
}

end_rooms() {
    local wants=/etc/systemd/system/sockets.target.wants file name site stays
    for file in "$wants"/deploy-room@*.socket; do
        [ -L "$file" ] || continue
        name=${file##*@} name=${name%.socket}
        [ -z "${ROOMS[$name]:-}" ] || continue
        systemctl stop "deploy-room@$name.socket" "deploy-room@$name.service" 2>/dev/null
        rm -f "$file"
        site=${name%_*} stays=" ${!ROOMS[*]}"
        [[ $stays == *" ${site}_"* ]] || rm -f "/run/deploy/held/$site"
    done
    for file in /var/lib/deploy/live/*.conf; do
        grep -qsF '/var/lib/deploy/live/' "/etc/nginx/conf.d/${file##*/}" || rm -f "$file"
    done
}
