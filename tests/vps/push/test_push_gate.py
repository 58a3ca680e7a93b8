"""What is not let through: each ends in one message, and what was live stays live."""

import json
import os

import pytest

from deployer.values.publication import Limits
from vps.push.conftest import nginx_lines

pytestmark = pytest.mark.takes_turns("module")

BIG = {f"posts/{number}.html": f"<p>Post {number}" for number in range(10)}


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("true", "✗ build: the build produced nothing: it must fill $DEPLOY_OUTPUT (which is /var/www/"),
        (
            'echo > "$DEPLOY_OUTPUT/start.html"',
            "✗ gate: there is no index.html in what the build made (start.html",
        ),
        ('touch "$DEPLOY_OUTPUT/index.html"; echo > "$DEPLOY_OUTPUT/a"', "✗ gate: index.html is empty"),
        (
            'ln -s /etc/passwd "$DEPLOY_OUTPUT/index.html"',
            "the symbolic link index.html leads out of the release",
        ),
        ('ln -s ../x "$DEPLOY_OUTPUT/index.html"', "the symbolic link index.html leads out of the release"),
        (
            'ln -s "$DEPLOY_OUTPUT/../x" "$DEPLOY_OUTPUT/index.html"',
            "the symbolic link index.html leads out of the release",
        ),
        ('mkfifo "$DEPLOY_OUTPUT/index.html"', "'./index.html' cannot be published"),
        ("touch \"$DEPLOY_OUTPUT/\"$'a\\nb'", "'./a?b' cannot be published"),
    ],
)
def test_what_no_visitor_should_see(new_site, script, message):
    site = new_site({"build.sh": script}, build="build.sh")
    assert message in site.fails()
    assert json.loads(site.log())["result"] == "failed"


def test_a_pointer_of_lfs_is_not_published_for_the_file(new_site):
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    site = new_site({"img/a b.png": pointer, "how-lfs-works.md": f"It is a file such as:\n\n{pointer}"})
    assert "✗ gate: img/a b.png is a pointer of Git LFS, not the file that it stands for:" in site.fails()
    site.commit({"img/a b.png": "the image"})
    site.push()


@pytest.mark.in_turns("links")
def test_links_inside_a_release_and_odd_modes_are_made_right(new_site):
    script = """
    cd "$DEPLOY_OUTPUT" && mkdir -m 700 private && echo page > private/index.html
    chmod 6755 private/index.html; ln private/index.html hard.html; ln -s private/index.html index.html
    mkdir -p "deep/er" && ln -s "$DEPLOY_OUTPUT/private/index.html" deep/er/index.html && ln -s "$DEPLOY_OUTPUT/" root
    chmod 0 private
    """
    site = new_site({"build.sh": script}, build="build.sh")
    site.push()
    links = {path: os.readlink(site.site / path) for path in ("index.html", "deep/er/index.html", "root")}
    assert links == {
        "index.html": "private/index.html",
        "deep/er/index.html": "../../private/index.html",
        "root": ".",
    }
    assert site.page("/deep/er/") == site.page("/root/hard.html") == "page\n"
    assert site.page() == site.page("/private/") == site.page("/hard.html") == "page\n"
    modes = site.vps.run(f"cd /var/www/{site.domain}/ && stat -c '%a %U' private private/index.html").stdout
    assert modes.split("\n")[:2] == ["755 root", "644 root"]


def test_half_of_the_site_gone_is_refused_unless_forced(new_site):
    site = new_site(BIG)
    site.push()
    site.commit(dict.fromkeys(list(BIG)[:6]))
    assert "this release has 5 pages, the live one has 11: it lost more than 50 %" in site.fails()
    site.configure(gate={"shrink": 60})
    site.push()
    site.commit(dict.fromkeys(list(BIG)[6:]))
    site.fails()
    site.push("--force")
    assert site.page("/posts/9.html") == "404"


