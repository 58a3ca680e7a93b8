#!/bin/bash
# Tells what an attacker would look for on this server: lines of words, each beginning with what it is about.
# Changes nothing. room.sh, apt.sh and nginx.sh are sent before it, and what `doctor` tells, too.
set -uo pipefail
export LC_ALL=C

listening() { # listen PROTOCOL ADDRESS PORT PROGRAM
    ss -Hltunp | awk '{
        address = $5; sub(/:[^:]*$/, "", address); sub(/%.*/, "", address); gsub(/[][]/, "", address)
        port = $5; sub(/.*:/, "", port)
        program = match($0, /\(\("[^"]*"/) ? substr($0, RSTART + 3, RLENGTH - 4) : "-"
        print "listen", $1, address, port, program
    }' | sort -u
}

# Keys that users of our Gitea or Forgejo give it: they run nothing but its program, as whom it knows them
OF_A_FORGE='^command="/opt/[^/" ]+/bin/(gitea|forgejo) --config=/etc/deploy/gitea/[^/" ]+\.ini serv key-[0-9]+"(,no-[A-Za-z0-9-]+)*,restrict [a-z]'

logins() {
    sshd -T 2>/dev/null |
        sed -nE 's/^(passwordauthentication|kbdinteractiveauthentication|permitrootlogin|permitemptypasswords) /sshd \1 /p'
    ssh_goes_to | sed 's/^/sshd port /'
    awk -F: '$2 == "" { print "nopassword", $1 }' /etc/shadow
    awk -F: '$3 == 0 && $1 != "root" { print "root", $1 }' /etc/passwd
    grep -HsE '^[^#]*NOPASSWD:' /etc/sudoers /etc/sudoers.d/* | sed 's/:/ /; s/^/sudo /' # sudo FILE RULE
    while IFS=: read -r user _ _ _ _ home _; do # key USER TYPE BASE64 COMMENT
        for file in "$home/.ssh/authorized_keys" "$home/.ssh/authorized_keys2"; do
            [ -f "$file" ] || continue # the user may have put there what never ends
            timeout 2 head -c 1000000 -- "$file" 2>/dev/null | grep -avE "$OF_A_FORGE" | grep -aoE '^[^#]*' |
                grep -oE '(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]+|sk-[a-z0-9@.-]+) AAAA[A-Za-z0-9+/=]+.*' |
                sed "s/^/key $user /"
        done
    done < <(getent passwd)
    for file in /srv/deploy/*/deploy_key.pub; do # deploy_key TYPE BASE64 COMMENT: with it this server fetches a site
        [ ! -f "$file" ] || sed 's/^/deploy_key /' "$file"
    done
}

# shellcheck disable=SC2016 # the user `nobody` is the one who looks
secrets() { # readable PATH: what the user `nobody` can read
    find /opt /etc/letsencrypt /etc/deploy /srv/deploy /root /home /etc/ssh /etc/ssl/private -xdev -maxdepth 5 -type f \
        \( -name '.env' -o -name 'privkey*.pem' -o -name 'deploy_key' -o -name 'id_*' ! -name '*.pub' \
        -o -name 'ssh_host_*_key' -o -name '.pgpass' -o -name '.my.cnf' -o -name 'credentials' \) -print0 2>/dev/null |
        setpriv --reuid=nobody --regid=nogroup --clear-groups \
            bash -c 'while IFS= read -r -d "" path; do [ ! -r "$path" ] || echo "readable ${path//[[:cntrl:]]/?}"; done'
}

# shellcheck disable=SC2016 # the user `nobody` is the one who looks
secrets_of_php() { # readable PATH: where programs of PHP have their passwords, if there is one in it
    find -H /var/www/* /srv/deploy/*/releases /srv/www /opt/*/data /usr/share/nginx -xdev -maxdepth 6 -type f \
        \( -name wp-config.php -o -name '.env*' -o -name config.php -o -name configuration.php -o -name settings.php \
        -o -name LocalSettings.php -o -name env.php -o -name database.php -o -name 'parameters.y*ml' -o -name auth.json \) -print0 2>/dev/null |
        setpriv --reuid=nobody --regid=nogroup --clear-groups bash -c 'while IFS= read -r -d "" path; do
            if head -c 100000 -- "$path" 2>/dev/null | grep -aiE "pass(word|wd)?|secret|_KEY" >/dev/null; then echo "readable ${path//[[:cntrl:]]/?}"; fi
        done'
}

php() { # php VERSION of each PHP-FPM, and php_shows FILE:LINE where it shows visitors its errors
    local folder
    php_there
    for folder in /etc/php/*/fpm; do
        [ -x "/usr/sbin/php-fpm$(basename "${folder%/fpm}")" ] || continue
        { # of php.ini and what is read after it, the last counts
            grep -HnsiE '^[[:space:]]*display_errors[[:space:]]*=' "$folder/php.ini" "$folder"/conf.d/*.ini | tail -1
            grep -HnsiE '^[[:space:]]*php(_admin)?_(value|flag)\[display_errors\][[:space:]]*=' "$folder"/pool.d/*.conf
        } | sed -nE 's/^([^:]*:[0-9]+):[^=]*=[[:space:]]*"?(on|1|true|yes|stdout)"?[[:space:]]*$/php_shows \1/Ip'
    done
}

updates() {
    apt-get --simulate -o Debug::NoLocking=true upgrade 2>/dev/null |
        awk '/^Inst / && /[Ss]ecurity/ { print "upgrade", $2 }'
    [ ! -e /run/reboot-required ] || echo "reboot $(sort -u /run/reboot-required.pkgs 2>/dev/null | tr '\n' ' ')"
    apt_at_work
    dpkg_list | half_done
    suites
    # shellcheck source=/dev/null
    (. /etc/os-release && echo "codename ${VERSION_CODENAME:-}")
    echo "lists $(stat -c %Y /var/lib/apt/periodic/update-success-stamp 2>/dev/null || stat -c %Y /var/lib/apt/lists)"
}

defences() {
    ufw status 2>/dev/null | awk '/^Status: / { print "ufw", $2 }
        $2 ~ /^(ALLOW|LIMIT)$/ && $3 == "Anywhere" && $1 ~ /^[0-9:]+(\/(tcp|udp))?$/ {
            print "let_in", $1 ($1 ~ /\// ? "" : "/tcp")
            if ($1 !~ /\//) print "let_in", $1 "/udp"
        }'
    echo "fail2ban $(systemctl is-active fail2ban 2>/dev/null)"
    echo "daily $(apt-config dump APT::Periodic::Unattended-Upgrade 2>/dev/null | grep -o '[0-9]*')"
    sha256sum --check --quiet /var/lib/deploy/manifest 2>/dev/null | sed 's/^/edited /; s/: FAILED.*//'
}

# shellcheck disable=SC2016 # that is Docker's language
containers() {
    if ! said=$(docker info --format '{{.ID}}' 2>&1); then
        command -v docker >/dev/null || said='the program docker is missing'
        [ ! -e /run/docker.pid ] || echo "silent_docker ${said##*$'\n'}"
        return
    fi
    echo "docker $(docker version --format '{{.Server.Version}}')"
    docker ps --quiet | xargs -r docker inspect --format \
        '{{$name := .Name}}container {{.Name}} {{or .Config.User (printf "#%v" .State.Pid)}} {{.HostConfig.Privileged}} {{.HostConfig.PidMode}}{{if and (eq .HostConfig.LogConfig.Type "json-file") (not (index .HostConfig.LogConfig.Config "max-size"))}}
endless {{$name}}{{end}}{{range .Mounts}}
mounted {{$name}} {{.RW}} {{.Source}}{{end}}{{range .HostConfig.CapAdd}}
capability {{$name}} {{.}}{{end}}{{range .HostConfig.Devices}}
device {{$name}} {{.PathOnHost}}{{end}}{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}
published {{$name}} {{.HostIp}} {{.HostPort}} {{$port}}{{end}}{{end}}' | awk '
        $1 == "container" && $3 ~ /^#/ { # nobody says as whom it runs: its first process may have become somebody else
            user = "root"
            file = "/proc/" substr($3, 2) "/status"
            while ((getline line <file) > 0) if (split(line, word) && word[1] == "Uid:") user = word[3]
            close(file)
            sub(/#[0-9]+/, user)
        }
        { print }'
}

services() { # unwell NAME WHY, and stopped NAME BY: what sites.yaml wants and does not run
    local well
    well=$(program well)
    [ ! -x "$well" ] ||
        "$well" | awk -F '\t' '$2 == "" { print "stopped", $1, $3; next } { print "unwell", $1, $2 }'
}

echo "now $(date +%s)"
make_answer
for part in listening logins secrets secrets_of_php php updates defences expiries containers services nginx_refuses; do
    $part >"$answer/$part" 2>/dev/null &
done
wait
all_was_kept
rm "$answer/room"
cat "$answer"/*
