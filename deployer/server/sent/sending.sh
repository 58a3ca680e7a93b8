#!/bin/bash
# A file of whoever applies comes to this server, and has its place, under its digest, when all of it is there and proved. What was
# cut off is gone on with.
#   have DIGEST              prints how many bytes of it have come, and their SHA-256; nothing, where none have
#   take DIGEST FIRST SIZE   reads the rest on standard input
# Exit: 0 it is here, 1 it is not.
set -uo pipefail
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
place=/var/lib/deploy/sent
file=$place/$2
part=$file.part
reserve=50000000 # bytes that stay free

fail() { echo "✗ $*" && exit 1; }

have() {
    if [[ -s $part ]]; then printf '%s %s\n' "$(stat -c %s "$part")" "$(sha256sum <"$part" | cut -c -64)"; fi
}

take() { # FIRST SIZE
    local free got
    mkdir -p "$place" && : >>"$place/lock" && chmod 600 "$place/lock" || return
    exec 9>>"$place/lock"
    flock --timeout 60 9 || fail "$place is in use by another apply"
    find "$place" -type f ! -name lock ! -name "${part##*/}" -mmin +1440 -delete # of applies that were given up
    free=$(($(df --output=avail -B1 "$place" | tail -n 1)))
    ((free > $2 - $1 + reserve)) || fail "it is not sent: $((free / 1000000)) MB are free in $place, and $((($2 - $1 + reserve) / 1000000)) MB are needed"
    if ! : >>"$part" || ! truncate --size "$1" "$part" || ! cat >>"$part"; then rm -f "$part" && fail "$part could not be written"; fi
    got=$(stat -c %s "$part")
    ((got == $2)) || fail "$((got / 1000000)) of $(($2 / 1000000)) MB have come: the next apply goes on from there"
    got=$(sha256sum <"$part" | cut -c -64)
    [[ $got == "${file##*/}" ]] || { rm -f "$part" && fail "what has come is another file: its SHA-256 is $got"; }
    sync "$part" && mv -T "$part" "$file"
}

case $1 in
    have) have ;;
    take) take "$3" "$4" ;;
esac
