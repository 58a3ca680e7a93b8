package 'vitepress build site' devDependencies '"vitepress": "^1"'
mkdir site
printf '# Home\n' >site/index.md
lock vitepress
