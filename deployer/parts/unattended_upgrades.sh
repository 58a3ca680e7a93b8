#!/bin/bash
# What a change of apt's settings asks for.

check_apt() {
    apt-config dump >/dev/null
}
