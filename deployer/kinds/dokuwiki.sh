#!/bin/bash
# What new wikis of DokuWiki ask for.

make_wikis() { # what is not there of each: its folders, its settings, and the user who may change everything
    local file NAME OWNER TITLE ADMIN DATA password hash code=0
    for file in /etc/deploy/dokuwiki/*; do
        [ -e "$file" ] || continue
        # shellcheck source=/dev/null
        source "$file"
        [ ! -e "$DATA/data/conf/users.auth.php" ] || continue
        password=$(/usr/local/lib/deploy/bin/secret "$NAME" PASSWORD)
        if [ -z "$password" ] || ! hash=$(php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_BCRYPT);' <<<"$password"); then
            echo "$NAME: the password of its first user could not be made"
            code=1
            continue
        fi
        printf '%s\n' "$DATA/data" "$TITLE" "$ADMIN" "$hash" |
            runuser --user "$OWNER" -- env -i PATH="$PATH" LC_ALL=C.UTF-8 bash -c "$(declare -f fill_wiki); fill_wiki" 2>&1 || code=1
    done
    return "$code"
}

fill_wiki() { # as its user, into folders that are this user's; reads FOLDER, TITLE, ADMIN and HASH
    local folder title admin hash quote="'"
    umask 027
    read -r folder && read -r title && read -r admin && read -r hash || return
    mkdir -p "$folder"/{attic,cache,conf,index,locks,log,media,media_attic,media_meta,meta,pages,tmp} && cd "$folder/conf" || return
    title=${title//\\/\\\\}
    printf '<?php\n' | tee plugins.local.php >local.php
    cat >>local.php <<END || return
\$conf['title'] = '${title//$quote/\\$quote}';
\$conf['useacl'] = 1;
\$conf['superuser'] = '@admin';
\$conf['disableactions'] = 'register';
\$conf['userewrite'] = 1;
END
    printf '%s\n' '<?php' "\$conf['savedir'] = '$folder';" >local.protected.php
    printf '# <?php exit()?>\n*\t@ALL\t1\n*\t@user\t8\n' >acl.auth.php
    printf '# <?php exit()?>\n%s:%s:%s:%s@localhost:admin,user\n' "$admin" "$hash" "$admin" "$admin" >users.auth.php.new
    mv users.auth.php.new users.auth.php
}
