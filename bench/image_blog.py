"""Makes a blog that is heavy with images: 130 pages, 60 photos (JPEG), 60 screenshots (PNG), about 45 MB.

Run by the Python of .bench/venv, which has Pillow: image_blog.py FOLDER
"""

import random
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

POSTS, IMAGES = 126, 120  # with the front page, the list of posts, about and the 404 page: 130 pages
VOCABULARY = (
    "tide server page wind harbour file image morning release light script shelf night water name "
    "paper path small quiet year hand stone letter window machine garden line answer road"
)
LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ .Title }}</title>
{{ with resources.Get "style.css" | minify | fingerprint }}
<link rel="stylesheet" href="{{ .RelPermalink }}">
{{ end }}
</head>
<body>
<h1>{{ .Title }}</h1>
{{ .Content }}
<ul>
{{ range cond .IsHome site.RegularPages .Pages }}
<li><a href="{{ .RelPermalink }}">{{ .Title }}</a>: {{ .Summary | plainify | truncate 120 }}</li>
{{ end }}
</ul>
</body>
</html>
"""
CONFIG = """baseURL = "http://blog.example.org/"
title = "A blog with many images"
disableKinds = ["taxonomy", "term"]
"""
STYLE = "body { max-width: 42rem; margin: 0 auto; font: 1.1rem/1.6 serif; }\nimg { max-width: 100%; }\n"


def make_blog(folder: Path) -> None:
    """Write the whole blog; the same texts each time, and images that differ only in their noise."""
    chance = random.Random(1)
    for name, text in {
        "hugo.toml": CONFIG,
        "assets/style.css": STYLE,
        "layouts/all.html": LAYOUT,
        "layouts/404.html": LAYOUT,
        "content/_index.md": "---\ntitle: A blog with many images\n---\n",
        "content/posts/_index.md": "---\ntitle: Posts\n---\n",
        "content/about.md": post("About", paragraphs(chance, 3)),
    }.items():
        write(folder / name, text)
    (folder / "static/images").mkdir(parents=True)
    for number in range(1, POSTS + 1):
        body = paragraphs(chance, 8)
        if number <= IMAGES:
            name = image(folder / "static/images", number, chance)
            body = f"![A picture](/images/{name})\n\n{body}"
        write(folder / f"content/posts/post-{number:03}.md", post(f"Post {number}", body))


def post(title: str, body: str) -> str:
    """A page with its front matter."""
    return f"---\ntitle: {title}\ndate: 2024-01-01\n---\n{body}\n"


def paragraphs(chance: random.Random, count: int) -> str:
    """Text of about 80 words a paragraph."""
    return "\n\n".join(
        " ".join(chance.choices(VOCABULARY.split(), k=80)).capitalize() + "." for _ in range(count)
    )


def write(file: Path, text: str) -> None:
    """Write a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def image(folder: Path, number: int, chance: random.Random) -> str:
    """A photo or a screenshot, and the name of its file."""
    if number % 2:
        name = f"photo-{number:03}.jpg"
        photo((1600, 1067), chance).save(folder / name, quality=85)
    else:
        name = f"screenshot-{number:03}.png"
        screenshot((1440, 900), chance).save(folder / name, optimize=True)
    return name


def photo(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """A gradient with clouds and grain, as large in a file as a photo from a telephone."""
    channels = []
    clouds = Image.effect_noise((size[0] // 24, size[1] // 24), 90).filter(ImageFilter.GaussianBlur(2))
    clouds = clouds.resize(size, Image.Resampling.BICUBIC)
    grain = Image.effect_noise(size, 15)
    for _ in range(3):
        gradient = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(size)
        channels.append(ImageChops.overlay(Image.blend(gradient, clouds, chance.uniform(0.3, 0.6)), grain))
    return Image.merge("RGB", channels)


def screenshot(size: tuple[int, int], chance: random.Random) -> Image.Image:
    """Flat windows with lines like text, and one picture in it."""
    picture = Image.new("RGB", size, "#f4f4f0")
    draw = ImageDraw.Draw(picture)
    for _ in range(6):
        left, top = chance.randrange(size[0] - 300), chance.randrange(size[1] - 200)
        draw.rectangle((left, top, left + 600, top + 400), fill=tuple(chance.choices(range(256), k=3)))
        for line in range(top + 20, top + 380, 18):
            for word in range(left + 20, left + 560, 44):
                draw.rectangle((word, line, word + chance.randrange(8, 40), line + 9), fill="#30343c")
    picture.paste(photo((420, 280), chance), (chance.randrange(900), chance.randrange(500)))
    return picture


if __name__ == "__main__":
    make_blog(Path(sys.argv[1]))
