"""What was built elsewhere, and comes as a tar: the same gate, the same switch, and only what is new."""

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from deployer.server.folder import read_folder
from deployer.waiting import Waiting

pytestmark = pytest.mark.takes_turns("module")


def tar(members: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in members.items():
            member = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.name = name
            if isinstance(content, bytes):
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content if isinstance(content, bytes) else b""))
    return made.getvalue()


def of_type(kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, target
    return member


def send(site, data: bytes, *options: str, code: int = 0) -> str:
    sent = site.vps.root / "root/sent"
    sent.write_bytes(data)
    argv = f"/usr/local/lib/deploy/bin/push {site.domain} --from dist {' '.join(options)} </root/sent"
    done = site.vps.run(argv, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def listed(site, folder: Path, there: frozenset[str]) -> tuple[bytes, list[str]]:
    """What `deploy push --from` sends, and its options."""
    read = read_folder(str(folder))
    names = read.list_text()
    return names + b"".join(read.pieces(there, Waiting("x"))), ["--list", str(len(names))]


def test_a_tar_is_published_and_the_same_one_is_nothing_new(new_site):
    site = new_site()
    site.push()
    first = site.live
    output = send(site, tar({"index.html": b"<h1>Sent</h1>", "a/b.html": b"b"}), "--by", "ci")
    assert "✓ unpack" in output
    assert output.splitlines()[-1].startswith(f'{site.domain} is live: {site.live} "dist, built elsewhere" (')
    assert site.page() == "<h1>Sent</h1>"
    assert site.page("/a/b.html") == "b"
    sent = site.live
    assert send(site, tar({"a/b.html": b"b", "index.html": b"<h1>Sent</h1>"})).endswith(": nothing to push\n")
    site.script("rollback")
    assert site.live == first
    assert "it is not built again" in send(site, tar({"index.html": b"<h1>Sent</h1>", "a/b.html": b"b"}))
    assert site.live == sent
    assert "it is not built again" in site.push(), "what Git has is another release"
    assert site.page() == "<h1>One</h1>"
    site.commit({"index.html": "<h1>Two</h1>"})
    site.push()
    assert site.page() == "<h1>Two</h1>"


def test_only_what_is_new_comes_and_the_rest_is_what_was_here(new_site, tmp_path):
    site = new_site()
    folder = tmp_path / "public"
    (folder / "old").mkdir(parents=True)
    for name, text in {"index.html": "<h1>1</h1>", "old/a.html": "a" * 999, "b.css": "b" * 999}.items():
        (folder / name).write_text(text)
    data, options = listed(site, folder, frozenset())
    send(site, data, *options)
    before = site.site
    there = frozenset(site.script("have", "--files").split())
    assert there == {built.digest for built in read_folder(str(folder)).files.values()}
    (folder / "index.html").write_text("<h1>2</h1>")
    (folder / "old").rename(folder / "new ü")
    (folder / "copy.css").write_text("b" * 999)
    data, options = listed(site, folder, there)
    with tarfile.open(fileobj=io.BytesIO(data[int(options[1]) :]), mode="r:gz") as archive:
        assert archive.getnames() == ["index.html"]
    send(site, data, *options)
    assert site.page() == "<h1>2</h1>"
    assert site.page("/new%20%C3%BC/a.html") == "a" * 999
    assert site.page("/old/a.html") == "404"
    assert (site.site / "copy.css").read_text() == "b" * 999
    assert (site.site / "b.css").samefile(before / "b.css")
    assert (site.site / "b.css.gz").samefile(before / "b.css.gz")

    # what somebody has edited by hand is not what was sent
    (site.site / "b.css").write_text("edited")
    site.vps.run(f"touch -d '+1 minute' /srv/deploy/{site.domain}/releases/{site.live}/b.css")
    assert hashlib.sha256(b"b" * 999).hexdigest() not in site.script("have", "--files")
    (folder / "index.html").write_text("<h1>3</h1>")
    data, options = listed(site, folder, there)
    output = send(site, data, *options, code=1)
    assert "are neither sent nor here (b.css): push again" in output
    data, options = listed(site, folder, frozenset(site.script("have", "--files").split()))
    send(site, data, *options)
    assert (site.site / "b.css").read_text() == "b" * 999


def test_what_does_not_arrive_whole_changes_nothing(new_site, tmp_path):
    site = new_site()
    site.push()
    before = site.live
    whole = tar({"index.html": b"x" * 9, "big.bin": bytes(range(256)) * 4000})
    for data in (b"", whole[:-900], b"nonsense", tar({"index.html": b"x"}) + b"more"):
        output = send(site, data, code=1)
        assert "push again" in output
        assert output.endswith(f'{site.domain} is as it was: {before} "First" is live\n')
    (tmp_path / "index.html").write_text("x")
    data, options = listed(site, tmp_path, frozenset({hashlib.sha256(b"x").hexdigest()}))
    assert "neither sent nor here (index.html)" in send(site, data, *options, code=1)
    assert not list((site.place / "tickets").iterdir())


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"index.html": b"x", "out": of_type(tarfile.SYMTYPE, "/etc/passwd")}, "leads out of the release"),
        ({"index.html": b"x", "pipe": of_type(tarfile.FIFOTYPE)}, "'./pipe' cannot be published"),
        ({"index.html": b"x", "null": of_type(tarfile.CHRTYPE)}, "what was sent"),
        ({"index.html": b"x", "a/.env": b"PASSWORD=x"}, "'a/.env' is secret"),
        ({"index.html": b"x", ".git/HEAD": b"x"}, "'.git' is secret"),
        ({"index.html": b"x", "../../escaped": b"x"}, "what was sent"),
        ({"a.html": b"x"}, "there is no index.html"),
    ],
)
def test_what_may_not_be_published_is_refused(new_site, members, why):
    site = new_site()
    site.push()
    output = send(site, tar(members), code=1)
    assert why in output
    assert site.page() == "<h1>One</h1>"
    assert not list(site.vps.root.glob("srv/**/escaped"))


@pytest.mark.parametrize("path", ["../../../../../../escaped", "/root/escaped", "a/../../x", "a//b", "."])
def test_a_list_leads_nowhere_else(new_site, path):
    site = new_site()
    site.push()
    digest = hashlib.sha256(b"<h1>One</h1>").hexdigest()
    names = f"{digest}  {path}\n".encode()
    data = names + tar({"index.html": b"x"})
    assert "what came is no list of files" in send(site, data, "--list", str(len(names)), code=1)


def test_a_list_does_not_go_through_a_link_that_was_sent(new_site):
    site = new_site()
    site.push()
    names = f"{hashlib.sha256(b'<h1>One</h1>').hexdigest()}  away/escaped\n".encode()
    data = names + tar({"index.html": b"x", "away": of_type(tarfile.SYMTYPE, "/root")})
    assert "has files and folders alone" in send(site, data, "--list", str(len(names)), code=1)
    assert not (site.vps.root / "root/escaped").exists()


def test_more_than_the_site_may_have_is_not_kept(new_site):
    site = new_site(limits={"disk": "50M"})
    site.push()
    noise = subprocess.run(["head", "-c", "60M", "/dev/urandom"], capture_output=True, check=True).stdout
    assert "there is no room for what is sent" in send(site, tar({"index.html": noise}), code=1)
    bomb = tar({"index.html": bytes(80_000_000)})
    assert "what was sent wrote more than its limit of 52 MB" in send(site, bomb, code=1)
