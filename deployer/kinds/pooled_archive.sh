#!/bin/bash
# Programs that come as archives: fetched, proved by their SHA-256, and unpacked in a folder that bears it, once for all sites
# that run on them.

check_archives() { # WHAT COMPLETE PATH…: the programs that these files ask for are here, and are what sites.yaml says
    local what=$1 complete=$2 path ARCHIVE SHA256 PROGRAM code=0
    for path in "${@:3}"; do
        ARCHIVE=''
        # shellcheck source=/dev/null
        if source "$path" && [ -n "$ARCHIVE" ]; then fetch_archive "$path" "$what" "$complete" || code=1; fi
    done
    return "$code"
}

# Into a folder that has its name when all of it is there. COMPLETE gets the folder: it says whether it is what it should be, and
# adds what is missing.
fetch_archive() { # PATH WHAT COMPLETE
    local new=$PROGRAM.new words got code=0
    [ ! -e "$PROGRAM" ] || return 0
    rm -rf "$new" && mkdir -p "$new" || return
    words=$(get_archive "$new.archive" 2>&1) || code=$?
    got=$(sha256sum <"$new.archive" 2>/dev/null | cut -c -64)
    if [ "$code" != 0 ]; then
        echo "$1: $ARCHIVE cannot be had: ${words##*$'\n'}"
    elif [ "$got" != "$SHA256" ]; then
        echo "$1: $ARCHIVE is not what sites.yaml says: its SHA-256 is $got, and sha256: says $SHA256. Nothing of it was run"
    elif ! words=$(unpack_archive "$new.archive" "$new" 2>&1 && "$3" "$new" 2>&1); then
        echo "$1: $ARCHIVE is no archive of $2 (.tar.gz, .tar.bz2 or .zip): ${words##*$'\n'}"
    else
        chmod -R u=rwX,go=rX "$new" && sync -f "$new" && mv -T "$new" "$PROGRAM" &&
            case $ARCHIVE in /var/lib/deploy/sent/*) rm -f "$ARCHIVE" ;; esac
    fi
    rm -rf "$new" "$new.archive" "$new.zip"
    [ -e "$PROGRAM" ]
}

get_archive() { # FILE: an apply waits two minutes for a check
    case $ARCHIVE in
        /*) cp -- "$ARCHIVE" "$1" ;;
        *) curl --fail --location --proto '=http,https' --silent --show-error --connect-timeout 20 --max-time 100 \
            --output "$1" -- "$ARCHIVE" ;;
    esac
}

unpack_archive() { # FILE FOLDER: what is in its one folder
    local all=$2.zip
    if [ "$(head -c 2 "$1")" != PK ]; then
        tar --extract --file "$1" --directory "$2" --strip-components 1 --no-same-owner
    else
        rm -rf "$all" && unzip -q "$1" -d "$all" && rmdir "$2" && mv -T "$all"/* "$2"
    fi
}

forget_archives() { # KIND: those which no site runs on
    local folder
    for folder in /usr/local/share/"$1"/*; do
        if [ -d "$folder" ] && ! grep -qsxF "PROGRAM=$folder" /etc/deploy/"$1"/*; then rm -rf "$folder"; fi
    done
}
