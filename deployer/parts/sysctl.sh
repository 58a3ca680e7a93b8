#!/bin/bash
# What a change of the kernel's settings asks for.

set_kernel() { # FILE: of the settings, if it is there
    [ ! -e "$1" ] || /lib/systemd/systemd-sysctl "$1"
}
