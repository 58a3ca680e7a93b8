"""What a push that works does."""

import contextlib
import http.client
import json
import os
import ssl
import struct
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine

pytestmark = pytest.mark.takes_turns("module")

LONGEST = "n" * 248 + ".html"
"""A name to which nothing can be appended any more."""
TEXT = "".join(f"<p>This is line {line} of a page that is worth compressing.</p>\n" for line in range(60))


def png(seed: int = 1, extra: bytes = b"") -> bytes:
    """A PNG of 64 by 64 pixels, with an extra chunk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((x * y * seed) % 251 for x in range(192)) for y in range(64))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_first_push_is_live_and_the_next_has_nothing_to_do(new_site):
    site = new_site({"about/index.html": "<p>About", ".gitignore": "x", "sub/.gitkeep": ""})
    output = site.push("--by", "ada@laptop")
    release = site.live
    assert output.splitlines()[0] == "▸ fetch"
    assert output.splitlines()[-1].startswith(f'{site.domain} is live: {release} "First" (')
    assert site.page() == "<h1>One</h1>"
    assert site.page("/about/") == "<p>About"
    assert not list(site.site.rglob(".git*"))
    entry = json.loads(site.log())
    assert (entry["by"], entry["result"], entry["release"]) == ("ada@laptop", "live", release)
    assert set(entry["seconds"]) == {"fetch", "build", "gate", "derive", "switch"}
    revision = site.git("rev-parse", "--short=7", "HEAD")
    assert site.push().splitlines()[-1] == f"{site.domain} is already at {revision}: nothing to push"
    assert site.live == release
    assert json.loads(site.log())["result"] == "unchanged"
    site.push("--force")
    assert site.live != release


@pytest.mark.in_turns("made of what is there")
def test_changed_inputs_are_pushed_though_the_revision_is_live(new_site):
    site = new_site({"build.sh": 'echo "$COLOUR" >"$DEPLOY_OUTPUT/index.html"'}, build="build.sh")
    site.configure(environment={"COLOUR": "green $(id) \"&\" 'x'"})
    site.push()
    assert site.page() == "green $(id) \"&\" 'x'\n"
    site.configure(environment={"COLOUR": "blue and yellow"})
    site.push()
    assert site.page() == "blue and yellow\n"


@pytest.mark.in_turns("made of what is there")
def test_unchanged_files_are_shared_and_deleted_ones_are_gone(new_site):
    image = png()
    site = new_site(
        {"a b.html": TEXT, "old.html": TEXT, "img/ü.png": image, "-x.txt": TEXT, "n.css": "a", "-": "a"}
    )
    site.push()
    before = site.site
    names = ("a b.html", "a b.html.gz", "a b.html.br", "img/ü.png", "img/ü.png.webp", "-x.txt", "-x.txt.br")
    stats = {name: (before / name).stat() for name in names}
    site.commit({"index.html": "<h1>Two</h1>", "old.html": None, "n.css": "b", "-": "b"})
    output = site.push()
    assert "✓ derive" in output
    assert "new images" not in output
    assert site.site != before
    for name, stat in stats.items():
        now = (site.site / name).stat()
        assert (now.st_ino, now.st_mtime_ns) == (stat.st_ino, stat.st_mtime_ns), name
    assert not list(site.site.glob("old.html*"))
    assert site.page() == "<h1>Two</h1>"
    assert site.page("/-") == "b", "a name that programs take for their standard input"
    assert (before / "index.html").read_text() == "<h1>One</h1>"


@pytest.mark.in_turns("made of what is there")
def test_of_files_without_a_build_only_what_has_changed_is_taken_out_of_git(new_site):
    """And what goes live is what a whole build makes, to the last byte."""
    before = {
        "a b.html": TEXT,
        "old/1.html": TEXT,
        "old/2.html": TEXT,
        "ü/ü.html": TEXT,
        "-": "x",
        "s.css": TEXT,
    }
    site = new_site(before)
    site.push()
    site.git("rm", "--quiet", "-r", "old")
    site.commit({"a b.html": TEXT + "two", "old": TEXT, "ü/new.html": TEXT, "-": "y"})
    output = site.push()
    assert "4 pages, changed files: 6" in output
    changed = site.site
    assert "✓ derive" in output
    site.push("--force")
    for end in ("", ".sha256", ".derived"):
        site.vps.run(f"cd /srv/deploy/{site.domain}/releases && diff -r {changed.name}{end} {site.live}{end}")
    counted = [
        {key: each[key] for key in ("pages", "bytes")}
        for each in json.loads(site.script("releases", "--json"))
    ]
    assert counted[0] == counted[1] != counted[2]
    site.commit({".gitattributes": "*.html eol=crlf"})
    assert "changed files" not in site.push(), "Git reads that for all files"
    assert b"\r\n" in (site.site / "ü/ü.html").read_bytes()


@pytest.mark.in_turns("made of what is there")
def test_a_large_release_is_made_of_one_that_went(new_site):
    """By what is different, and it is what a whole build makes; what was edited by hand is not carried on."""
    many = {f"many/{number}.txt": str(number) for number in range(1000)}
    before = {"a.html": TEXT, "b.html": TEXT, "old/1.html": TEXT, "c": "a file", "-": "x"}
    site = new_site(many | before, keep=1)
    site.push()
    site.vps.run(f"cd /srv/deploy/{site.domain} && until [ -d spare ]; do sleep 0.05; done", timeout=20)
    spare = (site.place / "spare/site").stat().st_ino
    site.commit({"a.html": TEXT + "two", "many/7.txt": None, "ü/new.html": TEXT})
    assert "5 pages, changed files: 3" in site.push()
    assert site.site.stat().st_ino == spare, "links to the live release, made after its push"
    site.git("rm", "--quiet", "-r", "old")
    site.commit({"old": TEXT, "-": "y"})
    site.push()
    spare = (site.place / "spare/site").stat().st_ino
    site.commit({"b.html": TEXT + "four", "c": None, "c/d.html": TEXT, "many/8.txt": "eight"})
    assert "5 pages, changed files: 4" in site.push()
    changed = site.site
    assert changed.stat().st_ino == spare
    site.push("--force")
    for end in ("", ".sha256", ".derived"):
        site.vps.run(f"cd /srv/deploy/{site.domain}/releases && diff -r {changed.name}{end} {site.live}{end}")
    site.vps.run(f"sleep 0.1; echo by hand >>/var/www/{site.domain}/b.html")
    site.commit({"a.html": TEXT + "five"})
    assert "changed files" not in site.push()
    assert (site.site / "b.html").read_text() == TEXT + "four"
    site.vps.run(f"cd /srv/deploy/{site.domain}/spare/site && touch -d 2020-01-01 old.html")
    site.commit({"a.html": TEXT + "six"})
    output = site.push()
    assert "changed files: 1" in output, "links to the live one are as good"
    assert not (site.site / "old.html").exists(), "what rsync -a has put there"
    site.push("--force")
    site.vps.run(f"sleep 0.1; echo by hand >>/var/www/{site.domain}/many/9.txt")
    site.commit({"a.html": TEXT + "seven"})
    output = site.push()
    assert "what was published before is not as it was made: all of it is built" in output
    assert "changed files" not in output
    assert (site.site / "many/9.txt").read_text() == "9"
    site.configure(build="build.sh")
    site.commit({"build.sh": 'cp index.html "$DEPLOY_OUTPUT"'})
    site.push("--force")
    assert not (site.place / "spare").exists(), "no build has a use for it"


@pytest.mark.in_turns("made by hand")
def test_a_file_edited_by_hand_in_the_live_release_is_not_carried_on(new_site):
    site = new_site({"page.html": TEXT})
    site.push()
    site.vps.run(f"sleep 0.1; echo by hand >> /var/www/{site.domain}/page.html")
    site.commit({"index.html": "<h1>Two</h1>"})
    site.push()
    assert (site.site / "page.html").read_text() == TEXT


def test_smaller_copies_stand_beside_what_gains_by_them(new_site):
    photo = (Path(__file__).parent / "photo.jpg").read_bytes()
    turned = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0)
    exif = b"\xff\xe1" + struct.pack(">H", len(turned) + 8) + b"Exif\0\0" + turned
    animated, still = png(3, b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0" + struct.pack(">I", 0)), png(2)
    site = new_site(
        {
            "page.html": TEXT,
            "short.html": "tiny",
            "still.png": still,
            "animated.png": animated,
            "photo.JPG": photo,
            "turned.jpeg": photo[:2] + exif + photo[2:],
            "broken.png": b"\x89PNG nothing",
            "own.html": TEXT,
            LONGEST: TEXT,
            "own.html.gz": "shipped by the site",
        }
    )
    output = site.push()
    assert "! broken.png gets no webp copy: it cannot be read" in output
    assert site.page(f"/{LONGEST}") == TEXT
    derived = {path.name for path in site.site.rglob("*") if path.suffix in {".gz", ".br", ".webp"}}
    assert derived == {
        "page.html.gz",
        "page.html.br",
        "still.png.webp",
        "own.html.gz",
        "own.html.br",
        "photo.JPG.webp",
    }
    assert (site.site / "own.html.gz").read_text() == "shipped by the site"
    site.vps.run(
        f"cd /var/www/{site.domain} && gzip -dc page.html.gz | cmp - page.html && brotli -dc page.html.br | cmp - page.html"
    )
    site.configure(images={"webp": False})
    site.push()
    assert not (site.site / "still.png.webp").exists()
    alone = new_site({"still.png": still})
    alone.push()
    assert (alone.site / "still.png.webp").exists(), "also where there is no photo"
    assert (site.site / "page.html.gz").exists()


def test_an_avif_copy_stands_where_it_is_smaller_than_the_webp_one(new_site):
    photo = (Path(__file__).parent / "photo.jpg").read_bytes()
    size = photo.index(b"\xff\xc0") + 5
    bomb = photo[:size] + struct.pack(">HH", 16000, 16000) + photo[size + 4 :]
    site = new_site({"bomb.jpg": bomb, "broken.jpg": photo[:400], "still.png": png(2)})
    sky = (
        bytes((x * x // 1500 + y // 4) % 256 for y in range(480) for x in range(640))
        + bytes([110]) * 2 * 320 * 240
    )
    (site.repository / "sky.y4m").write_bytes(b"YUV4MPEG2 W640 H480 F1:1 Ip A1:1 C420jpeg\nFRAME\n" + sky)
    site.vps.run("apt-get update -qq && apt-get install -y -qq --no-install-recommends libavif-bin")
    site.vps.run(
        f"cd /root/repositories/{site.domain} && avifenc --min 0 --max 0 sky.y4m sky.avif && avifdec -q 90 sky.avif sky.jpg"
        " && rm sky.y4m sky.avif"
    )
    site.configure(images={"avif": True})
    site.commit()
    output = site.push()
    for each in ("broken.jpg", "bomb.jpg"):
        assert f"! {each} gets no avif copy: it cannot be read, or is too large" in output
        assert f"! {each} gets no webp copy: " in output
    sizes = {path.name: path.stat().st_size for path in site.site.iterdir()}
    assert sizes["sky.jpg.avif"] < sizes["sky.jpg.webp"] < sizes["sky.jpg"]
    assert [name for name in sizes if name.endswith(".avif")] == ["sky.jpg.avif"]
    assert "still.png.webp" in sizes
    site.commit({"index.html": "<h1>Two</h1>"})
    assert "new images" not in site.push()
    assert (site.site / "sky.jpg.avif").stat().st_size == sizes["sky.jpg.avif"]
    site.configure(images={"avif": False})
    site.push()
    assert not (site.site / "sky.jpg.avif").exists()


def test_rollback_and_releases(new_site):
    site = new_site()
    assert "there is no earlier release" in site.script("rollback", code=1)
    log = "/var/log/deploy/push.log"
    assert site.vps.run(f"grep -F {site.domain} {log} | grep rollback || :").stdout == "", "no failure of it"
    assert site.script("releases").strip() == f"{site.domain} has no release yet"
    assert json.loads(site.script("releases", "--json")) == []
    site.push()
    first = site.live
    site.commit({"index.html": "<h1>Two</h1>"}, 'Say "two" \\ more')
    site.push("--by", "ada")
    second = site.live
    assert (
        site.script("rollback", "--by", "bob")
        .splitlines()[-1]
        .startswith(f'{site.domain} is live: {first} "First"')
    )
    assert site.page() == "<h1>One</h1>"
    entry = json.loads(site.log())
    assert (entry["action"], entry["by"], entry["result"]) == ("rollback", "bob", "live")
    listed = json.loads(site.script("releases", "--json"))
    assert [(r["release"], r["live"], r["previous"]) for r in listed] == [
        (second, False, True),
        (first, True, False),
    ]
    assert listed[0]["subject"] == 'Say "two" \\ more'
    moment = datetime.strptime(second[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    told = datetime.fromisoformat(listed[0]["time"])
    assert abs((told - moment).total_seconds()) < 600
    assert listed[0]["time"].endswith("Z")
    assert "is live already" in site.script("rollback", "--to", first, code=1)
    assert "there is no release" in site.script("rollback", "--to", "20200101-000000-abcdef0", code=1)
    site.script("rollback", "--to", second)
    assert site.page() == "<h1>Two</h1>"


@pytest.mark.in_turns("made of what is there")
def test_what_is_still_there_is_not_built_again(new_site):
    script = 'cd "$DEPLOY_OUTPUT" && date +%s%N >index.html && echo page >page.html'
    site = new_site({"build.sh": script}, build="build.sh")
    site.push()
    site.commit({"more": "x"})
    site.push()
    second, page = site.live, site.page()
    site.script("rollback")
    output = site.push()
    assert f"this revision is still there as release {second}" in output
    assert "▸ build" not in output
    assert (site.live, site.page()) == (second, page)
    assert json.loads(site.log())["result"] == "live"
    edits = (
        "sleep 0.1; echo by hand >>index.html",
        "rm page.html",
        "touch -d 2020-01-01 old.html",
        "mv page.html a",
        "touch -d 2020-01-01 old.html .",  # as rsync -a and cp -a leave what they have brought
    )
    for by_hand in edits:
        page = site.page()
        changed = site.site
        site.script("rollback")
        site.vps.run(f"cd /srv/deploy/{site.domain}/releases/{changed.name}; {by_hand}")
        assert "▸ build" in site.push(), by_hand
        assert site.page() not in (page, page + "by hand\n")
        assert {path.name for path in site.site.iterdir()} == {"index.html", "page.html"}
    site.script("rollback")
    assert "▸ build" in site.push("--force")


def test_how_hard_texts_are_compressed_depends_on_how_much_there_is(new_site):
    large = "\n".join(f"{number}: {TEXT[:300]}" for number in range(3500))
    site = new_site({"page.html": TEXT, "large.json": large})
    site.push()
    assert site.vps.run(levels(site, "page.html", 11) + levels(site, "large.json", 9)).returncode == 0
    several = {f"{number}.json": large[:950_000] + str(number) for number in range(9)}
    site.commit({**several, "new.html": TEXT + "new"})
    site.push()
    assert site.vps.run(levels(site, "new.html", 9) + levels(site, "page.html", 11)).returncode == 0


def levels(site, name: str, level: int) -> str:
    """A command that fails if the file's .br is of another level."""
    return f"brotli -q {level} -c /var/www/{site.domain}/{name} | cmp - /var/www/{site.domain}/{name}.br || exit 1\n"


