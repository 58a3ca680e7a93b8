"""Sites of files as people have them: apps of one page, addresses without .html, redirects, headers, and listings."""

import gzip
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.config.model import Config
from deployer.planning.desired import desired_files
from deployer.rehearsal.machine import Machine
from deployer.seen.facts import Certificate
from golden.server import facts
from nginx.certificates import certificates
from nginx.place import Answer, Place
from vps.project import Project
from vps.waiting import reload_nginx

pytestmark = [pytest.mark.vps, pytest.mark.takes_turns("module")]

PAGES = {"kind": "static", "repository": "https://git.example.org/a.git", "https": False}
SITES = {
    "app.test": {"fallback": "index.html"},
    "docs.test": {"pretty": True},
    "both.test": {"fallback": "200.html", "pretty": True},
    "files.test": {"listing": True},
    "moved.test": {
        "fallback": "index.html",
        "pretty": True,
        "redirects": {
            "/old": "/new",
            "/old.html": "/fresh",
            "/blog/*": "/posts/:splat 302",
            "/away/*": "https://away.example.org/:splat 308",
            "/all/*": "/:splat",
            "/shop/:kind/:number": "/products?kind=:kind&number=:number",
            "/top": "/page#part",
            "/café": "/coffee",
            "/gone/*": "410",
            "/never": "404",
        },
        "headers": {
            "/*": {"X-Frame-Options": "DENY", "X-Site": 'a "word"; b', "Cache-Control": "no-store"},
            "/assets/*": {"Cache-Control": "public, max-age=60"},
            "/assets/own.css": {"Cache-Control": "max-age=5"},
        },
        "robots": "none",
        "nginx": "location /inner/ { add_header X-Site inner; }",
    },
    "talk.test": {"languages": ["en", "es", "pt-br"]},
    "fast.test": {"https": True, "http3": True},
    "fonts.test": {"cors": ["https://a.example.org"]},
    "0.test": {"redirects": {"/old": "/new"}},
    "around.test": {
        "pretty": True,
        "paths": {"/app": "app.test", "/a/docs": "docs.test", "/moved": "moved.test"},
    },
    "open.test": {"cors": ["*"], "robots": "none"},
}
CLOSED = b"include /etc/nginx/deploy/maintenance.conf;\n"
FILES = {
    "/index.html": b"front",
    "/200.html": b"any",
    "/404.html": b"nowhere",
    "/about.html": b"about",
    "/about.html.gz": gzip.compress(b"zipped about", mtime=0),
    "/docs/index.html": b"docs",
    "/docs/a b.html": b"spaces",
    "/both.html": b"file",
    "/both/index.html": b"folder",
    "/assets/own.css": b"p {}",
    "/assets/other.css": b"p {}",
    "/inner/a.txt": b"inner",
    "/old.html": b"still there",
    "/kept/a.txt": b"a",
    "/kept/.secret": b"secret",
}


@pytest.fixture(scope="module")
def place(vps: Machine, release: str) -> Place:
    place = Place(vps.root, "", vps.address, 80, 443, brotli=True)
    config = Config.model_validate({"sites": {name: PAGES | more for name, more in SITES.items()}})
    names = {"fast.test": Certificate(frozenset({"fast.test"}), 0, "CN=Example")}
    known = replace(facts(release), certificates=names)
    certificates(vps.root, names)
    for path, file in desired_files(config, known).files.items():
        if path.startswith("/etc/nginx/"):
            place.write(path, file.content)
    for domain in SITES:
        for path, content in FILES.items():
            place.write(f"/var/www/{domain}{path}", content)
    (vps.root / "var/www/files.test/index.html").unlink()
    vps.run("rm -f /etc/nginx/sites-enabled/default; nginx -t -q && systemctl restart nginx")
    return place


def ask(place: Place, url: str, method: str = "GET", **headers: str) -> Answer:
    return place.ask(f"http://{url}", method, **headers)


