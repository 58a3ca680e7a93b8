# Days and times, for the others beside it. Days are those of the server's time zone, as in NGINX's logs.

function day_of(time) { return strftime("%Y-%m-%d", time) }

function days_before(time, days,    clock) { # by its noon, for a day can have 23 or 25 hours
    clock = strftime("%H", time) * 3600 + strftime("%M", time) * 60
    return day_of(time - clock + 43200 - days * 86400)
}

function seconds_utc(text,    year, month, day) { # of 2026-11-30T05:31:43Z, in Unix time
    year = substr(text, 1, 4) + 0; month = substr(text, 6, 2) + 0; day = substr(text, 9, 2) + 0
    if (month <= 2) { year--; month += 12 }
    day = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * (month - 3) + 2) / 5) + day - 719469
    return day * 86400 + substr(text, 12, 2) * 3600 + substr(text, 15, 2) * 60 + substr(text, 18, 2)
}

function end_of(text,    word, month) { # of a certificate, as in `Feb 26 07:47:29 2027 GMT`, in Unix time; 0 where it is none
    if (split(text, word, " ") < 4) return 0
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", word[1]) + 2) / 3
    if (month < 1 || word[4] !~ /^[0-9][0-9][0-9][0-9]$/ || word[3] !~ /^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$/) return 0
    return seconds_utc(sprintf("%s-%02d-%02dT%sZ", word[4], month, word[2], word[3]))
}
