#!/bin/bash
# What a change of a status page's files asks for.

make_status_pages() { # those that there shall be; where there is none any more, nothing of them stays to be served
    if [ -e /etc/systemd/system/deploy-status.service ]; then
        /usr/local/lib/deploy/bin/status-page --publish --quick # the timer counts, which may take longer
    else
        rm -rf /var/lib/deploy/pages
    fi
}
