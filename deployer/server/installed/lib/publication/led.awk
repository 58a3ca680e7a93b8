#!/usr/bin/awk -f
# Broken links without those that a redirect leads somewhere: led - BROKEN, with the lines of `_redirects` on standard input (FROM TO
# CODE, in any of Netlify's ways of writing them) and lines "/PATH<tab>PAGE" in BROKEN. FROM may have :parts, and a *.

FNR == NR {
    if ($1 !~ /^\// || NF < 2 || $0 ~ /[ \t](404|410)!?([ \t]|$)/) next
    from = $1
    sub(/[?#].*$/, "", from)
    gsub(/[][\\.+(){}^$|?]/, "\\\\&", from)
    gsub(/:[A-Za-z_][A-Za-z0-9_]*/, "[^/]+", from)
    if (from ~ /\/\*$/) from = substr(from, 1, length(from) - 2) "(/.*)?"
    else {
        sub(/\/$/, "", from)
        gsub(/[*]/, ".*", from)
    }
    rules[++count] = "^" from "/?$"
    next
}

{
    path = $0
    sub(/\t.*$/, "", path)
    if (!(path in known)) {
        known[path] = 0
        for (each = 1; each <= count && !known[path]; each++) known[path] = path ~ rules[each]
    }
    if (!known[path]) print
}
