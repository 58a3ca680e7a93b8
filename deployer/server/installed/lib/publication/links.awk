#!/usr/bin/awk -f
# Internal links and images that lead nowhere: links domain=DOMAIN PATHS 'RS=<' ./PAGE…
# PATHS has lines "TYPE<tab>PATH" of all that is in the release (find's %y and %P; folders may be missing); a record of a page is
# a tag and the text after it. Prints lines "/PATH<tab>PAGE". Text, comments and scripts have no links.
# Of a few pages of a large release, most of PATHS is not asked for: links asking=1 domain=DOMAIN 'RS=<' ./PAGE… prints what is,
# and links domain=DOMAIN asked=1 THAT asked= PATHS 'RS=<' ./PAGE… keeps no more.
# shown=1: the site is a folder of another one, too; links that begin with / lead out of it there, and are printed with a ^ before them.
# below="PATH…": links below these are of others' pages.
# pretty=1: /about is about.html, too; open=1: what has no ending leads somewhere, to a page for all paths or a listing.

BEGIN {
    FS = "\t"
    for (code = 0; code < 256; code++) character[sprintf("%02x", code)] = sprintf("%c", code)
}

asked { wanted[$0] = some = 1; next }
RS != "<" { if (!some || $2 in wanted) type[$2] = $1; next }

FNR == 1 {
    page = folder = substr(FILENAME, 3)
    sub(/[^\/]*$/, "", folder)
    raw = based = ""
}

raw { if ($0 ~ raw) raw = ""; next }
/^!--/ { if (!index($0, "-->")) raw = "-->"; next }
/^[Ss][Cc][Rr][Ii][Pp][Tt]/ { raw = "^/[Ss][Cc][Rr][Ii][Pp][Tt]" }
/^[A-Za-z][^>]*([Hh][Rr][Ee][Ff]|[Ss][Rr][Cc]|[Pp][Oo][Ss][Tt][Ee][Rr])/ { read_tag($0) }

# A tag is read through a window: what cuts an attribute off copies all that is behind it
function read_tag(tag,    element, name) {
    match(tag, /^[A-Za-z0-9-]+/)
    element = tolower(substr(tag, 1, RLENGTH))
    rest = tag
    at = RLENGTH + 1
    window = ""
    while (skip("^[ \t\r\n/]+") && match(window, /^[^ \t\r\n\/=>]+/)) {
        name = tolower(substr(window, 1, RLENGTH))
        window = substr(window, RLENGTH + 1)
        value = ""
        if (skip("^[ \t\r\n]+") && sub(/^=/, "", window) && !read_value()) return
        if (element == "base" && name == "href") based = 1
        else if (name == "href" || name == "src" || name == "poster") check(value)
        else if (name == "srcset" && value !~ /data:/) check_set(value)
    }
}

function skip(space) { # is anything behind it?
    do {
        if (length(window) < 256) fill(1024)
        sub(space, "", window)
    } while (length(window) < 256 && at <= length(rest))
    return window != ""
}

function fill(count) {
    window = window substr(rest, at, count)
    at += count
}

function read_value(    quote, end) { # does it end? What is longer than any address is left empty
    if (!skip("^[ \t\r\n]+")) return 0
    quote = substr(window, 1, 1)
    if (quote != "\"" && quote != "'") return read_word()
    window = substr(window, 2)
    while (!(end = index(window, quote)) && at <= length(rest)) {
        if (length(value) < 65536) value = value window
        window = ""
        fill(4096)
    }
    value = length(value) < 65536 ? value substr(window, 1, end - 1) : ""
    window = substr(window, end + 1)
    return end
}

function read_word() {
    while (match(window, /^[^ \t\r\n"'>]+/)) {
        if (length(value) < 65536) value = value substr(window, 1, RLENGTH)
        window = substr(window, RLENGTH + 1)
        if (window == "") fill(1024)
    }
    return 1
}

function check_set(value,    count, at, candidate) {
    count = split(value, candidate, ",")
    for (at = 1; at <= count; at++) {
        sub(/^[ \t\r\n]+/, "", candidate[at])
        sub(/[ \t\r\n].*$/, "", candidate[at])
        check(candidate[at])
    }
}

function check(link,    host) {
    if (length(link) > 8192) return # no browser asks for it, and no file can have such a name
    if (index(link, "&")) link = without_entities(link)
    sub(/[?#].*$/, "", link)
    gsub(/[\t\r\n]/, "", link)
    link = without_spaces(link)
    if (link ~ /^[Hh][Tt][Tt][Pp][Ss]?:\/\//) sub(/^[^:]*:/, "", link)
    if (link == "" || link ~ /^[A-Za-z][A-Za-z0-9+.-]*:/) return
    if (link ~ /^\/\//) {
        host = substr(link, 3)
        sub(/\/.*$/, "", host)
        if (tolower(host) != domain) return
        link = substr(link, length(host) + 3)
    } else if (link !~ /^\//) {
        if (based) return
        link = folder link
    } else if (shown && !asking) print "^" link "\t" page
    sub(/^\/+/, "", link)
    if (!(link in missing)) missing[link] = !exists(link)
    if (missing[link] && !asking) print "/" link "\t" page
}

function exists(path) {
    if (index(path, "%")) path = without_percents(path)
    if (path ~ /(^|\/)\.?\.?(\/|$)/) path = plain(path)
    if (below && path ~ below) return 1
    if (open && path !~ /\.[^\/]+$/) return 1
    if (path == "" || path ~ /\/$/) return has(path "index.html")
    return has(path) || has(path "/index.html") || (pretty && has(path ".html")) # asking wants all
}

function has(path) { # as a file
    if (asking) print path
    return path in type && type[path] != "d"
}

function without_spaces(text,    end) { # around it
    sub(/^ +/, "", text)
    for (end = length(text); substr(text, end, 1) == " "; end--);
    return substr(text, 1, end)
}

function without_entities(text) {
    gsub(/&#43;/, "+", text)
    gsub(/&#x2[Ff];|&#47;/, "/", text)
    gsub(/&#39;|&#x27;|&apos;/, "'", text)
    gsub(/&#34;|&quot;/, "\"", text)
    gsub(/&#38;|&amp;/, "\\&", text)
    return text
}

function without_percents(text,    done) {
    while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
        done = done substr(text, 1, RSTART - 1) character[tolower(substr(text, RSTART + 1, 2))]
        text = substr(text, RSTART + 3)
    }
    return done text
}

function plain(path,    count, at, part, depth, kept, result) { # without ".", ".." and "//"
    count = split(path, part, "/")
    for (at = 1; at <= count; at++) {
        if (part[at] == "..") { if (depth) depth-- }
        else if (part[at] != "." && part[at] != "") kept[++depth] = part[at]
    }
    for (at = 1; at <= depth; at++) result = result (at > 1 ? "/" : "") kept[at]
    if (depth && path ~ /(^|\/)\.?\.?$/) result = result "/"
    return result
}
