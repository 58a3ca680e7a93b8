#!/bin/bash
# What could lock out: it counts last, and only for a while, unless somebody logs in anew. A part of apply.sh.

came_by() { grep -o '[0-9]\+$' <<<"$SSH_CONNECTION"; } # the port through which we are logged in

ssh_stays() { # a reload must not close the port that we came by, for somebody wrote another one into sshd's files
    local ours configured
    [ -s "$incoming/guarded" ] || return 0
    ssh_before=$(ssh_listens)
    grep -q ssh "$incoming/guarded" && ours=$(came_by) || return 0
    configured=$(ssh_goes_to)
    if [ -z "$configured" ] || grep -qx "$ours" <<<"$configured"; then return; fi
    say "✗ we are logged in on port $ours, but sshd's files say port $(paste -sd ' ' <<<"$configured"), where it goes when"
    say "  it is reloaded, as this change does: that would shut us out. Nothing was changed. The lines are:"
    ssh_port_lines | indent
    say "  Take them out; or add 'Port $ours' beside them, and sshd will listen on both."
    exit 1
}

ssh_port_lines() {
    grep -rniE '^[[:space:]]*(Port|ListenAddress)[[:space:]=]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/
}

arm() { # a timer of systemd undoes it, whatever becomes of this script and of the caller
    local seconds path script
    seconds=$(<"$incoming/undo-after")
    rm -rf "$guard.new" && mkdir -m 700 "$guard.new" && mkdir "$guard.new/before"
    cp "$incoming/guarded-paths" "$guard.new/paths"
    { cat "$incoming/guarded-back" && say "let_ssh_in ${ssh_before//$'\n'/ }"; } >"$incoming/guard-back"
    save_back "$incoming/guard-back" "$guard.new" "$guard.undoing"
    while IFS= read -r path; do
        if [ ! -e "$transaction/before$path" ] && [ ! -L "$transaction/before$path" ]; then continue; fi
        (cd "$transaction/before" && cp -a --parents -t "$guard.new/before" ".$path") || return
    done <"$guard.new/paths"
    for script in /usr/local/lib/deploy/bin/undo $transaction/before/usr/local/lib/deploy/bin/undo; do
        [ ! -e "$guard.new/undo" ] && [ -e "$script" ] && cp "$script" "$guard.new/undo"
    done
    [ -e "$guard.new/undo" ] || { echo "/usr/local/lib/deploy/bin/undo is not there"; return 1; }
    echo $(($(date +%s) + seconds)) >"$guard.new/until"
    mv -T "$guard.new" "$guard"
    systemctl stop deploy-undo.timer 2>/dev/null
    systemd-run --quiet --collect --unit=deploy-undo --on-active="$seconds" \
        --timer-property=AccuracySec=1s /bin/bash "$guard/undo"
}

go_live_guarded() { # last of all, and not for good before somebody has logged in anew
    local words
    [ -s "$incoming/guarded" ] || return 0
    if grep -qxF -f "$incoming/refused" "$incoming/guarded-paths"; then return 0; fi # who is refused, goes back with all of it
    if ! words=$(arm 2>&1 && run_list "$incoming/guarded"); then
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
    else
        say "▸ new login"
        for _ in $(seq $(($(<"$incoming/undo-after") * 10 + 100))); do
            [ -d "$guard" ] || [ -d "$guard.undoing" ] || break
            pause 0.1
        done
        [ ! -d "$guard.confirmed" ] || { rm -rf "$guard.confirmed"; return 0; }
        say "✗ no new login came that would prove the change good"
    fi
    if [ -d "$guard" ]; then bash "$guard/undo"; fi
    systemctl stop deploy-undo.timer 2>/dev/null
    return 1
}

as_it_was() { # says so, but not before sshd listens where we are logged in
    local ours
    if ours=$(came_by) && grep -qx "$ours" <<<"$ssh_before"; then
        for _ in {1..20}; do
            if ssh_listens | grep -x "$ours" >/dev/null; then break; fi
            pause 0.1
        done
        if ! ssh_listens | grep -x "$ours" >/dev/null; then
            # shellcheck disable=SC2086 # one word a port
            let_ssh_in $ssh_before
            say "✗ our files are as they were, but sshd now listens on $(ssh_listens | paste -sd ' '), no longer on $ours:"
            ssh_port_lines | indent
            say "  The firewall lets that in. Stay logged in until you have set server.port, or written Port $ours"
            say "  there and restarted ssh."
            return
        fi
    fi
    say "Everything is as it was${earlier:+ before this step}."
}
