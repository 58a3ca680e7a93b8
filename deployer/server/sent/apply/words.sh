#!/bin/bash
# Words: what is said to who applies, and what others say, made readable. A part of apply.sh.

say() { printf '%s\n' "$*"; }

indent() { sed 's/^/  /'; }

# What systemctl says, on standard input; in place of its advice to look at a unit, what that said last.
with_last_words() {
    local line unit units=()
    while IFS= read -r line; do
        case $line in
            'See "systemctl status '* | "See 'systemctl status "*) continue ;;
            'Job for '*) unit=${line#Job for } && units+=("${unit%% *}") ;;
        esac
        say "$line"
    done
    for unit in "${units[@]}"; do last_words_of "$unit" | indent; done
}

last_words_of() { # UNIT: its own, before those of systemd about it
    journalctl --sync 2>/dev/null # it reads when it finds the time
    journalctl --no-pager --quiet --lines 8 --output cat --since=-5min "_SYSTEMD_UNIT=$1" | grep . ||
        journalctl --no-pager --quiet --lines 4 --output cat --since=-5min --unit "$1"
}
