"""`_redirects` and `_headers` of what is published: read by a push, of strangers, and gone with their release."""

import json
import subprocess
from dataclasses import replace

import pytest

from deployer.kinds.static import Static
from deployer.parts.nginx import nginx_files
from deployer.server.folder import read_folder
from deployer.waiting import Waiting
from golden.server import facts
from vps.waiting import reload_nginx

pytestmark = pytest.mark.takes_turns("module")

REDIRECTS = """\ufeff# what others wrote
/old   /new
/old/deep/\t/deeper 302   # why
/here.html /elsewhere
/forced.html https://shop.example.org/:splat?x=1 301!
/blog/*  /posts/:splat 308
/blog/known /never
/:year/:month/day /by/:month-:year?from=here#top
/café /naïve
/app/* /app.html 200
/pages /inner 200
/covered/* /app.html 200!
/en/* /en/404.html 404
/gone 410
/CASE /case
https://{domain}/mine/* /ours/:splat
https://foo.netlify.app/* https://{domain}/:splat 301!
/store id=:id /blog/:id 301
/price /fr/price 302 Country=fr,be
/ /de 302! Language=de,at
/about/ /ueber 302! Language=de
/about /sobre 302 Language=es
/hello /hallo 302 Language=de
/hello /hi 302
/api/* https://api.example.org/:splat 200
/functions/* /.netlify/functions/:splat 200
/one /two
/two/ /one/
/odd" /x
/odd;{{return /x;}} /y
/money /$host
/a*/*b /c
/latest/* /v2/:splat 200
/as/:name/shown /v2/:name 200
/*.txt /:splat.md
/docs/plugin-* /docs/:splat-plugin 302
/1/2/3/4/5/6/* /:splat 200
/1/2/3/4/5/7/* /:splat 200!
/out /../../../../../../etc/hostname 200
/out/* /.:splat./.:splat./.:splat./.:splat./.:splat./etc/hostname 200
""".replace("\n", "\r\n")
LEFT_OUT = {
    17: "is about another domain",
    18: "depends on the query, which is not known here",
    19: "depends on the country, which is not known here",
    25: "passes visitors on to another server, which is not done here (kind: proxy in sites.yaml)",
    26: "there are no functions here",
    27: "leads round in a circle",
    28: "leads round in a circle",
    29: "'/odd\"' is no path",
    30: "'/y' is not known here",
    31: "'/$host' has letters that no address has",
    32: "there is more than one * in '/a*/*b'",
    39: "'/../../../../../../etc/hostname' leads out of the site",
}
HEADERS = """/*
  X-Frame-Options: DENY
  Content-Security-Policy: default-src 'self'; report-to "a"
  Link: </a.css>; rel=preload
  Link: </b.css>; rel=preload
  Strict-Transport-Security: max-age=1
/about/
  ! Content-Security-Policy
/*.js
\tCache-Control: max-age=7
\tX-Accel-Redirect: /inner/
\tContent-Type: text/evil
/inner/*
  X-Money: $host
  X-Break: a\\
  X-Frame-Options: SAMEORIGIN
"""
FILES = {
    "404.html": "nowhere",
    "en/404.html": "nowhere in English",
    "here.html": "still here",
    "forced.html": "never seen",
    "app.html": "the app",
    "inner/index.html": "inner",
    "covered/index.html": "never seen",
    "about/index.html": "about",
    "a.js": "script",
    "v2/index.html": "second",
    "v2/guide/index.html": "second guide",
    "v2/page.html": "second page",
}


@pytest.fixture
def new_rules(server, new_site, release):
    """A site as apply would serve it."""

    def make(rules="", headers_file="", **values):
        for path, file in nginx_files(facts(release)).items():
            at = server.root / path[1:]
            at.parent.mkdir(parents=True, exist_ok=True)
            at.write_bytes(file.content)
        server.run("rm -f /etc/nginx/conf.d/sites.conf /etc/nginx/sites-enabled/default")
        site = new_site(FILES, https=False, **values)
        files = {"_redirects": rules, "_headers": headers_file}
        written = {name: text.replace("{domain}", site.domain) for name, text in files.items() if text}
        if written:
            site.commit(written)
        shape = Static(kind="static", repository="https://git.example.org/a.git", https=False, **values)
        for path, file in shape.files(site.domain, facts(release)).items():
            if path.startswith("/etc/nginx"):
                (server.root / path[1:]).write_bytes(file.content)
        reload_nginx(server)
        return site

    return make


