"""What an apply does with packages: only what the plan has told, whatever apt is about on the server."""

import json
import shlex
import shutil
from collections.abc import Iterator

import pytest

from deployer.errors import DeployError
from deployer.planning.plan import Plan
from deployer.rehearsal.base import base_image
from deployer.rehearsal.machine import Machine
from deployer.seen.facts import BROTLI_MODULE
from deployer.seen.packaging import Additions
from deployer.server.connection import script_command
from deployer.server.login import connect
from deployer.shares.question import Question
from deployer.tasks.apply import apply_script, parcel, transact
from deployer.tasks.observe import observe
from vps.conftest import PREINSTALLED
from vps.project import Project
from vps.waiting import started, until, until_it_says

pytestmark = pytest.mark.takes_turns

SITES = {"a.test": {"kind": "static", "folder": "a", "https": False}}
# Somebody else holds the lock that apt takes first.
HOLD = """python3 -c 'import fcntl, time
lock = open("/var/lib/dpkg/lock-frontend", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("has it", flush=True)
time.sleep(600)'"""
REFRESH = """
apt-get update -qq -o Dir::Etc::sourcelist=sources.list.d/owner.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0
"""
MAKE = """
make() { # NAME VERSION FIELDS
    mkdir -p /repo/build/DEBIAN
    printf 'Package: %s\\nVersion: %s\\nArchitecture: all\\nMaintainer: Ada <ada@example.org>\\nDescription: x\\n%b' \\
        "$1" "$2" "$3" > /repo/build/DEBIAN/control
    dpkg-deb --build /repo/build "/repo/$1_$2.deb" >/dev/null
    { cat /repo/build/DEBIAN/control
      echo "Filename: ./$1_$2.deb"
      echo "Size: $(stat -c %s "/repo/$1_$2.deb")"
      echo "SHA256: $(sha256sum "/repo/$1_$2.deb" | cut -d' ' -f1)"; echo; } >> /repo/Packages
}
"""
# A repository of tests: webp in it wants a newer owner-lib, and the other one also that owner-old goes.
REPOSITORY = (
    MAKE
    + """
rm -rf /repo; mkdir -p /repo
make owner-old 1 ''; make owner-lib 1 ''; make owner-lib 2 ''
make webp 99 'Depends: owner-lib (>= 2)\\n'
dpkg -i /repo/owner-old_1.deb /repo/owner-lib_1.deb
make webp 100 'Depends: owner-lib (>= 2)\\nConflicts: owner-old\\n'
echo 'deb [trusted=yes] file:/repo ./' > /etc/apt/sources.list.d/owner.list
dpkg --purge webp
"""
    + REFRESH
)
# As lists that were fetched after the plan was made would have it.
OF_THIS_RELEASE = (
    """
dpkg --purge webp; dpkg -i /repo/owner-lib_1.deb
. /etc/os-release; printf 'Label: Debian-Security\nSuite: stable-security\nVersion: %s\n' "$VERSION_ID" > /repo/Release
"""
    + REFRESH
)
BROKEN = (
    MAKE
    + """
install -m 755 /dev/stdin /repo/build/DEBIAN/postinst <<< $'#!/bin/sh\\nexit 1'
make broken 1 ''; rm -f /repo/build/DEBIAN/postinst /repo/Release
"""
    + REFRESH
)
WITHOUT = """
rm -f /etc/apt/sources.list.d/owner.list /etc/apt/preferences.d/owner /var/lib/apt/lists/_repo_*
dpkg --purge webp owner-lib owner-old
apt-get install -qq --yes --no-install-recommends webp >/dev/null
"""
ONLY_99 = "printf 'Package: webp\\nPin: version 99\\nPin-Priority: 1001\\n' > /etc/apt/preferences.d/owner"


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A user's folder with one site, applied."""
    made = Project(tmp_path_factory.mktemp("user"), vps, None, dict(SITES))
    made.repository("a", {"index.html": "a"})
    made.sites["a.test"] = {"kind": "static", "repository": "a", "https": False}
    done = made.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.fixture
def holder(vps: Machine) -> Iterator[int]:
    """Somebody who has apt's lock: its process."""
    process = started(vps, HOLD)
    until_it_says(process, "has it")
    yield int(vps.run("pgrep -f '^python3 -c import fcntl'").stdout)
    vps.run("kill $(pgrep -f '^python3 -c import fcntl')", check=False)
    process.communicate()


def told(project: Project, about: str) -> dict[str, list[str]]:
    """What plan, status and audit say about it."""
    lines = {
        "plan": project.deploy("plan").stdout.splitlines(),
        "status": project.deploy("status").stdout.splitlines(),
        "audit": [each["what"] for each in json.loads(project.deploy("audit", "--json").stdout)["findings"]],
    }
    return {name: [line for line in said if about in line] for name, said in lines.items()}


