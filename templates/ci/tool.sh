set -euo pipefail
if ! command -v deploy >/dev/null; then
    echo "✗ deploy is not installed on this runner: install it there, or write this workflow without --tool"
    exit 2
fi
{% if sent %}
folder=$PWD/{{ folder | sh }}
{% endif %}
cd "$(mktemp -d)" # without a sites.yaml, deploy takes the secrets from the environment
{% if previewed %}
said=$(mktemp)
code=0
deploy push {{ site }} {{ '--from "$folder"' if sent else '--ref "$REVISION"' }} --as "$PREVIEW" 2>&1 | tee "$said" || code=$?
{% include "ci/summary.sh" %}

exit "$code"
{% else %}
deploy push {{ site }}{{ ' --from "$folder"' if sent }}
{% endif %}
