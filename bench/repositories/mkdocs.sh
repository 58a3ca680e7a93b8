with_pip mkdocs-material
mkdocs new . >/dev/null 2>&1
printf 'theme:\n  name: material\n' >>mkdocs.yml
version_of mkdocs