@pytest.fixture
def repository(vps: Machine) -> Iterator[None]:
    """The owner's repository, and no webp."""
    vps.run(REPOSITORY)
    yield
    vps.run(WITHOUT)


def test_who_is_at_work_with_apt_is_told(project: Project, holder: int) -> None:
    who = f"apt is at work (process {holder}, python3): what is installed may be changing just now"
    assert told(project, "apt is") == {"plan": [f"! {who}"], "status": [who], "audit": [who]}


@pytest.mark.in_turns("apt")
@pytest.mark.fault("apt's lock is held by another for longer than an apply waits")
def test_a_lock_that_stays_is_waited_for_once_and_named(vps: Machine, project: Project, holder: int) -> None:
    hasty = apply_script().replace(b"{1..120}", b"{1..2}")
    lines: list[str] = []
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        data = parcel(Plan(packages=("hello",)), "ada")
        assert server.follow(script_command(hasty), lines.append, hasty + data) == 1
    assert lines == [
        "▸ packages",
        f"✗ apt is at work (process {holder}, python3), and has been for two minutes; nothing was changed",
    ]


@pytest.mark.in_turns("apt")
@pytest.mark.fault("dpkg is killed in the middle of an upgrade of NGINX")
def test_what_a_killed_dpkg_left_is_told_and_not_called_missing(vps: Machine, project: Project) -> None:
    held = "#!/bin/sh\ntouch /tmp/held; exec sleep 600\n"
    vps.run(
        f"printf {shlex.quote(held)} > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; rm -f /tmp/held"
    )
    vps.run("cd /tmp && apt-get download -qq nginx && dpkg --unpack nginx_*.deb")
    process = started(vps, "dpkg --configure nginx")
    until(vps, "[ -e /tmp/held ]")
    dpkg = vps.run("pgrep -x dpkg").stdout.strip()
    at_work = f"! apt is at work (process {dpkg}, dpkg): what is installed may be changing just now"
    assert at_work in project.deploy("plan").stdout.splitlines()
    vps.run(
        f"kill -9 {dpkg}; pkill -x nginx.postinst; pkill -fx 'sleep 600'; rm /usr/sbin/policy-rc.d; systemctl restart nginx",
        check=False,
    )
    process.communicate()
    what = "dpkg was interrupted, with nginx half done: run dpkg --configure -a on the server"
    assert told(project, "dpkg") == {"plan": [f"! {what}"], "status": [what], "audit": [what]}
    assert project.plan()["empty"]

    vps.run("DEBIAN_FRONTEND=noninteractive dpkg --configure -a")
    assert told(project, "dpkg") == {"plan": [], "status": [], "audit": []}


@pytest.mark.in_turns("apt")
@pytest.mark.fault("the postinst of a package fails")
def test_what_else_apt_would_do_is_in_the_plan_and_nothing_is_removed(
    vps: Machine, project: Project, repository: None
) -> None:
    plan = project.plan()
    assert (plan["packages"], plan["upgrades"], plan["removals"]) == (["webp"], ["owner-lib"], ["owner-old"])
    lines = project.deploy("plan").stdout.splitlines()
    assert "~ packages owner-lib: upgraded, since the new ones need it" in lines
    assert "! apt would remove owner-old for the new packages: an apply refuses that" in lines
    done = project.apply()
    assert done.returncode == 1
    assert "✗ nothing was changed: apt would remove owner-old from" in done.stderr
    state = (
        "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' owner-lib owner-old webp 2>/dev/null"
    )
    assert vps.run(state, check=False).stdout == "owner-lib 1 installed\nowner-old 1 installed\n"

    vps.run(ONLY_99)
    lines = []
    changed = pytest.raises(DeployError, match="the server has changed since the plan was made")
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server, changed:
        transact(server, Plan(packages=("webp",)), lines.append)
    assert lines[1:] == [
        "✗ to install webp, apt would do more than the plan says; nothing was changed",
        "  it would upgrade owner-lib",
    ]
    assert "owner-lib 1 installed" in vps.run(state, check=False).stdout
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run(state).stdout == "owner-lib 2 installed\nowner-old 1 installed\nwebp 99 installed\n"

    vps.run(OF_THIS_RELEASE)
    lines = []
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        assert transact(server, Plan(packages=("webp",)), lines.append)
    assert "! apt upgrades owner-lib too: its lists are newer now" in lines
    assert vps.run(state).stdout == "owner-lib 2 installed\nowner-old 1 installed\nwebp 99 installed\n"

    vps.run(BROKEN)
    lines = []
    fails = pytest.raises(DeployError, match="not all packages could be installed on ")
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server, fails:
        transact(server, Plan(packages=("broken",)), lines.append)
    assert "✗ apt-get could not install broken" in lines
    assert not [line for line in lines if "nothing was changed" in line], "what was installed is not nothing"
    vps.run("dpkg --purge --force-all broken")


