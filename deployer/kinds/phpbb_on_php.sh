#!/bin/bash
# Forums of phpBB: set up by phpBB's own command line, where no visitor can reach it, and upgraded with the way back.
# DATA/unfinished is there from before the first change until all is well. Visitors get 503 then, and whoever comes next knows
# what has to be undone: `install`, a database that is half filled; `upgrade`, one whose dump lies beside it.

check_phpbb() { # PATH…: the programs that these ask for are here, and none is older than what the forum has become
    local path code=0
    check_archives phpBB complete_phpbb "$@" || code=1
    for path; do (read_forum "$path" && check_forum "$path") || code=1; done
    return "$code"
}

complete_phpbb() { # FOLDER: that it is one, as it is published: with the libraries that its makers add
    local version
    version=$(version_of_phpbb "$1")
    if [ ! -f "$1/install/phpbbcli.php" ] || [ ! -f "$1/vendor/autoload.php" ]; then
        echo 'it has no install/phpbbcli.php and vendor/autoload.php'
        return 1
    fi
    [[ $version == 3.3.* ]] || { echo "it is phpBB ${version:-without a version}, and what is known here is 3.3" && return 1; }
}

version_of_phpbb() { # FOLDER
    sed -nE "s/^@?define\('PHPBB_VERSION', '([0-9][0-9A-Za-z.-]*)'\);.*/\1/p" "$1/includes/constants.php" 2>/dev/null
}

read_forum() { # PATH: its values
    CONFIGURATION='' TITLE='' HTTPS='' # among those that it has
    # shellcheck source=/dev/null
    source "$1"
    NEW=$PLACE.new ASIDE=$PLACE.before UNFINISHED=$DATA/unfinished DUMP=$DATA/before.sql
}

check_forum() { # PATH
    local has wanted
    if [ -d "$DATA/db" ] && [ ! -e "$PLACE/.program" ]; then
        echo "$1: $DATA/db is the database of a forum in containers, and this one would begin empty:" \
            'leave archive: out, or give it another domain'
        return 1
    fi
    has=$(version_of_phpbb "$PLACE") wanted=$(version_of_phpbb "$PROGRAM")
    if [ -z "$has" ] || [ -z "$wanted" ] || printf '%s\n' "$has" "$wanted" | sort --version-sort --check 2>/dev/null; then return; fi
    echo "$1: $ARCHIVE is phpBB $wanted, and the forum is $has already: there is no way back but a restore of its backup"
    return 1
}