def ask(site, path, *options):
    """The status, where it leads, and the body; or a header."""
    at = f"{site.domain}:80:{site.vps.address}"
    argv = [
        "curl",
        "-s",
        "--path-as-is",
        "--noproxy",
        "*",
        "--resolve",
        at,
        "-w",
        "\n%{http_code} %header{location}",
    ]
    done = subprocess.run(
        [*argv, *options, f"http://{site.domain}{path}"], capture_output=True, text=True, check=True
    )
    body, _, end = done.stdout.rpartition("\n")
    code, _, leads = end.partition(" ")
    return int(code), leads or body


def header(site, path, name):
    done = ask(site, path, "-o", "/dev/null", "-D", "-")[1]
    return [
        line.partition(": ")[2] for line in done.splitlines() if line.lower().startswith(f"{name.lower()}: ")
    ]


def test_redirects_of_others(new_rules):
    site = new_rules(REDIRECTS)
    said = site.push()
    for path, answer in {
        "/old": (301, "/new"),
        "/old/?a=b": (301, "/new?a=b"),
        "/old/deep": (302, "/deeper"),
        "/here.html": (200, "still here"),
        "/forced.html": (301, "https://shop.example.org/:splat?x=1"),
        "/blog": (308, "/posts/"),
        "/blog/known": (308, "/posts/known"),
        "/blog/a/b%20c?d": (308, "/posts/a/b%20c?d"),
        "/2020/05/day": (301, "/by/05-2020?from=here#top"),
        "/2020/day": (404, "nowhere"),
        "/caf%C3%A9": (301, "/na%C3%AFve"),
        "/caf%c3%a9/": (301, "/na%C3%AFve"),
        "/app/users/7": (200, "the app"),
        "/pages": (200, "inner"),
        "/covered/": (200, "the app"),
        "/covered/x?y": (200, "the app"),
        "/en/nothing": (404, "nowhere in English"),
        "/nothing": (404, "nowhere"),
        "/mine/a": (301, "/ours/a"),
        "/": (200, "<h1>One</h1>"),
        "/api/x": (404, "nowhere"),
        "/one": (404, "nowhere"),
        "/_redirects": (404, "nowhere"),
        "/latest": (200, "second"),
        "/latest/": (200, "second"),
        "/latest/guide": (200, "second guide"),
        "/latest/guide/": (200, "second guide"),
        "/latest/page.html": (200, "second page"),
        "/latest/page": (200, "second page"),
        "/latest/nothing": (404, "nowhere"),
        "/as/guide/shown": (200, "second guide"),
        "/llms/all.txt": (301, "/llms/all.md"),
        "/docs/plugin-a": (302, "/docs/a-plugin"),
    }.items():
        assert ask(site, path) == answer, path
    for language, path, answer in (
        ("de-AT,en;q=0.5", "/", (302, "/de")),
        ("en,de;q=0.5", "/", (200, "<h1>One</h1>")),
        ("DE", "/about/", (302, "/ueber")),
        ("es", "/about/", (200, "about")),
        ("de", "/hello?a", (302, "/hallo?a")),
        ("den", "/hello", (302, "/hi")),
    ):
        assert ask(site, path, "-H", f"Accept-Language: {language}") == answer, (language, path)
    assert "Accept-Language" in header(site, "/", "Vary")
    assert ask(site, "/gone")[0] == 410
    assert not ask(site, "/blog//evil.example")[1].startswith("//")
    assert "! 12 lines of its rules are left out:" in said, said
    told = [line for line in said.splitlines() if line.startswith("!   ")]
    lines = [f"!   _redirects, line {line}: {why}" for line, why in LEFT_OUT.items()]
    assert told == [*lines[:10], "!   … and 2 more"]
    up = "../" * 6
    for path in (f"/1/2/3/4/5/6/{up}etc/hostname", f"/1/2/3/4/5/7/{up}etc/hostname", "/out", "/out/"):
        assert ask(site, path) == (404, "nowhere"), "no file out of the site is shown"