@pytest.mark.in_turns("apt")
@pytest.mark.fault("the server has no internet: every packet is lost")
def test_no_internet_is_told_within_seconds(vps: Machine, project: Project) -> None:
    hasty = apply_script().replace(b"timeout 12", b"timeout 1")
    lines: list[str] = []
    rule = "OUTPUT ! -o lo -m multiport -p {} --dports 53,80,443,3128 -j DROP"
    cut, mend = (
        "; ".join(f"iptables {how} {rule.format(each)}" for each in ("tcp", "udp")) for how in ("-I", "-D")
    )
    vps.run(cut)
    try:
        with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
            data = parcel(Plan(packages=("hello",)), "ada")
            assert server.follow(script_command(hasty), lines.append, hasty + data) == 1
    finally:
        vps.run(mend)
    assert lines[0].startswith(
        "✗ this server does not reach the internet, or not where its packages come from ("
    )
    assert lines[0].endswith("); nothing was changed")


@pytest.mark.in_turns("apt")
def test_packages_that_apt_cannot_find_hide_nothing_of_the_others(vps: Machine, project: Project) -> None:
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        asked = [Question("install", name) for name in ("nowhere.io", "nothing", "hello", "nginx-")]
        found = observe(server, asked).facts.additions
        assert observe(server, [Question("install", "nothing")]).facts.additions == Additions(
            unknown=("nothing",)
        )
    assert (found.unknown, found.refuses) == (("nothing", "nowhere.io"), "")
    assert "libnginx-mod-http-brotli-static" in found.removals  # and not nginx, which was asked for
    assert "nginx" not in found.removals


@pytest.mark.in_turns("apt")
def test_sources_of_another_release_are_told(vps: Machine, project: Project) -> None:
    there, next_one = {"debian-12": ("bookworm", "trixie"), "debian-13": ("trixie", "forky")}[vps.release]
    source = f"Types: deb\nURIs: http://mirror.test/debian\nSuites: {next_one} {next_one}-updates\nComponents: main\n"
    (vps.root / "etc/apt/sources.list.d/next.sources").write_text(source)
    what = f"the sources of packages are of {next_one}, the server is {there}"
    found = told(project, "the sources")
    assert (found["plan"], found["audit"]) == ([f"! {what}"], [what])
    (vps.root / "etc/apt/sources.list.d/next.sources").write_text(f"Enabled: no\n{source}")
    assert told(project, "the sources") == {"plan": [], "status": [], "audit": []}
    (vps.root / "etc/apt/sources.list.d/next.sources").unlink()


# A service of the owner's, whose program has been replaced since it was started: needrestart would restart it.
OWN = """
apt-get install -qq --yes --no-install-recommends needrestart >/dev/null
printf '[Service]\\nType=exec\\nExecStart=/usr/local/bin/own 100000\\n' > /etc/systemd/system/own.service
cp /bin/sleep /usr/local/bin/own && systemctl daemon-reload && systemctl start own
cp /bin/sleep /usr/local/bin/own.new && mv /usr/local/bin/own.new /usr/local/bin/own
"""


def test_an_apply_that_installs_a_package_restarts_nothing_of_the_owner(
    vps: Machine, project: Project
) -> None:
    vps.run(OWN)
    ask = "systemctl show --property=InvocationID --value own nginx"
    assert "own.service" in vps.run("NEEDRESTART_MODE=l needrestart -r l").stdout
    before = vps.run(ask).stdout
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        assert transact(server, Plan(packages=("hello",)), print)
    assert vps.run(ask).stdout == before
    assert vps.run("command -v hello").stdout


# As after an upgrade of the server that could not restart NGINX: the program is another one than the one that runs.
REPLACED = """
systemctl stop nginx; cp /usr/sbin/nginx /usr/sbin/nginx.new
mkdir /root/aside; mv /etc/nginx/conf.d /etc/nginx/modules-enabled /root/aside/; mkdir /etc/nginx/conf.d
cp /root/nginx.old /usr/sbin/nginx; systemctl start nginx; mv /usr/sbin/nginx.new /usr/sbin/nginx
rmdir /etc/nginx/conf.d; mv /root/aside/* /etc/nginx/; rmdir /root/aside
"""


