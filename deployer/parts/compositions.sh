#!/bin/bash
# What a change of the folders beside a compose file asks for.

make_folders_of_containers() ( # a container may write there, so each is gone to through no link
    code=0
    umask 022
    for file in /etc/deploy/folders/*; do
        if [ ! -f "$file" ]; then continue; fi
        while read -r mode owner path; do
            [[ $mode == '#' ]] || own_folder "$path" "$owner" "$mode" || code=1
        done <"$file"
    done
    exit "$code"
)

own_folder() ( # PATH OWNER MODE: it is made, if it is missing
    enter "$1" make || { echo "$OTHERWISE" && exit 1; }
    chown "$2" . && chmod "$3" .
)