OUT = "/.." * 8
DEEP = "/a" * 9
PARTS = "".join(f"/:p{n}" for n in range(9))


def test_no_rule_leads_to_a_file_outside(new_rules):
    """Neither by what it says nor by what is asked for, which is put into it as it was written."""
    written = (f"{OUT}/etc/passwd", f"{'/.:splat./x' + OUT}/etc/passwd", f"{'/..:splat' * 8}/etc/passwd")
    lines = [
        f"/{number}/* {to} {code}" for number, to in enumerate(written) for code in ("200", "200!", "404")
    ]
    for name, code in {"file": "200", "inside": "200!", "lost": "404"}.items():
        lines += [f"/{name}{DEEP}/* /:splat {code}", f"/{name}s{DEEP}{PARTS} {PARTS}/etc/passwd {code}"]
    site = new_rules("\n".join(lines) + "\n")
    assert "! 6 lines of its rules are left out" in site.push()
    asked = [f"/{number}/" for number in range(len(written))]
    for name in ("file", "inside", "lost"):
        asked += [f"/{name}{DEEP}{OUT}/etc/passwd", f"/{name}s{DEEP}" + "/.." * 9]
    for path in asked:
        status, page = ask(site, path)
        assert (status, "root:" in page) == (404, False), path
    assert ask(site, f"/file{DEEP}/here.html") == (200, "still here")


@pytest.mark.fault("a rule of a repository leads out of its release, or past a password")
def test_no_rule_leads_out_of_its_release_or_past_a_password(new_rules):
    rules = "/a/b/c/* /:splat 200\n/d/e/f/* /:splat 200!\n/g/h/i/* /:splat 404\n/page /about 200\n"
    auth = {"users": {"me": "generate"}, "paths": ["/about", "/inner/*"]}
    site = new_rules(rules, auth=auth, previews={"domain": "kept.preview.test"})
    site.push()
    site.push("--as", "menu")
    assert ask(preview(site, "menu"), "/page")[0] == ask(preview(site, "menu"), "/d/e/f/inner/")[0] == 401
    for way in ("a/b/c", "d/e/f", "g/h/i"):
        assert ask(site, f"/{way}/../{site.live}.info") == (404, "nowhere")
        assert ask(site, f"/{way}/./inner/") == (404, "nowhere")
        assert ask(site, f"/{way}/inner/index.html")[0] == 401
    for path in ("/page", "/about/", "/about/index.html", "/about/index.html.gz"):
        assert ask(site, path)[0] == 401, path
    assert ask(site, "/a/b/c/app.html") == (200, "the app")


def test_headers_of_others(new_rules):
    site = new_rules("", HEADERS)
    said = site.push()
    assert header(site, "/", "X-Frame-Options") == ["DENY"]
    assert header(site, "/nothing", "X-Frame-Options") == ["DENY"]
    assert header(site, "/inner/", "X-Frame-Options") == ["SAMEORIGIN"]
    assert header(site, "/", "Content-Security-Policy") == ["default-src 'self'; report-to \"a\""]
    assert header(site, "/about/", "Content-Security-Policy") == []
    assert header(site, "/", "Link") == ["</a.css>; rel=preload, </b.css>; rel=preload"]
    assert header(site, "/", "Cache-Control") == ["no-cache"]
    assert header(site, "/a.js", "Cache-Control") == ["max-age=7"]
    assert header(site, "/a.js", "Content-Type") == ["application/javascript; charset=utf-8"]
    assert header(site, "/", "Strict-Transport-Security") == header(site, "/inner/", "X-Money") == []
    told = [line.removeprefix("!   _headers, ") for line in said.splitlines() if line.startswith("!   ")]
    assert told == [
        "line 6: hsts: in sites.yaml says this",
        "line 11: X-Accel-Redirect is not for a site to choose",
        "line 12: Content-Type is not for a site to choose",
        "line 14: its value is empty, too long, or has a $, a backslash or letters that are not ASCII",
        "line 15: its value is empty, too long, or has a $, a backslash or letters that are not ASCII",
    ]


