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
    mkdir -p "$state" && private_lock "$state/lock" && exec 9>>"$state/lock"
    flock -n 9 && return
    say "! $(cat "$state/holder" 2>/dev/null || echo somebody) is applying"
    [ -n "$wait_for_lock" ] || exit 75
    flock 9
}

receive() {
    incoming=$(mktemp -d "$state/incoming.XXXXXX") || exit 1
    shell_of_apply=$BASHPID # a child that a signal ends before it has begun runs what Bash has of its parent's traps
    trap '[ "$BASHPID" != "$shell_of_apply" ] || rm -rf "$incoming"' EXIT
    if ! tar --extract --gzip --preserve-permissions --touch --directory="$incoming" 2>"$incoming.errors" || [ ! -e "$incoming/zz-end" ]; then
        say "✗ the changes did not arrive whole; nothing was changed"
        indent <"$incoming.errors"
        rm -f "$incoming.errors"
        exit 1
    fi
    rm -f "$incoming.errors"
    mkdir -p "$incoming/files"
    touch "$incoming"/{upgrades,watched,secrets,compositions,tried,steps,leads,gone,takeovers,staying,owners}
    cp "$incoming/label" "$state/holder"
    read_owners
}

enough_space() {
    local needed free total place
    read -r needed _ < <(du -sk "$incoming")
    needed=$((needed * 2 + 20480))
    while read -r free place; do
        case $free in *[!0-9]*) continue ;; esac # the heading
        [ "$free" -ge $needed ] && continue
        say "✗ $place has $((free / 1024)) MB free, and $((needed / 1024)) MB are needed; nothing was changed"
        exit 1
    done < <(df -k --output=avail,file / /etc "$state")
    needed=$(($(find "$incoming" | wc -l) * 2 + 100))
    while read -r free total place; do # some file systems do not count their files
        case $free$total in *[!0-9]*) continue ;; esac
        if [ "$total" = 0 ] || [ "$free" -ge $needed ]; then continue; fi
        say "✗ $place can have $free files and folders more, and $needed are needed; nothing was changed (df -i $place)"
        exit 1
    done < <(df --output=iavail,itotal,file / /etc "$state")
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
