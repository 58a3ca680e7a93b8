# What was seen of the sites: reads what was known `before`, and what was seen now, and prints what is known then.
#   looked TIME                            when it was last looked
#   seen DAY NAME LOOKS DOWN               of a day, how often it was looked, and how often it was down
#   incident NAME FROM LAST END WORDS      seen down from then on, for the last time at LAST; END is 0 as long as it is
# Whoever's clock was wrong for a while has lost nothing: what is old goes by how much there is, not by its date.

BEGIN {
    FS = OFS = "\t"
    DAYS = 92; INCIDENTS = 100; GAP = 960; SOON = 280 # seconds: what is longer was not looked at; what is sooner is no look more
    today = day_of(now); tomorrow = day_of(now + 93600)
}

before && $1 == "looked" && $2 <= now { last = $2 + 0; next }
before && $1 == "seen" && NF == 5 && $2 ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/ {
    if ($2 <= tomorrow) { looks[$3, $2] = int($4); down[$3, $2] = int($5); note($3, $2) }
    next
}
before && $1 == "incident" && NF == 6 && $3 <= now && $3 > 0 {
    i = ++count
    name[i] = $2; from[i] = int($3); until[i] = int($4) > now ? now : int($4); end[i] = int($5) > now ? now : int($5); words[i] = $6
    if (end[i] == 0) open[$2] = i
    next
}
before { next }

$1 == "look" {
    there[$2]
    if (!(($2, today) in looks)) { looks[$2, today] = down[$2, today] = 0; note($2, today) }
    if (now - last >= SOON || !last) {
        looks[$2, today]++
        if ($4 != "") down[$2, today]++
    }
    i = ($2 in open) ? open[$2] : 0
    if (i && now - until[i] > GAP) { end[i] = until[i]; i = 0 } # nobody has looked since: it may have been well
    if ($4 != "") {
        if (!i) { i = ++count; name[i] = $2; from[i] = now; words[i] = $4; end[i] = 0 }
        until[i] = now
        open[$2] = i
    } else if (i) end[i] = now
}

END {
    print "looked", (now - last >= SOON || !last) ? now : last
    for (each in kept) print_days(each)
    for (i = count; i > 0; i--) if (++told[name[i]] > INCIDENTS) delete name[i]
    for (i = 1; i <= count; i++) {
        if (!(i in name)) continue
        if (!end[i] && !(name[i] in there)) end[i] = until[i]
        print "incident", name[i], from[i], until[i], end[i], words[i]
    }
}

function note(which, day) { kept[which] = kept[which] day " " }

function print_days(which,    day, n, i, at) { # the newest of them
    n = split(kept[which], day, " ")
    for (i = 2; i <= n; i++) {
        for (at = i; at > 1 && day[at] > day[at - 1]; at--) { swap = day[at]; day[at] = day[at - 1]; day[at - 1] = swap }
    }
    for (i = n < DAYS ? n : DAYS; i > 0; i--) print "seen", day[i], which, looks[which, day[i]], down[which, day[i]]
}
