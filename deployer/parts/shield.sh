#!/bin/bash
# What a change of the shields' files asks for: a site that shall have none is opened. It is closed when its records are proxied.

keep_shields() { [[ ! -x /usr/local/lib/deploy/bin/shield ]] || /usr/local/lib/deploy/bin/shield --settle; }