def test_old_releases_are_removed_but_never_the_one_before(new_site):
    site = new_site(keep=2)
    for number in range(4):
        site.commit({"index.html": f"<h1>{number}</h1>"})
        site.push()
    assert len(site.releases) == 2
    assert len(list((site.place / "releases").iterdir())) == 2 * 4
    numbered = [os.readlink(site.place / "earlier" / str(number)) for number in (1, 2)]
    assert [link.rpartition("/")[2] for link in numbered] == site.releases[::-1], "the newest first"
    site.script("rollback")
    site.commit({"index.html": "<h1>new</h1>"})
    site.push()
    assert site.script("rollback").count("is live") == 1


@pytest.mark.in_turns("made by hand")
def test_a_folder_made_by_hand_is_taken_over_and_can_be_rolled_back_to(new_site):
    site = new_site()
    site.vps.run(f"mkdir -p /var/www/{site.domain} && echo by hand > /var/www/{site.domain}/index.html")
    assert "made by hand: it is kept as release" in site.push()
    assert site.page() == "<h1>One</h1>"
    site.script("rollback")
    assert site.page() == "by hand\n"


@pytest.mark.in_turns("made by hand")
def test_no_visitor_misses_a_folder_made_by_hand_while_it_is_taken_over(new_site):
    for _ in range(3):
        site = new_site()
        site.vps.run(f"mkdir -p /var/www/{site.domain} && echo by hand > /var/www/{site.domain}/index.html")
        with visitors(site) as answers:
            site.push()
        assert set(answers) == {"200", "there"}
        assert site.vps.run("ls -A /var/www | grep by-hand || true").stdout == ""