def test_nginx_takes_it_without_a_word(vps: Machine, place: Place) -> None:
    said = vps.run("nginx -t -q", check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


@pytest.mark.parametrize(
    ("url", "status", "body"),
    [
        ("app.test/", 200, b"front"),
        ("app.test/users/7", 200, b"front"),
        ("app.test/v1.2/", 200, b"front"),
        ("app.test/about.html", 200, b"about"),
        ("app.test/docs/", 200, b"docs"),
        ("app.test/assets/", 200, b"front"),
        ("app.test/gone.js", 404, b"nowhere"),
        ("app.test/img/gone.PNG", 404, b"nowhere"),
        ("app.test/.env", 404, b"nowhere"),
        ("app.test/.well-known/none", 404, b"nowhere"),
        ("docs.test/about", 200, b"about"),
        ("docs.test/docs/a%20b", 200, b"spaces"),
        ("docs.test/both", 200, b"file"),
        ("docs.test/both/", 200, b"folder"),
        ("docs.test/nothing", 404, b"nowhere"),
        ("docs.test/nothing/", 404, b"nowhere"),
        ("both.test/about", 200, b"about"),
        ("both.test/users/7", 200, b"any"),
        ("both.test/users/", 200, b"any"),
        ("both.test/gone.css", 404, b"nowhere"),
        ("moved.test/old/7", 200, b"front"),
        ("moved.test/gone/7", 410, None),
        ("moved.test/never", 404, b"nowhere"),
    ],
)
def test_which_page_it_is(place: Place, url: str, status: int, body: bytes | None) -> None:
    answer = ask(place, url)
    assert (answer.status, answer.body if body is not None else None) == (status, body)
    assert answer.all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize(
    ("url", "status", "to"),
    [
        ("docs.test/about.html", 301, "/about"),
        ("docs.test/about.html?a=b", 301, "/about?a=b"),
        ("docs.test/about/", 301, "/about"),
        ("docs.test/index.html", 301, "/"),
        ("docs.test/docs/index.html", 301, "/docs/"),
        ("docs.test/docs", 301, "/docs/"),
        ("docs.test/docs/a%20b.html", 301, "/docs/a%20b"),
        ("docs.test/docs/a%20b/", 301, "/docs/a%20b"),
        ("docs.test/a%0d%0aX-Evil:1.html", 301, "/a%0d%0aX-Evil:1"),
        ("both.test/200.html", 301, "/200"),
        ("moved.test/old", 301, "/new"),
        ("moved.test/old/", 301, "/new"),
        ("moved.test/old?a=b&c", 301, "/new?a=b&c"),
        ("moved.test/old.html", 301, "/fresh"),
        ("moved.test/blog", 302, "/posts/"),
        ("moved.test/blog/", 302, "/posts/"),
        ("moved.test/blog/2020/a%2Fb?x", 302, "/posts/2020/a%2Fb?x"),
        ("moved.test/away/a/b?x=1", 308, "https://away.example.org/a/b?x=1"),
        ("moved.test/all/here", 301, "/here"),
        ("moved.test/shop/shoes/7?x", 301, "/products?kind=shoes&number=7"),
        ("moved.test/top?x", 301, "/page?x#part"),
        ("moved.test/caf%c3%A9", 301, "/coffee"),
    ],
)
def test_where_it_leads(place: Place, url: str, status: int, to: str) -> None:
    answer = ask(place, url)
    host = f"http://{url.partition('/')[0]}"
    assert (answer.status, [each.removeprefix(host) for each in answer.all("Location")]) == (status, [to])
    assert answer.all("X-Evil") == []
    assert answer.all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("path", ["//evil.example/index.html", "//evil.example/a.html", "/all//evil.example"])
def test_nobody_leads_visitors_to_another_host_by_an_address_of_ours(place: Place, path: str) -> None:
    for domain in ("docs.test", "moved.test"):
        connection = place.connect(f"http://{domain}/")
        connection.putrequest("GET", path)
        connection.endheaders()
        said = connection.getresponse()
        assert not (said.headers["Location"] or "").startswith(("//", "/\\", "http://evil")), said.headers
        connection.close()


def test_what_was_compressed_beforehand_is_sent_for_an_address_without_its_ending(place: Place) -> None:
    answer = ask(place, "docs.test/about", Accept_Encoding="gzip")
    assert gzip.decompress(answer.body) == b"zipped about"
    assert answer.all("Cache-Control") == ["no-cache"]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_listing_shows_what_is_in_a_folder_and_nothing_hidden(place: Place) -> None:
    assert b'<a href="about.html">' in ask(place, "files.test/").body
    listed = ask(place, "files.test/kept/")
    assert (listed.status, b"a.txt" in listed.body, b"secret" in listed.body) == (200, True, False)
    assert listed.headers["Content-Type"] == "text/html; charset=utf-8"
    assert ask(place, "files.test/kept").all("Location") == ["/kept/"]
    assert ask(place, "files.test/docs/").body == b"docs"
    assert ask(place, "files.test/nothing/").status == 404
    assert ask(place, "docs.test/kept/").status == 404


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "no-store"),
        ("/users/7", "no-store"),
        ("/gone.js", "no-store"),
        ("/old", "no-store"),
        ("/assets/other.css", "public, max-age=60"),
        ("/assets/gone.css", "public, max-age=60"),
        ("/assets/own.css", "max-age=5"),
    ],
)
def test_headers_by_path(place: Place, path: str, kept: str) -> None:
    answer = ask(place, f"moved.test{path}")
    assert answer.all("Cache-Control") == [kept]
    assert answer.all("X-Frame-Options") == ["DENY"]
    assert answer.all("X-Site") == ['a "word"; b']
    assert answer.all("X-Robots-Tag") == ["noindex, nofollow"]