def test_what_sites_yaml_says_counts_instead(new_rules):
    shape = {"redirects": {"/old": "/of-mine"}, "headers": {"/*": {"x-frame-options": "SAMEORIGIN"}}}
    site = new_rules(
        "/old /theirs 301!\n/more /theirs 301!\n", "/*\n X-Frame-Options: DENY\n X-A: b\n", **shape
    )
    assert "_headers, line 2: sites.yaml says X-Frame-Options itself" in site.push()
    assert ask(site, "/old") == (301, "/of-mine")
    assert ask(site, "/more") == (301, "/theirs")
    assert (header(site, "/", "X-Frame-Options"), header(site, "/", "X-A")) == (["SAMEORIGIN"], ["b"])


def test_rules_belong_to_their_release(new_rules):
    site = new_rules("/old /one\n")
    site.push()
    first = site.live
    site.commit({"_redirects": "/old /two\n"})
    site.push()
    assert ask(site, "/old") == (301, "/two")
    site.script("rollback")
    assert ask(site, "/old") == (301, "/one")
    site.script("rollback")
    assert ask(site, "/old") == (301, "/two")
    site.commit({"_redirects": None})
    workers = site.vps.run("pgrep -P $(cat /run/nginx.pid) | sort").stdout
    site.push()
    assert ask(site, "/old") == (404, "nowhere")
    assert site.vps.run("pgrep -P $(cat /run/nginx.pid) | sort").stdout != workers
    workers = site.vps.run("pgrep -P $(cat /run/nginx.pid) | sort").stdout
    site.commit({"more.html": "more"})
    site.push()
    assert site.vps.run("pgrep -P $(cat /run/nginx.pid) | sort").stdout == workers, "a push needs no reload"
    site.script("rollback", "--to", first)
    assert ask(site, "/old") == (301, "/one")
    assert first in {path.name for path in (site.place / "rules").iterdir()}


def test_a_release_that_is_not_served_leaves_the_rules_of_before(new_rules):
    site = new_rules("/old /one\n")
    site.push()
    site.commit(
        {"_redirects": "/old /two\n/* https://elsewhere.example.org/ 302!\n", "index.html": "<h1>Two</h1>"}
    )
    assert "leads to https://elsewhere.example.org/" in site.push()
    assert ask(site, "/") == (302, "https://elsewhere.example.org/")
    site.script("rollback")
    broken = site.vps.root / "etc/nginx/conf.d/broken.conf"
    broken.write_text("nonsense;\n")
    try:
        site.commit({"_redirects": "/old /three\n"})
        assert "its _redirects or _headers do not count: NGINX refuses it" in site.fails()
        assert ask(site, "/old") == (301, "/one")
    finally:
        broken.unlink()
    site.push()
    assert ask(site, "/old") == (301, "/three")


LOOKS = """#!/bin/bash
echo "$(cat {place}/rules/live/maps.conf 2>/dev/null | grep -o '"/old" "301 [^ $"]*')" >>/root/looks
if [ "$(wc -l </root/looks)" = "$(cat /root/killed-at 2>/dev/null)" ]; then pkill -KILL -f 'deploy/bin/push {domain}'; fi
exec /usr/sbin/nginx "$@"
"""


@pytest.fixture
def looks(server):
    """What NGINX finds when a push asks it: a line each time; at the one of this number the push is killed."""

    def of(site, place, killed_at=0):
        server.run("rm -f /root/looks")
        (server.root / "root/killed-at").write_text(str(killed_at))
        program = server.root / "usr/local/sbin/nginx"
        program.write_text(LOOKS.format(place=f"/srv/deploy/{site.domain}{place}", domain=site.domain))
        program.chmod(0o755)
        return server.root / "root/looks"

    yield of
    server.run("rm -f /usr/local/sbin/nginx /root/looks /root/killed-at")


def published(new_rules, domain, as_preview):
    """A site whose rules, or whose preview's, are to be changed: it, those options of a push, their place, and what is asked."""
    site = new_rules("/old /one\n", previews={"domain": domain})
    site.push()
    if not as_preview:
        return site, (), "", site
    site.push("--as", "menu")
    return site, ("--as", "menu"), "/previews/menu", preview(site, "menu")


