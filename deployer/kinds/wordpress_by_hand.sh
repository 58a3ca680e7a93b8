#!/bin/bash
# A WordPress that was set up by hand is taken over: its wp-content and its database stay where they are, what logins go by is
# copied. What serves it until then can read all of it as long as that lasts, and it is given back when this is undone. What is
# not as sites.yaml says is refused before anything is touched.

check_old_wordpress() { # PATH: of its values
    local config there version
    [[ -n $TAKES_OVER && ! -e $DATA/taken-over && -e $TAKES_OVER ]] || return 0 # what is on no server any more is restored
    if ! config=$(config_of_before) || [[ ! -f $TAKES_OVER/wp-includes/version.php ]]; then
        echo "$1: $TAKES_OVER, which takes_over: names, has no WordPress with its wp-config.php"
        return 1
    fi
    [[ -d $TAKES_OVER/wp-content && ! -L $TAKES_OVER/wp-content ]] || { echo "$1: $TAKES_OVER/wp-content is no folder of its own" && return 1; }
    there=$(said_by_config "$config" DB_NAME) && must_say "$1" "$config" DB_NAME "$there" "$DATABASE" &&
        there=$(said_by_config "$config" table_prefix) && must_say "$1" "$config" table_prefix "$there" "$PREFIX" || return
    there=$(said_by_config "$config" DB_HOST)
    [[ $there =~ ^(localhost|127\.0\.0\.1)(:|$) ]] || { echo "$1: its database is on $there: bring it to this server first" && return 1; }
    there=$(said_by_config "$config" MULTISITE)
    [[ -z $there || $there == @(0|false|FALSE) ]] || { echo "$1: $config makes it a network of sites, which cannot be taken over" && return 1; }
    said_by_config "$config" salts >/dev/null || { echo "$1: what logins go by is not written out in $config" && return 1; }
    there=$(version_of_wordpress "$TAKES_OVER") version=$(version_of_wordpress "$PROGRAM")
    [[ $(printf '%s\n' "$there" "$version" | sort --version-sort | tail -n 1) == "$version" ]] || {
        echo "$1: $TAKES_OVER is WordPress $there, and $version would not read all of its database: archive: and sha256: in sites.yaml name a newer one"
        return 1
    }
    systemctl start mariadb 2>&1
    has_tables || { echo "$1: MariaDB has no table ${PREFIX}options in the database $DATABASE" && return 1; }
}

config_of_before() { # as WordPress itself looks for it
    local file
    for file in "$TAKES_OVER/wp-config.php" "${TAKES_OVER%/*}/wp-config.php"; do
        if [[ -f $file ]]; then echo "$file" && return; fi
    done
    return 1
}

must_say() { # PATH CONFIG NAME THERE WANTED
    [[ $4 == "$5" ]] || { echo "$1: in $2, $3 is ${4:-not written out}, and sites.yaml says $5" && return 1; }
}

version_of_wordpress() { sed -nE "s/^\\\$wp_version *= *'([0-9.]+).*/\1/p" "$1/wp-includes/version.php"; } # FOLDER

