"""Which names of files NGINX takes for a hash of what is in them: real ones of bundlers, and of people."""

import re

import pytest

from golden.server import golden

BY_BUNDLERS = (
    # vitejs/vite docs/guide/backend-integration.md, docs/guide/build.md
    *("/assets/shared-B7PI925R.js", "/assets/foo-BRBmoGS9.js", "/assets/shared-ChJ_j-JJ.css"),
    *("/assets/index-DkI3bQpX.js", "/assets/logo-BwPYqhz1.svg", "/assets/inter-Cx4qT2ab.woff2"),
    # rollup/rollup#5155: [hash] became eight characters of base64 in 4.0
    *("/lazy-DkI3bQpX.js", "/chunk-CZ1Cv7bX.mjs", "/lazy-DkI3bQpX.js.map"),
    # sveltejs/kit packages/kit/src/exports/vite/index.js
    *(
        "/_app/immutable/chunks/B_xYz-wE.js",
        "/_app/immutable/nodes/0.BzqKpO1x.js",
        "/blog/_app/immutable/assets/0.abcdefgh.css",
    ),
    # vuejs/vitepress src/node/build/bundle.ts
    *("/assets/posts_one.md.DkI3bQpX.lean.js", "/assets/chunks/framework.Ckqk1u0r.js"),
    # withastro/astro, vercel/next.js
    *("/_astro/photo.CZ1Cv7bX_1xT3Ab.webp", "/_next/static/kQ0yXzd_8/_buildManifest.js"),
    # angular/angular-cli (esbuild): eight capitals and digits
    *("/main-5J3QX7KD.js", "/chunk-ABCDEFGH.js", "/styles-QWERTY23.css"),
    # Hugo, webpack, Parcel, Docusaurus
    *(
        "/style.3f2a1c9e.css",
        "/main.1a2b3c4d.chunk.js",
        "/photo_hu_9e8d7c6b5a.jpg",
        "/photo_hu_9e8d7c6b5a.jpg.webp",
    ),
)
BY_PEOPLE = (
    *("/photo-Wedding2024.jpg", "/photo-20240131.jpg", "/photo-Berlin24.jpg", "/photo-2024trip.jpg"),
    *("/photo-iPhone15.jpg", "/report-Q3Report.pdf", "/image-1024x768.png", "/photo-VACATION.jpg"),
    *(
        "/photo-1-Edit-2.jpg",
        "/icon-Overview.svg",
        "/module-Settings.js",
        "/date-DateTime.js",
        "/jquery-ui.min.js",
    ),
    *("/jquery-3.7.1.min.js", "/app-overview.css", "/lib-jquery12.js", "/a-big-name.js", "/my-v2Images.css"),
    # words, numbers and single letters beside numbers, as a restaurant calls its menu
    *("/menu-Juli25v2.pdf", "/assets/flyer-A5print2.pdf", "/api-OpenAPI3.json", "/team-GmbH2024.jpg"),
    *("/photo-Jul7th24.jpg", "/setup-Win10x64.png", "/clip-HD1080p1.mp4", "/logo-MacOS14b.svg"),
    *("/index.html", "/style.css", "/feed.xml", "/_app/version.json", "/assets/photo-holiday1.jpg"),
)
EARLIER = (
    *(
        "/assets/index-B_xYzQwE.js",
        "/_nuxt/DkI3bQpX.js",
        "/_nuxt/entry.BwPqYzXe.css",
        "/assets/logo-B_xYzQwE.svg",
    ),
    *("/build/_shared/chunk-AB-CDEFG.js", *BY_BUNDLERS),
)


def looked_up(variable: str, uri: str) -> str:
    """What the map of this name says of a path, as NGINX reads it: the first pattern that fits."""
    text = golden("debian-13").files["/etc/nginx/conf.d/00-deploy.conf"].content.decode()
    block = text.split(f" ${variable} {{", 1)[1].split("\n}", 1)[0]
    for pattern in re.findall(r'"~(.*)"  \$uri;', block):
        if re.search(pattern, uri):
            return uri
    default = re.search(r"default +(\S+);", block)
    return looked_up(default[1][1:], uri) if default and default[1] != '""' else ""


@pytest.mark.parametrize("uri", BY_BUNDLERS)
def test_what_bundlers_name_by_its_content_is_kept_for_a_year(uri: str) -> None:
    assert looked_up("deploy_fingerprinted", uri) == uri


@pytest.mark.parametrize("uri", BY_PEOPLE)
def test_what_people_name_is_not(uri: str) -> None:
    assert looked_up("deploy_fingerprinted", uri) == ""


@pytest.mark.parametrize("uri", EARLIER)
def test_code_is_looked_for_in_earlier_releases(uri: str) -> None:
    assert looked_up("deploy_earlier", uri) == uri


@pytest.mark.parametrize("uri", ["/only-first.css", "/old.html", "/photo-Wedding2024.jpg", "/private.pdf"])
def test_what_the_site_has_given_up_is_gone(uri: str) -> None:
    assert looked_up("deploy_earlier", uri) == ""