@pytest.mark.fault("a push is killed while NGINX looks at its rules, or a preview's", rounds=2)
@pytest.mark.parametrize("as_preview", [False, True])
def test_rules_are_tried_where_nobody_else_sees_them(new_rules, server, looks, as_preview):
    site, options, place, seen = published(new_rules, f"tried{as_preview:d}.preview.test", as_preview)
    for number, found in ((1, ["/two"]), (2, ["/two", "/two"])):
        site.commit({"_redirects": "/old /two\n", "more.html": str(number)})
        said = looks(site, place, killed_at=number)
        site.push(*options, code=-9)
        assert [line.rpartition(" ")[2] for line in said.read_text().splitlines()] == found
        assert (server.run("/usr/sbin/nginx -t -q 2>&1").stdout, ask(seen, "/old")) == ("", (301, "/one"))
        looks(site, place)
        site.commit({"_redirects": "/old /one\n"})
        assert "was killed: cleaning up after it" in site.push(*options)
        assert ask(seen, "/old") == ask(site, "/old") == (301, "/one")
        assert not (site.place / place.lstrip("/") / "rules/unread").exists()


@pytest.mark.fault("NGINX refuses the rules of a release, or of a preview")
@pytest.mark.parametrize("as_preview", [False, True])
def test_what_nginx_refuses_is_never_where_it_would_find_it(new_rules, server, looks, as_preview):
    site, options, place, seen = published(new_rules, f"refused{as_preview:d}.preview.test", as_preview)
    sizes = server.root / "etc/nginx/conf.d/00-deploy-before.conf"
    before = sizes.read_text()
    sizes.write_text("map_hash_bucket_size 64;\nmap_hash_max_size 32768;\n")
    try:
        site.commit({"_redirects": f"/old /two\n/{'long' * 20} /c\n"})
        said = looks(site, place)
        output = site.push(*options, code=1)
        assert "do not count: NGINX refuses it: " in output
        assert output.splitlines()[-1].startswith(f"{seen.domain} is as it was: ")
        assert said.read_text().count("\n") == 1
        assert server.run("/usr/sbin/nginx -t -q 2>&1").stdout == ""
        assert ask(seen, "/old") == ask(site, "/old") == (301, "/one")
    finally:
        sizes.write_text(before)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        (
            "_headers",
            "/*\n  Basic-Auth: me:secret\n",
            "_headers, line 2: a password is not for a file that is published",
        ),
        (
            "_redirects",
            "/admin/* /admin/:splat 200! Role=admin\n",
            "_redirects, line 1: is for who is logged in",
        ),
        ("_redirects", "".join(f"/{n} /x\n" for n in range(10001)), "these are more than 10000 rules"),
        ("_redirects", "".join(f"/{n}/* /x\n" for n in range(1001)), "these are more than 1000 rules"),
        ("_headers", "/*\n" + "".join(f" X-{n}: y\n" for n in range(51)), "these are more than 50 headers"),
        ("_redirects", "#" * 1_000_001, "_redirects is larger than 1000 KB"),
    ],
)
def test_what_is_refused(new_rules, name, text, why):
    site = new_rules()
    site.push()
    site.commit({name: text})
    assert why in site.fails()


def test_ten_thousand_lines_are_cheap(new_rules):
    site = new_rules("".join(f"/old/page-{n}/ /new/{n} 301\n" for n in range(10000)))
    site.push()
    assert ask(site, "/old/page-9999") == (301, "/new/9999")
    assert site.vps.run("nginx -t -q 2>&1").stdout == ""


def test_a_site_may_have_another_page_than_index_html(new_rules):
    site = new_rules(fallback="app.html")
    site.commit({"index.html": None})
    site.push()
    assert ask(site, "/") == ask(site, "/users/7") == (200, "the app")
    site.commit({"app.html": None})
    assert "✗ gate: there is no app.html in what the build made" in site.fails()


def test_a_listing_shows_what_was_committed_and_nothing_beside_it(new_rules):
    site = new_rules(listing=True)
    site.commit({"index.html": None, "long.txt": "text " * 1000})
    site.push()
    assert not [*site.site.rglob("*.gz"), *site.site.rglob("*.br")]
    assert "long.txt" in ask(site, "/")[1]