@pytest.mark.in_turns("links")
def test_broken_links_warn_or_stop(new_site):
    site = new_site(
        {"index.html": "<a href=/here/>x</a><a href=/gone/>y</a><img src='no.png'>", "here/index.html": "x"}
    )
    output = site.push()
    assert (
        "! 2 links or images lead nowhere:\n!   /gone/ (in index.html)\n!   /no.png (in index.html)\n"
        in output
    )
    site.configure(gate={"links": "error"})
    site.commit()
    assert "✗ gate: 2 links or images lead nowhere" in site.fails()
    site.commit({"no.png": "image"})
    assert "✗ gate: 1 link or image leads nowhere (" in site.fails()
    site.configure(gate={"links": "off"})
    assert "nowhere" not in site.push()


@pytest.mark.in_turns("links")
def test_pages_whose_links_are_known_are_not_read_again(new_site):
    """Neither those of a release that is still there, nor those that a revision leaves as they are."""
    site = new_site({"a.html": "<a href=/>x</a>"}, gate={"links": "error"})
    site.push()
    site.commit({"a.html": "<a href=/?>x</a>"})
    site.push()
    site.script("rollback")
    program = site.vps.root / "usr/local/lib/deploy/lib/publication/links.awk"
    kept = program.read_text()
    try:
        program.write_text('RS == "<" && FNR == 1 { print "/" FILENAME "\\t" FILENAME }\n')
        assert "this revision is still there" in site.push()
        site.commit({"a.html": "<a href=/#>x</a>"})
        output = site.fails()
        assert "1 link or image leads nowhere:\n!   /./a.html (in ./a.html)\n" in output
    finally:
        program.write_text(kept)
    site.commit({"b.html": "b"})
    site.push()
    site.commit({"a.html": "<a href=b.html>x</a>"})
    site.push()
    site.commit({"b.html": None})
    assert "!   /b.html (in a.html)" in site.fails(), "what goes may be missed anywhere"


@pytest.mark.in_turns("links")
def test_links_are_looked_at_without_rights_and_neither_for_ever_nor_in_all_memory(new_site):
    """A stand-in for the program, since the real one does neither tell who it is nor take long."""
    site = new_site(gate={"links": "error"})
    scripts = site.vps.root / "usr/local/lib/deploy"
    links = "lib/publication/links.awk"
    kept = {name: (scripts / name).read_text() for name in (links, "lib/publication/gate")}
    try:
        told = "grep -hE '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status"
        asked = f"(id -un; {told}) | tr -s '\\\\n\\\\t ' _; printf '\\\\tindex.html\\\\n'"
        (scripts / links).write_text(f'BEGIN {{ system("{asked}"); exit }}\n')
        rights = "CapEff:_0000000000000000_CapBnd:_0000000000000000_NoNewPrivs:_1_"
        assert f"!   {site.user}_{rights} (in index.html)" in site.fails()
        (scripts / links).write_text('BEGIN { system("sleep 100") }\n')
        (scripts / "lib/publication/gate").write_text(
            kept["lib/publication/gate"].replace("LINKS_SECONDS=20", "LINKS_SECONDS=1")
        )
        output = site.fails()
        assert "! the links could not be looked at within 1 s" in output
        assert "✗ gate: nobody knows where the links lead" in output
    finally:
        for name, text in kept.items():
            (scripts / name).write_text(text)
    site.push()
    site.configure(limits=Limits(memory="20M"))
    site.commit({"page.html": "a" * 12_000_000})  # one word, which is read as a whole
    assert "! the links could not be looked at within 20 s and 20 MB of memory" in site.fails()


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("return 503;", "https://{}/ answers 503"),
        ("location / { return 200 other; }", "https://{}/ answers with another page than the release's"),
        ("return 444;", "NGINX does not answer at https://{}/"),
    ],
)
@pytest.mark.fault("NGINX does not serve what was pushed")
def test_a_page_that_is_not_served_is_switched_back(new_site, broken, message):
    site = new_site()
    site.push()
    site.commit({"index.html": "<h1>Two</h1>"})
    with nginx_lines(site, broken):
        told = message.replace("{}", site.domain)
        assert f"✗ switch: switched back, because {told}\n" in site.fails()
        rolled = site.script("rollback", "--to", site.live, code=1)
        assert "is live already" in rolled
    assert site.page() == "<h1>One</h1>"
    site.push()
    assert site.page() == "<h1>Two</h1>"


