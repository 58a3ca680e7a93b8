#!/bin/bash
# The part of apply.sh that moves what runs in containers from what it is to what it shall be; it is sent before it.
# In the order of the plan, so that each port is free before somebody begins there; NGINX leads visitors to a place only
# when what shall be there answers; what cannot come up gives back what others gave it; and what was not ended is owed.
# shellcheck disable=SC2034,SC2154 # variables such as $incoming, $transaction, $state and $partly are those of apply.sh
declare -A BECAME=() # of each composition that came up: well or back
declare -A STAYS=()  # of each of which something is refused, or could not come up: it is as it was
FIREWALL=/etc/deploy/firewall
ports_kept='' # the firewall's list is not the one that came

folder_of() { # NAME
    local folder
    folder=$(value_of "$1" DIRECTORY)
    say "${folder:-/opt/$1}"
}

value_of() { # NAME KEY: a value of the composition, now or before, such as PROJECT: what Docker Compose calls it
    value_in "/etc/deploy/sites/$1.conf" "$2" || value_before "$1" "$2"
}

value_before() { # NAME KEY
    value_in "$transaction/before/etc/deploy/sites/$1.conf" "$2"
}

value_in() { # FILE KEY
    local line
    [ -r "$1" ] || return
    while IFS= read -r line || [ "$line" ]; do
        if [[ $line == "$2="* ]]; then line=${line#*=} && say "${line//\'/}" && return; fi
    done <"$1"
    return 1
}

owner_of() { # PROJECT: whose it is now
    local file
    file=$(grep -lsE "^PROJECT='?$1'?\$" /etc/deploy/sites/*.conf | head -1)
    file=${file##*/}
    say "${file%.conf}"
}

by_compose() { # PROJECT COMMAND…: its containers, whatever is in their folder
    (cd / && "${COMPOSE[@]}" --project-name "$@" 9>&-)
}

is_refused() { [ -n "${STAYS[$1]:-}" ]; } # NAME

refuse_all_of() { # OWNER: all that is its own is as it was, and so is what leads to it, and who was to have something of it
    local path paths
    ! is_refused "$1" || return 0
    STAYS[$1]=1
    mapfile -t paths < <(
        awk -F '\t' -v name="$1" '$2 == name { print $1 }' "$incoming/owners" | grep -xF -f "$transaction/paths"
        leading_to "$1")
    printf '%s\n' "${paths[@]}" >>"$incoming/refused"
    for path in "${paths[@]}"; do has_been_used "$path" || put_back "$path"; done
    keep_ports "$1"
    refuse_takers "$1"
    while IFS= read -r path <&5; do refuse_all_of "$(basename "$path" .conf)"; done 5< <(leading_to "$1")
}

refuse_takers() { # NAME: a name, port or project that it keeps is not free for who was to have it
    local name old what
    while read -r name old what <&5; do
        if [ "$old" != "$1" ] || is_refused "$name" || [ "${BECAME[$name]:-}" = well ]; then continue; fi
        say "  $name waits: it takes $what from $1, which stays as it was."
        refuse_all_of "$name"
    done 5<"$incoming/takeovers"
}

keep_ports() { # NAME: in the firewall's list, which all share, its lines are those of before
    local before=$transaction/before$FIREWALL
    grep -qxF "$FIREWALL" "$transaction/paths" && [ -e "$FIREWALL" ] || return 0
    if [ ! -e "$before" ]; then
        [ ! -e "/etc/deploy/sites/$1.conf" ] || return 0 # there was no list to tell its ports
        before=/dev/null
    fi
    {
        grep '^#' "$FIREWALL"
        awk -v name="$1" 'FNR == 1 { file++ } /^[0-9]/ && (substr($0, index($0, " ") + 1) == name) == (file == 2)' \
            "$FIREWALL" "$before" | sort -n
    } >"$FIREWALL.new"
    if cmp -s "$FIREWALL.new" "$FIREWALL"; then rm "$FIREWALL.new"; else mv "$FIREWALL.new" "$FIREWALL" && ports_kept=1; fi
}

remember_ports_kept() { # in the list of what is ours
    [ "$ports_kept" ] || return 0
    { awk -v file="$FIREWALL" 'substr($0, 67) != file' "$state/manifest" && sha256sum "$FIREWALL"; } |
        (umask 077 && LC_ALL=C sort --field-separator=$'\n' --key=1.67 >"$state/manifest.new") && mv "$state/manifest.new" "$state/manifest"
}

without_secrets() { # NAME WORDS: Compose repeats values in its own
    # shellcheck source=/dev/null disable=SC2034 # `hush` looks at it
    (NAME=$1 && for part in common/site composition/secrets; do . "/usr/local/lib/deploy/lib/$part"; done && hush_secrets "$(folder_of "$NAME")/.env" && say "$2")
}

check_compositions() {
    local name folder words
    while IFS= read -r name <&8; do
        ! is_refused "$name" || continue
        folder=$(folder_of "$name")
        words=$(cd "$folder" && "${COMPOSE[@]}" --file docker-compose.yml config --quiet 2>&1) && continue
        say "✗ $name: Docker Compose refuses $folder/docker-compose.yml"
        without_secrets "$name" "$words" | indent
        say "  $name stays as it was; everything else goes live."
        refuse_all_of "$name"
    done 8<"$incoming/compositions"
}

# ── where NGINX leads ─────────────────────────────────────────────────────────────────────────

leading_to() { # NAME: NGINX's files that count only when it answers
    awk -v name="$1" '$1 == name { print $2 }' "$incoming/leads"
}

hold_back() { # the files that lead to what does not answer there yet are as they were until it does
    local files names
    mapfile -t files < <(cut -d ' ' -f 2 "$incoming/leads" | grep -vxF -f "$incoming/refused")
    [ ${#files[@]} -gt 0 ] || return 0
    mkdir -p "$incoming/held" && (cd / && cp -a --parents -t "$incoming/held" "${files[@]/#/.}") || return
    put_back "${files[@]}"
    passes_all && return
    mapfile -t names < <(cut -d ' ' -f 1 "$incoming/leads")
    lead_to "${names[@]}" # those of before do not go with what is new for all
    : >"$incoming/leads"
}

lead_to() { # NAME…: the files that lead there are the new ones
    local name file
    for name; do
        while IFS= read -r file; do
            grep -qxF -- "$file" "$incoming/refused" || cp -a --remove-destination "$incoming/held$file" "$file"
        done < <(leading_to "$name")
    done
}

follow() { # NGINX does as its files say
    local words
    words=$(check_nginx 2>&1 && reload_nginx) && return
    say "✗ NGINX refuses to lead there:"
    indent <<<"$words"
    return 1
}

lead_visitors() { # NAME: it answers at its port, and now at its name
    [ -n "$(leading_to "$1")" ] || return 0
    lead_to "$1"
    follow && is_served "$1"
}

is_served() { # NAME: as visitors get it, where NGINX has just been led to it
    [ -z "$(leading_to "$1")" ] || /usr/local/lib/deploy/bin/served "$1"
}

# ── coming up ─────────────────────────────────────────────────────────────────────────────────

lacks_network() { # NAME: one that another stack makes is not there yet
    local network folder
    folder=$(folder_of "$1")
    grep -qs external "$folder/docker-compose.yml" || return
    while IFS= read -r network; do
        docker network inspect "$network" >/dev/null 2>&1 || return 0
    done < <(cd "$folder" && "${COMPOSE[@]}" --file docker-compose.yml config 2>/dev/null | awk '
        /^[^ ]/ { networks = ($1 == "networks:") }
        networks && /^    name: / { gsub(/["\047]/, "", $2); name = $2 }
        networks && /^    external: true/ { print name }')
    return 1
}

push_missing() { # NAME OPTION…
    /usr/local/lib/deploy/bin/push "$1" --missing --hold "${@:2}" --by "${who%%, since*}" 9>&-
}

push_leading() { # NAME OPTION…: where its own containers are replaced, visitors go to the new ones as soon as they answer
    local name=$1 push port there=''
    if [[ " $* " != *' --at-port '* ]] || ! was_composition "$name" || holds_its_port "$name"; then
        push_missing "$@"
        return
    fi
    port=$(value_of "$name" PORT)
    push_missing "$@" &
    push=$!
    while kill -0 "$push" 2>/dev/null; do
        if [ -z "$there" ] && is_taken "$port" && holds_its_port "$name"; then there=1; fi
        if [ "$there" ] && answers_at_port "$name" && ! has_its_former_port "$name"; then
            lead_to "$name"
            follow
            break
        fi
        sleep 0.1
    done
    wait "$push"
}

was_composition() { # NAME: before this apply
    grep -qxs "KIND='\?compose'\?" "$transaction/before/etc/deploy/sites/$1.conf"
}

is_taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; } # PORT: by whoever

holds_its_port() { # NAME: a container of its own, and so nobody else
    some_run "label=com.docker.compose.project=$(value_of "$1" PROJECT)" "publish=$(value_of "$1" PORT)"
}

has_its_former_port() { # NAME: a container, to which visitors go
    some_run "publish=$(value_before "$1" PORT)"
}

some_run() { # FILTER=VALUE…
    local ids
    ids=$(container_ids running "$@") && [ -n "$ids" ]
}

answers_at_port() { # NAME
    curl --silent --fail --globoff --max-time 2 --noproxy '*' --header "Host: $1" --output /dev/null \
        "http://127.0.0.1:$(value_of "$1" PORT)$(value_of "$1" PROBE)" 2>/dev/null
}

give_back() { # NAME PROJECT…: it is as it was, and so is what stopped for it
    local name=$1 project own
    own=$(value_of "$name" PROJECT)
    BECAME[$name]=back
    refuse_all_of "$name"
    follow
    if [ -e "/etc/deploy/sites/$name.conf" ]; then
        bring_back "$name"
    elif [ -z "$(ending "$own")" ] && [ -z "$(owner_of "$own")" ]; then # it came up, and has no way back
        by_compose "$own" down --remove-orphans >/dev/null 2>&1
    fi
    for project in "${@:2}"; do keep_composition "$(ending "$project")" "$name"; done
    remember_failure "$name"
}

what_is_tried() { # NAME
    awk -v name="$1" '$1 == name { print $2 }' "$incoming/tried"
}

remember_failure() { # NAME: for the next plans; whatever brings it up takes that away (`remember_live`)
    local tried why file=/srv/deploy/$1/failed
    rm -f "$file"
    tried=$(what_is_tried "$1")
    [ -n "$tried" ] && docker version >/dev/null 2>&1 || return 0 # without Docker it was not tried
    why=$(grep -F "\"site\":\"$1\",\"action\":\"push\"" /var/log/deploy/push.log 2>/dev/null | tail -n 1 |
        sed -nE 's/.*"result":"failed".*,"error":"(.*)"\}$/\1/p' | sed 's/\\\(["\\]\)/\1/g')
    { (umask 077 && printf 'time=%(%s)T\ntried=%s\nwhy=%s\n' -1 "$tried" "${why:-visitors do not get its page}" >"$file.new") &&
        mv "$file.new" "$file"; } 2>/dev/null
}

has_failed_before() { # NAME: just so, and nothing of it has changed since
    local tried
    tried=$(what_is_tried "$1")
    [ -n "$tried" ] && grep -qsx "tried=$tried" "/srv/deploy/$1/failed"
}

bring_back() { # NAME: what it runs, if it ran in containers before
    ! grep -qx "KIND='\?compose'\?" "/etc/deploy/sites/$1.conf" || "$(program push)" "$1" --back 9>&-
}

ending() { # PROJECT: the name of what ends
    awk -v project="$1" '$2 == project { print $1 }' "$incoming/gone"
}

keep_composition() { # NAME BUT: it was to end, and stays, for BUT, which was to have its place, is not well
    [ -n "$1" ] || return 0
    awk -v name="$1" '$1 != name' "$incoming/gone" >"$incoming/still-gone"
    mv "$incoming/still-gone" "$incoming/gone"
    [ "$1" != "$2" ] || return 0 # the same one as another project
    say "  $1 stays."
    refuse_all_of "$1"
    follow
    bring_back "$1"
}

come_up() { # NAME PROJECT…: it comes up, in the place of these projects
    local name=$1 options=() project
    for project in "${@:2}"; do options+=(--instead-of "$project"); done
    if asks_at_port "$name"; then options+=(--at-port); fi
    say "▸ $name"
    for project in "${@:2}"; do say "  it takes the place of $(ending "$project")"; done
    if push_leading "$name" "${options[@]}" && lead_visitors "$name"; then BECAME[$name]=well && return; fi
    say "  $name goes back to what it was; everything else stays live."
    give_back "$@"
}

asks_at_port() { # NAME: for NGINX does not lead to it yet
    leading_to "$1" | grep -xF "/etc/nginx/conf.d/$1.conf" >/dev/null
}

# A part of `take_step`, with its `instead`: each shall have what another has, or one domain of a single one what another
# domain has, so all stop, NGINX leads to none of the old places, and all begin.
exchange() { # NAME…
    local name project failed=''
    for name; do
        say "▸ $name"
        push_missing "$name" --prepare && continue
        instead=()
        leave_all "$name"
        return
    done
    stop_all "$@" || failed=$1 # where somebody still stands, nobody else is led
    for project in "${instead[@]}"; do by_compose "$project" stop >/dev/null 2>&1 || failed=$1; done
    if [ -z "$failed" ]; then
        lead_to "$@"
        follow || failed=$1
    fi
    for name; do [ -n "$failed" ] || push_missing "$name" || failed=$name; done
    for name; do BECAME[$name]=well; done
    [ -n "$failed" ] || return 0
    if [ $# -eq 1 ]; then say "  $1 goes back to what it was; everything else stays live."; else
        say "  $* go back to what they were, for $failed is not well; everything else stays live."
    fi
    stop_all "$@"
    for name; do BECAME[$name]=back && refuse_all_of "$name"; done
    follow
    for name; do bring_back "$name"; done
    for project in "${instead[@]}"; do keep_composition "$(ending "$project")" ''; done
}

stop_all() { # NAME…: fails when one goes on
    local name code=0
    for name; do by_compose "$(value_of "$name" PROJECT)" stop >/dev/null 2>&1 || code=1; done
    return $code
}

take_step() { # NAMES|AFTER|INSTEAD[|crossed]
    local names after instead crossed name keeps=''
    IFS='|' read -r names after instead crossed <<<"$1"
    read -ra names <<<"$names"
    read -ra instead <<<"$instead"
    for name in $after; do [ "${BECAME[$name]:-}" != back ] || keeps=$name; done
    for name in "${names[@]}"; do ! is_refused "$name" || keeps=$name; done
    if [ -n "$keeps" ]; then
        leave_all "$keeps"
    elif [ ${#names[@]} -gt 1 ] || [ "$crossed" ]; then
        exchange "${names[@]}"
    else
        come_up "${names[0]}" "${instead[@]}"
    fi
}

leave_all() { # KEEPS: a part of `take_step`: nothing of its names was touched yet
    local name project
    for name in "${names[@]}"; do
        BECAME[$name]=back
        is_refused "$name" || say "  $name stays as it was$([ "$1" = "$name" ] || echo ": $1 has the port that it wants")."
        refuse_all_of "$name"
        for project in "${instead[@]}"; do keep_composition "$(ending "$project")" "$name"; done
    done
}

must_wait() { # NAMES|AFTER|INSTEAD[|crossed]: for another step, or for a network that another stack makes
    local names after name
    IFS='|' read -r names after _ <<<"$1"
    for name in $after; do [ -n "${BECAME[$name]:-}" ] || return 0; done
    for name in $names; do ! lacks_network "$name" || return 0; done
    return 1
}

bring_up_compositions() { # each healthy, or as it was
    local name step left later together=() stuck=''
    who=$(<"$incoming/label")
    while IFS= read -r name; do echo "$name $(value_of "$name" PROJECT)"; done <"$incoming/compositions" |
        sort -u - "$incoming/gone" >"$transaction/containers"
    grep -vE '^[^ |]*\|\|$' "$incoming/steps" >"$transaction/exchanged"
    cut -d ' ' -f 2 "$incoming/leads" >"$transaction/leads"
    mapfile -t left <"$incoming/steps"
    for step in "${left[@]}"; do if comes_by_itself "$step"; then together+=("${step%||}"); fi; done
    if [ ${#together[@]} -gt 1 ]; then
        bring_up_at_once "${together[@]}"
        left=()
        while IFS= read -r step; do [ -n "${BECAME[${step%%|*}]:-}" ] || left+=("$step"); done <"$incoming/steps"
    fi
    while [ ${#left[@]} -gt 0 ]; do
        later=()
        for step in "${left[@]}"; do
            if [ -z "$stuck" ] && must_wait "$step"; then later+=("$step"); else take_step "$step"; fi
        done
        [ ${#later[@]} -lt ${#left[@]} ] || stuck=1 # nobody here makes the network: Docker says so
        left=("${later[@]}")
    done
    [ -z "$ports_kept" ] || /usr/local/lib/deploy/bin/firewall # UFW has the list that came
}

# ── ending ────────────────────────────────────────────────────────────────────────────────────

owe() { # what is to end stays in the books until it has
    [ -s "$incoming/gone" ] || return 0
    touch "$state/owed"
    sort -u "$incoming/gone" "$state/owed" >"$state/owed.new" && mv "$state/owed.new" "$state/owed"
}

end_what_is_owed() {
    local owed each
    [ -s "$state/owed" ] || return 0
    who=$(<"$incoming/label")
    mapfile -t owed <"$state/owed"
    for each in "${owed[@]}"; do
        if end_composition "${each% *}" "${each#* }"; then
            grep -vxF "$each" "$state/owed" >"$incoming/owed"
            cp "$incoming/owed" "$state/owed.new" && mv "$state/owed.new" "$state/owed"
        else
            say "  The containers of ${each% *} are still to be ended: the next apply tries it again."
            partly=1
        fi
    done
    [ -s "$state/owed" ] || rm "$state/owed"
}

end_composition() { # NAME PROJECT: its volumes stay
    local images image new
    new=$(owner_of "$2")
    [ "$new" != "$1" ] || return 0 # it is wanted again
    say "▸ $1"
    if [ -n "$new" ]; then # its containers go on under another name
        mv -n "/srv/deploy/$1/images"/[0-9]* "/srv/deploy/$new/images/" 2>/dev/null
        rm -rf "/srv/deploy/$1/images"
        if [ -n "$(by_compose "$2" ps --quiet 2>/dev/null)" ]; then
            say "✓ $new goes on with its containers"
        else
            say "✗ $new shall go on with its containers, and none of them runs: deploy push $new"
            partly=1
        fi
    elif [ "$(value_of "$1" DIRECTORY)" ]; then # it goes on as another project
        by_compose "$2" down --remove-orphans 2>&1 | indent && say "✓ the Compose project $2 has ended; its volumes stay"
    elif [ -x /usr/local/lib/deploy/bin/down ]; then
        FORMER_PROJECT=$2 /usr/local/lib/deploy/bin/down "$1" --by "${who%%, since*}" 9>&-
    else # our scripts go too: this was the last one
        mapfile -t images < <(
            docker ps --all --filter "label=com.docker.compose.project=$2" --format '{{.Image}}' | sort -u
            docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -F ":deploy.$2.")
        by_compose "$2" down --remove-orphans 2>&1 | indent && say "✓ down its volumes stay" || return
        for image in "${images[@]}"; do
            [ -n "$(docker ps --all --quiet --filter "ancestor=$image")" ] || docker rmi "$image" >/dev/null 2>&1
        done
        rm -rf "/srv/deploy/$1/images"
    fi
}

# ── after a kill ──────────────────────────────────────────────────────────────────────────────

lock_of() { # NAME: on descriptor 6, for a push that outlived the apply may be bringing it up
    [ -d "/srv/deploy/$1" ] || return 0
    private_lock "/srv/deploy/$1/lock"
    exec 6>>"/srv/deploy/$1/lock"
    flock --wait 300 6
}

stop_exchanged() { # before NGINX leads to the old places again, nobody stands there who came from another
    local name project
    [ -s "$state/exchanged" ] || return 0
    while read -r name project <&8; do
        lock_of "$name"
        by_compose "$project" stop >/dev/null 2>&1 6>&-
        exec 6>&-
    done 8<"$state/containers"
}

recover_containers() { # of an apply that was killed while it brought them up; their files are as they were
    local name project owner
    [ -e "$state/containers" ] || return 0
    stop_exchanged
    if [ -d "$state/parked" ]; then # a restart of the server came between, and NGINX leads to none of them
        cp -a "$state/parked/." /etc/nginx/conf.d/ && rm -r "$state/parked" && follow
    fi
    while read -r name project <&8; do
        owner=$(owner_of "$project")
        if [ -z "$owner" ]; then
            lock_of "$name"
            by_compose "$project" down --remove-orphans >/dev/null 2>&1 6>&-
            exec 6>&-
        fi
        if [ "$owner" = "$name" ]; then bring_back "$name"; fi
    done 8<"$state/containers"
    rm -f "$state/containers" "$state/exchanged"
}