def test_links_to_addresses_without_html_are_good(new_rules):
    site = new_rules(pretty=True)
    text = "<p>" + "text " * 100
    site.commit({"index.html": "<a href=/plain>a</a><a href=/missing>b</a>" + text, "plain.html": text})
    said = site.push()
    assert "1 link or image leads nowhere" in said
    assert "/missing (in index.html)" in said
    assert ask(site, "/plain") == (200, text)
    assert (site.site / "plain.html.gz").exists()


def preview(site, name):
    """What visitors of a preview ask."""
    return replace(site, domain=f"{name}.{site.values['previews']['domain']}")


def branch(site, name, files):
    """A commit that is not on main."""
    site.git("checkout", "--quiet", "-B", name)
    commit = site.commit(files)
    site.git("checkout", "--quiet", "main")
    return commit


def workers(server):
    """Those of NGINX, which are others when it has been reloaded."""
    return server.run("pgrep --parent $(cat /run/nginx.pid)").stdout


def test_a_preview_is_beside_what_is_live_and_needs_no_reload(new_rules, server):
    site = new_rules("/old /live-one", previews={"domain": "beside.preview.test"})
    site.push()
    live, before = site.live, workers(server)
    branch(site, "menu", {"index.html": "<h1>Menu</h1>", "_redirects": None})
    site.hook("before", "echo hooked")
    output = site.push("--as", "menu", "--ref", "menu")
    assert "the preview is at http://menu.beside.preview.test/ until 20" in output
    assert "hooked" not in output
    seen = preview(site, "menu")
    assert ask(seen, "/") == (200, "<h1>Menu</h1>")
    assert (ask(seen, "/old")[0], ask(seen, "/_redirects")[0]) == (404, 404)
    assert header(seen, "/", "X-Robots-Tag") == ["noindex, nofollow"]
    assert (ask(site, "/"), site.live) == ((200, "<h1>One</h1>"), live)
    assert ask(site, "/old")[1].endswith("/live-one")
    assert ask(preview(site, "nothing"), "/")[0] == 404
    assert ask(preview(site, "a.menu"), "/")[0] == 404
    assert workers(server) == before
    again = site.push("--as", "menu", "--ref", "menu")
    assert again.splitlines()[-1].startswith("menu.beside.preview.test is already at ")
    site.push()
    assert [site.live == live, ask(seen, "/")[1]] == [True, "<h1>Menu</h1>"]
    assert "No such file" not in site.push("--as", "main"), (
        "of the branch, which another site may have fetched"
    )


def test_the_rules_of_a_preview_count_in_it_alone(new_rules, server):
    own = "location /inner/ { add_header X-Own one; }"
    previews = {"domain": "rules.preview.test"}
    site = new_rules("/old /live-one\n", "/*\n  X-Live: yes\n", previews=previews, nginx=own)
    site.push()
    rules = {"_redirects": REDIRECTS.replace("{domain}", site.domain)}
    rules |= {"_headers": "/*\n  X-Menu: menu\n  X-Frame-Options: DENY\n"}
    branch(site, "menu", {"index.html": "<h1>Menu</h1>", **rules})
    branch(site, "other", {"_redirects": "/old /other\n/app.html /else 302!\n", "_headers": None})
    said = site.push("--as", "menu", "--ref", "menu")
    assert "lines of its rules are left out:" in said, said
    site.push("--as", "default", "--ref", "other")
    menu, other = preview(site, "menu"), preview(site, "default")
    for path, answer in {
        "/old?a=b": (301, "/new?a=b"),
        "/forced.html": (301, "https://shop.example.org/:splat?x=1"),
        "/blog/a/b%20c?d": (308, "/posts/a/b%20c?d"),
        "/2020/05/day": (301, "/by/05-2020?from=here#top"),
        "/app/users/7": (200, "the app"),
        "/covered/x?y": (200, "the app"),
        "/en/nothing": (404, "nowhere in English"),
        "/nothing": (404, "nowhere"),
        "/mine/a": (301, "/ours/a"),
        "/": (200, "<h1>Menu</h1>"),
    }.items():
        assert ask(menu, path) == answer, path
    assert ask(menu, "/gone")[0] == 410
    assert ask(menu, "/", "-H", "Accept-Language: de") == (302, "/de")
    for each, old, headers in ((site, "/live-one", [[], ["yes"]]), (other, "/other", [[], []])):
        assert ask(each, "/old") == (301, old)
        assert [ask(each, path)[0] for path in ("/gone", "/blog/a", "/app/x")] == [404, 404, 404]
        assert ask(each, "/", "-H", "Accept-Language: de") == (200, "<h1>One</h1>")
        assert [header(each, "/inner/", name) for name in ("X-Menu", "X-Live")] == headers
        assert header(each, "/", "X-Frame-Options") == ["SAMEORIGIN"]
    assert (ask(other, "/app.html"), ask(site, "/app.html")) == ((302, "/else"), (200, "the app"))
    assert header(menu, "/", "X-Frame-Options") == ["DENY"]
    assert header(menu, "/inner/", "X-Menu") == ["menu"]
    before = workers(server)
    branch(site, "menu", {"index.html": "<h1>New</h1>", **rules})
    site.push("--as", "menu", "--ref", "menu")
    assert (ask(menu, "/")[1], workers(server)) == ("<h1>New</h1>", before)


