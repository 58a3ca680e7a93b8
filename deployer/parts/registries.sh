#!/bin/bash
# What a change of the logins to registries asks for. They stand in /root/.docker/config.json, which `docker` and `docker compose`
# read, beside what else is there. /var/lib/deploy/registries has what we wrote, REGISTRY KEY SHA256: so nothing else goes.

check_registries() { # that each takes its login; what cannot be asked now is no reason to wait
    local from=/etc/deploy/registries before registry user name helper said code=0
    [ -e $from/logins ] || return 0
    # shellcheck source=/dev/null
    . /usr/local/lib/deploy/lib/composition/secrets || return
    before=$(kept_by_docker) || { echo "$before" && return 1; }
    while read -r registry user name <&5; do
        case $registry in '' | '#'*) continue ;; esac
        helper=$(jq --raw-output --arg key "$(docker_key "$registry")" '.credHelpers[$key] // ""' <<<"$before")
        if [ -n "$helper" ]; then
            echo "/root/.docker/config.json has $helper ask for the login to $registry (credHelpers): take that out, or $registry out of sites.yaml"
            code=1
            continue
        fi
        read_secret $from/.env "$name" || { echo "$from/.env has no $name" && return 1; }
        said=$(ask_to_log_in "$registry" "$user")
        case ${said,,} in
            *unauthorized* | *denied* | *incorrect* | *forbidden* | *' 401'* | *' 403'*)
                echo "$registry does not take the login of $user (sites.yaml: docker: registries: $registry): $said"
                code=1 ;;
        esac
    done 5<$from/logins
    return $code
}

ask_to_log_in() { # REGISTRY USER, with the password SECRET: what Docker or the registry has against that
    [ -e /run/docker.pid ] || return 0 # asking would start it
    jq --null-input --arg key "$(docker_key "$1")" --arg user "$2" --rawfile password <(printf %s "$SECRET") \
        '{username: $user, password: $password, serveraddress: $key}' |
        curl --silent --max-time 10 --noproxy '*' --unix-socket /run/docker.sock --header 'Content-Type: application/json' \
            --data-binary @- http://docker/auth | jq --raw-output '.message // empty' 2>/dev/null
}

docker_key() { # REGISTRY: what Docker calls it in its file
    if [ "$1" = docker.io ]; then echo https://index.docker.io/v1/; else echo "$1"; fi
}

kept_by_docker() { # what is in its file; where we cannot add to it, why, and fails
    local file=/root/.docker/config.json
    if [ -L /root/.docker ] || [ -L $file ]; then
        echo "$file is a link, and passwords belong into a file of root's own: put it in the link's place"
        return 1
    fi
    [ -s $file ] || { echo '{}' && return; }
    jq --slurp 'if length == 1 and (.[0] | type == "object" and all(.auths, .credHelpers; . == null or type == "object"))
        then .[0] else error end' $file 2>/dev/null ||
        { echo "$file is not what Docker writes there, a JSON object: mend it, or move it away" && return 1; }
}

log_in_to_registries() {
    local from=/etc/deploy/registries ours=/var/lib/deploy/registries before registry user name login logins='' now=''
    [ -e $from/logins ] || [ -e $ours ] || return 0
    # shellcheck source=/dev/null
    [ ! -e $from/logins ] || . /usr/local/lib/deploy/lib/composition/secrets || return
    before=$(kept_by_docker) || { echo "$before" && return 1; }
    umask 077
    while read -r registry user name <&5; do
        case $registry in '' | '#'*) continue ;; esac
        read_secret $from/.env "$name" || { echo "$from/.env has no $name" && return 1; }
        login=$(printf '%s:%s' "$user" "$SECRET" | base64 --wrap=0)
        logins+="$(docker_key "$registry") $login"$'\n'
        now+="$registry $(docker_key "$registry") $(sha256_of "$login")"$'\n'
    done 5< <(cat $from/logins 2>/dev/null)
    # known as ours before they are there: who is killed in between has written none that stays for good
    { cat $ours 2>/dev/null; printf %s "$now"; } >$ours.new && sync $ours.new && mv $ours.new $ours || return
    write_logins "$before" "$logins" "$(logins_gone "$before" "$now")" || return
    if [ -n "$now" ]; then printf %s "$now" >$ours.new && mv $ours.new $ours; else rm -rf $ours $from; fi
}

logins_gone() { # BEFORE NOW: the keys of those that we wrote, that nobody has changed, and that shall not be
    local registry key digest
    while read -r registry key digest; do
        case $'\n'$2 in *$'\n'"$registry "*) continue ;; esac
        if [ "$(sha256_of "$(jq --raw-output --arg key "$key" '.auths[$key].auth // empty' <<<"$1")")" = "$digest" ]; then echo "$key"; fi
    done </var/lib/deploy/registries
}

sha256_of() { printf %s "$1" | sha256sum | cut -c -64; } # LOGIN

# Where a program keeps logins (credsStore), one in the file counts only with an empty name of a program for its registry.
write_logins() { # BEFORE LOGINS GONE: all else in Docker's file stays
    local file=/root/.docker/config.json
    [ -d ${file%/*} ] || mkdir -m 700 ${file%/*} || return
    install -m 600 /dev/null $file.new || return
    # shellcheck disable=SC2016 # that is the language of jq
    jq --tab --rawfile logins <(printf %s "$2") --rawfile gone <(printf %s "$3") '
        reduce ($gone | split("\n")[] | select(. != "")) as $key (.;
            del(.auths[$key]) | if .credHelpers[$key] == "" then del(.credHelpers[$key]) else . end)
        | reduce ($logins | split("\n")[] | select(. != "") | split(" ")) as [$key, $login] (.;
            .auths[$key] = {auth: $login} | if (.credsStore // "") != "" then .credHelpers[$key] = "" else . end)
        | if .credHelpers == {} then del(.credHelpers) else . end' <<<"$1" >$file.new || return
    sync $file.new && mv $file.new $file
}
