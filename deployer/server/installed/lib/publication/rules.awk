#!/usr/bin/awk -f
# `_redirects` and `_headers` of a release, as lines of NGINX: rules name=VARIABLE domain=DOMAIN pretty=1 taken_names='NAME …'
# preview=NAME site=VARIABLE kind=files FILES kind=redirects _redirects kind=headers _headers. The names are of headers that sites.yaml
# has, FILES has the paths of the release, and `site` is the variable of whose preview it is, if it is one: NGINX has one server for all,
# so each variable of a preview is empty where another is asked for. Prints "WHERE<tab>TEXT", where WHERE is maps, server, headers or
# missing, a file of NGINX's; told, a line that is left out, and why; or refused.
# The files are those of strangers: what is not known to be harmless is left out.

BEGIN {
    for (code = 128; code < 256; code++) written[sprintf("%c", code)] = sprintf("%%%02X", code)
    NAME = "^:[A-Za-z][A-Za-z0-9_]*$"
    MOST = 10000
    MOST_PATTERNS = 1000
    MOST_HEADERS = 50
    split("accept-ranges age allow alt-svc connection content-encoding content-length content-range content-type date " \
        "location server set-cookie strict-transport-security trailer transfer-encoding upgrade", names, " ")
    for (at in names) fixed[names[at]]
}

kind == "files" { there["/" $0]; next }

{
    if (FNR == 1) sub(/^\357\273\277/, "")
    sub(/\r$/, "")
    sub(/[ \t]+$/, "")
    sub(/^[ \t]+/, "")
}
$0 == "" || /^#/ { next }
length($0) > 4000 { tell("is longer than 4000 letters"); next }
kind == "redirects" { read_redirect(); next }
{ read_header() }

END {
    asked = preview ? "$deploy_asked_" name : "$deploy_asked"
    if (!refused) {
        if (preview && (rules || headers)) print_asked()
        print_redirects()
        print_headers()
    }
}

function tell(why) { printf "told\t_%s, line %d: %s\n", kind, FNR, why }
function refuse(why) { if (!refused++) printf "refused\t_%s, line %d: %s\n", kind, FNR, why }

# ---- _redirects: FROM [QUERY=…] TO [CODE[!]] [CONDITION=…]

