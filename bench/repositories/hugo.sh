hugo new project . --force >/dev/null
hugo mod init example.org/site 2>/dev/null
cat >hugo.toml <<'END'
baseURL = "https://hugo.example.org/"
title = "A site"
[module]
[[module.imports]]
path = "github.com/google/uuid"
[[module.imports.mounts]]
source = "README.md"
target = "content/module.md"
[security.exec]
allow = ['^(dart-)?sass$', '^go$', '^git$', '^node$', '^postcss$', '^tailwindcss$']
END
HUGO_MODULE_PROXY=$(go env GOPROXY)
export HUGO_MODULE_PROXY
hugo mod get github.com/google/uuid@v1.6.0 >/dev/null 2>&1
mkdir -p content assets/css layouts
printf -- '---\ntitle: Home\n---\nWelcome.\n' >content/_index.md
printf '$colour: #336; .of-sass { color: $colour; b { color: red } }' >assets/css/own.scss
printf '@import "tailwindcss" source(none); @source inline("underline");' >assets/css/tail.css
printf '.of-postcss { display: grid; user-select: none }' >assets/css/post.css
printf 'module.exports = { plugins: [require("autoprefixer")] }' >postcss.config.js
cat >layouts/all.html <<'END'
<!doctype html><html lang="en"><title>{{ .Title }}</title>
{{ range slice
    (resources.Get "css/own.scss" | css.Sass (dict "transpiler" "dartsass"))
    (resources.Get "css/tail.css" | css.TailwindCSS)
    (resources.Get "css/post.css" | css.PostCSS) }}
<link rel="stylesheet" href="{{ (. | fingerprint).RelPermalink }}">
{{ end }}
{{ .Content }}</html>
END
cat >package.json <<'END'
{
  "private": true,
  "devDependencies": {
    "@tailwindcss/cli": "^4", "tailwindcss": "^4", "autoprefixer": "^10", "postcss": "^8", "postcss-cli": "^11"
  }
}
END
lock tailwindcss >/dev/null
hugo version | grep -o '[0-9]*\.[0-9]*\.[0-9]*' | head -n 1
