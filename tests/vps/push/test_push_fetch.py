"""Where the revision comes from, and all that can be wrong with it."""

import hashlib
import json
import re
import subprocess

import pytest

pytestmark = pytest.mark.takes_turns("module")


def test_branches_tags_and_commits_can_be_asked_for(new_site):
    site = new_site()
    first = site.git("rev-parse", "HEAD")
    site.git("tag", "-a", "v1", "-m", "one")
    site.commit({"index.html": "<h1>Two</h1>"})
    site.git("checkout", "--quiet", "-b", "next/thing")
    site.commit({"index.html": "<h1>Three</h1>"})
    site.git("checkout", "--quiet", "main")
    for reference, page in [
        ("v1", "One"),
        ("next/thing", "Three"),
        (first[:9], "One"),
        ("main", "Two"),
        (first, "One"),
    ]:
        site.push("--ref", reference)
        assert site.page() == f"<h1>{page}</h1>"
    output = site.fails("--ref", "nowhere")
    assert "has no branch, tag or commit nowhere; its branches: main next/thing" in output
    assert "has no branch" in site.fails("--ref", "0123456789012345678901234567890123456789")


def test_a_word_that_is_the_name_of_a_service_is_still_a_branch(new_site):
    site = new_site()
    site.git("branch", "staging")
    conf = site.vps.root / "etc/deploy/sites/staging.conf"
    conf.write_text("KIND='compose'\nNAME='staging'\n")
    try:
        site.push("--ref", "staging")
        first = site.live
        site.commit({"two.html": "two"})
        site.push("--by", "staging")
        assert first in site.script("releases")
        site.script("rollback", "--by", "staging")
        assert site.live == first
    finally:
        conf.unlink()


def test_a_branch_that_is_missing_is_told_with_those_that_exist(new_site):
    site = new_site(branch="master")
    assert "✗ fetch: file:///root/repositories/" in site.fails()
    assert f"{site.domain} has no branch master; its branches: main" in site.fails()
    site.configure(branch="main")
    site.push()


def test_a_repository_that_is_gone(new_site):
    site = new_site()
    site.push()
    site.configure(repository="file:///root/repositories/gone")
    assert "✗ fetch: there is no repository at file:///root/repositories/gone" in site.fails()
    site.configure(repository="http://user:secret@127.0.0.1:1/x.git")
    assert "127.0.0.1 cannot be reached from the server" in site.fails()
    for password in ("secret", "very@secret", "very@very@secret"):
        site.configure(repository=f"http://user:{password}@127.0.0.1:1/x.git")
        output = site.fails()
        assert "127.0.0.1" in output
        assert not re.search("secret|very", output + site.log())


def test_force_pushed_history_and_a_new_address(new_site):
    site = new_site()
    site.commit({"index.html": "<h1>Two</h1>"})
    site.push()
    site.git("checkout", "--quiet", "--orphan", "again")
    site.git("branch", "-D", "main")
    site.commit({"index.html": "<h1>Again</h1>"})
    site.git("branch", "-m", "main")
    site.push()
    assert site.page() == "<h1>Again</h1>"
    other = new_site({"index.html": "<h1>Elsewhere</h1>"})
    site.configure(repository=f"file:///root/repositories/{other.domain}")
    site.push()
    assert site.page() == "<h1>Elsewhere</h1>"


CHANGED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"


