"""The link check of the gate, without a server."""

import subprocess
from pathlib import Path

import pytest

import deployer

LINKS = Path(deployer.__file__).parent / "server/installed/lib/publication/links.awk"


def broken(folder: Path, pages: dict[str, str], *more: str) -> list[str]:
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    found = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    paths = folder.parent / "paths"
    paths.write_text("".join(f"{'d' if (folder / path).is_dir() else 'f'}\t{path}\n" for path in found))
    html = [f"./{path}" for path in found if path.suffix == ".html"]
    told = set(links(folder, *more, str(paths), *html).splitlines())
    files = "".join(line for line in paths.read_text().splitlines(True) if line.startswith("f"))
    paths.write_text(files)
    (folder.parent / "wanted").write_text(links(folder, *more, *html, asking=True))
    some = links(folder, *more, "asked=1", str(folder.parent / "wanted"), "asked=", str(paths), *html)
    assert set(some.splitlines()) == told, "what was asked for is enough"
    return sorted(told)


def links(folder: Path, *arguments: str, asking: bool = False) -> str:
    """What links.awk prints of paths and pages."""
    limit = "--cpu=20"  # seconds of the processor, so that a busy machine does not count
    names = [name for name in arguments if not name.startswith("./")]
    pages = [name for name in arguments if name.startswith("./")]
    argv = ["prlimit", limit, "awk", "-f", str(LINKS), "domain=example.org", *["asking=1"] * asking]
    done = subprocess.run(
        [*argv, *names, "RS=<", *pages],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout


def test_of_one_page_only_what_it_links_to_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<a href=/a><a href=/b/?c><a href='%41.html'><a href=../><a href=/a>")
    asked = links(tmp_path, "./page.html", asking=True)
    assert asked.splitlines() == [
        "a",
        "a/index.html",
        "b/index.html",
        "A.html",
        "A.html/index.html",
        "index.html",
    ]


GOOD = """<!doctype html><html><head><link rel=stylesheet href=/style.css?v=1><base target=_blank>
<script>var text = '<a href="/in/script">'; if (a<b) x();</script><script src="/app.js"></script></head>
<!-- <a href="/in/comment"> and more -->
<a href=/posts/one/>1</a><a href="/posts/one">2</a><a href='/posts/one/#part'>3</a><a href="#here">4</a>
<A HREF="posts/one/index.html">5</A><a href="./posts/../posts/one/">6</a><a href="?q=1">7</a><a href="">8</a>
<a href="https://example.org/posts/one/">9</a><a href="//EXAMPLE.org/style.css">10</a><a href="HTTP://example.org">11</a>
<a href="https://example.com/x">12</a><a href="//cdn.example.com/x">13</a><a href="mailto:a@b">14</a>
<a href="tel:1">15</a>
<a href="/a%20b/%C3%BC.html">16</a><a href="/q&amp;a.html">17</a><a href="/c&#43;&#43;.html">18</a>
<a href="javascript:x()">19</a>
<img src="data:image/png;base64,AAAA"><img srcset="/i.png 1x, i.png 2x,
  /i.png 3x" src=i.png alt="a > b"><video poster=/i.png></video>
<p title='no link: href="/in/title"'>&lt;a href="/in/text"&gt; text with href=/in/words</p>
"""
SITE = {
    "index.html": GOOD,
    "style.css": "",
    "app.js": "",
    "i.png": "",
    "posts/one/index.html": '<a href="../../">home</a><a href="..">up</a><img src=../../i.png>',
    "posts/index.html": "",
    "a b/ü.html": "<a href=ü.html>",
    "q&a.html": "",
    "c++.html": "",
    "x=1.html": "<a href=/>",
}


def test_links_that_lead_somewhere(tmp_path):
    assert broken(tmp_path / "site", SITE) == []


def test_links_that_lead_nowhere(tmp_path):
    bad = """<a href=/gone/>1</a><a href="/empty/">2</a><a href="one/">3</a><img src="no.png?x=1">
    <img srcset="/s.png 2x, /i.png">
    <a href="https://example.org/own">4</a><a
    class="x" href="/multi/line">5</a><a href="/%zz">6</a><video poster='/p.jpg'></video>
    <a href="/style.css/">7</a>"""
    pages = SITE | {"posts/bad.html": bad, "empty/file.txt": ""}
    paths = [
        "/%zz",
        "/empty/",
        "/gone/",
        "/multi/line",
        "/own",
        "/p.jpg",
        "/posts/no.png",
        "/s.png",
        "/style.css/",
    ]
    assert broken(tmp_path / "site", pages) == sorted(f"{path}\tposts/bad.html" for path in paths)


def test_relative_links_of_a_page_with_a_base_are_left_alone(tmp_path):
    pages = {"index.html": "<base href='/elsewhere/'><a href=x>1</a><a href=/y>2</a>"}
    assert broken(tmp_path / "site", pages) == ["/y\tindex.html"]


def test_no_page_is_too_broken_to_read(tmp_path):
    pages = {
        "index.html": "<a href=\"x<y>><<<a href='<a =<a href=>< href<a/><a href",
        "b.html": "",
        "c.html": "<",
    }
    broken(tmp_path / "site", pages)


MEGABYTE = 1_000_000
HOSTILE = {
    "many attributes": "<a href=/gone/ " + "a " * (MEGABYTE // 2) + ">",
    "many values": "<a href=/gone/ " + "a=b " * (MEGABYTE // 4) + ">",
    "spaces": "<a href=/gone/ " + " " * MEGABYTE + "x>",
    "a long address": f"<a href='{'/x' * MEGABYTE}'><a href=/gone/>",
    "entities": f"<a href='{'&amp;' * MEGABYTE}'><a href=/gone/>",
    "percents": f"<a href='{'%41' * MEGABYTE}'><a href=/gone/>",
    "spaces in addresses": "<a href=/gone/>" + f"<a href='x{' ' * 8000}y'>" * 100,
    "never closed": "<a href=/gone/><a href='" + "x" * MEGABYTE,
    "half a word": "<a href=/gone/ " + "hre" * MEGABYTE,
}


@pytest.mark.in_turns
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_time_grows_with_the_page_and_not_with_its_square(tmp_path: Path, text: str) -> None:
    assert "/gone/\tindex.html" in broken(tmp_path / "site", {"index.html": text})


def test_a_link_without_an_ending_may_lead_to_a_page_with_one(tmp_path: Path) -> None:
    pages = {"site/index.html": "<a href=/about><a href=docs/x><a href=/a.css>", "site/about.html": "about"}
    (tmp_path / "site").mkdir()
    inside = {name.removeprefix("site/"): text for name, text in pages.items()}
    told = "/{}\tindex.html".format
    assert broken(tmp_path / "site", inside) == [told("a.css"), told("about"), told("docs/x")]
    assert broken(tmp_path / "site", inside, "pretty=1") == [told("a.css"), told("docs/x")]
    assert broken(tmp_path / "site", inside, "open=index.html") == [told("a.css")]


GATE = LINKS.parents[1] / "publication/gate"


def checked(folder: Path, *variables: str) -> str:
    """What `check_links` says of a release in `release`, where other sites are, too."""
    (folder / "work").mkdir(exist_ok=True)
    script = f"""
source {GATE.parents[1]}/common/site
unprivileged() {{ "${{@:2}}"; }}
source {GATE}
DOMAIN=docs.example.org WORK={folder}/work INSTALLED={GATE.parents[2]} LINKS=warn FALLBACK= PRETTY=0 LISTING=0
SHOWS=() LEADS=() MEMORY_LIMIT=1
declare -A INFO=()
{chr(10).join(variables)}
check_links {folder}/release
"""
    argv = ["bash", "-Eeuo", "pipefail", "-O", "extglob", "-c", script]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "DEPLOY_ROOT": str(folder)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def page(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_a_redirect_leads_somewhere_is_not_broken(tmp_path: Path) -> None:
    paths = ("old", "blog/2020/a", "blog", "posts/7/edit", "gone", "oldest", "a.b", "mine/x", "end")
    page(tmp_path, "release/index.html", "".join(f"<a href=/{path}>" for path in paths))
    lines = (
        "# rules",
        "/old /new",
        "/blog/* /posts/:splat 302!",
        "/posts/:id/edit /e",
        "/gone /404.html 404",
    )
    page(tmp_path, "release/_redirects", "\n".join((*lines, "/a.c /x", "/end x=1 /y 301")) + "\n")
    told = checked(tmp_path, "LEADS=('/mine/*')")
    assert [line.split()[1] for line in told.splitlines() if "(in" in line] == ["/a.b", "/gone", "/oldest"]


def test_a_site_that_is_a_folder_of_another_is_told_of_links_that_lead_out_of_it(tmp_path: Path) -> None:
    page(
        tmp_path, "etc/deploy/sites/example.org.conf", "SHOWS=('/docs docs.example.org' '/a b.example.org')\n"
    )
    text = "<a href=/b.html><a href=c.html><img src=//docs.example.org/d.png><a href=https://x.org/e>"
    page(tmp_path, "release/index.html", text + "<a href=/index.html>")
    for name in ("c.html", "d.png"):
        page(tmp_path, f"release/{name}", "")
    assert checked(tmp_path).splitlines() == [
        "! this site is shown at example.org/docs, too, where links that begin with / lead out of it: "
        "write them relative (Hugo: relativeURLs)",
        "!   /b.html (in index.html)",
        "!   /index.html (in index.html)",
        "! 1 link or image leads nowhere:",
        "!   /b.html (in index.html)",
    ]


def test_links_into_a_folder_that_is_another_site_are_looked_for_there(tmp_path: Path) -> None:
    links = "<a href=/shop/><a href=/shop/a.html><a href=/shop/gone.html><a href=/app/any><a href=/new/>"
    page(tmp_path, "release/index.html", links)
    page(tmp_path, "var/www/shop.example.org/index.html", "")
    page(tmp_path, "var/www/shop.example.org/a.html", "")
    page(tmp_path, "var/www/app.example.org/index.html", "")
    page(tmp_path, "etc/deploy/sites/app.example.org.conf", "FALLBACK=index.html\n")
    shows = "SHOWS=('/shop shop.example.org' '/app app.example.org' '/new new.example.org')"
    told = checked(tmp_path, shows)
    assert told.splitlines() == ["! 1 link or image leads nowhere:", "!   /shop/gone.html (in index.html)"]
