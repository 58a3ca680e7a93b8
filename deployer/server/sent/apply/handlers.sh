#!/bin/bash
# How handlers are run: what they name are functions of the parts of a server, whose files are sent before this one. A part of apply.sh.

# All functions that are known so far. Each runs with these alone, in a shell of its own: nothing of apply.sh is there any more
# when a timer or a later apply undoes what this one has done.
handlers=$(declare -f)

run_handler() { # FUNCTION [WORD…]: its words on standard output; ends after `longest` seconds, if there are any
    ${longest:+timeout --kill-after=5 "$longest"} bash -c "$handlers"$'\n''"$@"' handlers "$@" 9>&- 2>&1
}

run_list() { # FILE: runs its handlers in order; the first that fails ends it
    local line words
    while IFS= read -r line <&8; do
        read -ra words <<<"$line"
        run_handler "${words[@]}" || return
    done 8<"$1"
}

find_left() { # FILE PATTERN: sets left to those of the paths in it that match, and are not refused
    local path refused=''
    left=()
    [ ! -s "$incoming/refused" ] || refused=$'\n'$(<"$incoming/refused")$'\n'
    while IFS= read -r path; do
        # shellcheck disable=SC2053 # it is a pattern
        if [[ $path == $2 && $refused != *$'\n'"$path"$'\n'* ]]; then left+=("$path"); fi
    done <"$1"
}

matching() { # PATTERN: those of the paths on standard input
    local path
    while IFS= read -r path; do
        # shellcheck disable=SC2053 # it is a pattern
        if [[ $path == $1 ]]; then printf '%s\n' "$path"; fi
    done
}

save_back() { # LIST FOLDER PLACE: its handlers, as commands for who has nothing but this folder, which is at PLACE then
    local line
    printf '%s\n"$@"\n' "$handlers" >"$2/handlers"
    while IFS= read -r line; do printf 'bash %s/handlers %s\n' "$3" "${line#*$'\t'}"; done <"$1" >"$2/back"
}

run_back() { # FOLDER: the commands that were saved there, also by an apply of before, which saved them as lines of bash
    local command
    while IFS= read -r command <&8; do
        bash -c "$handlers"$'\n'"$command" 9>&- >/dev/null 2>&1 || true # the others run all the same
    done 8<"$1/back"
}
