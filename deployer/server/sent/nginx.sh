#!/bin/bash
# What NGINX says of its files on this server. Sent before the scripts that ask, and changes nothing.

# Prints `nginx_refuses WORDS` when NGINX would not take its files again: at a reload it goes on as it was, and after a restart
# of the server it does not start. In the middle of an apply its files are half there.
nginx_refuses() {
    if [ -d /var/lib/deploy/transaction ] || ! command -v nginx >/dev/null; then return 0; fi
    (ulimit -S -n hard && exec nginx -t -q) 2>&1 | # each site has a log, and a login mostly begins with 1024 open files
        sed -nE '/^.*\[emerg\] /{s///; s/^[0-9]+#[0-9]+: //; s/^/nginx_refuses /p; q}'
}
