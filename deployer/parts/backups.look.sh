#!/bin/bash
# What cron starts beside ours, backups and what writes to web roots.

# own_backup FILE, and own_build FILE DOMAIN, of cron lines that back something up, or whose program, or the one that
# they start in a folder, names a folder in /var/www
look_backups() {
    local path line folder word words
    local -A started_by=() seen=() # a file: the cron files that start it
    files /var/spool/cron/crontabs/root /etc/crontab /etc/cron.d/*
    for path in "${FILES[@]:1}"; do
        [[ $path != /etc/cron.d/deploy-* ]] || continue
        while IFS= read -r line; do
            [[ $line =~ ^[[:space:]]*(#|$|[A-Za-z_]+=) ]] && continue
            [[ ${line,,} =~ backup|mysqldump|mariadb-dump|pg_dump|restic|borg|rsnapshot ]] && echo "own_backup $path"
            folder=''
            [[ $line =~ cd[[:space:]]+(/[^[:space:];\&]+) ]] && folder=${BASH_REMATCH[1]}
            read -ra words <<<"${line//[;&|]/ }"
            for word in "${words[@]}"; do
                case $word in ./*) word=$folder/${word#./} ;; /*) ;; *) continue ;; esac
                [[ ! -f $word || ${started_by[$word]:-} == *"$path"* ]] || started_by[$word]+=$path$'\n'
            done
            while [[ $line =~ /var/www/([a-z0-9.-]+)(.*) ]]; do
                line=${BASH_REMATCH[2]}
                seen["$path ${BASH_REMATCH[1]}"]=1
            done
        done <"$path"
    done
    word=''
    [ ${#started_by[@]} = 0 ] || while IFS= read -r line; do
        if [[ $line == '==> '* ]]; then word=${line#==> } word=${word% <==} && continue; fi
        while IFS= read -r path; do [ -z "$path" ] || seen["$path ${line#/var/www/}"]=1; done <<<"${started_by[$word]:-}"
    done < <(timeout 2 head -v -c 100000 -- "${!started_by[@]}" 2>/dev/null | grep -aoE '^==> /.* <==$|/var/www/[a-z0-9.-]+')
    [ ${#seen[@]} = 0 ] || printf 'own_build %s\n' "${!seen[@]}"
}
