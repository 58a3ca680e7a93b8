#!/bin/bash
# A Gitea that was set up by hand is taken over: its secrets become files, its data stays where it is, and when it does not get
# well so, it runs again as it did. What is not as this one will have it is refused before anything is touched.

check_by_hand() { # what is there, and is not what sites.yaml says of it
    local unit program said data
    [[ ! -e $FOLDER/secrets/first-user ]] || return 0
    unit=$(unit_by_hand)
    if [[ -z $TAKES_OVER ]]; then
        [[ -z $unit ]] || ! systemctl --quiet is-active "$unit" || {
            echo "$CONF: $unit runs a $PROGRAM that was set up by hand. takes_over: in sites.yaml goes on with it (deploy plan says how); else stop and disable that unit"
            return 1
        }
        return 0
    fi
    [[ -r $TAKES_OVER ]] || { echo "$CONF: $TAKES_OVER, which takes_over: names, is not there" && return 1; }
    [[ -n $unit ]] || { echo "$CONF: no unit in /etc/systemd/system runs a program with $TAKES_OVER" && return 1; }
    data=$(said_by_hand server APP_DATA_PATH) || data=$(said_by_hand '' WORK_PATH)/data
    must_be data "$data" "$DATA" && must_be repositories "$(said_by_hand repository ROOT || echo "$data/gitea-repositories")" "$(said_now repository ROOT)" &&
        must_be database "$(said_by_hand database DB_TYPE)" "$(said_now database DB_TYPE)" || return
    if [[ $ENGINE == sqlite ]]; then must_be "database, whose file is" "$(said_by_hand database PATH)" "$DATA/gitea.db" || return; fi
    program=$(sed -nE 's/^ExecStart=[-@:+!]*([^ ]+).*/\1/p' "/etc/systemd/system/$unit" | tail -n 1)
    said=$("$program" --version 2>/dev/null </dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | sed -n 1p)
    [[ -z $said || $said == "$VERSION" ]] || {
        echo "$CONF: $program is version $said: take it over with that one first, and upgrade then, for only that has a way back"
        return 1
    }
}

must_be() { # KEY THERE WANTED
    [[ $2 == "$3" ]] || { echo "$CONF: in $TAKES_OVER, $1 is $2, and sites.yaml says $3" && return 1; }
}

unit_by_hand() { # that is not ours, and runs it with its app.ini
    grep -lsE "^ExecStart=.*/$PROGRAM( .*)? ${TAKES_OVER:-/etc/$PROGRAM/app.ini}( |$)" /etc/systemd/system/*.service | grep -v '/deploy-' | sed -n 1p | sed 's|.*/||'
}

said_by_hand() { said_in "$TAKES_OVER" "$@"; } # SECTION KEY
said_now() { said_in "$INI" "$@"; }

said_in() { # FILE SECTION KEY: its value; fails if it has none
    awk -v wanted="$2" -v name="$3" '
        /^[ \t]*[;#]/ { next }
        /^[ \t]*\[/ { section = $0; gsub(/^[ \t]*\[+|\].*/, "", section); next }
        section == wanted && index($0, "=") {
            key = value = $0
            sub(/[ \t]*=.*/, "", key); sub(/^[ \t]*/, "", key)
            sub(/^[^=]*=[ \t]*/, "", value); sub(/[ \t\r]+$/, "", value)
            if (value ~ /^".*"$/ || value ~ /^`.*`$/) value = substr(value, 2, length(value) - 2)
            if (key == name && value != "") found = value
        }
        END { if (found == "") exit 1; print found }' "$1"
}

take_over_gitea() {
    local unit words
    unit=$(unit_by_hand)
    [[ -n $unit ]] || { start_gitea && return; } # killed after it was taken over
    move_secrets && systemctl stop "$unit" || return
    if words=$(take_over_database 2>&1) && bring_custom && start_gitea; then
        systemctl disable --quiet "$unit"
        as_account admin regenerate hooks >/dev/null && as_account admin regenerate keys >/dev/null ||
            echo "! hooks and keys still name the program of before: $LINK --config $INI admin regenerate hooks, as $ACCOUNT"
        return 0
    fi
    echo "$words"
    systemctl stop "$UNIT"
    if [[ $ENGINE == sqlite && -s $ASIDE/by-hand ]]; then gitea_database replace <"$ASIDE/by-hand"; fi
    systemctl start "$unit" || return
    if UNIT=$unit is_well_in_time; then echo "$unit runs again, as it did"; else echo "$unit was started again, and is not well"; fi
    return 1
}

move_secrets() { # none is made anew, for what they have encrypted could not be read any more
    local section key value place
    while read -r section key; do
        place=$FOLDER/secrets/$key
        value=$(said_by_hand "$section" "$key") || value=$(secret_by_path "$section" "$key") || continue
        install -o root -g "$ACCOUNT" -m 640 /dev/null "$place.new" && printf %s "$value" >"$place.new" && sync "$place.new" &&
            mv -T "$place.new" "$place" || return
    done <<'END'
security SECRET_KEY
security INTERNAL_TOKEN
server LFS_JWT_SECRET
oauth2 JWT_SECRET
END
    if ! said_by_hand security SECRET_KEY >/dev/null && ! secret_by_path security SECRET_KEY >/dev/null; then
        printf %s '!#@FDEWREWR&*(' >"$FOLDER/secrets/SECRET_KEY" # what Gitea takes where there is none, known to everybody
        echo '! it had no SECRET_KEY: two-factor logins and secrets are encrypted by one that everybody knows, and stay so'
    fi
}

secret_by_path() { # SECTION KEY
    local path
    path=$(said_by_hand "$1" "$2_URI") && cat -- "${path#file:}"
}

take_over_database() { # SQLite's stays where it is, and is dumped; another's is copied into ours, and stays for the way back
    local name
    if [[ $ENGINE == sqlite ]]; then
        (umask 077 && gitea_database dump >"$ASIDE/by-hand") && [[ -s $ASIDE/by-hand ]]
        return
    fi
    name=$(said_by_hand database NAME) || return
    [[ $name != "$ACCOUNT" ]] || return 0
    (umask 077 && /usr/local/lib/deploy/bin/database "$ENGINE" dump --here "$name" >"$ASIDE/by-hand") && gitea_database replace <"$ASIDE/by-hand"
}

bring_custom() { # templates and pictures of its own
    local there
    there=$(said_by_hand '' WORK_PATH)/custom
    if [[ -d $there && ! -e $DATA/custom ]]; then cp -a -- "$there" "$DATA/custom"; fi
}
