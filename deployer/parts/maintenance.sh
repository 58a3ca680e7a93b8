#!/bin/bash
# What a change of what sites.yaml says of maintenance asks for.

keep_maintenance() { [[ ! -x /usr/local/lib/deploy/bin/maintenance ]] || /usr/local/lib/deploy/bin/maintenance --settle; }
