"""Builds that want more than their site: the system, other sites, later pushes, and root while it looks."""

import gzip
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vps.push.conftest import PushedSite
from vps.waiting import journal, started, until_it_says

NewSite = Callable[..., PushedSite]
PUSH = "/usr/local/lib/deploy/bin/push"
pytestmark = pytest.mark.takes_turns("commit")
PHOTO = Path(__file__).parent / "photo.jpg"
WAITS = (
    'echo "<h1>Mine</h1>" >"$DEPLOY_OUTPUT/index.html"; echo waiting; while [ -e slow ]; do sleep 0.1; done'
)
TEXT = "".join(f"<p>Line {line} of a page that is worth compressing.</p>\n" for line in range(60))
NEIGHBOURS = """
for process in /proc/[0-9]*; do
    tr '\\0' '\\n' <$process/environ | grep -q "^DEPLOY_SITE=$DEPLOY_SITE$" && continue
    [ -d $process ] && [ $process != /proc/1 ] && echo "SAW $process"
    tr '\\0' '\\n' <$process/environ | grep GREETING
    for page in $process/root/var/www/*/index.html; do echo DEFACED >"$page" && echo "WROTE $page"; done
    for hooks in $process/root/srv/deploy/*/source/.git/hooks; do
        echo 'echo DEFACED >"$DEPLOY_OUTPUT/index.html"' >"$hooks/post-checkout" && chmod +x "$hooks/post-checkout"
    done
done 2>/dev/null
kill -9 -1
"""


@pytest.fixture
def in_a_build(new_site: NewSite) -> tuple[PushedSite, subprocess.Popen[str]]:
    """A site in the middle of its build."""
    site = new_site({"build.sh": WAITS, "slow": ""}, build="build.sh")
    site.configure(environment={"GREETING": "for me alone"})
    push = started(site.vps, f"{PUSH} {site.domain}")
    until_it_says(push, "waiting")
    return site, push


@pytest.mark.fault("a build reads, rewrites and kills what it finds in /proc")
def test_two_builds_at_once_have_nothing_to_do_with_each_other(
    new_site: NewSite, in_a_build: tuple[PushedSite, subprocess.Popen[str]]
) -> None:
    victim, push = in_a_build
    attacker = new_site({"build.sh": NEIGHBOURS}, build="build.sh")
    output = attacker.push(code=1)
    assert not [word for word in ("SAW", "WROTE", "GREETING") if word in output], output
    (victim.place / "builder/source/slow").unlink()
    assert "is live" in push.communicate()[0]
    assert victim.page() == "<h1>Mine</h1>\n"
    victim.commit({"slow": None})
    victim.push()
    assert victim.page() == "<h1>Mine</h1>\n"
    assert victim.user != attacker.user


KEEPS = """
import array, os, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind("\\0accomplice")
listener.listen()
print("waiting", flush=True)
caller = listener.accept()[0]
_, ancillary, _, _ = caller.recvmsg(1, socket.CMSG_LEN(4))
folder = array.array("i", ancillary[0][2])[0]
caller.send(b"x")
while os.path.exists("slow"):
    for number in range(3000):
        try:
            os.symlink("/etc/of-root-alone", "next", dir_fd=folder)
            os.rename("next", f"{number}.txt", src_dir_fd=folder, dst_dir_fd=folder)
            os.close(os.open("next", os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=folder))
            os.rename("next", f"{number}.txt", src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            pass
"""
HANDS_OVER = """
import array, os, socket
folder = os.environ["DEPLOY_OUTPUT"] + "/open"
os.mkdir(folder)
os.chmod(folder, 0o777)
for number in range(3000):
    open(f"{folder}/{number}.txt", "w").write("page")
    os.chmod(f"{folder}/{number}.txt", 0o600)
open(os.environ["DEPLOY_OUTPUT"] + "/index.html", "w").write("page")
caller = socket.socket(socket.AF_UNIX)
caller.connect("\\0accomplice")
opened = os.open(folder, os.O_RDONLY)
caller.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [opened]))])
caller.recv(1)
"""


