#!/bin/bash
# What Docker is, and what runs in it.
state=/var/lib/deploy
label=com.docker.compose

look_docker() {
    docker_programs
    files /etc/apt/sources.list /etc/apt/sources.list.d/*
    awk '/download\.docker\.com/ && !told[FILENAME]++ { print "docker_repository", FILENAME }' "${FILES[@]}"
    owed
    stacks
    failures
}

docker_programs() { # a person may have put them there without a package
    local pid=${main_pid[docker.service]:-0} # its file may be of before, and the number another's by now
    has_version docker || dockerd --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/version docker \1/p'
    # docker.io does no more than recommend the package of `docker`, without which nobody can speak to it
    command -v dockerd >/dev/null && ! command -v docker >/dev/null && echo "no_docker_client 1"
    has_version compose || "${COMPOSE[@]}" version --short 2>/dev/null | sed 's/^v*/version compose /'
    is_replaced "$pid" dockerd && echo "outdated docker $("/proc/$pid/exe" --version | sed -n 's/^Docker version //p')"
}

label_of() { # NAME: Docker's words for it, on one line, whatever an image has there: each line would be another answer
    printf '{{join (split (join (split (index .Config.Labels "%s") "\\n") " ") "\\t") " "}}' "$label.$1"
}

owed() { # owed NAME PROJECT: of what an apply could not end
    [ ! -e $state/owed ] || sed 's/^/owed /' $state/owed
}

# Of ours, brought_up NAME, and stopped NAME TIME of what was stopped on purpose. engine 1 when Docker answers, then
# container PROJECT FOLDER SERVICE STATE CODE POLICY BINDINGS STARTED PORTS and volume PROJECT NAME of Compose's, with
# tabs between them; a container that was started for one command has no SERVICE
stacks() {
    local line ids fields
    while IFS= read -r line; do
        line=${line%/images/live}
        echo "${line/'/stopped '/ }"
    done < <(find /srv/deploy -mindepth 2 -maxdepth 3 '(' -path '/srv/deploy/*/images/live' -printf 'brought_up %P\n' ')' -o \
        '(' -name stopped ! -path '/srv/deploy/*/*/stopped' -type f -printf 'stopped %P %T@\n' ')' 2>/dev/null)
    [ -e /run/docker.pid ] || return 0 # asking would start it
    ids=$(container_ids all "label=$label.project") || return 0
    echo 'engine 1'
    # shellcheck disable=SC2016 # that is Docker's language
    fields=(
        "$(label_of project)" "$(label_of project.working_dir)"
        "{{if ne (index .Config.Labels \"$label.oneoff\") \"True\"}}$(label_of service){{end}}"
        '{{.State.Status}}' '{{.State.ExitCode}}' '{{.HostConfig.RestartPolicy.Name}}'
        '{{len .HostConfig.PortBindings}}' '{{.State.StartedAt}}'
        '{{range $port, $all := .NetworkSettings.Ports}}{{range $all}}{{.HostIp}}:{{.HostPort}}->{{$port}}, {{end}}{{end}}'
    )
    # shellcheck disable=SC2086  # they are words
    [ -z "$ids" ] || docker inspect --type container --format "container $(IFS=$'\t' && echo "${fields[*]}")" $ids 2>/dev/null
    [[ $(ask_engine volumes "filters={\"label\":[\"$label.project\"]}") =~ ^\{\"Volumes\":(null|\[\])[,}] ]] || # most often there are none
        docker volume ls --filter "label=$label.project" --format "volume {{.Label \"$label.project\"}}\t{{.Name}}" 2>/dev/null
}
