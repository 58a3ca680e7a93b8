with_pip sphinx furo
sphinx-quickstart -q -p 'A site' -a Ada --ext-autodoc . >/dev/null
version_of sphinx
