with_pip 'pelican[markdown]'
printf '.\nA site\nAda\nen\nn\nn\nUTC\nn\nn\n' | pelican-quickstart >/dev/null
printf 'Title: First\nDate: 2026-01-01\nSlug: first\n\nWelcome.\n' >content/first.md
version_of pelican
