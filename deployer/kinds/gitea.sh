#!/bin/bash
# What a change of Gitea's files asks for: its program is fetched and proved, an upgrade has a way back, and its first user is made.

check_gitea() { # PATH…: the programs that these ask for are here, and are what sites.yaml says
    local path code=0
    for path; do
        if [[ $path == *.conf ]]; then (read_gitea "$path" && fetch_program && check_by_hand) || code=1; fi
    done
    return "$code"
}

run_gitea() { # each as its files say; what has failed in this apply is not tried again while it looks for whose fault it is
    local path tried said code=0 transaction=/var/lib/deploy/transaction
    for path in /etc/deploy/gitea/*.conf; do
        [[ -e $path ]] || continue
        tried=$transaction/gitea-$(cat "$path" "${path%.conf}.ini" | sha256sum | cut -c -16)
        if [[ -e $tried ]]; then
            cat "$tried"
            code=1
        elif ! said=$( (read_gitea "$path" && bring_gitea) 2>&1); then
            printf '%s\n' "$said"
            if [[ -d $transaction ]]; then printf '%s\n' "$said" >"$tried"; fi
            code=1
        fi
    done
    return "$code"
}

read_gitea() { # PATH: its values
    CONF=$1
    VERSION='' SHA256='' ORIGIN='' EMAIL='' # among those that it has
    # shellcheck source=/dev/null
    . "$CONF"
    PROGRAMS=$FOLDER/bin LINK=$FOLDER/bin/$PROGRAM WANTED=$PROGRAM-$VERSION-${SHA256:0:12} ASIDE=$FOLDER/upgrade
}

# Its program

fetch_program() { # under a name that has its digest; nothing runs it before that is right
    local new=$PROGRAMS/$WANTED.part words got code=0
    if [[ -x $PROGRAMS/$WANTED && -L $LINK ]]; then return; fi
    install -d -m 755 "$FOLDER" "$PROGRAMS" || return
    find "$PROGRAMS" -name '*.part' ! -name "$WANTED.part" -delete # of another that did not come whole
    words=$(get_program "$new" 2>&1) || code=$?
    if [[ $code == 33 ]]; then # what has it knows no parts
        rm -f "$new"
        code=0
        words=$(get_program "$new" 2>&1) || code=$?
    fi
    if [[ $code != 0 ]]; then
        echo "$CONF: $ORIGIN cannot be had: ${words##*$'\n'}"
        case $code in
            18 | 28 | 56) [[ ! -s $new ]] || echo "$(du -m "$new" | cut -f 1) MB have come: the next apply goes on from there" ;;
            *) rm -f "$new" ;;
        esac
        echo "$(df -h --output=avail "$PROGRAMS" | tail -n 1 | tr -d ' ') are free there. Another place that has it: binary: in sites.yaml"
        return 1
    fi
    got=$(sha256sum <"$new" | cut -c -64)
    if [[ $got != "$SHA256" ]]; then
        rm -f "$new"
        echo "$CONF: $ORIGIN is not what sites.yaml says: its SHA-256 is $got, and sha256: says $SHA256. It was not run"
        return 1
    fi
    chmod 755 "$new" && sync "$new" && mv -T "$new" "$PROGRAMS/$WANTED" || return
    if [[ $ORIGIN == /var/lib/deploy/sent/* ]]; then rm -f "$ORIGIN"; fi
    if [[ ! -e $LINK ]]; then switch_program "$WANTED"; fi # systemd looks for it
}

get_program() { # FILE: goes on where it stopped; an apply waits two minutes for a check
    case $ORIGIN in
        /var/lib/deploy/sent/*) if [[ -e $ORIGIN ]]; then cp -- "$ORIGIN" "$1"; else echo 'it was not sent, see above' && return 1; fi ;;
        /*) cp -- "$ORIGIN" "$1" ;;
        *) curl --fail --location --proto '=http,https' --silent --show-error --connect-timeout 20 --max-time 100 \
            --continue-at - --output "$1" -- "$ORIGIN" ;;
    esac
}

switch_program() { # NAME: the path stays, for it stands in the hooks of each repository and in the keys of each user
    ln -sfn "$1" "$LINK.new" && mv -T "$LINK.new" "$LINK"
}

as_account() { # ARGUMENT…: its program, as whom it runs as
    (cd / && exec runuser --user "$ACCOUNT" -- env -i PATH="$PATH" USER="$ACCOUNT" HOME="/home/$ACCOUNT" \
        GITEA_WORK_DIR="$DATA" GITEA_CUSTOM="$DATA/custom" FORGEJO_WORK_DIR="$DATA" FORGEJO_CUSTOM="$DATA/custom" \
        "$LINK" --config "$INI" "$@")
}

# It runs

bring_gitea() {
    local now stopped=''
    take_turn && make_gitea_places && make_gitea_database || return
    exec 8>>"$ASIDE/at-work" # who holds it looks after an upgrade; what a dead one has left is put back by bin/gitea-guard
    flock 8 || return
    end_cut_off_upgrade || return
    if [[ ! -x $PROGRAMS/$WANTED ]]; then # nothing is stopped that could not be started again
        echo "$PROGRAMS/$WANTED is not there: nothing was changed"
        return 1
    fi
    now=$(readlink "$LINK")
    if is_stopped; then stopped=1; fi
    if [[ ! -e $FOLDER/secrets/first-user ]]; then # it has never been well
        switch_program "$WANTED" || return
        if ! begin_gitea; then
            systemctl stop "$UNIT"
            return 1
        fi
    elif [[ $now != "$WANTED" ]]; then
        upgrade_gitea "$now" || return
    elif [[ -z $stopped ]] && ! runs_as_it_says; then
        start_gitea || return
    fi
    if [[ -n $stopped ]]; then systemctl stop "$UNIT"; else make_first_user; fi
}

take_turn() { # a backup or restore at work would have half of what was there before, and half of what is done here
    # shellcheck source=/dev/null
    . /usr/local/lib/deploy/lib/common/site || return
    hold_lock 7 "/srv/deploy/$NAME/lock" "$NAME is backed up or restored: waiting" 7200 && return
    echo "$NAME: a backup or restore of it has been running for two hours: given up"
    return 1
}

begin_gitea() { # for the first time
    if [[ -n $TAKES_OVER ]]; then take_over_gitea; else start_gitea; fi
}

is_stopped() { # on purpose, and stays so; not by an upgrade that was killed while it rested
    [[ ! -e $ASIDE/rests && $(systemctl is-active "$UNIT") == inactive ]] &&
        [[ -e /srv/deploy/$NAME/stopped || $(systemctl is-enabled "$UNIT" 2>/dev/null) == enabled ]]
}

runs_as_it_says() { # with these files, from when it was well last: they are looked at more than once where one is refused
    [[ $(cat "$PROGRAMS/started" 2>/dev/null) == "$(digest_of_gitea)" ]] && systemctl --quiet is-active "$UNIT"
}

digest_of_gitea() { cat "$CONF" "$INI" | sha256sum | cut -c -64; }

start_gitea() { # anew, until it is well; fails, and says what it said itself
    local began=$EPOCHSECONDS
    : >"$ASIDE/rests"
    systemctl stop "$UNIT"
    systemctl reset-failed "$UNIT" 2>/dev/null
    rm -f "$PROGRAMS/started"
    # The start of an upgrade lasts until it is well
    if systemctl start --no-block "$UNIT" && rm -f "$ASIDE/rests" && is_well_in_time; then
        digest_of_gitea >"$PROGRAMS/started"
        return
    fi
    journalctl --sync 2>/dev/null
    echo "$UNIT is not well after $((EPOCHSECONDS - began)) s; it says:"
    journalctl --no-pager --quiet --output cat --since "@$began" "_SYSTEMD_UNIT=$UNIT" >"$PROGRAMS/words.new"
    { grep -F -e '[E]' -e '[F]' "$PROGRAMS/words.new" || cat "$PROGRAMS/words.new"; } | sed 's/^[0-9/]* [0-9:]* //' | awk '!seen[$0]++' | tail -n 5
    rm -f "$PROGRAMS/words.new"
    return 1
}

is_well_in_time() { # a migration may take long; what crashes again and again is not waited for
    local last=$((SECONDS + WAIT))
    while ((SECONDS < last)); do
        if is_well_now; then return; fi
        if (($(systemctl show --property=NRestarts --value "$UNIT") >= 2)) || systemctl --quiet is-failed "$UNIT"; then return 1; fi
        pause 0.3
    done
    return 1
}

is_well_now() {
    systemctl --quiet is-active "$UNIT" &&
        curl --fail --silent --output /dev/null --max-time 5 "http://127.0.0.1:$PORT/api/healthz"
}

make_gitea_places() {
    local name
    install -d -m 755 "$FOLDER" "$PROGRAMS" &&
        install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 750 "$DATA" "/home/$ACCOUNT" &&
        install -d -o "$ACCOUNT" -g "$ACCOUNT" -m 700 "/home/$ACCOUNT/.ssh" &&
        install -d -o root -g "$ACCOUNT" -m 750 "$FOLDER/secrets" && install -d -m 700 "$ASIDE" || return
    for name in SECRET_KEY INTERNAL_TOKEN LFS_JWT_SECRET JWT_SECRET RUNNER_TOKEN; do
        [[ ! -s $FOLDER/secrets/$name ]] || continue
        make_gitea_secret "$FOLDER/secrets/$name.new" && mv -T "$FOLDER/secrets/$name.new" "$FOLDER/secrets/$name" || return
    done
}

make_gitea_secret() { # FILE: 32 random bytes in letters, as JWT wants them
    install -o root -g "$ACCOUNT" -m 640 /dev/null "$1" && head -c 32 /dev/urandom | base64 --wrap 0 | tr '+/' '-_' | tr -d '=' >"$1" && sync "$1"
}

# Its database

make_gitea_database() {
    [[ $ENGINE == sqlite ]] || /usr/local/lib/deploy/bin/database "$ENGINE" make --here "$ACCOUNT"
}

gitea_database() { # ACTION
    local place=$ACCOUNT
    if [[ $ENGINE == sqlite ]]; then place=$DATA/gitea.db; fi
    /usr/local/lib/deploy/bin/database "$ENGINE" "$1" --here "$place"
}

# An upgrade. FOLDER/upgrade/from names the program of before, from when the dump is whole until the new one is well; whenever the
# unit starts, bin/gitea-guard looks whether it is there.

upgrade_gitea() { # FROM
    local words
    echo "from $1 to $WANTED:"
    : >"$ASIDE/rests" && systemctl stop "$UNIT" || return
    if ! words=$(keep_gitea_dump "$1" 2>&1); then
        echo "$words"
        echo 'no dump of the database could be made: nothing was changed, the program of before runs on'
        systemctl start "$UNIT" && rm -f "$ASIDE/rests"
        return 1
    fi
    if switch_program "$WANTED" && start_gitea; then
        forget_programs "$1"
        return
    fi
    put_gitea_back && echo "$1 runs again, with the database of before"
    return 1
}

keep_gitea_dump() { # FROM: in a place of root's own, and looked at before anything changes
    rm -f "$ASIDE/from" || return
    (umask 077 && gitea_database dump >"$ASIDE/dump.new") || return
    if ! grep -qi 'into [`"]\?\(public\.\)\?version\|copy public.version' "$ASIDE/dump.new"; then
        echo "the dump in $ASIDE/dump.new has no table that says which version it is of"
        return 1
    fi
    sync "$ASIDE/dump.new" && mv -T "$ASIDE/dump.new" "$ASIDE/dump" && echo "$1" >"$ASIDE/from.new" && sync "$ASIDE/from.new" &&
        mv -T "$ASIDE/from.new" "$ASIDE/from"
}

put_gitea_back() { # the program that FOLDER/upgrade/from names, and its dump
    systemctl stop "$UNIT"
    /usr/local/lib/deploy/bin/gitea-guard "$NAME" --at-work || return
    start_gitea && rm -f "$PROGRAMS/started" # app.ini may be the one that goes back
}

end_cut_off_upgrade() { # what its apply did not live to see: its start ends when it is well, and it has what was written since
    [[ -e $ASIDE/from ]] || return 0
    if is_well_now; then rm -f "$ASIDE/from" && return; fi
    echo 'an upgrade was cut off: what was before it comes back first'
    # It is not started: it may refuse the new app.ini, and whoever calls starts what shall run
    : >"$ASIDE/rests" && systemctl stop "$UNIT" && /usr/local/lib/deploy/bin/gitea-guard "$NAME" --at-work
}

forget_programs() { # FROM: all but this and the one that runs
    local program
    for program in "$PROGRAMS/$PROGRAM"-*; do
        case ${program##*/} in "$1" | "$WANTED") ;; *) rm -f "$program" ;; esac
    done
}

