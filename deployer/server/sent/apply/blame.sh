#!/bin/bash
# Whose file a check refuses: that owner stays as it was, and everybody else goes live. A part of apply.sh.
# Owners are sites and services by their names, and parts by their keys in sites.yaml, with a colon. What has no owner is
# everybody's: when that is refused, everything stays as it was.
declare -A OWNER=() # of each file and unit that has one

read_owners() {
    local each name
    while IFS=$'\t' read -r each name; do OWNER[$each]=$name; done <"$incoming/owners"
}

blame() { # after `passes` has failed: refuses what is of one owner; fails when it is nobody's in particular
    local place name
    place=$(blamed <<<"$words")
    name=${place:+${OWNER[${place%:*}]:-}}
    if [[ -n $name && $name != *: ]] && is_new "${place%:*}" && ! is_blamed_as_it_was "$name" "${place%:*}"; then
        refuse "${place%:*}" "${place##*:}" "$words"
    else
        find_owner
    fi
}

is_blamed_as_it_was() { # OWNER FILE: then it is what somebody else adds that makes it wrong
    local told=$words blamed_as_well='' owners=()
    local -A files_of=()
    [ -e "$transaction/before$2" ] || return
    find_files
    leave_out "$1"
    if ! passes && [[ $(blamed <<<"$words") == "$2":* ]]; then blamed_as_well=1; fi
    bring_in "$1"
    words=$told
    [ "$blamed_as_well" ]
}

blamed() { # the file that a check blames in its words, on standard input, and the line, if they say it: FILE:LINE
    local text line path command found before first
    IFS=$'\t' read -r _ _ command <<<"$failed"
    text=$(cat)
    if [ "$(type -t "${command%% *}_blames")" = function ]; then
        "${command%% *}_blames" <<<"$text"
        return
    fi
    while IFS= read -r line; do
        found='' first=${#line} # the one that the line names first
        while IFS= read -r path; do
            before=${line%%"$path"*}
            if [[ ! $line =~ "$path"([^[:alnum:]_./-]|$) ]] || ((${#before} >= first)); then continue; fi
            first=${#before} found=$path:
            if [[ $line =~ "$path"[\'\"]?[]:,]*\ ?\[?(near\ )?(line\ )?([0-9]+) ]]; then found+=${BASH_REMATCH[3]}; fi
        done <"$incoming/changed-paths"
        if [ -n "$found" ]; then say "$found" && return; fi
    done <<<"$text"
}

is_new() { # FILE: and not refused yet
    grep -qxF -- "$1" "$transaction/paths" && ! grep -qxF -- "$1" "$incoming/refused"
}

refuse() { # FILE LINE WORDS [PLACE]: whose file it is stays as it was. PLACE is of a shared one that does not go with it
    local file=$1 line=$2 told=$3 who command name=${OWNER[$1]} together=''
    [ -z "${4:-}" ] || together=" together with ${4%:*}"
    [ -z "${4:+${4##*:}}" ] || together+=", line ${4##*:}"
    IFS=$'\t' read -r _ who command <<<"$failed"
    if [ "$who" = - ]; then
        say "✗ ${name%:}: $file is in place, but does not start:"
        with_last_words <<<"$told" | indent
        take_off "$name"
        return
    fi
    say "✗ ${name%:}: $who refuses $file$together${line:+, line $line}"
    if [ "$(type -t "${command%% *}_says")" = function ]; then told=$("${command%% *}_says" <<<"$told"); fi
    indent <<<"$told"
    [ -z "$line" ] || sed -n "$((line > 2 ? line - 2 : 1)),$((line + 1))p" "$file" |
        awk -v first=$((line > 2 ? line - 2 : 1)) '{ printf "  %5d | %s\n", first + NR - 1, $0 }'
    leave_behind "$name"
}

leave_behind() { # OWNER: all that is its own is as it was
    case $1 in
        *:) say "  What belongs to ${1%:} in sites.yaml stays as it was; everything else goes live." ;;
        *) say "  $1 stays as it was; everything else goes live." ;;
    esac
    refuse_all_of "$1"
}

# What an owner adds to a file that all share is blamed there: a second `gzip_vary`, a location that is there already; and
# of some lines nobody says where they stand. So the new files of all sites and services are left out, and come in again as
# far as the check takes them. If that does not help, it is a part's own file, which can be left out, too.
find_owner() { # fails when leaving out the files of no owner helps
    local name owners=() entries=() parts=() told=$words
    local -A files_of=() # the new files of each owner that this check looks at, one a line
    find_files
    for name in "${owners[@]}"; do
        case $name in *:) parts+=("$name") ;; *) entries+=("$name") ;; esac
    done
    if [ ${#entries[@]} -gt 0 ]; then
        leave_out "${entries[@]}"
        if passes; then
            take_back_in "${entries[@]}"
            return 0
        fi
        bring_in "${entries[@]}"
    fi
    for name in "${parts[@]}"; do
        leave_out "$name"
        if passes; then
            find_words "$name"
            return 0
        fi
        bring_in "$name"
    done
    words=$told
    return 1
}

find_files() { # a part of `find_owner`: sets `files_of`, also with a .env that has new values, and `owners` in the order of their files
    local file name pattern values
    IFS=$'\t' read -r pattern _ <<<"$failed"
    mapfile -t values < <(cut -f 1 "$incoming/secrets" | sort -u)
    for file in "${new_files[@]}" "${values[@]}"; do
        name=${OWNER[$file]:-}
        # shellcheck disable=SC2053 # it is a pattern
        if [[ -z $name || $file != $pattern ]] || ! is_new "$file"; then continue; fi
        [ -n "${files_of[$name]:-}" ] || owners+=("$name")
        files_of[$name]+=$file$'\n'
        mkdir -p "$incoming/aside" && (cd / && cp -a --parents -t "$incoming/aside" ".$file")
    done
}

leave_out() { # OWNER…: their files are as they were
    local name files
    for name; do
        mapfile -t files <<<"${files_of[$name]%$'\n'}"
        put_back "${files[@]}"
    done
}

bring_in() { # OWNER…: their new files, which were put aside
    local name file
    for name; do
        while IFS= read -r file; do
            if grep -qxF -- "$file" "$incoming/refused"; then continue; fi
            mkdir -p "${file%/*}" && cp -a --remove-destination "$incoming/aside$file" "$file" # its folder went with it, if it was new
        done <<<"${files_of[$name]%$'\n'}"
    done
}

take_back_in() { # OWNER…: all that the check takes; a half at a time, so that few refused ones of many are found soon
    bring_in "$@"
    if passes; then return 0; fi
    if [ $# -gt 1 ]; then
        leave_out "$@"
        take_back_in "${@:1:$# / 2}"
        take_back_in "${@:$# / 2 + 1}"
        return 0
    fi
    find_words "$1"
}

find_words() { # OWNER: refuses it, with what the check says while its files are there
    local place file=${files_of[$1]%%$'\n'*}
    bring_in "$1"
    if passes; then return 0; fi
    place=$(blamed <<<"$words")
    if [ -n "$place" ] && [ "${OWNER[${place%:*}]:-}" = "$1" ]; then
        refuse "${place%:*}" "${place##*:}" "$words"
    else
        refuse "$file" '' "$words" "$place"
    fi
}
