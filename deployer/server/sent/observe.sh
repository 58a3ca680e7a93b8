#!/bin/bash
# Answers with one compressed tar: `facts` about this server, the certificates, every file in our manifest, and what it is
# asked on standard input, a line for each question. They come while it looks at what nobody has to ask for.
#   file PATH         the file itself; `folder PATH` among the facts, if it is one
#   path PATH         `missing PATH`, if nothing is there
#   secrets PATH      of a .env no more than the digest of each secret in it: `secret PATH NAME SHA256`
#   unit NAME         `unit NAME ACTIVE ENABLED`; `missing NAME`, if systemd knows none
#   install PACKAGE   of all that are asked for, what apt would do besides: `upgrade NAME FROM`, `remove NAME`, `unknown NAME`
# Changes nothing. What a question says is never run. apt.sh, listening.sh, failures.sh and engine are sent before it.
set -uo pipefail
export LC_ALL=C
state=/var/lib/deploy
answer=$(mktemp -d) || exit 1
trap 'rm -rf "$answer"' EXIT
mkdir "$answer/certificates"

asked_files=() asked_paths=() asked_secrets=() asked_units=() asked_packages=()
read_questions() {
    local question word
    cat >"$answer/questions" # bash reads a file by the page, but a pipe byte by byte
    while IFS= read -r question; do
        word=${question#* }
        case $question in
            'file '?*) asked_files+=("$word") ;;
            'path '?*) asked_paths+=("$word") ;;
            'secrets '?*) asked_secrets+=("$word") ;;
            'unit '?*) asked_units+=("$word") ;;
            'install '?*) asked_packages+=("$word") ;;
            *) echo "observe.sh knows no question such as '$question'" >&2; exit 64 ;;
        esac
    done <"$answer/questions"
}

there() {
    printf '%s\0' $state/manifest "${asked_files[@]}" >"$answer/paths"
    [ -f $state/manifest ] && sed -n 's|^[0-9a-f]\{64\}  /|/|p' $state/manifest | tr '\n' '\0' >>"$answer/paths"
    while IFS= read -r -d '' path; do
        if [[ $path != */.env ]] && { [ -f "$path" ] || [ -L "$path" ]; }; then printf '%s\0' "$path"; fi
    done <"$answer/paths"
}

files() { # PATH…: sets FILES to those that are there; mawk stops at the first that is not
    local path
    FILES=(/dev/null) # without any, awk would read standard input
    for path; do [ -f "$path" ] && FILES+=("$path"); done
}