KILLED_BEFORE = ('    ln -s "$RELEASES/$LIVE" "$aside"', "    if ! swap_names", '    rm -rf "$aside"\n}')


@pytest.mark.in_turns
@pytest.mark.parametrize("line", KILLED_BEFORE, ids=["link", "swap", "end"])
@pytest.mark.fault("the take-over of a hand-made folder is killed")
def test_a_killed_take_over_shows_the_folder_and_is_done_by_the_next_push(new_site, line):
    site = new_site()
    site.vps.run(f"mkdir -p /var/www/{site.domain} && echo by hand > /var/www/{site.domain}/index.html")
    script = site.vps.root / "usr/local/lib/deploy/lib/publication/switch"
    text = script.read_text()
    assert text.count(line) == 1
    script.write_text(text.replace(line, f"    kill -9 $$\n{line}"))
    try:
        site.script("push", code=-9)
    finally:
        script.write_text(text)
    assert site.page() == "by hand\n"
    site.push("--force")  # so small a folder is larger than the page, which the gate would refuse
    assert site.page() == "<h1>One</h1>"
    site.script("rollback")
    assert site.page() == "by hand\n"
    assert site.vps.run("ls -A /var/www | grep by-hand || true").stdout == ""


@contextlib.contextmanager
def visitors(site) -> Iterator[Counter[str]]:
    """Ask for the page, and look at the folder itself, all along; what they get, counted."""
    answers: Counter[str] = Counter()
    folder = site.vps.root / "var/www" / site.domain
    done = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPSConnection(site.vps.address, context=ssl._create_unverified_context())
        while not done.is_set():
            connection.request("GET", "/", headers={"Host": site.domain})
            answer = connection.getresponse()
            answer.read()
            answers[str(answer.status)] += 1

    def look() -> None:
        while not done.is_set():
            answers["there" if os.path.lexists(folder) else "not there"] += 1

    with ThreadPoolExecutor() as threads:
        running = [threads.submit(each) for each in (ask, look)]
        try:
            yield answers
        finally:
            done.set()
        for each in running:
            each.result()


