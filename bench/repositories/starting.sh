# What the starters of site generators share; each is run behind it, in an empty folder.
set -e

package() { # SCRIPT KEY DEPENDENCIES: package.json
    printf '{"private": true, "type": "module", "scripts": {"build": "%s"}, "%s": {%s}}\n' "$@" >package.json
}

lock() { # NAME: package-lock.json, and the version that it has of NAME
    npm install --package-lock-only --ignore-scripts --silent >/dev/null
    node -p "require('./package-lock.json').packages['node_modules/$1'].version"
}

with_pip() { # PACKAGE…: requirements.txt, and its programs for the starter
    printf '%s\n' "$@" >requirements.txt
    python3 -m venv "/tmp/$1" && "/tmp/$1/bin/pip" install --quiet -r requirements.txt
    PATH=/tmp/$1/bin:$PATH
}

version_of() { python -c "from importlib.metadata import version; print(version('$1'))"; }
