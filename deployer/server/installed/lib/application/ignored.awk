#!/usr/bin/awk -f
# What a .dockerignore leaves out, as Docker reads it: ignored keep=DOCKERFILE kind=lines IGNORE kind=names -, with the paths of the
# context on standard input, a line each. Prints those without which Git's index is to go on (git update-index --index-info).
# Of all lines that speak of a path, or of a folder around it, the last counts. A name that Git has quoted stays.

BEGIN { NOTHING = "0 0000000000000000000000000000000000000000" }

kind == "lines" {
    if (FNR == 1) sub(/^\357\273\277/, "")
    if (/^#/) next
    gsub(/^[ \t\r]+|[ \t\r]+$/, "")
    back = sub(/^![ \t]*/, "")
    path = plain($0)
    if (path == "") next
    rule[++rules] = "^" expression(path) "(/.*)?$"
    takes_back[rules] = back
    next
}

$0 != keep && !/^"/ {
    out = 0
    for (at = 1; at <= rules; at++) if (out == takes_back[at] && $0 ~ rule[at]) out = !takes_back[at]
    if (out) print NOTHING "\t" $0
}

function plain(path) { # without what changes nothing
    gsub(/\/+/, "/", path)
    sub(/^\//, "", path)
    while (sub(/^\.\//, "", path) || sub(/\/\.\//, "/", path)) continue
    while (path !~ /^\.\.\// && sub(/[^\/]+\/\.\.(\/|$)/, "", path)) continue
    sub(/(^|\/)\.?$/, "", path)
    return path
}

function expression(path,    letter, rest, made) {
    rest = path
    while (rest != "") {
        letter = substr(rest, 1, 1)
        if (rest ~ /^\*\*\/?$/) return made ".*"
        if (sub(/^\*\*\//, "", rest)) made = made "(.*/)?"
        else if (sub(/^\*\*/, "", rest)) made = made (made == "" ? ".*" : "(.*/)?")
        else if (sub(/^\*/, "", rest)) made = made "[^/]*"
        else if (sub(/^\?/, "", rest)) made = made "[^/]"
        else if (match(rest, /^\[\^?[^]\\\/[]+\]/)) {
            made = made substr(rest, 1, RLENGTH)
            rest = substr(rest, RLENGTH + 1)
        } else {
            if (letter == "\\" && length(rest) > 1) rest = substr(rest, 2)
            letter = substr(rest, 1, 1)
            rest = substr(rest, 2)
            made = made (letter ~ /[A-Za-z0-9_\/\200-\377-]/ ? letter : letter == "^" || letter == "\\" ? "\\" letter : "[" letter "]")
        }
    }
    return made
}
