set -euo pipefail
if ! command -v deploy >/dev/null; then
    echo "✗ deploy is not installed on this runner: install it there, or write this workflow without --tool"
    exit 2
fi
{% if sent %}
folder=$PWD/{{ folder | sh }}
{% endif %}
cd "$(mktemp -d)" # without a sites.yaml, deploy takes the secrets from the environment
deploy push {{ site }}{{ ' --from "$folder"' if sent }}