packages() { # package NAME for each that is installed, and the versions that matter
    local list known
    # shellcheck disable=SC2016 # that is dpkg's language
    list=$(dpkg_list ' ${Provides}')
    half_done <<<"$list"
    known=$(awk '
        function first(fact, names, count, list, i) {
            count = split(names, list)
            for (i = 1; i <= count; i++) if (list[i] in version) { print fact, version[list[i]]; return }
        }
        $1 !~ /^(installed|unpacked|half-|triggers-)/ { next } # half done is not missing: dpkg ends it
        { print "package", $2 }
        $2 == "nginx" && $1 == "installed" && !/nginx-abi-/ { print "foreign_nginx 1" } # modules of the distribution do not fit it
        $2 == "docker-compose" && $3 ~ /^([0-9]+:)?[01][.]/ { next } # no plugin of Docker, but one may stand beside it
        { version[$2] = $3 }
        END {
            first("openssl", "libssl3t64 libssl3")
            first("certbot", "certbot")
            first("docker", "docker-ce docker.io")
            first("compose", "docker-compose-plugin docker-compose-v2 docker-compose")
        }' <<<"$list")
    echo "$known"
    # a person may have put these there without a package
    [[ $known == *$'\n'"docker "* ]] || dockerd --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/docker \1/p'
    # docker.io does no more than recommend the package of `docker`, without which nobody can speak to it
    command -v dockerd >/dev/null && ! command -v docker >/dev/null && echo "no_docker_client 1"
    [[ $known == *$'\n'"compose "* ]] || docker compose version --short 2>/dev/null | sed 's/^v*/compose /'
}

additions() { # what comes along with the packages that are asked for: upgrade, remove; unknown NAME where apt cannot find it
    local names=("${asked_packages[@]}") said unknown
    [ ${#names[@]} -gt 0 ] || return
    if ! said=$(comes_along "${names[@]}"); then # without those that it cannot find, it tells of the others
        unknown=$(sed -nE "s/^E: (Unable to locate package |Package ')([^' ]+).*/\2/p" <<<"$said" | sort -u)
        [ -z "$unknown" ] || printf 'unknown %s\n' "${unknown//$'\n'/$'\nunknown '}"
        mapfile -t names < <(printf '%s\n' "${names[@]}" | grep -vxF "$unknown")
        [ ${#names[@]} -gt 0 ] || return
        said=$(comes_along "${names[@]}") || said="apt_refuses ${said//$'\n'/ }"
    fi
    echo "$said"
}

nginx_version() {
    [[ $(nginx -v 2>&1) =~ nginx/([0-9.]+) ]] && echo "nginx ${BASH_REMATCH[1]}"
}

outdated() { # outdated PROGRAM VERSION: what has been replaced since it was started, and which one runs still
    local nginx=${main_pid[nginx.service]:-0} docker=${main_pid[docker.service]:-0} # a file with their number may be of before, and the number another's by now
    is_replaced "$nginx" && echo "outdated nginx $("/proc/$nginx/exe" -v 2>&1 | sed -n 's|.*nginx/||p')"
    is_replaced "$docker" && echo "outdated docker $("/proc/$docker/exe" --version | sed -n 's/^Docker version //p')"
}

is_replaced() { # PROCESS
    [[ $1 != 0 && $(readlink "/proc/$1/exe") == *' (deleted)' ]]
}

# FILE NAME… for every server_name of the NGINX files that a person may have written
server_names() {
    files /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk 'FNR == 1 { open = 0 }
         { sub(/#.*/, "") }
         /(^|[ \t;{])server_name[ \t]/ { open = 1; sub(/.*server_name[ \t]/, "") }
         open { line = $0; if (sub(/;.*/, "", line)) open = 0; if (line != "") print "name", FILENAME, line }' \
        "${FILES[@]}"
}

# Several are asked for at once, for systemd takes its time for each question
our_units() { # sets state_of and main_pid, and ssh_socket and ssh_pid for listening.sh
    local name value
    local -A unit=()
    while IFS='=' read -r name value; do
        if [ -n "$name" ]; then unit[$name]=$value && continue; fi
        state_of[${unit[Id]}]=${unit[ActiveState]} main_pid[${unit[Id]}]=${unit[MainPID]:-0}
        unit=()
    done < <(systemctl show --property=Id,ActiveState,MainPID -- nginx docker ssh ssh.socket snap.certbot.renew.timer 2>/dev/null && echo)
    # shellcheck disable=SC2034 # they are of listening.sh
    ssh_socket=${state_of[ssh.socket]:-} ssh_pid=${main_pid[ssh.service]:-}
}

units() {
    local name value count=0
    local -A unit=()
    [ ${#asked_units[@]} -gt 0 ] || return
    while IFS='=' read -r name value; do
        if [ -n "$name" ]; then unit[$name]=$value && continue; fi
        name=${asked_units[count++]}
        echo "unit $name ${unit[ActiveState]} ${unit[UnitFileState]}"
        [ "${unit[LoadState]}" != not-found ] || echo "missing $name"
        unit=()
    done < <(systemctl show --property=Id,ActiveState,UnitFileState,LoadState -- "${asked_units[@]}" && echo)
}

# FILE LINE for whatever renews certificates besides Certbot's own timer
renewals() {
    files /var/spool/cron/crontabs/* /etc/crontab /etc/cron.d/*
    awk '/^[^#]*(certbot|letsencrypt|acme\.sh)/ && FILENAME != "/etc/cron.d/certbot" { print "renewal", FILENAME, $0 }' \
        "${FILES[@]}"
    [[ ${state_of[snap.certbot.renew.timer]:-} == active ]] && echo "renewal snap.certbot.renew.timer"
}

secrets() {
    local path
    # shellcheck source=/dev/null
    # what a deploy from before there was lib/ has written is asked, too
    . /usr/local/lib/deploy/lib/composition/secrets 2>/dev/null || . /usr/local/lib/deploy/secrets 2>/dev/null || secret_digests() {
        sed -nE "s|^(export +)?([A-Za-z_][A-Za-z0-9_]*)=.*|secret $1 \2 unknown|p" "$1"
    }
    for path in "${asked_secrets[@]}"; do
        if [ -f "$path" ]; then secret_digests "$path"; fi
    done
}

folders() { # folder PATH: where a file shall be
    local path
    for path in "${asked_files[@]}" "${asked_secrets[@]}"; do
        if [[ -d $path && ! -L $path ]]; then echo "folder $path"; fi
    done
}

missing() {
    local path
    for path in "${asked_paths[@]}"; do
        if [[ ! -e $path && ! -L $path ]]; then echo "missing $path"; fi
    done
}

# Where sshd listens, where the one does that we came through, and where its files say that it will after a reload
ssh_ports() {
    local us
    us=$(our_login)
    us=${us##* }
    {
        [[ ! $us =~ ^[0-9]+$ ]] || printf 'ssh_ours %s\nssh_port %s\n' "$us" "$us"
        ss -Hltnp 2>/dev/null | awk '/"sshd"/ { sub(/.*:/, "", $4); print "ssh_port", $4 }'
        ssh_listens | sed 's/^/ssh_port /'
        ssh_goes_to | sed 's/^/ssh_configured /'
        ! by_socket || echo "ssh_socket 1"
        ! by_socket || by_socket_as_sshd_says || comm -13 <(ssh_listens) <(ssh_ports_written) | sed 's/^/ssh_unheard /'
    } | sort -u
}

firewall() { # UFW's settings, and its rules
    [ -e /etc/deploy/firewall ] && echo "ufw_managed 1"
    [ -e $state/firewall-was-off ] && echo "ufw_was_off 1"
    files /etc/ufw/ufw.conf /etc/default/ufw /etc/ufw/user.rules /etc/ufw/user6.rules
    awk '/^(ENABLED|IPV6|DEFAULT_INPUT_POLICY)=/ { print "ufw", $0 }
         sub(/^### tuple ### /, "") { print "ufw", FILENAME ~ /6/ ? 6 : 4, $0 }' "${FILES[@]}"
    [ -e $state/guard/until ] && sed 's/^/armed /' $state/guard/until 2>/dev/null
}

owed() { # owed NAME PROJECT: of what an apply could not end
    [ ! -e $state/owed ] || sed 's/^/owed /' $state/owed
}

# Of ours, brought_up NAME, and stopped NAME TIME of what was stopped on purpose. engine 1 when Docker answers, then
# container PROJECT FOLDER SERVICE STATE CODE POLICY BINDINGS STARTED PORTS and volume PROJECT NAME of Compose's, with
# tabs between them; a container that was started for one command has no SERVICE
stacks() {
    local label=com.docker.compose ids fields
    find /srv/deploy -mindepth 2 -maxdepth 3 '(' -path '/srv/deploy/*/images/live' -printf 'brought_up %P\n' ')' -o \
        '(' -name stopped ! -path '/srv/deploy/*/*/stopped' -type f -printf 'stopped %P %T@\n' ')' 2>/dev/null |
        sed 's|/images/live$||; s|/stopped | |'
    [ -e /run/docker.pid ] || return 0 # asking would start it
    ids=$(container_ids all "label=$label.project") || return 0
    echo 'engine 1'
    # shellcheck disable=SC2016 # that is Docker's language
    fields=(
        "{{index .Config.Labels \"$label.project\"}}"
        "{{index .Config.Labels \"$label.project.working_dir\"}}"
        "{{if ne (index .Config.Labels \"$label.oneoff\") \"True\"}}{{index .Config.Labels \"$label.service\"}}{{end}}"
        '{{.State.Status}}' '{{.State.ExitCode}}' '{{.HostConfig.RestartPolicy.Name}}'
        '{{len .HostConfig.PortBindings}}' '{{.State.StartedAt}}'
        '{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostIp}}:{{.HostPort}}->{{$port}}, {{end}}{{end}}'
    )
    # shellcheck disable=SC2086  # they are words
    [ -z "$ids" ] || docker inspect --type container --format "container $(IFS=$'\t' && echo "${fields[*]}")" $ids 2>/dev/null
    [[ $(ask_engine volumes "filters={\"label\":[\"$label.project\"]}") =~ ^\{\"Volumes\":(null|\[\])[,}] ]] || # most often there are none
        docker volume ls --filter "label=$label.project" --format "volume {{.Label \"$label.project\"}}\t{{.Name}}" 2>/dev/null
}

# account NAME; and of those who have a shell, login NAME who has a key, and password NAME who has none
accounts() {
    local user home shell file passwords='' said
    said=$(sshd -T 2>/dev/null)
    [[ $said == *"passwordauthentication yes"* ]] && passwords=$(awk -F: '$2 ~ /^[$_a-zA-Z0-9.\/]/ { print $1 }' /etc/shadow 2>/dev/null)
    [[ $said == *"permitrootlogin yes"* ]] || passwords=$(grep -vx root <<<"$passwords")
    while IFS=: read -r user _ _ _ _ home shell; do
        echo "account $user"
        case $shell in */nologin | */false) continue ;; esac
        for file in "$home"/.ssh/authorized_keys{,2}; do
            [ -f "$file" ] || continue # the user may have put there what never ends
            if grep -q '^[^#]' < <(timeout 2 head -c 1000000 -- "$file" 2>/dev/null); then echo "login $user" && continue 2; fi
        done
        [[ $'\n'$passwords$'\n' == *$'\n'"$user"$'\n'* ]] && echo "password $user"
    done < <(getent passwd)
}

jail() { # jail KEY VALUE: what a person has set for all jails, or that of SSH
    files /etc/fail2ban/jail.local
    awk '/^\[/ { counts = ($0 ~ /^\[(DEFAULT|sshd)\]/) }
         counts && /^(bantime|findtime|maxretry|ignoreip)[ \t]*=/ { key = $0; sub(/[ \t]*=.*/, "", key); sub(/^[^=]*=[ \t]*/, ""); print "jail", key, $0 }' "${FILES[@]}"
}

ipv4_only() { # ipv4_only FILE NAMES: servers of NGINX that listen on the ports of the web, but not by IPv6
    files /etc/nginx/conf.d/*.conf /etc/nginx/sites-enabled/*
    awk 'function tell() { if (four && !six && names != "") print "ipv4_only", file, names; four = six = 0; names = "" }
         FNR == 1 { tell() }
         { file = FILENAME; sub(/#.*/, "") }
         /(^|[ \t;{}])server[ \t]*\{/ { tell() }
         /(^|[ \t;{])listen[ \t]+\[/ { six = 1; next }
         /(^|[ \t;{])listen[ \t]+([0-9.]+:|\*:)?(80|443)[ \t;]/ { four = 1 }
         /(^|[ \t;{])server_name[ \t]/ { line = $0; sub(/.*server_name[ \t]+/, "", line); sub(/[ \t]*;.*/, "", line); names = line }
         END { tell() }' "${FILES[@]}"
}

# own_backup FILE, and own_build FILE DOMAIN, of cron lines that back something up, or whose program, or the one that
# they start in a folder, names a folder in /var/www
cron_lines() {
    local path line folder word words
    local -A started_by=() seen=() # a file: the cron files that start it
    files /var/spool/cron/crontabs/root /etc/crontab /etc/cron.d/*
    for path in "${FILES[@]:1}"; do
        [[ $path != /etc/cron.d/deploy-* ]] || continue
        while IFS= read -r line; do
            [[ $line =~ ^[[:space:]]*(#|$|[A-Za-z_]+=) ]] && continue
            [[ ${line,,} =~ backup|mysqldump|mariadb-dump|pg_dump|restic|borg|rsnapshot ]] && echo "own_backup $path"
            folder=''
            [[ $line =~ cd[[:space:]]+(/[^[:space:];\&]+) ]] && folder=${BASH_REMATCH[1]}
            read -ra words <<<"${line//[;&|]/ }"
            for word in "${words[@]}"; do
                case $word in ./*) word=$folder/${word#./} ;; /*) ;; *) continue ;; esac
                [[ ! -f $word || ${started_by[$word]:-} == *"$path"* ]] || started_by[$word]+=$path$'\n'
            done
            while [[ $line =~ /var/www/([a-z0-9.-]+)(.*) ]]; do
                line=${BASH_REMATCH[2]}
                seen["$path ${BASH_REMATCH[1]}"]=1
            done
        done <"$path"
    done
    word=''
    [ ${#started_by[@]} = 0 ] || while IFS= read -r line; do
        if [[ $line == '==> '* ]]; then word=${line#==> } word=${word% <==} && continue; fi
        while IFS= read -r path; do [ -z "$path" ] || seen["$path ${line#/var/www/}"]=1; done <<<"${started_by[$word]:-}"
    done < <(timeout 2 head -v -c 100000 -- "${!started_by[@]}" 2>/dev/null | grep -aoE '^==> /.* <==$|/var/www/[a-z0-9.-]+')
    [ ${#seen[@]} = 0 ] || printf 'own_build %s\n' "${!seen[@]}"
}

# What several parts ask for is asked once: nothing changes meanwhile.
ss() { printf '%s\n' "$sockets"; }
sshd() { printf '%s\n' "$sshd_says"; }

facts() {
    local sockets sshd_says
    local -A state_of=() main_pid=()
    sockets=$(command ss -Hltnp 2>/dev/null) sshd_says=$(command sshd -T 2>/dev/null)
    our_units
    # shellcheck source=/dev/null
    . /etc/os-release
    echo "os $ID"
    echo "release ${VERSION_ID:-}"
    printf 'now %(%s)T\n' -1
    [ -e /proc/net/if_inet6 ] && echo "ipv6 1"
    nginx_version
    outdated
    echo "codename ${VERSION_CODENAME:-}"
    apt_at_work
    packages
    suites
    files /etc/apt/sources.list /etc/apt/sources.list.d/*
    awk '/download\.docker\.com/ && !told[FILENAME]++ { print "docker_repository", FILENAME }' "${FILES[@]}"
    { [ -d $state/transaction ] || [ -e $state/containers ]; } && echo "interrupted 1"
    for version in /opt/hugo/*/bin/hugo; do
        [ -x "$version" ] && version=${version%/bin/hugo} && echo "hugo ${version##*/}"
    done
    files /etc/letsencrypt/renewal/*.conf
    awk -F ' = ' '$1 == "server" || $1 == "authenticator" || $1 == "allow_subset_of_names" {
            name = FILENAME
            gsub(/.*\/|\.conf$/, "", name)
            print $1, name, $2
        }' "${FILES[@]}"
    server_names
    ssh_ports
    web_ports | sed 's/^/web_port /'
    ports_here | sed 's/^/port_here /'
    firewall
    accounts
    owed
    stacks
    failures
    jail
    ipv4_only
    cron_lines
    renewals
}

answers() {
    units
    additions
    secrets
    folders
    missing
}

facts </dev/null >"$answer/facts"
(cd /etc/letsencrypt/live 2>/dev/null && cp -L --parents ./*/cert.pem "$answer/certificates/" 2>/dev/null)
read_questions
answers >>"$answer/facts"
there | sort -zu |
    tar --create --ignore-failed-read --absolute-names --directory="$answer" --recursion facts certificates \
        --no-recursion --null --files-from=- 2>/dev/null |
    gzip -1
