# Reads the facts of a status page, for each of the forms beside it: SITES in their order, what is known of each of the 90 DAYS, and
# what has to be said of all. What is no plain letter becomes a question mark here, so that no form has to know of it.

BEGIN {
    FS = "\t"
    DAYS = 90; FRESH = 93600; EVERY = 300; FULL = 86400 / EVERY; FEW = 12 # seconds; looks on a whole day, and those of an hour
    NAMES = split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", month_name, " ")
}

{ gsub(/[^\t -~]/, "?") }

$1 == "now" { now = $2 + 0; for (i = 1; i <= DAYS; i++) date[i] = days_before(now, DAYS - i) }
$1 == "look" { SITES[++sites] = $2; state[$2] = $4 == "" ? "up" : "down"; words[$2] = $4; expires[$2] = end_of($3) }
$1 == "seen" { looks[$3, $2] = $4; down[$3, $2] = $5 }
$1 == "incident" && ($2 in state) && now - ($5 > 0 ? $5 : now) < DAYS * 86400 {
    i = ++incidents
    who[i] = $2; from[i] = $3 + 0; until[i] = $5 + 0; what[i] = $6
}
$1 == "day_of" { visits[$2, $3] = $4 - $7; visitors[$2, $3] = $5; counted[$2] = 1 }
$1 == "times_of" { took[$2, $3] = $4 }
$1 == "failing_of" { failing[$2, $3]++; note_failing($2, $3, $4) }
$1 == "pushed" { pushed[$2] = seconds_utc($3) }
$1 == "service" { SERVICES[++services] = $2; runs[$2] = $3 }
$1 == "backup" { backups++; if ($3 + 0 > 0) { if (!oldest || $3 < oldest) oldest = $3 + 0; if (now - $3 < FRESH && $3 <= now) fresh++ } }
$1 == "fetched" { fetched = seconds_utc($3) }
$1 == "disk" { disk = $3; disk_free = $4 }
$1 == "memory" { memory = $3; memory_free = $4 }
$1 == "up" { up_for = $3 }

END {
    for (i = 1; i <= sites; i++) sum_up(SITES[i])
    order_incidents()
    for (i = 1; i <= sites; i++) { all++; if (state[SITES[i]] == "down") downs++ }
    downs_first()
    for (i = 1; i <= services; i++) {
        if (!(SERVICES[i] in state)) all++
        if (runs[SERVICES[i]] == "unwell" && state[SERVICES[i]] != "down") unwell++
        if (runs[SERVICES[i]] == "unknown") unseen++
    }
    sentence = "All is well"; mood = "up"
    if (!all) { sentence = "There is nothing to look at"; mood = "gap" }
    else if (downs) { sentence = downs " of " all (downs == 1 ? " is down" : " are down"); mood = "down" }
    else if (unwell) { sentence = unwell " of " all (unwell == 1 ? " is not well" : " are not well"); mood = "odd" }
    else if (unseen) { sentence = "Not known of " unseen " of " all; mood = "gap" }
    else if (but = what_is_not_well()) { sentence = "All is up, but " but; mood = "odd" }
}

function what_is_not_well(    i, left, least) { # of what no visitor meets yet
    least = 3 * 86400
    for (i = 1; i <= sites; i++) {
        left = expires[SITES[i]] - now
        if (expires[SITES[i]] && left < least) least = left
    }
    if (least < 3 * 86400) return "a certificate ends in " lasting(least > 0 ? least : 0)
    if (disk > 0 && disk_free < disk / 20) return "the disk is nearly full"
    if (backups > fresh) return whole(backups - fresh, "backup is", "backups are") " late"
}

