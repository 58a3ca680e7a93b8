# The incidents as RSS 2.0: one item for its beginning, another for its end.

END {
    print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n<channel>"
    print "<title>" escaped(domain) "</title>\n<link>" escaped(url) "/</link>\n<description>Incidents of " escaped(domain) "</description>"
    print "<atom:link href=\"" escaped(url) "/feed.xml\" rel=\"self\" type=\"application/rss+xml\"/>\n<lastBuildDate>" written(now) "</lastBuildDate>"
    for (n = 1; n <= lines && n <= 50; n++) {
        i = LINE[n]
        if (until[i]) print_item(who[i] " is well again", who[i] ": " what[i] ", for " lasting(until[i] - from[i]), until[i], who[i] "-" from[i] "-end")
        print_item(who[i] ": " what[i], who[i] ": " what[i] ", since " local_time(from[i]) " " strftime("%Z", from[i]), from[i], who[i] "-" from[i])
    }
    print "</channel>\n</rss>"
}

function escaped(text) { gsub(/&/, "\\&amp;", text); gsub(/</, "\\&lt;", text); gsub(/>/, "\\&gt;", text); gsub(/"/, "\\&quot;", text); return text }

function written(time) { return strftime("%a, %d %b %Y %H:%M:%S +0000", time, 1) }

function print_item(title, text, time, id) {
    print "<item><title>" escaped(title) "</title><description>" escaped(text) "</description><link>" escaped(url) "/#incidents</link>" \
        "<guid isPermaLink=\"false\">" escaped(domain "-" id) "</guid><pubDate>" written(time) "</pubDate></item>"
}
