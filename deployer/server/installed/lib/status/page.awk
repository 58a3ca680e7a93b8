# The page: one file of HTML that asks for nothing else. Its charts are SVG; each also says in words what it shows.

END {
    print_head()
    print "<main>"
    if (sites) { print "<section aria-labelledby=\"sites\"><h2 id=\"sites\">Sites</h2>"; for (i = 1; i <= sites; i++) print_site(SITES[i], i); print_legend(); print "</section>" }
    print_incidents()
    if (services) print_services()
    if (backups) print_backups()
    print_machine()
    print "</main>"
    print_foot()
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text); gsub(/\047/, "\\&#39;", text)
    return text
}

function content(file,    line, text, between) {
    while ((getline line < file) > 0) { text = text between line; between = "\n" }
    close(file)
    return text
}

function shown(n) { n = number(n); gsub(/ /, "\\&#8239;", n); return n }

function moment(time) { return "<time datetime=\"" utc(time) "\">" local_time(time) "</time>" }

function ago(time) { return now - time < 60 ? "just now" : lasting(now - time) " ago" }

function print_head() {
    print "<!DOCTYPE html>\n<html lang=\"en\" data-made=\"" now "\">\n<head>\n<meta charset=\"utf-8\">"
    print "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-UbViTnuyZdi1cfxUzpSs1ghASuJDRdcayLX0qp6xaS0='; img-src data:; base-uri 'none'; form-action 'none'\">"
    print "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">"
    print "<title>" sentence " - " escaped(domain) "</title>"
    print "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23" ICON[mood] "'/%3E%3C/svg%3E\">"
    if (url != "") print "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"Incidents\" href=\"feed.xml\">"
    print "<style>\n" content(style) "\n</style>\n</head>\n<body>\n<header>"
    print "<p class=\"name\">" escaped(domain) "</p>"
    print "<h1 class=\"" mood "\"><span class=\"dot\" aria-hidden=\"true\"></span><span>" sentence "</span></h1>"
    print "<p>Looked " moment(now) " " strftime("%Z", now) (url != "" ? ", and every five minutes" : "") ".</p>\n</header>"
}

BEGIN { ICON["up"] = "1a7f4e"; ICON["down"] = "c8321f"; ICON["odd"] = "b06a00"; ICON["gap"] = "8a929a" }

function print_site(site, i,    id, label, response) {
    id = "site-" i
    label = state[site] == "up" ? "Up" : "Down"
    if (state[site] == "up" && runs[site] == "unwell") label = "Not well"
    print "<article aria-labelledby=\"" id "\"><div class=\"line\"><h3 id=\"" id "\"><a rel=\"noopener\" href=\"https://" escaped(site) "/\">" escaped(site) "</a></h3>"
    print "<p class=\"state " (label == "Up" ? "up" : label == "Down" ? "down" : "odd") "\">" label (words[site] != "" ? "<span>: " escaped(words[site]) "</span>" : "") "</p>"
    print "<p class=\"share\">" (percent[site] == "" ? "not known yet" : "<b>" percent[site] "&#8239;%</b> of " whole(known[site], "day", "days")) "</p></div>"
    print_days(site)
    print "<dl>"
    response = quantile(site, date[DAYS], 0.5) >= 0 ? DAYS : DAYS - 1
    if (quantile(site, date[response], 0.5) >= 0) {
        print "<div><dt>Answers in</dt><dd>" milliseconds(quantile(site, date[response], 0.5))
        print_response(site)
        print "<small>95&#8239;% in " milliseconds(quantile(site, date[response], 0.95)) "</small></dd></div>"
    }
    if (site in counted) {
        print "<div><dt>Visitors</dt><dd>" shown(visitors[site, date[DAYS]]) " today"
        print_visitors(site)
        print "<small>" shown(requests[site]) " requests</small></dd></div>"
    }
    if (expires[site]) print "<div><dt>Certificate</dt><dd>" certificate(expires[site] - now) "</dd></div>"
    if (pushed[site]) print "<div><dt>Last push</dt><dd>" ago(pushed[site]) "</dd></div>"
    print "</dl>"
    print_bad_days(site)
    print "</article>"
}

function certificate(left) {
    if (left <= 0) return "<strong class=\"down\">has expired</strong>"
    return whole(int(left / 86400), "day", "days") " left"
}