def test_the_rules_of_a_preview_go_with_it(new_rules, server):
    site = new_rules("/old /one 301!\n", previews={"domain": "away.preview.test"})
    site.push()
    for name in ("lock", "late", "empty"):
        site.push("--as", name)
    lock, late, empty = (preview(site, name) for name in ("lock", "late", "empty"))
    branch(site, "empty", {"_redirects": None})
    site.push("--as", "empty", "--ref", "empty")
    assert [ask(each, "/old")[0] for each in (lock, late, empty)] == [301, 301, 404]
    server.run(f"touch -d '15 days ago' /srv/deploy/{site.domain}/previews/late/pushed")
    broken = server.root / "etc/nginx/conf.d/broken.conf"
    broken.write_text("nonsense;\n")
    try:
        said = site.script("previews", "--remove", "lock", code=1)
        assert "its pages are gone, but its _redirects and _headers still count: NGINX refuses it" in said
        assert site.script("previews", "--expired", code=1).count("still count") == 1
        assert ask(lock, "/")[0] == 404
    finally:
        broken.unlink()
    assert site.script("previews", "--remove", "lock") == "lock.away.preview.test is gone\n"
    assert site.script("previews", "--expired") == "late.away.preview.test is gone: its time was over\n"
    assert [ask(each, "/old")[0] for each in (lock, late, site)] == [404, 404, 301]
    site.push("--as", "lock", "--ref", "empty")
    assert ask(lock, "/old")[0] == 404


def test_previews_are_listed_and_taken_away(new_rules, server):
    site = new_rules(previews={"domain": "gone.preview.test", "most": 2})
    assert site.script("previews") == f"{site.domain} has no preview\n"
    assert "no branch, tag or commit none" in site.push("--as", "none", "--ref", "none", code=1)
    for name in ("one", "two"):
        commit = branch(site, name, {"index.html": name})
        site.push("--as", name, "--ref", name, "--by", "ada")
    assert "has 2 previews, and may have 2" in site.push("--as", "three", code=1)
    assert sorted(path.name for path in (site.place / "previews").iterdir()) == [".lock", "one", "two"]
    site.push("--as", "two", "--force")
    listed = json.loads(site.script("previews", "--json"))
    assert [each["preview"] for each in listed] == ["two", "one"]
    assert listed[1]["url"] == "http://one.gone.preview.test/"
    assert listed[1]["by"] == "ada"
    assert commit.startswith(site.git("rev-parse", "two"))
    assert site.script("previews").startswith("http://two.gone.preview.test/  until 20")
    server.run(f"touch -d '15 days ago' /srv/deploy/{site.domain}/previews/one/pushed")
    assert site.script("previews", "--expired") == "one.gone.preview.test is gone: its time was over\n"
    assert (ask(preview(site, "one"), "/")[0], ask(preview(site, "two"), "/")[0]) == (404, 200)
    assert site.script("previews", "--remove", "two") == "two.gone.preview.test is gone\n"
    assert ask(preview(site, "two"), "/")[0] == 404
    assert "nothing to remove" in site.script("previews", "--remove", "two")
    site.push()
    assert ask(site, "/") == (200, "<h1>One</h1>")


