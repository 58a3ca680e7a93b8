#!/bin/bash
# What a change of the timer of updates asks for.

set_timer_of_updates() { # FILE: of the timer; without it, it ends
    local timer=${1##*/}
    if [ -e "$1" ]; then
        systemctl reset-failed "$timer" 2>/dev/null
        systemctl try-restart "$timer"
    else
        systemctl disable --quiet --now "$timer"
        systemctl reset-failed "$timer" 2>/dev/null || true
    fi
}
