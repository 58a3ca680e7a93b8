"""Three releases of a small site, as a push leaves them."""

import gzip

from nginx.place import Place

KINDS = {
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "application/javascript; charset=utf-8",
    "json": "application/json",
    "geojson": "application/geo+json",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "opml": "text/x-opml",
    "opus": "audio/ogg",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "jxl": "image/jxl",
    "glb": "model/gltf-binary",
}
RELEASES = "/srv/deploy/{}/releases/"
PAGE = "<!doctype html><title>{0}</title><p>" + "This is release {0}. " * 200


def publish(place: Place, domain: str) -> None:
    """Put all releases there, the second live, the first before it, and an earlier one before that."""
    for release in ("zeroth", "first", "second"):
        for path, content in files(release).items():
            place.write(RELEASES.format(domain) + release + path, content)
    switch(place, domain, "first")
    switch(place, domain, "second", previous="first")
    for number, release in enumerate(("second", "first", "zeroth"), 1):
        place.link(f"/srv/deploy/{domain}/earlier/{number}", RELEASES.format(domain) + release)


def switch(place: Place, domain: str, release: str, previous: str = "") -> None:
    """Make a release live as a push does."""
    if previous:
        place.link(f"/srv/deploy/{domain}/previous", RELEASES.format(domain) + previous)
    place.link(f"/var/www/{domain}", RELEASES.format(domain) + release)


def files(release: str) -> dict[str, bytes]:
    """A release's files; compressed copies say what they are."""
    page = PAGE.format(release).encode()
    fingerprint = {"zeroth": "0a1b2c3d4e", "first": "3f2a1c9d4e", "second": "9e8d7c6b5a"}[release]
    chunk = {"zeroth": "DkI3bQpX", "first": "B_xYz-wE", "second": "CZ1Cv7bX"}[release]
    return {
        "/index.html": page,
        "/index.html.gz": gzip.compress(b"gz " + page, mtime=0),
        "/index.html.br": b"br " + page,
        "/posts/one/index.html": page,
        "/404.html": b"our own 404",
        "/denied.html": b"not for you",
        "/style.css": b"p { color: black }",
        f"/style.{fingerprint}.css": b"p { color: black }",
        f"/only-{release}.css": b"p { color: black }",
        "/photo.png": b"a PNG",
        "/photo.png.webp": b"WebP",
        f"/photo_hu_{fingerprint}.jpg": b"a JPEG",
        f"/photo_hu_{fingerprint}.jpg.webp": b"WebP",
        f"/photo_hu_{fingerprint}.jpg.avif": b"AVIF",
        "/small.png": b"a small PNG",
        "/photo-20240131.jpg": b"a JPEG of a day",
        "/app.mjs": b"export {}",
        "/site.webmanifest": b"{}",
        "/feed.xml": b"<feed/>" * 300,
        "/images/inner.gif": b"GIF89a",
        f"/assets/lazy-{chunk}.js": b"export {}",
        f"/only-{release}.txt": b"gone with the next",
        "/photo-Wedding2024.jpg": b"a JPEG of a year",
        **{f"/kinds/a.{ending}": b"some text" for ending in KINDS},
        "/.well-known/matrix/server": b"{}",
        "/.well-known/acme-corp/proof": b"it is me",
        "/.git/config": b"secret",
        "/posts/.env": b"secret",
        "/.well-known/security.txt": b"Contact: me",
        "/.well-known/.hidden": b"secret",
    }