@pytest.mark.in_turns("apt")
@pytest.mark.fault("NGINX is replaced by another version while it runs")
def test_an_nginx_that_was_replaced_takes_over(vps: Machine, project: Project) -> None:
    shutil.copy(base_image("debian-12", PREINSTALLED)[0] / "usr/sbin/nginx", vps.root / "root/nginx.old")
    vps.run(REPLACED)
    running = "cat /run/nginx.pid; readlink /proc/$(cat /run/nginx.pid)/exe"
    before = vps.run(running).stdout
    assert before.endswith("(deleted)\n")
    project.sites["a.test"]["aliases"] = ["b.test"]
    still = "1.22.1" if vps.release == "debian-13" else "an older build"
    (note,) = project.plan()["notes"]
    assert note.endswith(
        f" is installed, and {still} still runs: the new one takes over when NGINX is reloaded"
    )
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    now = vps.run(running).stdout
    assert now.endswith("/usr/sbin/nginx\n")
    assert now.split()[0] == vps.run("systemctl show --property=MainPID --value nginx").stdout.strip()
    assert vps.run("pgrep -xc nginx").stdout != "0\n"
    assert project.get("b.test", scheme="http")[0] == 301, "to the site"


def test_no_visitor_waits_while_a_new_build_of_nginx_takes_over(vps: Machine, project: Project) -> None:
    vps.run("cp /usr/sbin/nginx /usr/sbin/nginx.new && mv /usr/sbin/nginx.new /usr/sbin/nginx")
    until(vps, "readlink /proc/$(cat /run/nginx.pid)/exe | grep -q deleted")
    asking = started(
        vps,
        "while [ ! -e /tmp/enough ]; do curl -s -o /dev/null -w '%{http_code}\\n' -m 5 -H 'Host: a.test' http://127.0.0.1/ || echo lost; done",
    )
    until_it_says(asking, "0")
    project.sites["a.test"]["aliases"] = ["c.test"]
    done = project.apply()
    vps.run("touch /tmp/enough")
    assert done.returncode == 0, done.stdout + done.stderr
    answers = asking.communicate()[0].split()
    assert len(set(answers)) == 1, set(answers)
    assert vps.run("readlink /proc/$(cat /run/nginx.pid)/exe").stdout == "/usr/sbin/nginx\n"


# The package of nginx.org cannot be had here, so this stands in for it: no module of Debian's fits it, and its own
# files take the place of Debian's. NGINX itself is the same.
FOREIGN = """
rm -rf /foreign; mkdir -p /foreign/DEBIAN /foreign/usr/sbin /foreign/usr/lib/systemd/system
cp /usr/sbin/nginx /foreign/usr/sbin/; cp /lib/systemd/system/nginx.service /foreign/usr/lib/systemd/system/
printf 'Package: nginx\nVersion: 9.29.3-1~other\nArchitecture: %s\nMaintainer: Ada <ada@example.org>
Provides: httpd\nConflicts: nginx-common\nReplaces: nginx-common\nDescription: x\n' \
    "$(dpkg --print-architecture)" > /foreign/DEBIAN/control
printf '#!/bin/sh\nsystemctl daemon-reload; systemctl enable --quiet nginx; systemctl restart nginx || true\n' \
    > /foreign/DEBIAN/postinst
chmod 755 /foreign/DEBIAN/postinst; dpkg-deb --build /foreign /root/nginx.deb
DEBIAN_FRONTEND=noninteractive apt-get install --yes -o Dpkg::Options::=--force-confold /root/nginx.deb
"""
AS_DEBIAN_HAS_IT = """
version=$(apt-cache madison nginx | awk 'NR == 1 { print $3 }')
DEBIAN_FRONTEND=noninteractive apt-get install --yes --allow-downgrades -o Dpkg::Options::=--force-confold \
    "nginx=$version" nginx-common
"""


@pytest.mark.in_turns("apt")
@pytest.mark.fault("NGINX of another origin takes the Brotli module away")
def test_an_nginx_whose_modules_cannot_be_had_serves_all_the_same(vps: Machine, project: Project) -> None:
    vps.run(FOREIGN)
    assert vps.run("systemctl is-active nginx", check=False).stdout != "active\n", "it is down at its restart"
    plan = project.plan()
    assert plan["packages"] == []
    (note,) = plan["notes"]
    assert note.startswith("NGINX 1.")
    assert note.endswith(", whose Brotli module it cannot load: pages go out with gzip")
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.deploy("push", "a.test", "--yes").returncode == 0
    assert project.get("a.test", scheme="http") == (200, "a")
    assert project.plan()["empty"]

    vps.run(AS_DEBIAN_HAS_IT)
    plan = project.plan()
    assert (plan["packages"], plan["notes"]) == ([BROTLI_MODULE], [])
