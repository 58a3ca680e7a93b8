#!/bin/bash
# The transaction: old files are saved, new ones renamed into their places, and put back when it must not be. A part of apply.sh.

recover() { # what a killed apply has left; after a restart, /usr/local/lib/deploy/bin/undo has put its files back
    for left in "$state"/incoming.* "$guard.new" "$guard.confirmed"; do [ ! -e "$left" ] || rm -rf "$left"; done
    for left in $guard $guard.undoing; do [ ! -e "$left/undo" ] || bash "$left/undo" 9>&- >/dev/null 2>&1; done
    if [ -d "$transaction" ]; then
        say "! the last apply was interrupted: $(wc -l <"$transaction/paths") files are put back first"
        for left in containers exchanged; do [ ! -e "$transaction/$left" ] || cp "$transaction/$left" "$state/$left"; done
        stop_exchanged
        undo
    fi
    recover_containers
}

begin() {
    local path paths removed there=() at
    find_new_files
    mapfile -t removed <"$incoming/remove"
    {
        while IFS=$'\t' read -r path _; do say "$path"; done <"$incoming/secrets"
        [ $((${#removed[@]} + ${#new_files[@]})) -eq 0 ] || printf '%s\n' "${removed[@]}" "${new_files[@]}"
    } | sort -u >"$incoming/changed-paths"
    if [ -s "$incoming/guarded-paths" ]; then
        mapfile -t paths < <(sort -u "$incoming/changed-paths" "$incoming/guarded-paths")
    else
        mapfile -t paths <"$incoming/changed-paths"
    fi
    [ ${#paths[@]} -gt 0 ] || [ -s "$incoming/compositions" ] || [ -s "$incoming/gone" ] || return 0
    mkdir -m 700 "$incoming/saved" "$incoming/saved/before"
    for path in "${paths[@]}"; do
        say "$path"
        if [ -e "$path" ] || [ -L "$path" ]; then there+=(".$path"); fi
    done >"$incoming/saved/paths"
    for path in "${new_folders[@]}"; do [ -e "$path" ] || say "$path"; done >"$incoming/saved/folders"
    save_back "$incoming/back" "$incoming/saved" "$transaction"
    for ((at = 0; at < ${#there[@]}; at += 1000)); do
        (cd / && cp -a --parents -t "$incoming/saved/before" "${there[@]:at:1000}") || return
    done
    flush "$incoming/saved"
    mv -T "$incoming/saved" "$transaction"
}

find_new_files() { # sets new_files, and new_folders, the deepest first
    local each
    new_files=() new_folders=()
    while IFS= read -r each; do
        case $each in d*) new_folders+=("${each#d}") ;; *) new_files+=("${each#f}") ;; esac
    done < <(cd "$incoming/files" && find . -depth -mindepth 1 '(' -type f -o -type d ')' -printf '%y/%P\n')
}

flush() { # FOLDER: onto the disk; of many files everything at once, of few not what others have written
    local files
    mapfile -d '' -t files < <(find "$1" ! -type l -print0)
    if ((${#files[@]} > 100)); then sync -f "$1"; else sync "${files[@]}"; fi
}

write() { # whole files only: each is renamed into its place, and our scripts before the units, cron lines and keys that name them
    local path folder removed folders=() ours=() missing=() gone=()
    local -A parcel=() # of each folder, what is new in it, one a line; a name of sudo comes before the key that asks for it, for so they are sorted
    while IFS= read -r path; do
        [ -f "$incoming/files$path" ] || continue
        folder=${path%/*}
        if [ -z "${parcel[$folder]:-}" ]; then
            folders+=("$folder")
            [ -d "$folder" ] || is_of_containers "$folder" || missing+=("$folder")
            [[ $folder/ != "$scripts"/* ]] || ours+=("$folder")
        fi
        parcel[$folder]+=$incoming/files$path$'\n'
    done <"$incoming/changed-paths"
    if [ ${#missing[@]} -gt 0 ]; then mkdir -p "${missing[@]}" || return; fi
    if [ ${#ours[@]} -gt 0 ]; then place "${ours[@]}" && flush "$scripts" || return; fi
    place "${folders[@]}" || return
    # shellcheck source=/dev/null
    [ ! -s "$incoming/secrets" ] || (. /usr/local/lib/deploy/lib/composition/secrets && write_secrets <"$incoming/secrets") || return
    mapfile -t removed <"$incoming/remove"
    for path in "${removed[@]}"; do
        if is_of_containers "${path%/*}"; then
            in_folder "${path%/*}" rm -f -- "${path##*/}"
        elif [[ $path != "$scripts"/* ]]; then
            gone+=("$path")
        fi
    done
    [ ${#gone[@]} -eq 0 ] || printf '%s\n' "${gone[@]}" | xargs -d '\n' rm -f
}

is_of_containers() { [[ $1 == /opt/*/* ]]; } # FOLDER: below that of a composition, where a container may write

# There, and nowhere to which a link would lead; what shall be written has its folder made, and a word where it cannot be
in_folder() (enter "$1" && "${@:2}") # FOLDER COMMAND…
in_new_folder() (enter "$1" make || { say "✗ $OTHERWISE" && exit 1; }; "${@:2}") # FOLDER COMMAND…

place() { # FOLDER…: what is new in each
    local folder files at
    for folder; do
        mapfile -t files <<<"${parcel[$folder]%$'\n'}"
        parcel[$folder]=''
        [ -n "${files[0]}" ] || continue
        for ((at = 0; at < ${#files[@]}; at += 1000)); do
            if is_of_containers "$folder"; then
                in_new_folder "$folder" mv -f -t . "${files[@]:at:1000}" || return
            else
                mv -f -t "$folder" "${files[@]:at:1000}" || return
            fi
        done
    done
}

# Last of all, when nothing asks for them any more: until systemd and cron have read the new files, they start the scripts of
# before, and what still runs of these calls the others. With the last service, all of them go.
remove_scripts() {
    local left running
    find_left "$incoming/remove" "$scripts/*"
    [ ${#left[@]} -gt 0 ] || return 0
    running=$(at_work "${left[@]}")
    if [ ! -s "$incoming/refused" ] && [ -z "$running" ]; then
        rm -f "${left[@]}"
        return
    fi
    [ -z "$running" ] || say "! still at work: $running. The scripts of before stay until it has ended, and go with the next apply"
    printf '%s\n' "${left[@]}" >"$incoming/staying"
}

at_work() { # PATH…: which of these scripts, or of those that were replaced, are being read: bash has its own open as 255
    find /proc/[0-9]*/fd/255 -printf '%l\n' 2>/dev/null |
        grep -E -e '^/(usr/local/lib|etc)/deploy/.* \(deleted\)$' -e "^($(IFS='|' && echo "$*"))\$" |
        sed 's/ (deleted)$//; s|.*/||' | sort -u | paste -sd, - | sed 's/,/, /g'
}

put_back() { # PATH…: each is as it was before the transaction; `undo` has its own, for it stands alone when the server starts
    local path
    for path; do
        if is_of_containers "${path%/*}"; then
            put_back_there "$path"
        elif [ -e "$transaction/before$path" ] || [ -L "$transaction/before$path" ]; then
            [ -d "${path%/*}" ] || mkdir -p "${path%/*}"
            cp -a --remove-destination "$transaction/before$path" "$path"
        elif [ -e "$path" ] || [ -L "$path" ]; then
            rm -f "$path"
        fi
    done
    [ ! -s "$transaction/folders" ] || xargs -d '\n' rmdir 2>/dev/null <"$transaction/folders" || true # those of ours that are empty now
}

put_back_there() { # PATH, into whose folder no link may lead
    if [ -e "$transaction/before$1" ]; then
        in_new_folder "${1%/*}" cp -a --remove-destination "$transaction/before$1" .
    else
        in_folder "${1%/*}" rm -f -- "${1##*/}"
    fi
}

# A database that was made with generated values can be opened with these only, and its volume stays: so does a new .env
# of what was brought up. Those of parts (/etc/deploy) have made none.
has_been_used() { # PATH
    [[ $1 == */.env && $1 != /etc/deploy/* && -e $transaction/containers && ! -e $transaction/before$1 ]]
}

undo() { # everything is as it was, and counts again
    local path paths=()
    while IFS= read -r path; do has_been_used "$path" || paths+=("$path"); done <"$transaction/paths"
    put_back "${paths[@]}"
    run_back "$transaction"
    mv -T "$transaction" "$state/incoming.undone" && rm -rf "$state/incoming.undone"
}

remember_what_is_ours() { # what is refused, and what stays, is ours only as far as it was before
    local manifest=$state/manifest
    : >"$incoming/as-before"
    [ -s "$incoming/refused" ] || [ -s "$incoming/staying" ] || return 0
    cat "$incoming/refused" "$incoming/staying" >"$incoming/as-before"
    grep -qxF -- "$manifest" "$transaction/paths" || return 0 # it is as it was
    {
        awk 'NR == FNR { before[$0]; next } !(substr($0, 67) in before)' "$incoming/as-before" "$manifest"
        [ ! -f "$transaction/before$manifest" ] ||
            awk 'NR == FNR { before[$0]; next } substr($0, 67) in before' "$incoming/as-before" "$transaction/before$manifest"
    } | (umask 077 && LC_ALL=C sort --field-separator=$'\n' --key=1.67 >"$manifest.new") && mv "$manifest.new" "$manifest"
}

how_many_files() { # were written and removed
    local path list count=0
    local -A besides=(["$state/manifest"]=1)
    for list in as-before secrets; do
        while IFS=$'\t' read -r path _; do [ -z "$path" ] || besides[$path]=1; done <"$incoming/$list"
    done
    while IFS= read -r path; do [ -n "${besides[$path]:-}" ] || count=$((count + 1)); done <"$incoming/changed-paths"
    echo "$count"
}

keep() { # what was replaced stays readable: the last ten transactions
    local kept all
    TZ=UTC0 printf -v kept '%s/%(%Y%m%d-%H%M%S)T-%s' "$state/before" -1 $$
    [ -d "$state/before" ] || mkdir -m 700 "$state/before"
    mv -T "$transaction" "$kept"
    rm -f "$kept/back" "$kept/handlers"
    all=("$state/before"/*) # by their time
    if ((${#all[@]} > 10)); then rm -rf "${all[@]:0:${#all[@]}-10}"; fi
}
