#!/bin/bash
# Where NGINX leads: to a place only when what shall be there answers. A part of apply.sh.

hold_back() { # the files that lead to what does not answer there yet are as they were until it does
    local files names file new=()
    [ -s "$incoming/leads" ] || return 0
    mapfile -t files < <(cut -d ' ' -f 2 "$incoming/leads" | grep -vxF -f "$incoming/refused")
    [ ${#files[@]} -gt 0 ] || return 0
    for file in "${files[@]}"; do [ ! -e "$file" ] || new+=(".$file"); done # another goes
    mkdir -p "$incoming/held" && { [ ${#new[@]} -eq 0 ] || (cd / && cp -a --parents -t "$incoming/held" "${new[@]}"); } || return
    put_back "${files[@]}"
    passes_all && return
    mapfile -t names < <(cut -d ' ' -f 1 "$incoming/leads")
    lead_to "${names[@]}" # those of before do not go with what is new for all
    : >"$incoming/leads"
}

leading_to() { # NAME: NGINX's files that count only when it answers
    local name file
    while read -r name file; do [ "$name" != "$1" ] || say "$file"; done <"$incoming/leads"
}

lead_to() { # NAME…: the files that lead there are the new ones
    local name file
    for name; do
        while IFS= read -r file; do
            if [ -s "$incoming/refused" ] && grep -qxF -- "$file" "$incoming/refused"; then continue; fi
            if [ -e "$incoming/held$file" ]; then cp -a --remove-destination "$incoming/held$file" "$file"; else rm -f "$file"; fi
        done < <(leading_to "$name")
    done
}

follow() { # NGINX does as its files say
    local words
    words=$(check_nginx 2>&1 && reload_nginx) && return
    say "✗ NGINX refuses to lead there:"
    indent <<<"$words"
    return 1
}

lead_visitors() { # NAME: it answers at its port, and now at its name
    [ -n "$(leading_to "$1")" ] || return 0
    lead_to "$1"
    follow && is_served "$1"
}

is_served() { # NAME: as visitors get it, where NGINX has just been led to it
    [ -z "$(leading_to "$1")" ] || /usr/local/lib/deploy/bin/served "$1"
}