@pytest.mark.fault("names are swapped in a folder of the output while root works")
def test_root_is_led_nowhere_by_who_still_holds_a_folder_of_the_output(new_site: NewSite) -> None:
    """The accomplice is the build of another site; a socket without a name led the folder to it."""
    accomplice = new_site({"build.sh": f"python3 - <<'E'\n{KEEPS}\nE", "slow": ""}, build="build.sh")
    vps = accomplice.vps
    vps.run("echo SECRET >/etc/of-root-alone; chmod 600 /etc/of-root-alone")
    push = started(vps, f"{PUSH} {accomplice.domain}")
    until_it_says(push, "waiting")
    site = new_site({"build.sh": f"python3 - <<'E'\n{HANDS_OVER}\nE"}, build="build.sh")
    try:
        said = vps.run(f"{PUSH} {site.domain}", check=False).stdout
        assert vps.run("stat -c '%a %U %h' /etc/of-root-alone").stdout == "600 root 1\n", said
        assert not vps.run(f"find /srv/deploy/{site.domain}/releases ! -user root").stdout, said
        assert "SECRET" not in vps.run(f"cat /var/www/{site.domain}/open/*", check=False).stdout
    finally:
        vps.run(f"rm -f /srv/deploy/{accomplice.domain}/{{builder/,}}source/slow")
        push.communicate()


PLANTS = """
cp index.html "$DEPLOY_OUTPUT"
git log -1 --format=%s; git status --porcelain; git describe --always --dirty
mkdir -p .git/hooks; printf '#!/bin/sh\\necho DEFACED >"$DEPLOY_OUTPUT/planted.html"\\n' >.git/hooks/post-checkout
cp .git/hooks/post-checkout .git/hooks/post-index-change; chmod +x .git/hooks/*
git config filter.evil.smudge 'sed s/One/DEFACED/'
exit 0
"""


@pytest.mark.fault("a build plants hooks and filters in .git")
def test_nothing_that_a_build_does_to_git_is_there_later(new_site: NewSite) -> None:
    site = new_site({"build.sh": PLANTS, ".gitattributes": "*.txt filter=evil\n"}, build="build.sh")
    said = site.push()
    revision = site.git("rev-parse", "--short=7", "HEAD")
    assert f"  First\n  {revision}\n" in said
    site.commit({"index.html": "<h1>Two</h1>", "a.txt": "One", "build.sh": 'cp * "$DEPLOY_OUTPUT"'})
    site.push()
    assert site.page() == "<h1>Two</h1>"
    assert (site.page("/planted.html"), site.page("/a.txt")) == ("404", "One")


MODULES = (  # a cache outlives its build: what was run can be seen there
    "url = ext::sh -c touch% $DEPLOY_CACHE/owned",
    "url = file:///srv/deploy/OTHER/repository.git",
    "url = git://127.0.0.1/OTHER\n\tupdate = !touch $DEPLOY_CACHE/owned",
    "url = -u./evil",
)


@pytest.mark.fault("the address of a submodule is a command, or another site", rounds=len(MODULES))
def test_a_submodule_leads_nowhere_that_a_build_may_not_go(new_site: NewSite, daemon: str) -> None:
    other = new_site()
    other.push()
    revision = other.git("rev-parse", "HEAD")
    site = new_site({"build.sh": 'cp index.html m/* "$DEPLOY_OUTPUT"'}, build="build.sh")
    site.commit({"evil": "#!/bin/sh\ntouch $DEPLOY_CACHE/owned\n"})
    (site.repository / "evil").chmod(0o755)
    for module in MODULES:
        text = f'[submodule "m"]\n\tpath = m\n\t{module.replace("OTHER", other.domain)}\n'
        site.commit({".gitmodules": text})
        site.git("update-index", "--add", "--cacheinfo", f"160000,{revision},m")
        site.git("commit", "--quiet", "-m", "Module")
        assert "✗ build: a submodule is missing" in site.fails(), module
        assert not (site.place / "builder/cache/owned").exists(), module