has_tables() {
    [[ $(mariadb --skip-column-names --execute "SELECT COUNT(*) FROM information_schema.tables
        WHERE table_schema = '$DATABASE' AND table_name = '${PREFIX}options'") == 1 ]]
}

said_by_config() { # FILE NAME|salts: what a wp-config.php says, which is read, and not run; salts, as PHP has them
    setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs env -i PATH="$PATH" php -- "$2" 3<"$1" <<'END'
<?php
$words = $said = array();
foreach (token_get_all(stream_get_contents(fopen('php://fd/3', 'r'))) as $token) {
    if (!is_array($token)) $token = array(0, $token);
    if (!in_array($token[0], array(T_WHITESPACE, T_COMMENT, T_DOC_COMMENT))) $words[] = $token;
}
function literal($word)
{
    if ($word[0] !== T_CONSTANT_ENCAPSED_STRING) return in_array($word[0], array(T_STRING, T_LNUMBER)) ? $word[1] : null;
    $text = substr($word[1], 1, -1);
    return $word[1][0] === "'" ? strtr($text, array('\\\\' => '\\', "\\'" => "'")) : stripcslashes($text);
}
$words = array_merge($words, array_fill(0, 6, array(0, '')));
foreach (array_slice($words, 0, -6) as $at => $word) {
    if (strtolower(ltrim($word[1], '\\')) === 'define' && $words[$at + 1][1] === '(') {
        $said[literal($words[$at + 2])] = $words[$at + 5][1] === ')' ? literal($words[$at + 4]) : null;
    } elseif ($word[1] === '$table_prefix' && $words[$at + 1][1] === '=' && $words[$at + 3][1] === ';') {
        $said['table_prefix'] = literal($words[$at + 2]);
    }
}
if ($argv[1] !== 'salts') exit((string) ($said[$argv[1]] ?? ''));
foreach (array('AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE') as $name) {
    foreach (array("{$name}_KEY", "{$name}_SALT") as $name) {
        if (!array_key_exists($name, $said)) continue; // then WordPress has it in its database
        if ($said[$name] === null) exit(1);
        printf("define('%s', %s);\n", $name, var_export($said[$name], true));
    }
}
END
}

take_over_wordpress() { # once
    local old uploads
    [[ -n $TAKES_OVER && ! -e $DATA/taken-over ]] || return 0
    if [[ ! -e $TAKES_OVER/wp-content ]]; then # a server that is set up anew
        mkdir -p "$TAKES_OVER" && install -d -o "$OWNER" -g www-data -m 750 "$TAKES_OVER/wp-content" && : >"$DATA/taken-over"
        return
    fi
    old=$(stat --format=%U:%G "$TAKES_OVER/wp-content")
    uploads=$(stat --format=%U:%G "$TAKES_OVER/wp-content/uploads" 2>/dev/null || echo "$old")
    take_over_salts && printf '%s\n' "$OWNER $TAKES_OVER $old $uploads" >"$DATA/taken-over.new" && sync "$DATA/taken-over.new" &&
        mv -T "$DATA/taken-over.new" "$DATA/taken-over" || return
    runuser --user "$OWNER" -- test -x "$TAKES_OVER" || chmod o+x "$TAKES_OVER" || return
    # www-data, as whom it has run so far, reads it by its group, and so does NGINX for ever. As its user, for whom no link leads elsewhere.
    chown --recursive --no-dereference "$OWNER:www-data" "$TAKES_OVER/wp-content" &&
        runuser --user "$OWNER" -- chmod --recursive u+rwX,g+rX,o-w "$TAKES_OVER/wp-content"
}

take_over_salts() { # whoever is logged in stays so
    local file=$DATA/salts.php config
    config=$(config_of_before) || return
    install -o root -g "$OWNER" -m 640 /dev/null "$file.new" || return
    { printf '<?php\n// What the logins of %s go by, from %s.\n' "$NAME" "$config" && said_by_config "$config" salts; } >"$file.new" &&
        sync "$file.new" && mv -T "$file.new" "$file"
}

give_back_wordpress() { # what a site had taken over that is not there any more, also because an apply was undone
    local record name user place old uploads words code=0
    for record in /opt/*/taken-over; do
        name=${record%/taken-over} name=${name##*/}
        [[ -s $record && ! -e /etc/deploy/wordpress/$name ]] || continue
        read -r user place old uploads <"$record"
        if words=$(give_back_content "$place/wp-content" 2>&1); then
            rm -f "$record"
        else
            echo "$place/wp-content could not be given back to $old: ${words##*$'\n'}"
            code=1
        fi
    done
    return "$code"
}

give_back_content() { # FOLDER: to whom the record says, if it is still there
    [[ -e $1 ]] || return 0
    chown --recursive --no-dereference --from="$user" "$old" "$1" || return
    [[ ! -e $1/uploads ]] || chown --recursive --no-dereference --from="$old" "$uploads" "$1/uploads"
}