function print_days(site,    i, kind, height, x, bad, gaps) {
    for (i = 1; i <= DAYS; i++) { kind = kind_of(site, i); if (kind == "gap") gaps++; else if (kind != "up") bad++ }
    print "<svg class=\"days\" viewBox=\"0 0 359 32\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"90 days: " \
        (percent[site] == "" ? "its share not known yet, " : percent[site] " % up where it was looked, ") whole(bad + 0, "day", "days") " with failures, " whole(gaps + 0, "day", "days") " not known\">"
    for (i = 1; i <= DAYS; i++) {
        kind = kind_of(site, i); x = (i - 1) * 4
        printf "<g><title>%s: %s</title>", short_day(date[i]), about_day(site, i)
        if (kind == "gap") printf "<path class=\"gap\" d=\"M%d 24h3v8h-3z\"/>", x
        else {
            height = seen_of(site, i) >= 0.9 ? 32 : int(12 + 20 * seen_of(site, i))
            printf "<path class=\"up\" d=\"M%d %dh3v%dh-3z\"/>", x, 32 - height, height
            if (kind != "up") {
                height = kind == "odd" ? 16 : int(18 + 14 * down[site, date[i]] / looks[site, date[i]])
                printf "<path class=\"%s\" d=\"M%d %dh3v%dh-3z\"/>", kind, x, 32 - height, height
            }
        }
        print "</g>"
    }
    print "</svg>"
}

function seen_of(site, i,    whole_day) { # which share of a day was looked at
    whole_day = FULL
    if (i == DAYS) whole_day = (strftime("%H", now) * 3600 + strftime("%M", now) * 60) / EVERY
    return looks[site, date[i]] >= whole_day ? 1 : looks[site, date[i]] / whole_day
}

function about_day(site, i,    kind, minutes) {
    kind = kind_of(site, i)
    if (kind == "gap") return "nobody looked"
    minutes = down[site, date[i]] * EVERY / 60
    if (kind == "down") return "down for about " lasting(minutes * 60)
    if (kind == "odd") return "many errors for " whole(failing[site, date[i]], "minute", "minutes")
    return seen_of(site, i) >= 0.9 ? "up" : sprintf("up, looked at for %d %% of the day", 100 * seen_of(site, i))
}

function print_bad_days(site,    i, kind, any) {
    for (i = DAYS; i > 0; i--) {
        kind = kind_of(site, i)
        if (kind != "down" && kind != "odd") continue
        if (!any++) print "<details><summary>Days with failures</summary><ul>"
        print "<li>" short_day(date[i]) ": " about_day(site, i) "</li>"
    }
    if (any) print "</ul></details>"
}

function print_response(site,    i, most, value, least, bars) { # the median of each of 30 days; a day of twice as much is one step higher
    least = 2 ^ 30
    for (i = DAYS - 29; i <= DAYS; i++) {
        value = quantile(site, date[i], 0.5)
        if (value > most) most = value
        if (value >= 0 && value < least) least = value
    }
    for (i = DAYS - 29; i <= DAYS; i++) {
        value = quantile(site, date[i], 0.5)
        if (value >= 0) bars = bars bar(i, log(value + 1) / log(most + 2), short_day(date[i]) ": " milliseconds(value))
    }
    print chart("The usual time to answer, in 30 days: between " milliseconds(least) " and " milliseconds(most), bars)
}

function print_visitors(site,    i, most, value, bars) {
    for (i = DAYS - 29; i <= DAYS; i++) if (visitors[site, date[i]] > most) most = visitors[site, date[i]]
    for (i = DAYS - 29; i <= DAYS; i++) {
        value = visitors[site, date[i]]
        if (value > 0) bars = bars bar(i, value / most, short_day(date[i]) ": " whole(number(value), "visitor", "visitors"))
    }
    print chart("Visitors a day, in 30 days: " whole(number(most), "visitor", "visitors") " at most", bars)
}

function bar(i, share, text) {
    share = int(1.5 + 22 * share)
    return sprintf("<path d=\"M%d %dh4v%dh-4z\"><title>%s</title></path>", (i - DAYS + 29) * 6, 24 - share, share, text)
}

function chart(text, bars) { return "<svg class=\"chart\" viewBox=\"0 0 178 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" text "\">" bars "<path class=\"ground\" d=\"M0 23.5h178v.5h-178z\"/></svg>" }