def test_a_first_push_that_is_not_served_leaves_nothing(new_site):
    site = new_site()
    site.vps.run("systemctl stop nginx")
    try:
        assert "NGINX does not answer" in site.fails()
    finally:
        site.vps.run("systemctl start nginx")
    assert site.releases == []
    assert not (site.vps.root / "var/www" / site.domain).is_symlink()
    site.push()
    site.commit({"index.html": "<h1>Two</h1>"})
    site.push()


def test_a_link_made_by_hand_leads_where_it_did_after_a_first_push_that_is_not_served(new_site):
    site = new_site()
    link = site.vps.root / "var/www" / site.domain
    site.vps.run(f"mkdir /srv/{site.domain} && echo by hand > /srv/{site.domain}/index.html")
    link.symlink_to(f"../../srv/{site.domain}")
    assert site.page() == "by hand\n"
    site.vps.run("systemctl stop nginx")
    try:
        output = site.push(code=1)
    finally:
        site.vps.run("systemctl start nginx")
    assert "✗ switch: switched back" in output
    assert f"{site.domain} is as it was: the folder /var/www/{site.domain}, made by hand, is live" in output
    assert site.page() == "by hand\n"
    site.push()
    assert site.page() == "<h1>One</h1>"
    assert "there is no earlier release" in site.script("rollback", code=1)


def test_a_rollback_that_is_not_served_is_switched_back(new_site):
    site = new_site()
    site.push()
    site.commit({"index.html": "<h1>Two</h1>"})
    site.push()
    live = site.live
    site.vps.run("systemctl stop nginx")
    try:
        assert "✗ switch: switched back" in site.script("rollback", code=1)
    finally:
        site.vps.run("systemctl start nginx")
    assert site.live == live
    site.script("rollback")
    assert site.page() == "<h1>One</h1>"


AS_IT_ANSWERS = {
    "location = / { return 302 /de/; }": "https://{}/de/ answers 200, where https://{}/ leads",
    "location = / { return 302 /a%20b/; }": "https://{}/a%20b/ answers 200, where https://{}/ leads",
    "location = / { return 307 https://www.example.net/; }": "https://{}/ answers 307 and leads to https://www.example.net/",
    "return 302 https://login.example.net/?for=$request_uri;": "https://{}/ answers 302 and leads to"
    " https://login.example.net/?for=/: what is behind that was not seen",
    "sub_filter '<h1>' '<h1 id=x>';": "https://{}/ answers 200, with a page that NGINX changes",
    "allow 192.0.2.1; deny all;": "https://{}/ answers 403 to this server, which asks from 127.0.0.1:"
    " what others get was not seen",
}
NO_PAGE = {
    "location = / { return 302 /gone/; }": "https://{}/gone/ answers 404, where https://{}/ leads",
    "index start.html;": "https://{}/ answers 403 to this server, which asks from 127.0.0.1",
}


def test_a_site_is_asked_as_it_answers(new_site):
    """By language, only some addresses, or with another page: what its NGINX lines want is no fault."""
    site = new_site({"de/index.html": "<h1>Eins</h1>", "a b/index.html": "<h1>A b</h1>"})
    site.push()
    site.push("--force")
    for lines, said in AS_IT_ANSWERS.items():
        with nginx_lines(site, lines):
            assert f"s {said.replace('{}', site.domain)}\n" in site.script("rollback")
    for lines, said in NO_PAGE.items():
        live = site.live
        with nginx_lines(site, lines):
            told = f"✗ switch: switched back, because {said.replace('{}', site.domain)}\n"
            assert told in site.script("rollback", code=1)
        assert site.live == live
    assert not list(site.place.glob("releases/*/deploy-question-*"))
    assert site.page("/de/") == "<h1>Eins</h1>"


def test_a_page_behind_a_password_is_right(new_site):
    site = new_site()
    with nginx_lines(site, "return 401;"):
        assert "answers 401: it wants a password" in site.push()
