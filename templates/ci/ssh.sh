set -euo pipefail
umask 077
missing=''
for name in SSH_HOST SSH_PRIVATE_KEY SSH_KNOWN_HOSTS; do
    if [ -z "${!name}" ]; then
        echo "✗ the secret $name is not set (settings of the repository: Actions, Secrets)"
        missing=1
    fi
done
[ -z "$missing" ] || exit 2
known_hosts=$(mktemp)
printf '%s\n' "$SSH_KNOWN_HOSTS" >"$known_hosts"
eval "$(env -u SSH_PRIVATE_KEY ssh-agent -s)" >/dev/null
trap 'ssh-agent -k >/dev/null; rm -f "$known_hosts"' EXIT
# the private key goes to the agent through a pipe, and never to the disk
if ! printf '%s\n' "${SSH_PRIVATE_KEY//$'\r'/}" | SSH_ASKPASS=/bin/false ssh-add -q - 2>/dev/null; then
    echo "✗ the secret SSH_PRIVATE_KEY is not a private key without a passphrase"
    exit 2
fi
unset SSH_PRIVATE_KEY
{% if previewed %}
said=$(mktemp)
{% endif %}
code=0
{{ "tar -C " ~ (("./" ~ folder) | sh) ~ " -cz . | " if sent }}ssh -F none -T -p "${SSH_PORT:-22}" -o BatchMode=yes -o IdentityFile=none -o ConnectTimeout=15 \
    -o ServerAliveInterval=15 -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$known_hosts" \
    -o GlobalKnownHostsFile=/dev/null -- "${SSH_USER:-deploy}@$SSH_HOST" push {{ site }}{{ (" --from " ~ called) if sent else ' "$REVISION"' if previewed }}{{ ' \\\n    --as "$PREVIEW"' if previewed }}{{ "" if sent else " </dev/null" }}{{ ' | tee "$said"' if previewed }} || code=$?
if [ "$code" = 255 ]; then
    echo "✗ SSH could not log in, or the connection was lost: its words are above"
    exit 3
fi
{% if previewed %}
{% include "ci/summary.sh" %}

{% endif %}
exit "$code"