function print_legend() {
    print "<p class=\"legend\"><span>" short_day(date[1]) "</span><span class=\"key\"><i class=\"up\"></i>up</span><span class=\"key\"><i class=\"odd\"></i>errors</span><span class=\"key\"><i class=\"down\"></i>down</span><span class=\"key\"><i class=\"gap\"></i>not known</span><span>today</span></p><p class=\"legend\">The small charts, and the requests, are of 30 days.</p>"
}

function print_incidents(    i, n) {
    print "<section aria-labelledby=\"incidents\"><h2 id=\"incidents\">Incidents</h2>"
    if (!lines) print "<p class=\"card\">None seen in 90 days.</p>"
    else {
        print "<ol class=\"card\">"
        for (n = 1; n <= lines && n <= 30; n++) {
            i = LINE[n]
            print "<li class=\"" (errors[i] ? "odd" : "down") "\"><b>" escaped(who[i]) "</b>: " escaped(what[i]) (until[i] ? ", for " lasting(until[i] - from[i]) : ", still") "<small>" moment(from[i]) (until[i] ? " to " (day_of(from[i]) == day_of(until[i]) ? "<time datetime=\"" utc(until[i]) "\">" strftime("%H:%M", until[i]) "</time>" : moment(until[i])) : "") "</small></li>"
        }
        print "</ol>"
        if (lines > 30) print "<p class=\"more\">" lines - 30 " more before.</p>"
    }
    print "</section>"
}

function print_services(    i, told) {
    told["well"] = "Well"; told["unwell"] = "Not well"; told["stopped"] = "Stopped on purpose"; told["unknown"] = "Not known"
    print "<section aria-labelledby=\"services\"><h2 id=\"services\">Containers and programs</h2><ul class=\"card tiles\">"
    for (i = 1; i <= services; i++)
        print "<li><span>" escaped(SERVICES[i]) "</span><span class=\"state " (runs[SERVICES[i]] == "well" ? "up" : runs[SERVICES[i]] == "unwell" ? "down" : "gap") "\">" told[runs[SERVICES[i]]] "</span></li>"
    print "</ul></section>"
}

function print_backups() {
    print "<section aria-labelledby=\"backups\"><h2 id=\"backups\">Backups</h2><dl class=\"card rows\">"
    print "<div><dt>1. On this server</dt><dd class=\"" (fresh == backups ? "up" : "down") "\">" fresh + 0 " of " backups " are younger than 26 hours<small>" (oldest ? "the oldest of the newest is from " ago(oldest) : "there is none yet") "</small></dd></div>"
    print "<div><dt>2. At home</dt><dd class=\"" (fetched && now - fetched < 2 * FRESH ? "up" : "gap") "\">" (fetched ? "asked for " ago(fetched) "<small>whether all came, the home server knows</small>" : "not known: nobody has asked for any") "</dd></div>"
    print "<div><dt>3. Away from home</dt><dd class=\"gap\">not known here<small>the home server sends them there, and tells its owner</small></dd></div>"
    print "</dl></section>"
}

function print_machine() {
    print "<section aria-labelledby=\"server\"><h2 id=\"server\">Server</h2><dl class=\"card rows\">"
    print_meter("Disk", disk, disk_free, 1000000 / 1024 * 1000, "GB")
    print_meter("Memory", memory, memory_free, 1048576, "GiB")
    print "<div><dt>Up for</dt><dd>" lasting(up_for) "</dd></div></dl></section>"
}

function print_meter(name, total, free, unit, called,    used) {
    if (!(total > 0)) return
    used = int(100 * (total - free) / total + 0.5)
    printf "<div><dt>%s</dt><dd>%.1f of %.1f %s free", name, free / unit, total / unit, called
    print "<svg class=\"meter\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"" used " % used\"><path class=\"ground\" d=\"M0 0h100v4h-100z\"/><path class=\"" (used >= 90 ? "down" : "used") "\" d=\"M0 0h" used "v4h-" used "z\"/></svg></dd></div>"
}

function print_foot() {
    print "<footer><p>A site is <b>down</b> when two questions from the server itself, two seconds apart, get no good answer. <b>Errors</b> are minutes in which at least half of the answers to visitors, and five or more, were errors of the server. Days and minutes when nobody looked count for nothing, neither up nor down.</p>"
    if (url != "") print "<p><a href=\"feed.xml\">RSS</a> <a href=\"status.json\">JSON</a></p>"
    print "</footer>\n<script>" content(script) "</script>\n</body>\n</html>"
}
