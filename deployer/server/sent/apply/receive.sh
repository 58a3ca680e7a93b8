#!/bin/bash
# The lock, and the parcel: whole, with room for it, and made for this server as it is. A part of apply.sh.

writable() { # asked before anything else, for what comes after would only say what it cannot do
    local place
    for place in /etc /srv /usr/local /var/lib /var/log; do
        [ ! -e $place ] || [ -w $place ] || {
            say "✗ $place is read-only on this server; nothing was changed"
            say "  What is mounted there: findmnt -T $place; whether its disk is failing: journalctl -k"
            exit 1
        }
    done
}

private_lock() { (umask 077 && : >>"$1") && chmod 600 "$1"; } # FILE: who can open it can hold it

lock() {
    [ -d "$state" ] || mkdir -p "$state"
    private_lock "$state/lock" && exec 9>>"$state/lock"
    flock -n 9 && return
    say "! $(cat "$state/holder" 2>/dev/null || echo somebody) is applying"
    [ -n "$wait_for_lock" ] || exit 75
    flock 9
}

receive() {
    local words file
    incoming=$(mktemp -d "$state/incoming.XXXXXX") || exit 1
    shell_of_apply=$BASHPID # a child that a signal ends before it has begun runs what Bash has of its parent's traps
    trap '[ "$BASHPID" != "$shell_of_apply" ] || rm -rf "$incoming"' EXIT
    if ! words=$(tar --extract --gzip --preserve-permissions --touch --directory="$incoming" 2>&1) || [ ! -e "$incoming/zz-end" ]; then
        say "✗ the changes did not arrive whole; nothing was changed"
        indent <<<"$words"
        exit 1
    fi
    [ -d "$incoming/files" ] || mkdir "$incoming/files"
    for file in upgrades watched secrets compositions tried steps leads gone takeovers staying owners; do : >>"$incoming/$file"; done
    say "$(<"$incoming/label")" >"$state/holder"
    read_owners
}

enough_space() {
    local blocks needed=0 files=0 free left total place
    while read -r blocks; do needed=$((needed + blocks)) files=$((files + 1)); done < <(find "$incoming" -printf '%k\n')
    needed=$((needed * 2 + 20480)) files=$((files * 2 + 100))
    while read -r free left total place; do
        case $free in *[!0-9]*) continue ;; esac # the heading
        if [ "$free" -lt $needed ]; then
            say "✗ $place has $((free / 1024)) MB free, and $((needed / 1024)) MB are needed; nothing was changed"
            exit 1
        fi
        case $left$total in *[!0-9]*) continue ;; esac # some file systems do not count their files
        if [ "$total" = 0 ] || [ "$left" -ge $files ]; then continue; fi
        say "✗ $place can have $left files and folders more, and $files are needed; nothing was changed (df -i $place)"
        exit 1
    done < <(df -k --output=avail,iavail,itotal,file / /etc "$state")
}

as_the_plan_saw() {
    local seen path
    while IFS=$'\t' read -r seen path; do
        case $seen in
            absent) [ ! -e "$path" ] && [ ! -L "$path" ] ;;
            link:*) [ -L "$path" ] && [ "link:$(readlink "$path")" = "$seen" ] ;;
            *) printf '%s  %s\n' "$seen" "$path" >&7 ;;
        esac || say "$path: was $seen"
    done <"$incoming/expect" >"$incoming/changed" 7>"$incoming/digests"
    if [ -s "$incoming/digests" ]; then sha256sum --check --quiet "$incoming/digests" >>"$incoming/changed" 2>/dev/null; fi
    [ -s "$incoming/changed" ] || return 0
    say "✗ the server has changed since the plan was made; nothing was changed now"
    indent <"$incoming/changed"
    exit 74
}