SNOOPS = """
set -eu
echo "it is ${DEPLOY_PREVIEW-live} at $DEPLOY_SITE and ${HUGO_BASEURL-}"
ls "/srv/deploy/$OF/releases" "/srv/deploy/$OF/builder" "/var/www/$OF" 2>&1 | sed 's/^/SAW /' | grep -v 'No such file' || :
for file in /srv/deploy/$OF /srv/deploy/$OF/previews; do touch "$file/mine" 2>/dev/null && echo "WROTE $file"; done
cat "$DEPLOY_CACHE/kept" 2>/dev/null || :
echo "of $DEPLOY_SITE" >>"$DEPLOY_CACHE/kept"
[ -z "${TOKEN-}" ] || echo "HAS THE SECRET"
echo "user: $(id -un)"
cp index.html "$DEPLOY_OUTPUT/"
"""


@pytest.mark.fault("a preview's build reads and writes what is the live site's")
def test_a_build_of_a_preview_reaches_nothing_of_the_live_site(new_rules):
    site = new_rules(previews={"domain": "snoop.preview.test"}, build="build.sh")
    site.configure(environment={"OF": site.domain})
    site.commit({"build.sh": SNOOPS})
    live = site.push()
    assert f"  user: {site.user}" in live
    mine = site.push("--as", "mine")
    assert "  it is mine at mine.snoop.preview.test and http://mine.snoop.preview.test/" in mine
    assert f"  user: {site.user.replace('build-', 'preview-')}" in mine
    other = site.push("--as", "other")
    for output in (mine, other):
        assert not [word for word in ("SAW", "WROTE", "  of ") if word in output], output
    assert "  of mine.snoop.preview.test" in site.push("--as", "mine", "--force"), "its own cache is kept"
    assert (site.place / "builder/cache/kept").read_text() == f"of {site.domain}\n"


def test_a_build_of_a_preview_gets_no_secrets(new_rules):
    site = new_rules(
        previews={"domain": "secret.preview.test"}, build="build.sh", build_secrets={"TOKEN": "generate"}
    )
    site.configure(environment={"OF": site.domain})
    site.commit({"build.sh": SNOOPS})
    output = site.push("--as", "mine")
    assert "a preview's build gets none of the site's build_secrets" in output
    assert "HAS THE SECRET" not in output


def test_a_preview_is_nobody_elses_site(new_rules, server):
    site = new_rules(previews={"domain": "taken.preview.test"})
    other = server.root / "etc/nginx/conf.d/of-a-person.conf"
    other.write_text("server { listen 80; server_name a.test mine.taken.preview.test; }\n")
    assert "is the address of another site" in site.push("--as", "mine", code=2)
    other.unlink()
    site.push("--as", "mine")


def test_a_preview_is_of_a_folder_that_was_built_elsewhere(new_rules, server, tmp_path):
    site = new_rules(previews={"domain": "sent.preview.test"})
    site.push()
    (tmp_path / "index.html").write_text("sent")
    (tmp_path / "about").mkdir()
    (tmp_path / "about/index.html").write_bytes((site.site / "about/index.html").read_bytes())
    read = read_folder(str(tmp_path))
    names = read.list_text()
    there = frozenset(site.script("have", "--files").split())
    (server.root / "root/sent").write_bytes(names + b"".join(read.pieces(there, Waiting("x"))))
    site.push("--as", "mine", "--from", "dist", "--list", str(len(names)), "</root/sent")
    assert ask(preview(site, "mine"), "/") == (200, "sent")
    assert ask(preview(site, "mine"), "/about/") == (200, "about")
    assert ask(site, "/") == (200, "<h1>One</h1>")


def test_a_location_with_headers_of_its_own_has_those_of_the_repository_too(new_rules):
    own = "location /inner/ { add_header X-Own one; }"
    site = new_rules("/es /es/index.html 302 Language=es\n", "/*\n  X-All: every\n", nginx=own)
    site.push()
    assert header(site, "/", "X-All") == header(site, "/inner/", "X-All") == ["every"]
    assert header(site, "/inner/", "X-Own") == ["one"]
    assert header(site, "/inner/", "X-Content-Type-Options") == ["nosniff"]