def test_headers_hold_in_a_location_of_its_own_lines(place: Place) -> None:
    answer = ask(place, "moved.test/inner/a.txt")
    assert answer.all("X-Site") == ["inner"]
    assert answer.all("X-Frame-Options") == ["DENY"]
    assert answer.all("X-Robots-Tag") == ["noindex, nofollow"]


def test_scripts_of_other_sites(place: Place) -> None:
    theirs = ask(place, "fonts.test/about.html", Origin="https://a.example.org")
    assert theirs.all("Access-Control-Allow-Origin") == ["https://a.example.org"]
    assert "Origin" in theirs.all("Vary")
    for origin in ("https://b.example.org", "https://a.example.org.evil.example", "null"):
        assert ask(place, "fonts.test/about.html", Origin=origin).all("Access-Control-Allow-Origin") == []
    wanted = {"Access_Control_Request_Method": "GET", "Access_Control_Request_Headers": "x-a, x-b"}
    asked = ask(place, "fonts.test/about.html", "OPTIONS", Origin="https://a.example.org", **wanted)
    assert (asked.status, asked.body) == (204, b"")
    assert asked.all("Access-Control-Allow-Methods") == ["GET"]
    assert asked.all("Access-Control-Allow-Headers") == ["x-a, x-b"]
    assert ask(place, "open.test/", Origin="https://b.example.org").all("Access-Control-Allow-Origin") == [
        "*"
    ]
    assert ask(place, "open.test/", "OPTIONS").status == 405


def test_certificate_challenges_are_answered_whatever_leads_elsewhere(place: Place) -> None:
    place.write("/var/www/acme/.well-known/acme-challenge/token", b"token.key")
    for domain in SITES.keys() - {"fast.test"}:
        assert ask(place, f"{domain}/.well-known/acme-challenge/token").body == b"token.key"


@pytest.mark.parametrize(
    ("accepted", "to"),
    [
        ("", "/en/"),
        ("es-MX,es;q=0.9,en;q=0.8", "/es/"),
        ("de-DE,de;q=0.9,ES;q=0.5,en;q=0.3", "/es/"),
        ("pt-BR", "/pt-br/"),
        ("pt-PT,pt;q=0.9", "/en/"),
        ("est, fr", "/en/"),
        ("de;q=es", "/en/"),
    ],
)
def test_the_front_page_leads_to_the_language_of_the_browser(place: Place, accepted: str, to: str) -> None:
    answer = ask(place, "talk.test/?a=b", **({"Accept_Language": accepted} if accepted else {}))
    assert (answer.status, answer.all("Location")) == (302, [f"{to}?a=b"])
    assert "Accept-Language" in answer.all("Vary")
    assert ask(place, "talk.test/about.html").status == 200


def test_http_3_where_nginx_has_it(vps: Machine, place: Place, release: str) -> None:
    answer = place.ask("https://fast.test/")
    has = facts(release).http3
    assert has == (release == "debian-13")
    assert answer.all("Alt-Svc") == (['h3=":443"; ma=86400'] if has else [])
    if has:
        asked = (
            "curl -sk --http3-only --resolve fast.test:443:127.0.0.1 -w %{http_version} https://fast.test/"
        )
        assert vps.run(asked).stdout == "front3"


