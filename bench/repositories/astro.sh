package 'astro build' dependencies '"astro": "^7", "sharp": "*"'
mkdir -p src/pages src/assets
cp /root/photo.jpg src/assets/photo.jpg
printf '# Posts\n' >src/pages/posts.md
cat >src/pages/index.astro <<'END'
---
import { Image } from 'astro:assets'
import photo from '../assets/photo.jpg'
---
<html lang="en"><title>A site</title><Image src={photo} width={200} alt="A photo" /></html>
END
lock astro