@pytest.mark.fault("a build puts a copy of the next page into the cache")
def test_visitors_get_no_copy_that_a_build_has_made_for_a_page(new_site: NewSite) -> None:
    photo = PHOTO.read_bytes()
    digests = [hashlib.sha256(content).hexdigest() for content in (TEXT.encode(), photo)]
    poison = f"""
    cp *.html *.jpg "$DEPLOY_OUTPUT"
    for folder in cache derived; do
        for kind in gz-9 br-11 webp-82; do
            mkdir -p "$DEPLOY_CACHE/../$folder/$kind"; cd "$DEPLOY_CACHE/../$folder/$kind" || continue
            for digest in {" ".join(digests)}; do echo DEFACED | gzip >$digest; done
        done
    done 2>/dev/null
    exit 0
    """
    site = new_site({"build.sh": poison}, build="build.sh")
    site.push()
    site.commit({"page.html": TEXT, "photo.jpg": photo})
    site.push()
    assert gzip.decompress((site.site / "page.html.gz").read_bytes()).decode() == TEXT
    site.vps.run(f"brotli -dc /var/www/{site.domain}/page.html.br | cmp - /var/www/{site.domain}/page.html")
    assert (site.site / "photo.jpg.webp").read_bytes()[8:12] == b"WEBP"


LEAVES = """
for folder in /dev/shm /run/lock /tmp /var/tmp /dev/mqueue /run /run/user; do
    ls -A $folder | grep left && echo "FOUND in $folder"
done 2>/dev/null
for folder in /dev/shm /run/lock /tmp /var/tmp /dev/mqueue /run /run/user; do
    touch $folder/left; mkfifo $folder/left.fifo
done 2>/dev/null
python3 -c 'import ctypes; print("SHM", ctypes.CDLL(None).shmget(77, 4096, 0o1600 | 0o666) >= 0)'
echo ok >"$DEPLOY_OUTPUT/index.html"
"""


def test_nothing_is_left_in_folders_that_everyone_may_write_to(new_site: NewSite) -> None:
    for site in (new_site({"build.sh": LEAVES}, build="build.sh") for _ in range(2)):
        assert "FOUND" not in site.push()
        assert "FOUND" not in site.push("--force")
    found = "find /dev /run /tmp /var/tmp -xdev -name 'left*' 2>/dev/null; ls /dev/shm /dev/mqueue; ipcs -m | grep 0x0000004d"
    assert "left" not in site.vps.run(found, check=False).stdout
    assert "0x0000004d" not in site.vps.run(found, check=False).stdout


SPEAKS = """
cp /usr/bin/logger sshd
./sshd -p auth.info -t sshd "Failed password for root from 203.0.113.9 port 41000 ssh2"
echo "Failed password" | systemd-cat -t sshd
echo said >/dev/kmsg
find /run /dev /srv /var/www -type s -printf 'SOCKET %p\\n'
busctl --timeout=2 list && echo REACHED
systemd-run --uid=0 true && echo REACHED
echo "* * * * * touch /tmp/owned" | crontab - && echo REACHED
echo "touch /tmp/owned" | at now && echo REACHED
echo ok >"$DEPLOY_OUTPUT/index.html"
"""


@pytest.mark.fault("a build speaks to the journal as sshd")
def test_a_build_has_nobody_to_speak_to(new_site: NewSite) -> None:
    site = new_site({"build.sh": SPEAKS}, build="build.sh")
    output = site.push()
    assert "REACHED" not in output
    assert "SOCKET" not in output
    assert "203.0.113.9" not in journal(site.vps, "--since=-1h")


STAYS = """
(trap "" TERM HUP INT; setsid sleep 302 >/dev/null 2>&1 &)
setsid -f bash -c 'trap "" TERM HUP; exec -a innocent sleep 303' >/dev/null 2>&1 </dev/null
python3 -c '
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: os.fork() or time.sleep(304)
    os._exit(0)
' &
sleep 0.2
echo ok >"$DEPLOY_OUTPUT/index.html"
"""


@pytest.mark.fault("processes of a build want to outlive it")
def test_no_process_outlives_its_build(new_site: NewSite) -> None:
    site = new_site({"build.sh": STAYS}, build="build.sh")
    site.push()
    assert site.vps.run(f"ps -o pid,args -u {site.user}", check=False).stdout.count("\n") == 1