function read_redirect(    count, field, at, from, to, code, forced, spoken) {
    sub(/[ \t]+#.*$/, "")
    count = split($0, field, /[ \t]+/)
    from = field[1]
    at = 2
    if (field[at] ~ /^[A-Za-z0-9_-]+=/) { tell("depends on the query, which is not known here"); return }
    to = field[at] ~ /^[0-9][0-9][0-9]!?$/ ? "" : field[at++]
    code = at <= count && field[at] ~ /^[0-9][0-9][0-9]!?$/ ? field[at++] : 301
    forced = sub(/!$/, "", code)
    for (; at <= count; at++) {
        if (field[at] ~ /^[Rr]ole=/) { refuse("is for who is logged in, which is not known here: all would see it"); return }
        if (field[at] ~ /^[Ll]anguage=[A-Za-z][A-Za-z0-9-]*(,[A-Za-z][A-Za-z0-9-]*)*$/ && length(field[at]) < 200) {
            spoken = substr(field[at], 10)
            gsub(/,/, "|", spoken)
            continue
        }
        if (field[at] ~ /^(Country|Language|Cookie)=/) tell("depends on the " tolower(substr(field[at], 1, index(field[at], "=") - 1)) ", which is not known here")
        else tell("'" plain(field[at]) "' is not known here")
        return
    }
    if (from ~ /^https?:\/\//) {
        sub(/^https?:\/\//, "", from)
        if (tolower(substr(from, 1, length(domain))) != domain || substr(from, length(domain) + 1) !~ /^(\/|$)/) {
            tell("is about another domain")
            return
        }
        from = substr(from, length(domain) + 1)
    }
    keep_redirect(encoded(from), encoded(to), code + 0, forced, spoken)
}

function keep_redirect(from, to, code, forced, spoken,    why) {
    if (from != "/") sub(/\/$/, "", from)
    if (why = odd_path(from)) { tell(why); return }
    if (why = odd_target(to, code)) { tell(why); return }
    if (from !~ /[*]|\/:/ && tolower(from) in first) return # the first counts
    if (rules >= MOST) { refuse("these are more than " MOST " rules"); return }
    if (from ~ /\/:|[^\/][*]|[*]./) placed = 1
    if (from !~ /[*]|\/:/ && !spoken) first[tolower(from)]
    slow[rules + 1] = spoken || from ~ /[*]/ || placed || length(from) > 100
    if (slow[rules + 1] && ++patterns > MOST_PATTERNS) { refuse("these are more than " MOST_PATTERNS " rules that need to be looked at one by one"); return }
    rules++
    source[rules] = from; target[rules] = to; status[rules] = code; force[rules] = forced; line[rules] = FNR; languages[rules] = spoken
    if (spoken) spoken_rules = 1
    if (spoken && forced) spoken_forced = 1
    if (forced) last_forced = rules
}

function odd_path(path,    count, part, at, seen) {
    split("", seen)
    seen[":splat"]
    if (path !~ /^\/[A-Za-z0-9._~!&()+,=:@%\/*'-]*$/) return "'" plain(path) "' is no path"
    if (path ~ /[*].*[*]/) return "there is more than one * in '" plain(path) "'"
    if (path ~ /\/\// || path ~ /(^|\/)\.\.?(\/|$)/) return "'" plain(path) "' is no path"
    count = split(path, part, "/")
    for (at = 2; at <= count; at++) {
        if (part[at] !~ /^:/) continue
        if (part[at] !~ NAME || length(part[at]) > 20 || tolower(part[at]) in seen) return "'" plain(part[at]) "' is no name of a part of a path"
        seen[tolower(part[at])]
    }
    return ""
}

function odd_target(to, code) {
    if (code !~ /^(200|301|302|303|307|308|404|410)$/) return "the code " code " is not known here"
    if (code == 410 || (code == 404 && to == "")) return ""
    if (to == "") return "has no address to lead to"
    if (to !~ /^(https?:\/\/[A-Za-z0-9][A-Za-z0-9.:-]*([\/?#]|$)|\/)/ || to ~ /^\/[\/\\]/) return "'" plain(to) "' is no address"
    if (to !~ /^[A-Za-z0-9._~!&()*+,=:@\/?#%;'-]+$/) return "'" plain(to) "' has letters that no address has"
    if (length(to) > 2000) return "its address is longer than 2000 letters"
    if (code == 200 || code == 404) {
        if (to ~ /\/\.\.?(\/|$|[?#])/) return "'" plain(to) "' leads out of the site"
        if (to ~ /^http/) return "passes visitors on to another server, which is not done here (kind: proxy in sites.yaml)"
        if (to ~ /^\/\.netlify\//) return "there are no functions here"
    }
    return ""
}

function print_redirects(    at, where) {
    for (at = 1; at <= rules; at++) if (leads_round(at)) {
        printf "told\t_redirects, line %d: leads round in a circle\n", line[at]
        dropped[at]
    }
    if (last_forced) {
        begin_map("deploy_forced_" name)
        before_files = 1
        for (at = 1; at <= last_forced; at++) print_rule(at, force[at])
        end_map()
        if (spoken_forced) print_spoken("forced", last_forced)
        before_files = 0
        print_leads("server", "forced_" (spoken_forced ? "spoken_" : ""))
    }
    split("", splat)
    if (rules) {
        begin_map("deploy_rules_" name)
        for (at = 1; at <= rules; at++) print_rule(at, 1)
        end_map()
        if (spoken_rules) {
            print_spoken("rules", rules)
            begin_map("deploy_varies_" name)
            row("~^/", "Accept-Language")
            end_map()
            print "headers\tadd_header Vary $deploy_varies_" name " always;"
        }
        print_leads("missing", "rules_" (spoken_rules ? "spoken_" : ""))
        if (!preview) print "missing\terror_page 404 $deploy_lost;"
    }
}

function print_asked() { # the path that is asked for, where it is this preview's
    print "maps\tmap $deploy_preview_" site " " asked " {"
    print "maps\t    default \"\";"
    print "maps\t    \"~^" preview "$\" $deploy_asked;"
    end_map()
}

function print_leads(where, which) { # of previews, all but one add nothing, and the server of them all goes on with it
    print where "\tset $deploy_leads " (preview ? "$deploy_leads" : "") "$deploy_" which name ";"
    if (!preview) print where "\tinclude /etc/nginx/deploy/leading.conf;"
}

function print_spoken(which, last,    at, value) { # those of a language, which come first
    print "maps\tmap \"$deploy_spoken " asked "\" $deploy_" which "_spoken_" name " {"
    print "maps\t    default $deploy_" which "_" name ";"
    for (at = 1; at <= last; at++) {
        if (!languages[at] || at in dropped) continue
        value = which == "rules" || force[at] ? value_of(at) : ""
        if (before_files) sub(/^200 /, "200! ", value)
        row("~^(?i:" languages[at] ")(?:-[A-Za-z0-9]+)? " matching(source[at], 1) "$", value)
    }
    end_map()
}

function print_rule(at, counts,    from, value) { # what is exact is found at once, but not before a pattern that stands above it
    if (at in dropped || languages[at]) return
    from = source[at]
    value = counts ? value_of(at) : ""
    if (before_files) sub(/^200 /, "200! ", value)
    if (from ~ /[*]|\/:/) {
        if (from ~ /\/[*]$/) splat[tolower(substr(from, 1, length(from) - 2))]
        row("~^" matching(from, 1) "$", value)
    } else if (!is_covered(from)) {
        if (slow[at]) row("~^" matching(from, 1) "$", value)
        else {
            row(from, value)
            if (from != "/") row(from "/", value)
        }
    }
}

function is_covered(path) { # by a * above it
    path = tolower(path)
    do {
        if (path in splat) return 1
    } while (sub(/\/[^\/]*$/, "", path))
    return 0
}

function value_of(at,    to, query, mark) {
    to = target[at]
    if (status[at] == 410 || to == "") return status[at]
    if (status[at] == 404) return force[at] || to == "/404.html" ? "404" : "404 " with_parts(to, source[at])
    if (status[at] == 200) {
        sub(/[?#].*$/, "", to)
        return "200 " with_parts(page(to), source[at])
    }
    query = index(to, "?") ? "" : "$is_args$args"
    mark = index(to, "#")
    if (mark) return status[at] " " with_parts(substr(to, 1, mark - 1), source[at]) query with_parts(substr(to, mark), source[at])
    return status[at] " " with_parts(to, source[at]) query
}

function page(path) { # the file of it
    if (path ~ /\/$/) return path "index.html"
    if (!(path in there) && (path "/index.html") in there) return path "/index.html"
    if (!(path in there) && (path ".html") in there) return path ".html"
    return path
}

function with_parts(to, from,    result, word) {
    while (match(to, /:[A-Za-z][A-Za-z0-9_]*/)) {
        word = substr(to, RSTART, RLENGTH)
        result = result substr(to, 1, RSTART - 1)
        to = substr(to, RSTART + RLENGTH)
        if ((word == ":splat" && from ~ /[*]/) || index(from "/", "/" word "/")) result = result "${deploy_part_" tolower(substr(word, 2)) "}"
        else result = result word
    }
    return result to
}

function leads_round(at,    path, steps, next_at, start, passed) {
    if ((languages[at] && source[at] !~ /[*]$/) || status[at] !~ /^30/ || target[at] !~ /^\//) return 0
    start = source[at]
    if (sub(/\/[*]$/, "", start)) {
        return force[at] && index(path_of(target[at]) "/", start "/") == 1
    }
    if (start ~ /\/:|[*]/ || (!force[at] && has_page(start))) return 0
    path = path_of(target[at])
    for (steps = 0; steps < 20; steps++) {
        if (path == start) return 1
        if (path in passed) return 0 # a circle of others, which are left out
        passed[path]
        next_at = by_source(path)
        if (!next_at || status[next_at] !~ /^30/ || target[next_at] !~ /^\// || (!force[next_at] && has_page(path))) return 0
        path = path_of(target[next_at])
    }
    return 1
}

function by_source(path,    at) {
    if (!indexed++) for (at = 1; at <= rules; at++) if (!languages[at] && !(source[at] in number)) number[source[at]] = at
    return path in number ? number[path] : 0
}

function path_of(to) {
    sub(/[?#].*$/, "", to)
    if (to != "/") sub(/\/$/, "", to)
    return to
}

function has_page(path) {
    return path in there || ((path == "/" ? "" : path) "/index.html") in there || (pretty && (path ".html") in there)
}

# ---- _headers: a path, and below it, further in, NAME: VALUE or ! NAME

function read_header(    colon, header, value) {
    if (/^(\/|https?:\/\/)/) { begin_paths($0); return }
    if (!path) { if (!silent) tell("a path comes first"); return }
    if (/^! *[A-Za-z]/) {
        sub(/^! */, "")
        keep_header($0, "", 1)
        return
    }
    if (!(colon = index($0, ":"))) { tell("'" plain($0) "' has no colon"); return }
    header = substr($0, 1, colon - 1)
    value = substr($0, colon + 1)
    sub(/[ \t]+$/, "", header)
    sub(/^[ \t]+/, "", value)
    keep_header(header, value, 0)
}

function begin_paths(text,    why) {
    silent = path = ""
    if (text ~ /^https?:\/\//) {
        sub(/^https?:\/\//, "", text)
        if (tolower(substr(text, 1, length(domain))) != domain) { tell("is about another domain"); silent = 1; return }
        text = substr(text, length(domain) + 1)
        if (text == "") text = "/"
    }
    text = encoded(text)
    if (text ~ /[*].*[*]/) { tell("there is more than one * in '" plain(text) "'"); silent = 1 }
    else if (text !~ /^\/[A-Za-z0-9._~!&()+,=:@%\/*'-]*$/ || length(text) > 500) { tell("'" plain(text) "' is no path"); silent = 1 }
    else path = text
}

function keep_header(header, value, taken,    low, key) {
    low = tolower(header)
    if (low == "basic-auth") { refuse("a password is not for a file that is published: write auth: in sites.yaml, and take it out here"); return }
    if (header !~ /^[A-Za-z][A-Za-z0-9-]*$/ || length(header) > 60) { tell("'" plain(header) "' is no name of a header"); return }
    if (low == "strict-transport-security") { tell("hsts: in sites.yaml says this"); return }
    if (preview && low == "x-robots-tag") { tell("a preview is left out by search engines, whatever it says"); return }
    if (index(" " taken_names " ", " " low " ")) { tell("sites.yaml says " header " itself"); return }
    if (low in fixed || low ~ /^x-accel-/) { tell(header " is not for a site to choose"); return }
    if (!taken && (value == "" || value !~ /^[ !"#%-\[\]-~]+$/ || length(value) > 2000)) { tell("its value is empty, too long, or has a $, a backslash or letters that are not ASCII"); return }
    if (!(low in spelt)) {
        if (++headers > MOST_HEADERS) { refuse("these are more than " MOST_HEADERS " headers"); return }
        spelt[low] = header
        order[headers] = low
    }
    key = low SUBSEP path
    if (!(key in sent)) {
        if (++header_rows > MOST_PATTERNS) { refuse("these are more than " MOST_PATTERNS " headers of paths"); return }
        path_at[low, ++paths[low]] = path
    }
    sent[key] = key in sent && sent[key] != "" && !taken ? sent[key] ", " value : value
}

function print_headers(    at, low, count, each, variable, rest) {
    for (at = 1; at <= headers; at++) {
        low = order[at]
        variable = "deploy_sent_" at "_" name
        begin_map(variable)
        closest_first(low)
        for (each = 1; each <= paths[low]; each++) {
            rest = sent[low, path_at[low, each]]
            if (length(rest) > 2000) {
                printf "told\t_headers: %s of %s is longer than 2000 letters\n", spelt[low], path_at[low, each]
                continue
            }
            gsub(/"/, "\\\"", rest)
            row("~^" matching(path_at[low, each], 0) "$", rest)
        }
        end_map()
        print "headers\tadd_header " spelt[low] " $" variable " always;"
    }
}

function closest_first(low,    at, to, moved) { # by what stands before the first * or :; of equal ones, the later
    for (at = 2; at <= paths[low]; at++) {
        moved = path_at[low, at]
        for (to = at; to > 1 && closeness(path_at[low, to - 1]) <= closeness(moved); to--) path_at[low, to] = path_at[low, to - 1]
        path_at[low, to] = moved
    }
}

function closeness(path,    first_mark) {
    first_mark = match(path, /[*]|\/:/)
    return first_mark ? 2 * first_mark : 2 * length(path) + 3
}

# ---- both

function matching(path, taking,    count, part, at, star, result) { # as a regular expression of what browsers ask for
    if (path == "/") return "/"
    if (!taking && path ~ /[^\/][*]|[*]./) { # *.js, as the headers of many a site have it
        result = escaped(path)
        gsub(/[*]/, ".*", result)
        return result
    }
    count = split(path, part, "/")
    for (at = 2; at <= count; at++) {
        if (part[at] ~ /[*]/ && (at < count || part[at] != "*")) { # only where something is taken
            star = index(part[at], "*")
            result = result "/" escaped(substr(part[at], 1, star - 1)) "(?![/\\x5c])(?<deploy_part_splat>.*)" escaped(substr(part[at], star + 1))
        }
        else if (part[at] == "*") result = result (taking ? "(?:/(?![/\\x5c])(?<deploy_part_splat>.*))?" : "(?:/.*)?")
        else if (part[at] ~ NAME) result = result (taking ? "/(?![/\\x5c])(?<deploy_part_" tolower(substr(part[at], 2)) ">[^/]+)" : "/[^/]+")
        else if (part[at] != "") result = result "/" escaped(part[at])
    }
    return path ~ /[*]$/ ? result : result "/?"
}

function escaped(text,    done) {
    gsub(/[.+()]/, "\\\\&", text)
    while (match(text, /%[0-9A-Fa-f][0-9A-Fa-f]/)) {
        done = done substr(text, 1, RSTART - 1) "(?i:" substr(text, RSTART, 3) ")"
        text = substr(text, RSTART + 3)
    }
    return done text
}

function encoded(text,    at, letter, result) {
    if (text !~ /[\200-\377]/) return text
    for (at = 1; at <= length(text); at++) {
        letter = substr(text, at, 1)
        result = result (letter in written ? written[letter] : letter)
    }
    return result
}

function plain(text) { # for a terminal
    gsub(/[^ -~]/, "?", text)
    return substr(text, 1, 80)
}

function begin_map(variable) {
    print "maps\tmap " asked " $" variable " {"
    print "maps\t    default \"\";"
}
function row(from, value) { print "maps\t    \"" from "\" \"" value "\";" }
function end_map() { print "maps\t}" }
