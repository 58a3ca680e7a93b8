#!/bin/bash
# Answers with one compressed tar: `facts` about this server, the certificates, every file in our manifest, and what it is
# asked on standard input, a line for each question. An empty line ends those that it answers while others are still worked out.
#   file PATH               the file itself; `folder PATH` among the facts, if it is one
#   path PATH               `missing PATH`, if nothing is there
#   paths PATTERN           `there PATH` of each that is there
#   secrets PATH            of a .env no more than the digest of each secret in it: `secret PATH NAME SHA256`
#   setting KEY PATTERN     `setting FILE SECTION KEY VALUE` of each line KEY=VALUE, with tabs
#   unit NAME               `unit NAME ACTIVE ENABLED`; `missing NAME`, if systemd knows none
#   version NAME PACKAGE…   `version NAME VERSION` of the first that is installed; PACKAGE>=2 is none that is older
#   install PACKAGE         of all that are asked for, what apt would do besides: `upgrade NAME FROM`, `remove NAME`, `unknown NAME`
#   look NAME               what look_NAME tells: parts/NAME.look.sh, for what no such question asks
# Changes nothing. What a question says is never run. What looks, room.sh, apt.sh, listening.sh, failures.sh and engine are sent
# before it.
set -uo pipefail
export LC_ALL=C
state=/var/lib/deploy
make_answer
mkdir "$answer/certificates"
wanted=()
declare -A state_of main_pid

read_questions() { # up to an empty line; fails when there are no more
    local question word more=''
    asked_files=() asked_paths=() asked_patterns=() asked_secrets=() asked_settings=() asked_units=() asked_versions=()
    asked_packages=() asked_looks=()
    while IFS= read -r question; do
        word=${question#* } more=1
        case $question in
            '') break ;;
            'file '?*) asked_files+=("$word") ;;
            'path '?*) asked_paths+=("$word") ;;
            'paths '?*) asked_patterns+=("$word") ;;
            'secrets '?*) asked_secrets+=("$word") ;;
            'setting '?*' '?*) asked_settings+=("$word") ;;
            'unit '?*) asked_units+=("$word") ;;
            'version '?*' '?*) asked_versions+=("$word") ;;
            'install '?*) asked_packages+=("$word") ;;
            'look '?*) declare -F "look_$word" >/dev/null || refuse "$question"; asked_looks+=("$word") ;;
            *) refuse "$question" ;;
        esac
    done
    wanted+=("${asked_files[@]}")
    [ -n "$more" ]
}

refuse() { # QUESTION
    echo "observe.sh knows no question such as '$1'" >&2
    exit 64
}

there() {
    local line path paths=("$state/manifest" "${wanted[@]}")
    local -A told=()
    if [ -f $state/manifest ]; then
        while IFS= read -r line; do if [[ ${line:64:3} == '  /' ]]; then paths+=("${line:66}"); fi; done <$state/manifest
    fi
    for path in "${paths[@]}"; do
        if [[ $path == */.env || -n ${told[$path]:-} ]] || { [ ! -f "$path" ] && [ ! -L "$path" ]; }; then continue; fi
        told[$path]=1
        printf '%s\0' "$path"
    done
}

files() { # PATH…: sets FILES to those that are there; mawk stops at the first that is not
    local path
    FILES=(/dev/null) # without any, awk would read standard input
    for path; do [ -f "$path" ] && FILES+=("$path"); done
}

