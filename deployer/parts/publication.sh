#!/bin/bash
# What changes of sites ask for: one with another name than before goes on with what was published of it, and previews go.

# A copy by hard links, so that whatever becomes of this, the former one is as it was. What this apply has begun is listed in
# /var/lib/deploy/renaming, and goes when the apply is undone.

take_over_renamed() {
    local file old new
    rm -rf /var/lib/deploy/renaming
    for file in /etc/deploy/renamed/*; do
        old=$(grep -xE '[a-z0-9.-]+' "$file" 2>/dev/null)
        new=${file##*/}
        if [ -z "$old" ] || [ ! -d "/srv/deploy/$old/releases" ] || [ -e "/srv/deploy/$new" ] || [ -e "/var/www/$new" ]; then continue; fi
        mkdir -p /var/lib/deploy/renaming && : >"/var/lib/deploy/renaming/$new" && copy_renamed "$old" "$new" || return
    done
}

copy_renamed() { # OLD NEW
    local from=/srv/deploy/$1 to=/srv/deploy/$2 part=/srv/deploy/.$2.renamed live link target
    rm -rf "$part"
    cp -al "$from" "$part" 2>/dev/null || { rm -rf "$part" && cp -a "$from" "$part"; } || return
    rm -rf "$part"/{work,tickets,tickets.lock,lock,spare.lock,spare.new,made-live}
    # links below releases lead nowhere else; the others are to what is in here
    find "$part" -path "$part/releases/*" -prune -o -type l -lname "$from/*" -print | while IFS= read -r link; do
        target=$(readlink "$link") && ln -sfn "$to${target#"$from"}" "$link" || exit
    done || return
    rename_rules "$1" "$2" "$part" || return
    mv -T "$part" "$to" || return
    live=$(readlink "/var/www/$1") || return 0
    if [ "${live#"$from"/}" = "$live" ]; then return 0; fi
    ln -sfn "$to${live#"$from"}" "/var/www/.$2.new" && mv -T "/var/www/.$2.new" "/var/www/$2"
}

rename_rules() { # OLD NEW FOLDER: variables of NGINX have the name of their site
    local old=${1//-/__} new=${2//-/__} folder
    old=${old//./_} new=${new//./_}
    for folder in "$3/rules" "$3"/previews/*/rules; do # nothing else in there is root's alone
        if [ ! -d "$folder" ]; then continue; fi
        find "$folder" -name '*.conf' -type f -exec sed -i "s/\(\$deploy_[a-z0-9_]*_\)$old\>/\1$new/g" {} + || return
    done
}

give_back_renamed() { # what an apply has begun that is undone: nobody has had it
    local file new
    for file in /var/lib/deploy/renaming/*; do
        new=${file##*/}
        if [ ! -e "$file" ] || [ -e "/etc/deploy/renamed/$new" ]; then continue; fi
        rm -rf "/srv/deploy/.$new.renamed" "/var/www/.$new.new" "/var/www/$new" "/srv/deploy/$new" "$file"
    done
}

forget_previews() { # of sites that have none any more: nobody sees them, and no timer would take them away
    local place site
    for place in /srv/deploy/*/previews; do
        site=${place%/previews} site=${site##*/}
        if [ ! -d "$place" ] || grep -qs '^PREVIEWS=' "/etc/deploy/sites/$site.conf" ||
            grep -qsF "root $place/" "/etc/nginx/conf.d/$site.conf"; then continue; fi
        rm -rf "$place" || return
    done
}
