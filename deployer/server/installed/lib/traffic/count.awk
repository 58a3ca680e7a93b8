# Counts what NGINX's log of a site (format `combined`, or deploy_timed, which ends with the seconds that an answer took) says, day by
# day, for `traffic` and `status-page`: adds it to the counts of before (file `state`), writes them anew (behind what the file `counts` has), and prints
# those since the day `shown`. Two kinds of rows it does not print:
#   times DAY CLASS:COUNT…                 how long answers took: class 0 is less than 1 ms, and class N ends with 2 ^ (N / 4) ms
#   failing DAY HH:MM FAILED REQUESTS      a minute in which half of the answers, and five or more, were errors of the server
# Of a visitor it keeps no address: each changes at most one of 4096 numbers (HyperLogLog), by a hash with a salt of the day, and
# of all days but the newest no more is kept than how many there were. What a stranger can make as many of as he likes, such as
# paths, is counted in tables that forget what is rare when they are full.
# With `parts` it counts only the days whose number leaves `part`, and of lists prints all: so can several do it side by side.

BEGIN {
    FS = "\""; last = others = "-"
    NUMBERS = 4096; PRIME = 2147483629; MOST = 20000; RECENT = 1000; BEST = 50; MIXED = 40503 / 65536; LONGEST = 300
    for (i = 1; i < 256; i++) ordinal[sprintf("%c", i)] = i
    for (i = split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", name, " "); i > 0; i--) month[name[i]] = sprintf("%02d", i)
    ROBOT = "bot|crawl|spider|slurp|scan|monitor|preview|fetch|archiv|headless|facebookexternalhit|curl|wget|python|httpx|okhttp"
    ROBOT = ROBOT "|go-http|deploy watch|java/|libwww|perl|ruby|php/|axios|node|uptime|gatus|feed|rss|zgrab|masscan|nmap|nikto|sqlmap"
    ASSET = "\\.(css|js|mjs|map|json|xml|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|otf|mp4|webm|mp3|txt|webmanifest)$"
    for (i = split("day times failing page missing referrer robot", name, " "); i > 0; i--) LISTED[name[i]]
    while ((getline row < state) > 0) keep(row)
}

{
    stamp = substr($1, length($1) - 27, 17) # day and minute, from behind: a visitor's name by Basic auth may hold whatever it likes
    if (stamp == others) next
    if (NF < 7 || (stamp != last && !enter(stamp))) { if (stamp != others && !part) unread++; next }
    requests++
    size = substr($3, 6) + 0
    if (size < 1e15) bytes += size
    status = substr($3, 2, 3)
    if (clock[$7]++ == 0 && ++clocks > MOST) classify()
    agent = $6
    if (!(agent in machine)) meet(agent)
    split($2, word, /[ ?]/) # what is behind the ? may be secret
    path = word[2]
    if (length(path) > LONGEST) path = substr(path, 1, LONGEST)
    if (status == 404) {
        missing++
        if (path != "" && absent[path]++ == 0 && ++absents > MOST) absents = thin(absent)
    } else if (status >= 500) failed++
    if (machine[agent] != "") {
        robots++
        robot[machine[agent]]++
        next
    }
    address = substr($1, 1, index($1, " ") - 1)
    key = address " " number[agent]
    if (!(key in seen)) see(key, address, agent)
    if ((status == 200 || status == 304) && word[1] == "GET" && path ~ /^\//)
        if (page[path]++ == 0 && ++pages > MOST) pages = thin(page)
    if ($4 != "-" && $4 != "") refer($4)
}

END {
    if (unread && day == "") open_day(today)
    close_day()
    newest = ""
    for (day in rows) if (day > newest && day <= tomorrow) newest = day # one of a clock that was wrong may lie far ahead
    for (day in rows) {
        if (day < since) continue
        printf "%s", rows[day] >> counts
        if (day >= shown) tell(rows[day])
    }
    if (newest in sketch) print "sketch\t" newest "\t" sketch[newest] >> counts
    if (parts) for (each in sum) { split(each, name, "\t"); print name[1] "\t" site "\t" sum[each] "\t" name[2] }
    else for (i = split("page missing referrer robot", name, " "); i > 0; i--) {
        kind = name[i]
        for (each in sum) if (substr(each, 1, length(kind) + 1) == kind "\t") found[substr(each, length(kind) + 2)] = sum[each]
        printf "%s", best(found, kind "\t" site, 20)
    }
}

function keep(row,    at, kind, day, field) { # of what was counted before
    at = index(row, "\t")
    kind = substr(row, 1, at - 1); day = substr(row, at + 1, 10)
    if (substr(row, at + 11, 1) != "\t" || parts && substr(day, 9) % parts != part) return
    if (kind in LISTED) rows[day] = rows[day] row "\n"
    else if (kind == "sketch") { split(row, field, "\t"); sketch[day] = field[3] "\t" field[4] }
}

function enter(stamp,    word) { # whether it is a minute of a day; it is the one that is counted from here on
    if (stamp !~ /^[0-3][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-2][0-9]:[0-5][0-9]$/) return 0
    split(substr(stamp, 1, 11), word, "/")
    if (!(word[2] in month)) return 0
    if (parts && word[1] % parts != part) { others = stamp; return 0 }
    if (substr(stamp, 1, 11) == substr(last, 1, 11)) {
        close_minute()
        last = stamp
        return 1
    }
    close_day()
    last = stamp
    open_day(word[3] "-" month[word[2]] "-" word[1])
    return 1
}

function open_day(which,    row, field, i, n, line) { # go on with what is known of it; all anew where all of the log is read
    day = which
    requests = people = bytes = robots = missing = failed = pages = absents = referrers = known = agents = 0
    split("", page); split("", absent); split("", referrer); split("", robot)
    split("", clock); split("", took); clocks = 0; failing = ""
    split("", seen); split("", machine); split("", number); split("", base); split("", register)
    salt = int((random + 2147483648 * rand()) % 2147483647) # of this day; it goes when the next day has come
    zeros = NUMBERS
    if (day in rows && (!fresh || day in written)) {
        n = split(rows[day], line, "\n")
        for (i = 1; i < n; i++) {
            split(line[i], field, "\t")
            if (field[1] == "day") {
                requests = field[3]; people = field[4]; bytes = field[5]; robots = field[6]; missing = field[7]; failed = field[8]
                unread += field[9]
            }
            else if (field[1] == "times") remember_times(field[3])
            else if (field[1] == "failing") failing = failing line[i] "\n"
            else if (field[1] == "page") { page[field[4]] = field[3]; pages++ }
            else if (field[1] == "missing") { absent[field[4]] = field[3]; absents++ }
            else if (field[1] == "referrer") { referrer[field[4]] = field[3]; referrers++ }
            else if (field[1] == "robot") robot[field[4]] = field[3]
        }
        if (day in sketch) {
            people = 0
            split(sketch[day], field, "\t")
            salt = field[1]
            for (i = 0; i < NUMBERS; i++)
                if ((row = ordinal[substr(field[2], i + 1, 1)] - 48) > 0) { register[i] = row; zeros-- }
        }
    }
    factor = salt % 2097143 + 7; salted = salt % 65536 + 1
    requests_before = requests; failed_before = failed
}

function close_minute(    all, bad) {
    all = requests - requests_before; bad = failed - failed_before
    if (bad >= 5 && 2 * bad >= all) failing = failing "failing\t" day "\t" substr(last, 13) "\t" bad "\t" all "\n"
    requests_before = requests; failed_before = failed
}

function classify(    each, ms, class) { # how long answers took, which the end of a line tells
    for (each in clock) {
        if (each !~ /^ [0-9]+\.[0-9][0-9][0-9]$/) continue
        ms = each * 1000
        class = ms < 1 ? 0 : int(4 * log(ms) / log(2) + 1e-9) + 1
        took[class > 100 ? 100 : class] += clock[each]
    }
    split("", clock); clocks = 0
}

function remember_times(text,    pair, part, i, n) {
    n = split(text, pair, " ")
    for (i = 1; i <= n; i++) { split(pair[i], part, ":"); took[part[1] + 0] += part[2] }
}

function times_row(    class, text) {
    classify()
    for (class = 0; class <= 100; class++) if (class in took) text = text (text == "" ? "" : " ") class ":" sprintf("%.0f", took[class])
    return text == "" ? "" : "times\t" day "\t" text "\n"
}

function close_day(    text, i, line, field) {
    if (day == "") return
    close_minute()
    text = sprintf("day\t%s\t%.0f\t%.0f\t%.0f", day, requests, people + visitors(), bytes)
    text = text sprintf("\t%.0f\t%.0f\t%.0f\t%.0f\n", robots, missing, failed, unread)
    for (i in page) if (tolower(i) ~ ASSET) delete page[i]
    text = text times_row() failing best(page, "page\t" day, BEST) best(absent, "missing\t" day, BEST)
    text = text best(referrer, "referrer\t" day, BEST) best(robot, "robot\t" day, BEST)
    unread = 0
    if (fresh && day in rows && !(day in written)) { # the oldest log may begin in the middle of a day that was counted whole
        split(rows[day], line, "\n")
        split(line[1], field, "\t")
        if (field[3] + 0 > requests) return
    }
    written[day] = 1
    rows[day] = text
    if (people == 0) {
        text = ""
        for (i = 0; i < NUMBERS; i++) text = text sprintf("%c", register[i] + 48)
        sketch[day] = salt "\t" text
    }
}

function meet(agent,    text) { # what calls itself so: the name of a robot, or nothing
    if (++agents > MOST / 2) { split("", machine); split("", number); split("", base); agents = 0 }
    text = substr(agent, 1, LONGEST)
    machine[agent] = ""
    if (text == "-" || text == "") machine[agent] = "-"
    else if (match(tolower(text), "[a-z0-9_.-]*(" ROBOT ")[a-z0-9_.-]*")) machine[agent] = substr(text, RSTART, RLENGTH)
    number[agent] = ++named ""
    base[agent] = hash(0, text)
}

function hash(value, text,    i, n) {
    n = length(text)
    for (i = 1; i <= n; i++) value = (value * factor + ordinal[substr(text, i, 1)]) % PRIME
    return value
}

function see(key, address, agent,    value, high, low, rank, part) { # one more, or one who was here, and the table did forget it
    if (++known > RECENT) { split("", seen); known = 0 }
    seen[key] = 1
    address = substr(address, 1, 50)
    if (address ~ /^[0-9.]+$/ && split(address, part, ".") == 4) # the usual ones, in one step
        value = (base[agent] + (((part[1] * 256 + part[2]) * 256 + part[3]) * 256 + part[4]) % 4294967296 * factor) % PRIME
    else value = hash(base[agent], address)
    high = int(value / 65536); low = value % 65536
    # so that neighbours are no longer neighbours
    low = (low + int(high * (high + salted) * MIXED)) % 65536
    high = (high + int(low * (low + salted) * MIXED)) % 65536
    low = (low + int(high * (high + salted) * MIXED)) % 65536
    high = (high + int(low * (low + salted) * MIXED)) % 65536
    value = int((high * 65536 + low) / NUMBERS)
    low %= NUMBERS
    for (rank = 1; value < 524288 && rank < 21; rank++) value *= 2
    if (register[low] == 0) zeros--
    if (rank > register[low]) register[low] = rank
}

function visitors(    i, total) {
    for (i = 0; i < NUMBERS; i++) total += 2 ^ -register[i]
    total = 0.7213 / (1 + 1.079 / NUMBERS) * NUMBERS * NUMBERS / total
    if (total <= 2.5 * NUMBERS && zeros > 0) total = NUMBERS * log(NUMBERS / zeros)
    return int(total + 0.5)
}

function refer(text,    part) {
    split(text, part, "/")
    text = tolower(substr(part[3], 1, 100))
    if (part[1] !~ /^https?:$/ || text == "" || text == site || text == "www." site) return
    if (referrer[text]++ == 0 && ++referrers > MOST) referrers = thin(referrer)
}

function thin(table,    each, least, left) { # forget what is rare until it is half as large; how large it is
    least = 1
    do {
        left = 0
        for (each in table) if (table[each] <= least) delete table[each]; else left++
        least *= 2
    } while (left > MOST / 2)
    return left
}

function tell(text,    line, field, n, i) { # of a day; of lists, the sum of all days
    n = split(text, line, "\n")
    for (i = 1; i < n; i++) {
        split(line[i], field, "\t")
        if (field[1] == "day") print "day\t" site substr(line[i], 4)
        else if (field[1] !~ /^(times|failing)$/) sum[field[1] "\t" field[4]] += field[3]
    }
}
