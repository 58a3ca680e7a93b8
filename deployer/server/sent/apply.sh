#!/bin/bash
# Changes this server in one transaction: whole, or not at all. What it does stands at the end, step by step; how, in its parts,
# the files of apply/, which are sent before it. Reads a compressed tar from standard input:
#   label                  who applies, for the one who has to wait
#   sources/…              where packages come from: files for apt, which are there before it is asked
#   packages hugo          what to install, one a line
#   upgrades               packages that are there, and may be upgraded for those that are not
#   expect                 what the plan saw: DIGEST|absent|link:TARGET <tab> PATH
#   files/…                the new files, with mode and owner
#   secrets                what shall be in .env files: PATH <tab> NAME <tab> generate|value|copy|remove <tab> LENGTH|BASE64|PATH
#   remove                 paths to remove, one a line
#   checks live            commands, one a line; `live` makes the new files count
#   back                   commands that make the old files count again
#   guarded guarded-back guarded-paths   the same of files that could lock out: they count last, and stay only
#   undo-after             if somebody logs in anew within so many seconds
#   units                  systemd units to enable and start
#   watched                those that shall stay up, also after a change of what is their owner's
#   compositions           names of those whose containers are brought up anew
#   tried                  NAME DIGEST: what is tried of each, so that a failure of just that is known again
#   steps                  NAMES|AFTER|INSTEAD: the same in their order; what each waits for, and projects that stop for it;
#                          with |crossed, where its own domains change places
#   leads                  NAME PATH: NGINX's files that count only when NAME answers
#   gone                   NAME PROJECT of those whose containers are removed
#   takeovers              NEW OLD WHAT: what one shall have instead of another, which may keep it
#   zz-end                 empty, and last: everything arrived
# Exit: 0 done, 1 failed and everything is as it was, 73 partly: what was refused is as it was,
#   74 the server is not what the plan saw, 75 somebody else is at it, 76 failed, and some packages were installed.
set -uo pipefail
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
trap '' HUP PIPE # the caller may go away: what has begun is finished or undone
umask 022
state=/var/lib/deploy
scripts=/usr/local/lib/deploy
transaction=$state/transaction # is there only between the first change and the last check
guard=$state/guard             # is there only while a change that could lock out waits for a new login
wait_for_lock='' earlier=''
for word; do case $word in wait) wait_for_lock=1 ;; earlier) earlier=1 ;; esac; done # something was done before this step
partly=0
dpkg_before='' # what dpkg had before apt-get was first to install
ssh_before=''  # where sshd listened, when what we change could move it
SSH_CONNECTION=$(our_login)
export SSH_CONNECTION

# receive.sh: nothing is touched yet
writable
lock
# … but what a killed apply has left is undone (transaction.sh)
recover
receive
enough_space
as_the_plan_saw
# … and nobody may be shut out by it (guard.sh)
ssh_stays

# packages.sh
ask_sources
add_sources
install_packages
install_hugo

# transaction.sh: the old files are saved, and the new ones in their places
begin || { say "✗ the old files could not be saved; nothing was changed"; rm -rf $transaction; exit 1; }
if [ -d $transaction ]; then
    if ! write; then
        say "✗ the new files could not be written"
        undo && as_it_was
        exit 1
    fi
fi

# check.sh, live.sh and units.sh: they count, without those of an owner that something refuses (blame.sh); last of all what could lock out (guard.sh); or everything is as it was
if ! check || ! hold_back || ! go_live; then
    [ -d $transaction ] && undo
    as_it_was
    exit 1
fi

# coming_up.sh, ending.sh: containers come up, and what shall not be there any more ends
if [ -d $transaction ]; then
    bring_up_compositions
    remove_scripts
    remember_what_is_ours
    remember_ports_kept
    say "✓ files $(how_many_files)"
    owe
    keep
fi
end_what_is_owed
[ ! -s "$incoming/refused" ] || partly=1
[ $partly = 0 ] || exit 73