# Its first user, whose password is made by apply: that stands in no argument, which every user of the server could see.

make_first_user() {
    local made=$FOLDER/secrets/first-user
    [[ ! -e $made ]] || return 0
    if [[ ! -e $made.begun ]]; then
        if [[ -n $(as_account admin user list --admin | tail -n +2) ]]; then : >"$made" && return; fi
        : >"$made.begun"
    fi
    if ! as_account admin user list --admin | awk '{ print $2 }' | grep -xF -- "$OWNER" >/dev/null; then
        as_account admin user create --username "$OWNER" --email "$EMAIL" --admin --random-password --must-change-password=false >/dev/null || return
    fi
    set_first_password && mv -T "$made.begun" "$made"
}

set_first_password() { # with a token for just that, which goes by the new password, and so proves it
    local token name="deploy-$RANDOM$RANDOM" SECRET=''
    token=$(as_account admin user generate-access-token --username "$OWNER" --token-name "$name" --scopes write:admin --raw | tail -n 1) || return
    # shellcheck source=/dev/null
    SECRET=$(. /usr/local/lib/deploy/lib/composition/secrets && read_secret "$FOLDER/.env" PASSWORD && printf %s "$SECRET") || return
    printf 'header = "Authorization: token %s"\nheader = "Content-Type: application/json"\ndata = "%s"\n' "$token" \
        "$(printf %s "$SECRET" | jq --raw-input --slurp --compact-output --arg name "$OWNER" \
            '{login_name: $name, source_id: 0, must_change_password: false, password: .}' | sed 's/["\\]/\\&/g')" |
        curl --config - --fail --silent --show-error --retry 5 --retry-connrefused --output /dev/null --request PATCH "http://127.0.0.1:$PORT/api/v1/admin/users/$OWNER" || return
    printf 'user = "%s:%s"\n' "$OWNER" "$SECRET" |
        curl --config - --fail --silent --show-error --output /dev/null --request DELETE "http://127.0.0.1:$PORT/api/v1/users/$OWNER/tokens/$name"
}
