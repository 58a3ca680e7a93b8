#!/bin/bash
# Where the programs are that this server has, for the scripts that are sent before this.

program() { # NAME: its path; a deploy from before there was bin/ has put it beside its parts
    local place=/usr/local/lib/deploy
    if [ -e "$place/bin/$1" ]; then place+=/bin; fi
    echo "$place/$1"
}
