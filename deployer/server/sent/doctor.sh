#!/bin/bash
# How this server is: what the program `doctor` tells, whose parts are sent before this, with what NGINX and dpkg say besides.
# A server whose deploy is older has no such program yet.
set -uo pipefail
export LC_ALL=C

unwell() {
    local well
    well=$(program well)
    [ ! -x "$well" ] || wells_tell "$well"
}

packaging() {
    apt_at_work
    dpkg_list | half_done
}

doctor_tells unwell packaging nginx_refuses