ODD = """
cd "$DEPLOY_OUTPUT"; echo page >index.html; echo kept >"$DEPLOY_CACHE/page"
ln "$DEPLOY_CACHE/page" linked.html || cp "$DEPLOY_CACHE/page" linked.html
ln -L /etc/shadow shadow.html; mknod device b 8 0; mknod zero c 1 5
mkdir -m 777 folder; chmod g+s folder; echo page >folder/page.html; chmod 2777 folder; chmod 4777 folder/page.html
mkdir -m 0 closed; chmod 0 index.html; touch -d 2099-01-01 linked.html; exit 0
"""


def test_odd_files_are_plain_ones_for_root(new_site: NewSite) -> None:
    site = new_site({"build.sh": ODD}, build="build.sh")
    site.push()
    assert (site.page(), site.page("/linked.html")) == ("page\n", "kept\n")
    found = site.vps.run(
        f"cd /srv/deploy/{site.domain}/releases/{site.live} && find . -printf '%y %m %u %n %P\\n' | sort"
    ).stdout.splitlines()
    names = {line.split()[-1] for line in found}
    assert names >= {"index.html", "linked.html", "folder", "folder/page.html", "closed"}
    assert not names & {"shadow.html", "device", "zero"}
    assert {line.rsplit(" ", 2)[0] for line in found if line.startswith("f")} == {"f 644 root"}
    assert {line.rsplit(" ", 2)[0] for line in found if line.startswith("d")} == {"d 755 root"}
    site.commit(
        {"build.sh": 'echo 2 >"$DEPLOY_OUTPUT/index.html"; echo DEFACED >"$DEPLOY_CACHE/page"; exit 3'}
    )
    site.fails()
    assert site.page("/linked.html") == "kept\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('mkfifo "$DEPLOY_OUTPUT/pipe"', "'./pipe' cannot be published"),
        (
            "python3 -c \"import os, socket; os.chdir(os.environ['DEPLOY_OUTPUT']);"
            " socket.socket(socket.AF_UNIX).bind('socket')\"",
            "socket",
        ),
        ('ln -s /etc "$DEPLOY_OUTPUT/etc"', "the symbolic link etc leads out of the release (to /etc)"),
    ],
)
def test_what_is_no_file_is_told(new_site: NewSite, script: str, message: str) -> None:
    site = new_site({"build.sh": f'echo ok >"$DEPLOY_OUTPUT/index.html"; {script}'}, build="build.sh")
    assert message in site.fails()


@pytest.mark.parametrize(("first", "second"), [("crafted", "out"), ("out", "crafted")])
@pytest.mark.fault("a link of a build hides where another one leads")
def test_a_line_break_in_a_link_hides_no_other_link(new_site: NewSite, first: str, second: str) -> None:
    """Whichever of the two is looked at first."""
    targets = {"crafted": "$'../site/x\\n/srv/deploy/'$DEPLOY_SITE/work/site/x", "out": "/etc/passwd"}
    links = f"ln -s {targets[first]} a; ln -s {targets[second]} b"
    site = new_site({"build.sh": f'cd "$DEPLOY_OUTPUT"; echo x >index.html; {links}'}, build="build.sh")
    out = "a" if first == "out" else "b"
    assert f"the symbolic link {out} leads out of the release (to /etc/passwd)" in site.fails()


def test_what_another_user_has_left_of_earlier_pushes_is_not_believed(new_site: NewSite) -> None:
    site = new_site({"build.sh": 'ls -a "$DEPLOY_CACHE" >"$DEPLOY_OUTPUT/index.html"'}, build="build.sh")
    old = f"/srv/deploy/{site.domain}"
    site.vps.run(f"mkdir -p {old}/source/.git/hooks {old}/cache/gz-9 {old}/builder/cache/poison")
    site.vps.run(
        f"touch {old}/builder/cache/poison/x; chown -R nobody {old}/source {old}/cache {old}/builder/cache"
    )
    site.push()
    assert "poison" not in site.page()
    assert {path.name for path in site.place.iterdir()} & {"source", "cache"} == set()
    assert site.vps.run(f"stat -c '%U %a' {old}/builder/cache").stdout == f"{site.user} 700\n"
