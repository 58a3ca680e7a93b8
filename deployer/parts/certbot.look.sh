#!/bin/bash
# Certificates, and what renews them.

look_certbot() { # server, authenticator and allow_subset_of_names NAME VALUE of each certificate, and the certificates themselves
    files /etc/letsencrypt/renewal/*.conf
    [ ${#FILES[@]} -eq 1 ] || awk -F ' = ' '$1 == "server" || $1 == "authenticator" || $1 == "allow_subset_of_names" {
            name = FILENAME
            gsub(/.*\/|\.conf$/, "", name)
            print $1, name, $2
        }
        $1 == "manual_auth_hook" && $2 ~ /\/usr\/local\/lib\/deploy\/bin\/challenge/ {
            name = FILENAME
            gsub(/.*\/|\.conf$/, "", name)
            print "proved_by_dns", name
        }' "${FILES[@]}"
    renewals
    (cd /etc/letsencrypt/live 2>/dev/null && cp -L --parents ./*/cert.pem "$answer/certificates/" 2>/dev/null)
}

# FILE LINE for whatever renews certificates besides Certbot's own timer
renewals() {
    files /var/spool/cron/crontabs/* /etc/crontab /etc/cron.d/*
    awk '/^[^#]*(certbot|letsencrypt|acme\.sh)/ && FILENAME != "/etc/cron.d/certbot" { print "renewal", FILENAME, $0 }' \
        "${FILES[@]}"
    [[ ${state_of[snap.certbot.renew.timer]:-} == active ]] && echo "renewal snap.certbot.renew.timer"
}
