# Of a table of how often each came, what came most often, as rows; for `traffic`.

function best(table, head, most,    each, place, i, name, times, n, text) { # its largest, as rows
    split("", name); split("", times)
    for (each in table) {
        if (n >= most && (table[each] < times[n] || (table[each] == times[n] && each > name[n]))) continue
        if (n < most) n++
        for (place = n; place > 1; place--) {
            i = place - 1
            if (table[each] < times[i] || (table[each] == times[i] && each > name[i])) break
            name[place] = name[place - 1]; times[place] = times[place - 1]
        }
        name[place] = each; times[place] = table[each]
    }
    for (i = 1; i <= n; i++) {
        each = name[i]
        gsub(/[^ -~]/, "?", each) # NGINX has no such byte in its logs; what others have written may
        text = text head "\t" sprintf("%.0f", times[i]) "\t" each "\n"
    }
    split("", table)
    return text
}
