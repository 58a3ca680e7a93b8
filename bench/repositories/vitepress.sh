package 'vitepress build docs' devDependencies '"vitepress": "^1"'
mkdir docs
printf '# Home\n' >docs/index.md
lock vitepress
