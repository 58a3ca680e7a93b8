jekyll new . --force --skip-bundle >/dev/null 2>&1
rm Gemfile # which asks for gems that Bundler installs; Debian's are there
jekyll --version | grep -o '[0-9.]*'