@pytest.fixture
def hosting(server):
    """The server's own sshd as a Git host, with its host key."""
    yield (server.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    for path in ("etc/deploy/known_hosts", "etc/deploy/git_hosts", "root/.ssh/known_hosts"):
        (server.root / path).unlink(missing_ok=True)


def test_a_deploy_key_opens_a_private_repository(new_site, hosting):
    site = new_site()
    site.configure(repository=f"root@localhost:/root/repositories/{site.domain}")
    assert "✗ fetch: the host key of localhost is not known" in site.fails()
    (site.vps.root / "etc/deploy/known_hosts").write_text(f"elsewhere {hosting}")
    site.configure(repository=f"ssh://root@localhost:2222/root/repositories/{site.domain}")
    site.vps.run("systemd-run --quiet --collect --unit=other-port /usr/sbin/sshd -D -p 2222")
    assert "compare what ssh-keyscan -t ed25519 -p 2222 localhost prints" in site.fails()
    site.configure(repository=f"ssh://root@[::1]:2222/root/repositories/{site.domain}")
    assert "the host key of ::1 is not known" in site.fails()
    assert "ssh-keyscan -t ed25519 -p 2222 ::1 prints" in site.log()
    (site.vps.root / "etc/deploy/git_hosts").write_text(f"[::1]:2222 {site.vps.host_key}\n")
    assert "::1 refused the login: give ssh://[::1]:2222" in site.fails()
    site.vps.run("systemctl stop other-port")
    site.configure(repository=f"root@localhost:/root/repositories/{site.domain}")
    (site.vps.root / "etc/deploy/git_hosts").write_text(f"localhost {CHANGED}\n")
    assert "localhost shows another host key than /etc/deploy/git_hosts" in site.fails()
    (site.vps.root / "etc/deploy/git_hosts").unlink()
    (site.vps.root / "etc/deploy/known_hosts").write_text(f"localhost {hosting}")
    assert (
        f"localhost refused the login: give root@localhost:/root/repositories/{site.domain} this key"
        in site.fails()
    )
    public = site.script("key")
    assert public == site.script("key")
    assert public.startswith("ssh-ed25519 ")
    assert (site.place / "deploy_key").stat().st_mode & 0o777 == 0o600
    assert "refused the login" in site.fails()
    keys = site.vps.root / "root/.ssh/authorized_keys"
    before = keys.read_text()
    try:
        keys.write_text(before + public)
        site.push()
    finally:
        keys.write_text(before)
    assert site.page() == "<h1>One</h1>"


def pack(site, *revisions: str) -> bytes:
    argv = [
        "git",
        "-C",
        str(site.repository),
        "-c",
        "safe.directory=*",
        "pack-objects",
        "--revs",
        "--stdout",
        "--thin",
        "-q",
    ]
    lines = "".join(f"{revision}\n" for revision in revisions)
    return subprocess.run(argv, input=lines.encode(), check=True, capture_output=True).stdout


def send(site, data: bytes, *options: str, commit: str = "HEAD") -> subprocess.CompletedProcess[bytes]:
    argv = ["ssh", "-F", "none", "-i", str(site.vps.key), "-o", f"UserKnownHostsFile={site.vps.known_hosts}"]
    name = site.git("rev-parse", commit)
    command = f"/usr/local/lib/deploy/bin/push {site.domain} --pack {name} {' '.join(options)}"
    return subprocess.run(
        [*argv, f"root@{site.vps.address}", command], input=data, capture_output=True, check=False
    )


def test_a_repository_of_the_laptop_comes_as_a_pack(new_site):
    site = new_site()
    site.configure(repository=" ")
    (site.vps.root / f"etc/deploy/sites/{site.domain}.conf").write_text(
        (site.vps.root / f"etc/deploy/sites/{site.domain}.conf").read_text() + "REPOSITORY=''\n"
    )
    assert "run deploy push" in site.fails()
    assert site.script("have") == ""
    first = send(site, pack(site, "HEAD"))
    assert first.returncode == 0
    assert re.search(r"^✓ receive [\d.]+s 1 KB$", first.stdout.decode(), re.MULTILINE)
    assert site.page() == "<h1>One</h1>"
    had = site.script("have").split()
    assert had == [site.git("rev-parse", "HEAD")]
    site.commit({"index.html": "<h1>Two</h1>"})
    assert send(site, pack(site, "HEAD", f"^{had[0]}")).returncode == 0
    assert site.page() == "<h1>Two</h1>"
    assert "nothing to push" in site.push()
    site.push("--ref", had[0])
    assert site.page() == "<h1>One</h1>"
    site.commit({"index.html": "<h1>Three</h1>", "more.txt": "x" * 9999})
    data = pack(site, "main")
    for part in (b"", data[:10], data[: len(data) // 2], data[:-1]):
        cut = send(site, part)
        assert cut.returncode == 1
        assert b"was the connection lost?" in cut.stdout
    assert b"cannot read what was sent" in send(site, b"GIF89a" * 99).stdout
    site.commit({"more.txt": "y" * 9999})
    for lacks in (pack(site, "main", "^main~1"), pack(site, "main~1")):
        assert b"are missing here" in (sent := send(site, lacks)).stdout
        assert b"push again" in sent.stdout
    assert site.page() == "<h1>One</h1>"
    objects = site.vps.root / f"srv/deploy/{site.domain}/repository.git/objects/pack"
    assert len(list(objects.glob("*.pack"))) == 2, "what was refused is nowhere"
    assert send(site, pack(site, "main")).returncode == 0
    assert send(site, pack(site, "main", "^main")).returncode == 0, (
        "a commit that is there already comes as nothing"
    )
    assert site.page() == "<h1>Three</h1>"
    assert not list((site.place / "tickets").iterdir())


def test_submodules_come_along_or_are_told_missing(new_site, daemon):
    theme = new_site({"theme.css": "body {}"})
    site = new_site({"build.sh": 'cp index.html theme/theme.css "$DEPLOY_OUTPUT"'}, build="build.sh")
    url = f"file://{theme.repository}"
    site.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", url, "theme")
    site.git("submodule", "set-url", "theme", f"../{theme.domain}")
    site.commit()
    site.configure(repository=f"{daemon}/{site.domain}")
    site.push()
    assert site.page("/theme.css") == "body {}"
    site.push("--force")
    site.git("submodule", "set-url", "theme", "../gone")
    site.commit()
    assert "✗ build: a submodule is missing" in site.fails()


@pytest.fixture
def opened(new_site, hosting):
    """A site that its key opens, with the key of nobody else."""
    site = new_site({"build.sh": 'cp -r index.html theme large.bin "$DEPLOY_OUTPUT"'}, build="build.sh")
    (site.vps.root / "etc/deploy/known_hosts").write_text(f"localhost {hosting}")
    keys = site.vps.root / "root/.ssh/authorized_keys"
    before = keys.read_text()
    keys.write_text(before + site.script("key"))
    site.configure(repository=f"root@localhost:/root/repositories/{site.domain}")
    yield site
    keys.write_text(before)


LOGS = """#!/bin/sh
pwd >>/root/packed
exec "$@"
"""


def test_sites_of_one_repository_fetch_once_and_nobody_gets_what_the_key_does_not_open(opened, new_site):
    site, other, stranger = opened, new_site(), new_site()
    hook, packed = (site.vps.root / name for name in ("root/hook", "root/packed"))
    hook.write_text(LOGS)
    hook.chmod(0o755)
    site.vps.run("git config --system uploadpack.packObjectsHook /root/hook")
    site.commit({"build.sh": 'cp index.html "$DEPLOY_OUTPUT"'})
    for each in (other, stranger):
        each.script("key")
        each.configure(repository=f"root@localhost:/root/repositories/{site.domain}", build="build.sh")
    with open(site.vps.root / "root/.ssh/authorized_keys", "a") as keys:
        keys.write((other.place / "deploy_key.pub").read_text())
    try:
        site.push()
        assert packed.read_text().split() == [f"/root/repositories/{site.domain}/.git"]
        other.push()
        assert packed.read_text().split()[1:] == [f"/srv/deploy/{site.domain}/repository.git"]
        assert other.page() == "<h1>One</h1>"
        assert "refused the login" in stranger.fails()
        assert not list((stranger.place / "repository.git/objects").glob("??/*"))
        assert not list((stranger.place / "repository.git/objects/pack").iterdir())
        site.commit({"index.html": "<h1>Two</h1>"})
        other.push()
        site.push()
        assert (site.page(), other.page()) == ("<h1>Two</h1>", "<h1>Two</h1>")
    finally:
        site.vps.run("git config --system --unset uploadpack.packObjectsHook")


def add_module(site, other, url: str, path: str) -> None:
    site.commit({".gitmodules": f'[submodule "m"]\n\tpath = {path}\n\turl = {url}\n'})
    revision = other.git("rev-parse", "HEAD")
    site.git("update-index", "--add", "--cacheinfo", f"160000,{revision},{path}")
    site.git("commit", "--quiet", "-m", "Module")


LARGE = """
import hashlib, http.server, json
DATA = b"what is large\\n"
OID = hashlib.sha256(DATA).hexdigest()
class Forge(http.server.BaseHTTPRequestHandler):
    def answer(self, code, body):
        self.send_response(code)
        self.send_header("Content-Type", "application/vnd.git-lfs+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] != "Basic c2VjcmV0":
            return self.answer(401, b"{}")
        actions = {"download": {"href": "http://127.0.0.1:8091/data"}}
        self.answer(200, json.dumps({"objects": [{"oid": OID, "size": len(DATA), "actions": actions}]}).encode())
    def do_GET(self):
        self.answer(200, DATA)
http.server.HTTPServer(("127.0.0.1", 8091), Forge).serve_forever()
"""
LEAVE = """#!/bin/sh
[ "$2" = download ] && printf '{"href": "http://127.0.0.1:8091/%s", "header": {"Authorization": "Basic c2VjcmV0"}}' lfs
"""


def test_what_the_key_opens_besides_comes_along_and_no_build_has_the_key(opened, new_site):
    site = opened
    inner = new_site({"inner.css": "b {}"})
    theme = new_site({"theme.css": "body {}"})
    add_module(theme, inner, f"root@localhost:/root/repositories/{inner.domain}", "in side")
    data = b"what is large\n"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n"
    site.commit({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    site.commit(
        {
            "large.bin": pointer,
            "build.sh": site.git("show", "HEAD:build.sh") + "\nenv; ls -R /run/deploy",
        }
    )
    add_module(site, theme, f"../{theme.domain}", "theme")
    (site.vps.root / "root/large.py").write_text(LARGE)
    leave = site.vps.root / "usr/local/bin/git-lfs-authenticate"
    leave.write_text(LEAVE)
    leave.chmod(0o755)
    site.vps.run("systemd-run --quiet --collect --unit=large python3 /root/large.py")
    try:
        said = site.push()
        assert site.page("/theme/theme.css") == "body {}"
        assert site.page("/theme/in%20side/inner.css") == "b {}"
        assert site.page("/large.bin") == data.decode()
        assert "c2VjcmV0" not in said
        assert not [word for word in ("gitconfig", "GIT_", "modules") if word in said]
        assert len(list((site.place / "modules").iterdir())) == 2
        assert (site.place / "modules").stat().st_mode & 0o777 == 0o700
        theme.commit({"theme.css": "body { color: red }"})
        add_module(site, theme, f"../{theme.domain}", "theme")
        site.push()
        assert site.page("/theme/theme.css") == "body { color: red }"
    finally:
        site.vps.run("systemctl stop large")
        leave.unlink()
    add_module(site, theme, "../gone", "theme")
    assert "there is no repository at root@localhost:/root/repositories/gone" in site.fails()


@pytest.mark.parametrize("folder", ["", "media/"])
def test_large_files_come_from_lfs_or_are_told_missing(new_site, folder):
    site = new_site({f"{folder}.gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 5\n"
    site.commit({f"{folder}large.bin": pointer})
    output = site.fails()
    assert "✗ build: revision" in output
    assert "lfs" in output
    site.vps.run("mv /usr/bin/git-lfs /usr/bin/git-lfs.away")
    try:
        site.vps.run("git config --system --remove-section filter.lfs || true")
        assert (
            "this repository keeps files in Git LFS: on the server, apt-get install git-lfs" in site.fails()
        )
        site.vps.run("mv /usr/bin/git-lfs.away /usr/bin/git-lfs")
        assert "✗ build: revision" in site.fails(), "the package is there, and nobody has told Git of it"
    finally:
        site.vps.run(
            "mv /usr/bin/git-lfs.away /usr/bin/git-lfs || true; git lfs install --system --skip-repo"
        )
    assert json.loads(site.log())["result"] == "failed"
