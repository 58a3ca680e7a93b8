# The same as JSON. What is not known is null.

END {
    print "{\"version\":1,\"time\":" text(utc(now)) ",\"sentence\":" text(sentence) ",\"fine\":" (mood == "up" ? "true" : "false") ",\n\"sites\":["
    for (s = 1; s <= sites; s++) print_site(SITES[s])
    print "],\n\"incidents\":["
    for (n = 1; n <= lines; n++) {
        i = LINE[n]
        print (n > 1 ? "," : "") "{\"name\":" text(who[i]) ",\"what\":" text(what[i]) ",\"from\":" text(utc(from[i])) ",\"until\":" when(until[i]) ",\"down\":" (errors[i] ? "false" : "true") "}"
    }
    print "],\n\"services\":["
    for (s = 1; s <= services; s++) print (s > 1 ? "," : "") "{\"name\":" text(SERVICES[s]) ",\"state\":" text(runs[SERVICES[s]]) "}"
    print "],\n\"backups\":{\"names\":" backups + 0 ",\"fresh\":" fresh + 0 ",\"oldest_of_the_newest\":" when(oldest) ",\"fetched\":" when(fetched) "},"
    print "\"server\":{\"disk_bytes\":" kib(disk) ",\"disk_free_bytes\":" kib(disk_free) ",\"memory_bytes\":" kib(memory) ",\"memory_free_bytes\":" kib(memory_free) ",\"up_seconds\":" up_for + 0 "}}"
}

function text(value) { gsub(/["\\]/, "\\\\&", value); return "\"" value "\"" }
function when(time) { return time ? text(utc(time)) : "null" }
function kib(size) { return sprintf("%.0f", size * 1024) }
function rounded(ms) { return ms < 0 ? "null" : sprintf("%.0f", ms) }

function print_site(site,    i, between) {
    print (s > 1 ? "," : "") "{\"name\":" text(site) ",\"state\":" text(state[site]) ",\"why\":" (words[site] == "" ? "null" : text(words[site])) ",\"up_percent\":" (percent[site] == "" ? "null" : percent[site]) \
        ",\"certificate_ends\":" when(expires[site]) ",\"pushed\":" when(pushed[site]) ",\"days\":["
    for (i = 1; i <= DAYS; i++) {
        if (kind_of(site, i) == "gap" && !visits[site, date[i]]) continue
        print between "{\"date\":" text(date[i]) ",\"state\":" text(kind_of(site, i) == "gap" ? "not known" : kind_of(site, i) == "odd" ? "errors" : kind_of(site, i)) ",\"looks\":" looks[site, date[i]] + 0 ",\"down\":" down[site, date[i]] + 0 \
            ",\"error_minutes\":" failing[site, date[i]] + 0 ",\"requests\":" visits[site, date[i]] + 0 ",\"visitors\":" visitors[site, date[i]] + 0 \
            ",\"median_ms\":" rounded(quantile(site, date[i], 0.5)) ",\"p95_ms\":" rounded(quantile(site, date[i], 0.95)) "}"
        between = ","
    }
    print "]}"
}
