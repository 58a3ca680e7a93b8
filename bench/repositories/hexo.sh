npx --yes hexo-cli@latest init . --no-install >/dev/null 2>&1
lock hexo
