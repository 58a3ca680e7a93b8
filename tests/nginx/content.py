"""Two releases of a small site, as a push leaves them."""

import gzip

from nginx.place import Place

RELEASES = "/srv/deploy/{}/releases/"
PAGE = "<!doctype html><title>{0}</title><p>" + "This is release {0}. " * 200


def publish(place: Place, domain: str) -> None:
    """Put both releases there, the second live, the first before it."""
    for release in ("first", "second"):
        for path, content in files(release).items():
            place.write(RELEASES.format(domain) + release + path, content)
    switch(place, domain, "first")
    switch(place, domain, "second", previous="first")


def switch(place: Place, domain: str, release: str, previous: str = "") -> None:
    """Make a release live as a push does."""
    if previous:
        place.link(f"/srv/deploy/{domain}/previous", RELEASES.format(domain) + previous)
    place.link(f"/var/www/{domain}", RELEASES.format(domain) + release)


def files(release: str) -> dict[str, bytes]:
    """A release's files; compressed copies say what they are."""
    page = PAGE.format(release).encode()
    fingerprint = {"first": "3f2a1c9d4e", "second": "9e8d7c6b5a"}[release]
    return {
        "/index.html": page,
        "/index.html.gz": gzip.compress(b"gz " + page, mtime=0),
        "/index.html.br": b"br " + page,
        "/posts/one/index.html": page,
        "/404.html": b"our own 404",
        "/style.css": b"p { color: black }",
        f"/style.{fingerprint}.css": b"p { color: black }",
        f"/only-{release}.css": b"p { color: black }",
        "/photo.png": b"a PNG",
        "/photo.png.webp": b"WebP",
        f"/photo_hu_{fingerprint}.jpg": b"a JPEG",
        f"/photo_hu_{fingerprint}.jpg.webp": b"WebP",
        "/small.png": b"a small PNG",
        "/photo-20240131.jpg": b"a JPEG of a day",
        "/app.mjs": b"export {}",
        "/site.webmanifest": b"{}",
        "/feed.xml": b"<feed/>" * 300,
        "/images/inner.gif": b"GIF89a",
        "/.git/config": b"secret",
        "/posts/.env": b"secret",
        "/.well-known/security.txt": b"Contact: me",
        "/.well-known/.hidden": b"secret",
    }
