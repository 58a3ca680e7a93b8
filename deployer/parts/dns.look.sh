#!/bin/bash
# The addresses that DNS records of this server's names shall have.

look_dns() { # address ADDRESS: with which it goes to others, by IPv4 and by IPv6; nothing is sent for that
    local way
    for way in '-4 203.0.113.1' '-6 2001:db8::1'; do
        # shellcheck disable=SC2086 # these are two words
        ip ${way% *} route get ${way#* } 2>/dev/null | sed -n 's/.* src \([0-9a-f.:]*\).*/address \1/p'
    done
}
