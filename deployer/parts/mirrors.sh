#!/bin/bash
# What a change of the mirrors' files asks for, and another token of theirs.

keep_mirrors() { [[ ! -x /usr/local/lib/deploy/bin/mirrors ]] || /usr/local/lib/deploy/bin/mirrors keep; }