make_forums() { # each as its file says; what has failed in this apply is not tried again while it looks for whose fault it is
    local path tried said code=0 transaction=/var/lib/deploy/transaction
    for path in /etc/deploy/phpbb/*; do
        [ -e "$path" ] || continue
        tried=$transaction/phpbb-$(sha256sum <"$path" | cut -c -16)
        if [ -e "$tried" ]; then
            said=$(<"$tried")
        elif said=$( (read_forum "$path" && bring_forum) 2>&1); then
            continue
        elif [ -d "$transaction" ]; then
            printf '%s\n' "$said" >"$tried"
        fi
        printf '%s: the forum could not be made:\n%s\n' "$path" "$(tail -n 10 <<<"$said")"
        code=1
    done
    [ "$code" != 0 ] || forget_archives phpbb # whose apply fails goes on with that of before
    return "$code"
}

bring_forum() {
    cd / && install -d -m 700 /var/lib/deploy/phpbb && exec 8>>"/var/lib/deploy/phpbb/$NAME" || return
    # phpBB's own commands hold it, too, and outlive an apply that is killed
    flock --wait 60 8 || { echo "what an apply before this one has begun is still at work: ps -fu $OWNER" && return 1; }
    undo_unfinished || return
    if [ -e "$PLACE/.program" ] && [ "$(<"$PLACE/.program")" = "$PROGRAM" ]; then return; fi
    if has_table phpbb_config; then
        upgrade_forum
    elif is_asked; then
        begin_unfinished install && mark_unfinished && install_forum && lay_forum && set_first_values && end_unfinished
    else
        return 1
    fi
}

# A table in the database says it, too: one that a restore has put there meanwhile is nobody's to undo.
begin_unfinished() { # WHAT
    echo "$1" >"$UNFINISHED.new" && sync "$UNFINISHED.new" && mv -T "$UNFINISHED.new" "$UNFINISHED"
}

mark_unfinished() { ask_forum 'CREATE TABLE IF NOT EXISTS deploy_unfinished (n int)'; }

end_unfinished() {
    ask_forum 'DROP TABLE IF EXISTS deploy_unfinished' && rm -f "$UNFINISHED" && rm -rf "$DUMP" "$ASIDE"
}

undo_unfinished() { # what a killed apply has left, or one that failed; this can be killed, too: the database goes last
    local what
    rm -rf "$NEW" "$DATA/setup" "$DUMP.new"
    what=$(cat "$UNFINISHED" 2>/dev/null)
    if [ -z "$what" ]; then
        rm -rf "$ASIDE" "$DUMP"
        return
    fi
    is_asked || return
    if has_table deploy_unfinished; then
        if [ -d "$ASIDE" ]; then rm -rf "$PLACE" && mv -T "$ASIDE" "$PLACE" || return; fi
        forget_cache
        case $what in
            install) /usr/local/lib/deploy/bin/database mariadb empty --here "$OWNER" ;;
            upgrade) /usr/local/lib/deploy/bin/database mariadb replace --here "$OWNER" <"$DUMP" ;;
        esac || return
    fi
    end_unfinished
}

forget_cache() { # what phpBB has made of code and settings of before
    if [ -d "$DATA/data/cache" ]; then runuser --user "$OWNER" -- find "$DATA/data/cache" -mindepth 1 -delete; fi
}

has_table() { # NAME
    [ -n "$(ask_forum "SHOW TABLES LIKE '$1'" 2>/dev/null)" ]
}

is_asked() { # or the database does not answer, which must not be taken for an empty one
    ask_forum 'SELECT 1' >/dev/null 2>&1 || { echo 'its database does not answer' && return 1; }
}

ask_forum() { # SQL: as its user, who has this database alone
    printf '%s\n' "$1" | runuser --user "$OWNER" -- mariadb --batch --skip-column-names "$OWNER"
}

as_forum() { # ARGUMENT…: PHP, as whom the forum runs as
    timeout --kill-after 10 900 runuser --user "$OWNER" -- env -i PATH="$PATH" LC_ALL=C.UTF-8 "$PHP" "$@"
}

# Its installer ends with 0 whatever has happened; the line in its log is the last thing that it does.
install_forum() {
    local setup=$DATA/setup said
    install -d -m 700 "$setup" && cp -r "$PROGRAM/." "$setup" || return
    install -m 600 /dev/null "$setup/answers.yml" && write_answers >"$setup/answers.yml" || return
    : >"$setup/config.php" && chown -R "$OWNER:$OWNER" "$setup" || return
    said=$(as_forum "$setup/install/phpbbcli.php" install "$setup/answers.yml" 2>&1)
    rm -rf "$setup"
    [ -z "$(ask_forum "SELECT 1 FROM phpbb_log WHERE log_operation = 'LOG_INSTALL_INSTALLED' LIMIT 1" 2>/dev/null)" ] || return 0
    printf 'phpBB has not been set up; it says:\n%s\n' "$said"
    return 1
}

# For phpBB's installer; JSON is YAML, too. It takes a title as that stands in pages, and no empty description. The password
# stands in no argument, which every user could see.
write_answers() {
    # shellcheck disable=SC2016  # PHP reads it
    /usr/local/lib/deploy/bin/secret "$NAME" PASSWORD | "$PHP" -r '
        [, $domain, $https, $title, $email, $admin, $database] = $argv;
        echo json_encode(["installer" => [
            "admin" => ["name" => $admin, "password" => trim(fgets(STDIN)), "email" => $email],
            "board" => ["lang" => "en", "name" => htmlspecialchars($title, ENT_COMPAT), "description" => " "],
            "database" => ["dbms" => "mysqli", "dbhost" => "localhost", "dbport" => "", "dbuser" => $database,
                "dbpasswd" => "", "dbname" => $database, "table_prefix" => "phpbb_"],
            "email" => ["enabled" => false, "smtp_delivery" => false, "smtp_host" => "", "smtp_port" => 25,
                "smtp_user" => "", "smtp_pass" => ""],
            "server" => ["cookie_secure" => (bool) $https, "server_protocol" => $https ? "https://" : "http://",
                "force_server_vars" => true, "server_name" => $domain, "server_port" => $https ? 443 : 80, "script_path" => "/"],
            "extensions" => [],
        ]], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);' -- "$NAME" "$HTTPS" "$TITLE" "$EMAIL" "$ADMIN" "$OWNER"
}

lay_forum() { # PLACE anew: the program, what its owner has added, and where it may write
    local folder own
    [ -d "$ASIDE" ] || { mkdir -p "$PLACE" && mv -T "$PLACE" "$ASIDE"; } || return
    cp -a "$PROGRAM" "$NEW" && rm -r "$NEW/install" || return
    for folder in cache files store images/avatars/upload; do
        own=$DATA/data/${folder##*/}
        # As its user, whose links lead root nowhere
        runuser --user "$OWNER" -- mkdir -p -m 700 "$own" && rm -rf "${NEW:?}/$folder" && ln -s "$own" "$NEW/$folder" || return
    done
    printf "<?php\n// Made by deploy.\nrequire '%s';\n" "$CONFIGURATION" >"$NEW/config.php" && echo "$PROGRAM" >"$NEW/.program" &&
        chmod 644 "$NEW/config.php" "$NEW/.program" && keep_own_files || return
    chown "root:$OWNER" "$NEW" && chmod 750 "$NEW" && sync -f "$NEW" && rm -rf "$PLACE" && mv -T "$NEW" "$PLACE" && forget_cache
}

keep_own_files() { # extensions, styles, languages, and whatever else is not of the program that was there
    local old
    old=$(cat "$ASIDE/.program" 2>/dev/null)
    LC_ALL=C comm -23 <(files_in "$ASIDE") <(files_in "${old:-/nonexistent}") |
        tar --create --directory "$ASIDE" --verbatim-files-from --files-from - |
        tar --extract --directory "$NEW" --skip-old-files --no-same-owner
}

files_in() { # FOLDER
    (cd "$1" 2>/dev/null && find . ! -type d | LC_ALL=C sort) || :
}

set_first_values() { # addresses without app.php, and the clock of the server instead of visitors
    as_forum "$PLACE/bin/phpbbcli.php" config:set enable_mod_rewrite 1 --quiet &&
        as_forum "$PLACE/bin/phpbbcli.php" config:set use_system_cron 1 --quiet
}

upgrade_forum() { # or a forum of before, whose program is laid anew
    begin_unfinished upgrade || return
    if dump_forum && mark_unfinished && lay_forum && as_forum "$PLACE/bin/phpbbcli.php" db:migrate --safe-mode --no-interaction; then
        end_unfinished
        return
    fi
    undo_unfinished && echo 'what was before the upgrade is there again'
    return 1
}

dump_forum() {
    (umask 077 && /usr/local/lib/deploy/bin/database mariadb dump --here "$OWNER" >"$DUMP.new") &&
        sync "$DUMP.new" && mv -T "$DUMP.new" "$DUMP"
}
