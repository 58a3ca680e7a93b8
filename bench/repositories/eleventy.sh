package eleventy dependencies '"@11ty/eleventy": "^3"'
printf '# Home\n' >index.md
lock @11ty/eleventy
