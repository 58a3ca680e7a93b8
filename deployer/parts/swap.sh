#!/bin/bash
# What a change of the swap file's size asks for.

set_swap() { # FILE: with the size; without it, there is no swap file
    if [ -e "$1" ]; then
        systemctl stop var-swapfile.swap && /usr/local/lib/deploy/bin/swapfile && systemctl start var-swapfile.swap
    else
        systemctl disable --quiet --now var-swapfile.swap 2>/dev/null
        rm -f /var/swapfile
    fi
}