def test_visitors_are_asked_for_a_password_that_stands_in_no_plan(
    vps: Machine, place: Place, tmp_path: Path
) -> None:
    site = PAGES | {"redirects": {"/gone/*": "410"}, "pretty": True}
    some = {"users": {"me": "env:SECRET", "other": "generate"}, "paths": ["/docs/*", "/about"]}
    sites = {"some.test": site | {"auth": some}, "all.test": site | {"auth": {"users": {"me": "env:SECRET"}}}}
    guest = {"domain": "preview.some.test", "auth": {"users": {"guest": "generate"}}}
    sites["some.test"] |= {"previews": guest}
    place.write("/srv/deploy/some.test/previews/new/live/index.html", b"new")
    project = Project(tmp_path, vps, None, sites)
    vps.run("rm -f /etc/nginx/conf.d/0.test.conf /etc/nginx/conf.d/+deploy-before.conf")  # in no list of ours
    for domain in sites:
        for path, content in FILES.items():
            place.write(f"/var/www/{domain}{path}", content)
    applied = project.deploy("apply", "--yes", SECRET='it\'s "mine" $x')
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "it's" not in applied.stdout + project.deploy("plan", SECRET="it's").stdout
    right, wrong = (
        {"Authorization": "Basic " + b64encode(f"{user}:{word}".encode()).decode()}
        for user, word in (("me", 'it\'s "mine" $x'), ("me", "it's"))
    )
    for path, status in {
        "/": 200,
        "/docs/": 401,
        "/docs/nothing": 401,
        "/docs//": 401,
        "/%64ocs/": 401,
    }.items():
        assert ask(place, f"some.test{path}").status == status, path
    assert ask(place, "some.test/about").status == ask(place, "some.test/about/").status == 401
    assert ask(place, "some.test/gone/x").status == 410
    assert ask(place, "some.test/docs/", **right).body == b"docs"
    assert ask(place, "some.test/docs/", **wrong).status == 401
    for path in ("/", "/nothing", "/assets/own.css"):
        assert ask(place, f"all.test{path}").status == 401
    assert ask(place, "all.test/", **right).body == b"front"
    place.write("/var/www/acme/.well-known/acme-challenge/token", b"token.key")
    assert ask(place, "all.test/.well-known/acme-challenge/token").body == b"token.key"
    generated = project.deploy("secret", "show", "some.test", "other").stdout.strip()
    theirs = {"Authorization": "Basic " + b64encode(f"other:{generated}".encode()).decode()}
    assert ask(place, "some.test/docs/", **theirs).status == 200
    assert ask(place, "new.preview.some.test/").status == 401
    assert ask(place, "new.preview.some.test/", **theirs).status == 401
    shown = project.deploy("secret", "show", "some.test", "guest").stdout.strip()
    theirs = {"Authorization": "Basic " + b64encode(f"guest:{shown}".encode()).decode()}
    assert ask(place, "new.preview.some.test/", **theirs).body == b"new"
    kept = vps.run(
        "stat -c '%a %U %G' /var/lib/deploy/passwords/*; stat -c %a /etc/deploy/passwords/.env"
    ).stdout
    assert kept.split() == ["640", "root", "www-data"] * 3 + ["600"]
    hashes = vps.run("cat /var/lib/deploy/passwords/*").stdout
    assert hashes.count(":$6$") == 4
    assert project.deploy("plan", SECRET='it\'s "mine" $x').returncode == 0, "nothing to do"
    assert project.deploy("apply", "--yes", SECRET="it's").returncode == 0
    assert ask(place, "all.test/", **wrong).status == 200
    assert vps.run("cat /var/lib/deploy/passwords/some.test").stdout.splitlines()[1] in hashes.splitlines()
    del sites["all.test"]["auth"]
    assert project.deploy("apply", "--yes", SECRET="it's").returncode == 0
    assert ask(place, "all.test/").status == 200
    assert vps.run("ls /var/lib/deploy/passwords").stdout.split() == ["previews@some.test", "some.test"]


def test_a_folder_is_another_site_with_all_that_it_says(place: Place) -> None:
    pages = {"app/": b"front", "app/users/7": b"front", "a/docs/about": b"about", "about": b"about"}
    assert {path: ask(place, f"around.test/{path}").body for path in pages} == pages
    lost = ask(place, "around.test/app/gone.js")
    assert (lost.status, lost.body) == (404, b"nowhere")
    leads = {
        "app": "/app/",
        "a/docs/about.html?a=b": "/a/docs/about?a=b",
        "a/docs/docs": "/a/docs/docs/",
        "moved/old": "/moved/new",
        "moved/away/x": "https://away.example.org/x",
        "about.html": "/about",
    }
    assert {path: ask(place, f"around.test/{path}").all("Location") for path in leads} == {
        path: [to] for path, to in leads.items()
    }
    asset = ask(place, "around.test/moved/assets/other.css")
    assert asset.all("Cache-Control") == ["public, max-age=60"]
    assert (asset.all("X-Frame-Options"), asset.all("X-Site")) == (["DENY"], ['a "word"; b'])
    front = ask(place, "around.test/app/", Accept_Encoding="gzip")
    assert front.all("X-Content-Type-Options") == ["nosniff"]
    assert front.all("X-Frame-Options") == ["SAMEORIGIN"]
    same = ask(place, "around.test/app/", If_None_Match=front.headers["ETag"], Accept_Encoding="gzip")
    assert same.status == 304
    zipped = ask(place, "around.test/app/about.html", Accept_Encoding="gzip")
    assert gzip.decompress(zipped.body) == b"zipped about"


def test_a_site_in_maintenance_is_so_as_a_folder_too(vps: Machine, place: Place) -> None:
    """NGINX asks itself for it, and is not let in as the server is."""
    path = "/var/lib/deploy/maintenance/app.test.conf"
    place.write(path, CLOSED)
    reload_nginx(vps)
    asked = ("app/", "app/about.html", "a/docs/", "")
    assert [ask(place, f"around.test/{each}").status for each in asked] == [503, 503, 200, 200]
    (vps.root / path[1:]).unlink()
    reload_nginx(vps)
    assert ask(place, "around.test/app/").status == 200