def test_hooks_run_around_a_push(new_site):
    site = new_site()
    site.hook("before", 'echo "before $DEPLOY_SITE"; echo "$DEPLOY_REVISION" > /tmp/before')
    site.hook(
        "after",
        'echo after; curl -sk --resolve "$DEPLOY_SITE:443:127.0.0.1" "https://$DEPLOY_SITE/"; echo; (sleep 300 &)',
    )
    output = site.push()
    assert f"  before {site.domain}\n" in output
    assert "  <h1>One</h1>" in output
    site.vps.run("pkill -x sleep")
    site.hook("before", "echo no; exit 3")
    site.commit()
    assert "✗ before: the site's before hook failed with exit code 3" in site.fails()
    site.hook("before", "")
    site.hook("after", "exit 4")
    site.commit({"index.html": "<h1>Two</h1>"})
    output = site.push(code=1)
    assert "✗ after: the site's after hook failed with exit code 4" in output
    assert output.splitlines()[-1].startswith(f"{site.domain} is live: ")
    assert site.page() == "<h1>Two</h1>"
    assert "after hook" in json.loads(site.log())["error"]


def test_todays_build_script_publishes_atomically_and_converts_an_image_once(new_site):
    script = """#!/bin/bash
find ./ -type f -name '*.png' -not -path '*/.git/*' -exec sh -c 'cwebp -lossless $1 -o "${1%.png}.webp"' _ {} \\;
find . -type f -not -path '*/.git/*' | while read -r file; do
    sed -i -e 's/\\.png/\\.webp/g' "$file"
done
mkdir -p /var/www/DOMAIN/ && cp -r . /var/www/DOMAIN/ && rm -rf /var/www/DOMAIN/.git
"""
    site = new_site({"img/a.png": png(), "page.html": '<img src="/img/a.png">'}, build="build.sh")
    site.commit({"build.sh": script.replace("DOMAIN", site.domain)})
    assert "Saving file" in site.push()
    assert site.page("/page.html") == '<img src="/img/a.webp">'
    assert (site.site / "img/a.webp").read_bytes()[:4] == b"RIFF"
    webp = (site.site / "img/a.webp").read_bytes()
    site.commit({"index.html": "<h1>Two</h1>"})
    assert "Saving file" not in site.push()
    assert (site.site / "img/a.webp").read_bytes() == webp
    site.commit({"img/a.png": png(7)})
    assert "Saving file" in site.push()
    assert (site.site / "img/a.webp").read_bytes() != webp


def test_a_folder_that_the_build_fills_is_published(new_site):
    site = new_site(
        {
            "build.sh": 'mkdir public && echo built > public/index.html && ln -s "$PWD/public/index.html" public/2.html'
        },
        build="build.sh",
        output="public",
    )
    site.push()
    assert site.page() == site.page("/2.html") == "built\n"
    site.configure(build=None)
    site.commit({"public/index.html": "from the repository"})
    site.push()
    assert site.page() == "from the repository"


def test_a_site_that_is_not_there_and_wrong_options(server: Machine, new_site):
    unknown = server.run("/usr/local/lib/deploy/bin/push nowhere.example.org", check=False)
    assert (unknown.returncode, "is not on this server yet" in unknown.stdout) == (69, True)
    site = new_site()
    for options in (["--ref"], ["--ref", "'a b'"], ["--nonsense"], ["second.example.org"], ["--ref=x"]):
        assert "usage: push" in site.push(*options, code=2)
    assert server.run("/usr/local/lib/deploy/bin/push '../etc'", check=False).returncode == 2
