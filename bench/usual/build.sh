#!/bin/bash
# The usual build script of a Hugo site with many images, as people keep it at the root of the repository:
# every picture becomes WebP each time, all references are rewritten, and Hugo writes into the live folder.
for kind in png jpg jpeg; do
    find ./ -type f -name "*.$kind" -not -path '*/.git/*' -exec sh -c 'cwebp -lossless "$1" -o "${1%.*}.webp"' _ {} \;
done
find . -type f -not -path '*/.git/*' | while read -r file; do
    sed -i -e 's/\.png/\.webp/g' -e 's/\.jpg/\.webp/g' -e 's/\.jpeg/\.webp/g' "$file"
done
hugo -s . -d /var/www/usual.example.org/ --minify --cacheDir "$PWD/hugo-cache"
