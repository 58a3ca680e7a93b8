#!/bin/bash
# The transaction: old files are saved, new ones renamed into their places, and put back when it must not be. A part of apply.sh.

recover() { # what a killed apply has left; after a restart, /usr/local/lib/deploy/bin/undo has put its files back
    rm -rf "$state/incoming."* "$guard.new" "$guard.confirmed"
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
    local paths path there=()
    mapfile -t new_files < <(cd "$incoming/files" && find . -type f -printf '/%P\n')
    {
        cat "$incoming/remove"
        while IFS=$'\t' read -r path _; do say "$path"; done <"$incoming/secrets"
        [ ${#new_files[@]} -eq 0 ] || printf '%s\n' "${new_files[@]}"
    } | sort -u >"$incoming/changed-paths"
    mapfile -t paths < <(sort -u "$incoming/changed-paths" "$incoming/guarded-paths")
    [ ${#paths[@]} -gt 0 ] || [ -s "$incoming/compositions" ] || [ -s "$incoming/gone" ] || return 0
    mkdir -m 700 "$incoming/saved" && mkdir "$incoming/saved/before"
    sort -u "$incoming/changed-paths" "$incoming/guarded-paths" >"$incoming/saved/paths"
    missing_folders >"$incoming/saved/folders"
    save_back "$incoming/back" "$incoming/saved" "$transaction"
    for path in "${paths[@]}"; do
        if [ -e "$path" ] || [ -L "$path" ]; then there+=(".$path"); fi
    done
    [ ${#there[@]} -eq 0 ] || printf '%s\0' "${there[@]}" | (cd / && xargs -0 cp -a --parents -t "$incoming/saved/before") || return
    flush "$incoming/saved"
    mv -T "$incoming/saved" "$transaction"
}

missing_folders() { # that `write` will make, the deepest first
    local folder
    while IFS= read -r folder; do
        [ -e "$folder" ] || say "$folder"
    done < <(cd "$incoming/files" && find . -depth -mindepth 1 -type d -printf '/%P\n')
}

flush() { # FOLDER: onto the disk; of many files everything at once, of few not what others have written
    local files
    mapfile -d '' -t files < <(find "$1" ! -type l -print0)
    if ((${#files[@]} > 100)); then sync -f "$1"; else sync "${files[@]}"; fi
}

write() { # whole files only: each is renamed into its place, and our scripts before the units, cron lines and keys that name them
    local folders ours
    mapfile -t folders < <([ ${#new_files[@]} -eq 0 ] || printf '%s\n' "${new_files[@]%/*}" | sort -u)
    mapfile -t ours < <(printf '%s\n' "${folders[@]}" | grep -E "^$scripts(/|\$)")
    if [ ${#folders[@]} -gt 0 ]; then mkdir -p "${folders[@]}" || return; fi
    if [ ${#ours[@]} -gt 0 ]; then place "${ours[@]}" && flush "$scripts" || return; fi
    place "${folders[@]}" || return
    # shellcheck source=/dev/null
    [ ! -s "$incoming/secrets" ] || (. /usr/local/lib/deploy/lib/composition/secrets && write_secrets <"$incoming/secrets") || return
    sed "\\:^$scripts/:d" "$incoming/remove" | xargs -r -d '\n' rm -f
}

place() { # FOLDER…: what is new in each; a name of sudo comes before the key that asks for it, for so they are sorted
    local folder
    for folder; do find "$incoming/files$folder" -maxdepth 1 -type f -exec mv -f -t "$folder" {} + || return; done
}

# Last of all, when nothing asks for them any more: until systemd and cron have read the new files, they start the scripts of
# before, and what still runs of these calls the others. With the last service, all of them go.
remove_scripts() {
    local paths running
    mapfile -t paths < <(grep "^$scripts/" "$incoming/remove" | grep -vxF -f "$incoming/refused")
    [ ${#paths[@]} -gt 0 ] || return 0
    running=$(at_work "${paths[@]}")
    if [ ! -s "$incoming/refused" ] && [ -z "$running" ]; then
        rm -f "${paths[@]}"
        return
    fi
    [ -z "$running" ] || say "! still at work: $running. The scripts of before stay until it has ended, and go with the next apply"
    printf '%s\n' "${paths[@]}" >"$incoming/staying"
}

at_work() { # PATH…: which of these scripts, or of those that were replaced, are being read: bash has its own open as 255
    find /proc/[0-9]*/fd/255 -printf '%l\n' 2>/dev/null |
        grep -E -e '^/(usr/local/lib|etc)/deploy/.* \(deleted\)$' -e "^($(IFS='|' && echo "$*"))\$" |
        sed 's/ (deleted)$//; s|.*/||' | sort -u | paste -sd, - | sed 's/,/, /g'
}

put_back() { # PATH…: each is as it was before the transaction; `undo` has its own, for it stands alone when the server starts
    local path
    for path; do
        if [ -e "$transaction/before$path" ] || [ -L "$transaction/before$path" ]; then
            mkdir -p "${path%/*}" && cp -a --remove-destination "$transaction/before$path" "$path"
        else
            rm -f "$path"
        fi
    done
    xargs -r -d '\n' rmdir 2>/dev/null <"$transaction/folders" || true # those of ours that are empty now
}

# A database that was made with generated values can be opened with these only, and its volume stays: so does a new .env
# of what was brought up.
has_been_used() { # PATH
    [[ $1 == */.env && -e $transaction/containers && ! -e $transaction/before$1 ]]
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
    cat "$incoming/refused" "$incoming/staying" >"$incoming/as-before"
    [ -s "$incoming/as-before" ] || return 0
    {
        awk 'NR == FNR { before[$0]; next } !(substr($0, 67) in before)' "$incoming/as-before" "$manifest"
        [ ! -f "$transaction/before$manifest" ] ||
            awk 'NR == FNR { before[$0]; next } substr($0, 67) in before' "$incoming/as-before" "$transaction/before$manifest"
    } | (umask 077 && LC_ALL=C sort --field-separator=$'\n' --key=1.67 >"$manifest.new") && mv "$manifest.new" "$manifest"
}

how_many_files() { # were written and removed
    grep -vxFc -e "$state/manifest" -f "$incoming/as-before" -f <(cut -f 1 "$incoming/secrets") "$incoming/changed-paths" || true
}

keep() { # what was replaced stays readable: the last ten transactions
    local kept
    kept=$state/before/$(date -u +%Y%m%d-%H%M%S)-$$
    mkdir -p "$state/before" && chmod 700 "$state/before" && mv -T "$transaction" "$kept"
    rm -f "$kept/back" "$kept/handlers"
    find "$state/before" -mindepth 1 -maxdepth 1 | sort -r | tail -n +11 | xargs -r -d '\n' rm -rf
}