function sum_up(site,    i, share) { # of 90 days: how often it was up, of what was looked at
    for (i = 1; i <= DAYS; i++) {
        if (!looks[site, date[i]]) continue
        known[site]++
        looked[site] += looks[site, date[i]]
        lost[site] += down[site, date[i]]
    }
    share = looked[site] >= FEW ? int(10000 * (1 - lost[site] / looked[site]) + 1e-6) / 100 : -1
    percent[site] = share < 0 ? "" : share == 100 ? "100" : sprintf("%.2f", share)
    for (i = DAYS - 29; i <= DAYS; i++) people[site] += visitors[site, date[i]]
    for (i = DAYS - 29; i <= DAYS; i++) requests[site] += visits[site, date[i]]
}

function quantile(site, day, share,    pair, part, i, n, sum) { # in ms, by the classes of count.awk; -1 where nothing was counted
    if (!((site, day) in took)) return -1
    n = split(took[site, day], pair, " ")
    for (i = 1; i <= n; i++) { split(pair[i], part, ":"); sum += part[2] }
    for (share = sum * share; i > 1 && sum >= share; sum -= part[2]) split(pair[--i], part, ":")
    return part[1] > 0 ? 2 ^ ((part[1] - 0.5) / 4) : 0
}

function note_failing(site, day, clock,    time, i) { # a minute in which most answers were errors: an incident begins, or goes on
    time = mktime(substr(day, 1, 4) " " substr(day, 6, 2) " " substr(day, 9, 2) " " substr(clock, 1, 2) " " substr(clock, 4, 2) " 00")
    i = troubled[site]
    if (i && time - until[i] < 600 && time >= from[i]) { until[i] = time + 60; return }
    i = troubled[site] = ++incidents
    who[i] = site; from[i] = time; until[i] = time + 60; what[i] = "many errors"; errors[i] = 1
}

function order_incidents(    i, at, n) { # the newest first, in LINE; of errors only those of more than two minutes
    for (i = 1; i <= incidents; i++) {
        if (!(who[i] in state) || errors[i] && until[i] - from[i] < 180) continue
        for (at = ++lines; at > 1 && from[i] > from[LINE[at - 1]]; at--) LINE[at] = LINE[at - 1]
        LINE[at] = i
    }
}

function downs_first(    i, n, rest) {
    for (i = 1; i <= sites; i++) if (state[SITES[i]] == "down") rest[++n] = SITES[i]
    for (i = 1; i <= sites; i++) if (state[SITES[i]] != "down") rest[++n] = SITES[i]
    for (i = 1; i <= sites; i++) SITES[i] = rest[i]
}

function kind_of(site, i) { # of a day: gap, up, odd or down
    if (!looks[site, date[i]]) return "gap"
    if (down[site, date[i]] > 0) return "down"
    return failing[site, date[i]] >= 3 ? "odd" : "up"
}

function whole(number, one, many) { return number " " (number == 1 ? one : many) }

function lasting(seconds) {
    if (seconds < 90) return "a minute"
    if (seconds < 5400) return whole(int(seconds / 60 + 0.5), "minute", "minutes")
    if (seconds < 129600) return whole(int(seconds / 3600 + 0.5), "hour", "hours")
    return whole(int(seconds / 86400 + 0.5), "day", "days")
}

function number(n) { # 1 234 567
    n = sprintf("%.0f", n)
    while (n ~ /[0-9][0-9][0-9][0-9]/) if (match(n, /[0-9][0-9][0-9]( |$)/)) n = substr(n, 1, RSTART - 1) " " substr(n, RSTART)
    sub(/^ /, "", n)
    return n
}

function milliseconds(ms) {
    if (ms < 1) return "under 1 ms"
    if (ms < 1000) return sprintf("%.0f ms", ms)
    return sprintf("%.1f s", ms / 1000)
}

function short_day(text) { return substr(text, 9, 2) + 0 " " month_name[substr(text, 6, 2) + 0] }

function utc(time) { return strftime("%Y-%m-%dT%H:%M:%SZ", time, 1) }

function local_time(time) { return strftime("%e %b %Y, %H:%M", time) }