versions() { # [packages]: version NAME VERSION of what is asked for; package NAME for each that is installed
    local IFS=$'\n'
    versions_said=$(awk -v packages="${1:-}" '
        !listed { if ($0 == "") listed = 1; else asked[++count] = $0; next }
        $1 !~ /^(installed|unpacked|half-|triggers-)/ { next } # half done is not missing: dpkg ends it
        { version[$2] = $3; if (packages) print "package", $2 }
        function first(name, packages, i, wanted, found) { # the first of them that is there, and new enough
            for (i = 2; i in packages; i++) {
                split(packages[i], wanted, ">=")
                found = version[wanted[1]]
                sub(/^[0-9]+:/, "", found)
                if (found != "" && found + 0 >= wanted[2] + 0) { print "version", name, found; return }
            }
        }
        END { for (each = 1; each <= count; each++) { split(asked[each], words, " "); first(words[1], words) } }
    ' <<<"${asked_versions[*]}"$'\n\n'"$dpkg_says")
    echo "$versions_said"
}

has_version() { # NAME: whether a package has answered for it
    [[ $versions_said == *$'\n'"version $1 "* ]]
}

is_replaced() { # PROCESS PROGRAM: whether that has been replaced since the process was started
    hash "$2" 2>/dev/null
    [[ $1 != 0 && ! /proc/$1/exe -ef ${BASH_CMDS[$2]:-/} && $(readlink "/proc/$1/exe") == *' (deleted)' ]]
}

settings() { # setting FILE SECTION KEY VALUE, with tabs between them
    local asked file keys='' IFS=
    local -A found=()
    for asked in "${asked_settings[@]}"; do
        for file in ${asked#* }; do
            [ ! -f "$file" ] || { keys+=${asked%% *}$'\t'$file$'\n' && found[$file]=1; }
        done
    done
    [ ${#found[@]} -gt 0 ] || return 0
    awk -v FS='\t' -v OFS='\t' '
        NR == FNR { wanted[$2, $1] = 1; next }
        FNR == 1 { section = "" }
        /^[ \t]*\[/ { section = $0; gsub(/^[ \t]*\[+|\].*/, "", section) }
        /=/ {
            key = value = $0
            sub(/[ \t]*=.*/, "", key)
            sub(/^[^=]*=[ \t]*/, "", value)
            if ((FILENAME, key) in wanted) print "setting " FILENAME, section, key, value
        }' - "${!found[@]}" <<<"$keys"
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

# All are asked for at once, for systemd takes its time for each question; meanwhile there is other work
ask_for_units() { # sets UNITS, the descriptor that has its answer
    exec {UNITS}< <([ ${#asked_units[@]} -eq 0 ] ||
        { systemctl show --property=Id,ActiveState,UnitFileState,LoadState,MainPID -- "${asked_units[@]}" 2>/dev/null && echo; })
}

units() { # sets state_of and main_pid, for what looks further
    local name value count=0
    local -A unit=()
    while IFS='=' read -r name value; do
        if [ -n "$name" ]; then unit[$name]=$value && continue; fi
        name=${asked_units[count++]} state_of[$name]=${unit[ActiveState]} main_pid[$name]=${unit[MainPID]:-0}
        echo "unit $name ${unit[ActiveState]} ${unit[UnitFileState]}"
        [ "${unit[LoadState]}" != not-found ] || echo "missing $name"
        unit=()
    done <&"$UNITS"
    exec {UNITS}<&-
}

secrets() {
    local path
    # what a deploy from before there was lib/ has written is asked, too
    # shellcheck source=/dev/null
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

paths() {
    local path pattern IFS=
    for path in "${asked_paths[@]}"; do
        if [[ ! -e $path && ! -L $path ]]; then echo "missing $path"; fi
    done
    for pattern in "${asked_patterns[@]}"; do
        for path in $pattern; do [ ! -e "$path" ] || echo "there $path"; done
    done
}

ss() { printf '%s\n' "$sockets"; } # it is asked once, for nothing changes meanwhile

facts() { # what nobody has to ask for
    # shellcheck source=/dev/null
    . /etc/os-release
    echo "os ${ID:-}"
    echo "release ${VERSION_ID:-}"
    echo "codename ${VERSION_CODENAME:-}"
    printf 'now %(%s)T\n' -1
    [ -e /proc/net/if_inet6 ] && echo "ipv6 1"
    { [ -d $state/transaction ] || [ -e $state/containers ]; } && echo "interrupted 1"
    # shellcheck disable=SC2016 # that is dpkg's language
    dpkg_says=$(dpkg_list ' ${Provides}')
    half_done <<<"$dpkg_says"
}

facts_apart() { # which no answer needs
    local port
    apt_at_work
    suites
    for port in $(ports_here); do echo "port_here $port"; done
}

answers() { # [packages]
    local look
    ask_for_units
    if [[ ${#asked_versions[@]} -gt 0 || -n ${1:-} ]]; then versions "$@"; fi
    settings
    secrets
    folders
    paths
    units
    for look in "${asked_looks[@]}"; do "look_$look" >"$answer/look.$look" & done
    additions
    wait
    [ ${#asked_looks[@]} -eq 0 ] || cat "${asked_looks[@]/#/$answer/look.}"
}

sockets=$(command ss -Hltnp 2>/dev/null </dev/null)
facts_apart </dev/null >"$answer/apart" &
facts </dev/null >"$answer/facts"
read_questions || exit 0 # whoever began it has nothing to ask: sites.yaml is not right
answers packages </dev/null >>"$answer/facts"
wait
cat "$answer/apart" >>"$answer/facts"
cat >"$answer/questions" # bash reads a file by the page, but a pipe byte by byte
exec <"$answer/questions"
while read_questions; do
    answers </dev/null >>"$answer/facts"
done
all_was_kept
there |
    tar --create --ignore-failed-read --absolute-names --directory="$answer" --recursion facts certificates \
        --no-recursion --null --files-from=- 2>/dev/null |
    gzip -1
