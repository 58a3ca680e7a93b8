"""Whatever checks a file: whose it is stays as it was, and everybody else goes live."""

from collections.abc import Iterator

import pytest

from deployer.errors import DeployError
from deployer.files import File
from deployer.parts import called, parts
from deployer.parts.keys import SUDOERS
from deployer.parts.sshd import SSHD
from deployer.planning.plan import Change, Plan
from deployer.rehearsal.machine import Machine
from deployer.seen import manifest
from deployer.server.connection import Server
from deployer.server.login import connect
from deployer.tasks.apply import transact
from vps.test_apply import CONF, answer, clean, content, vhost

pytestmark = [pytest.mark.takes_turns, pytest.mark.vps, pytest.mark.in_turns("owners", of="modules")]

UNITS = "/etc/systemd/system"
GOOD = f"{CONF}/good.test.conf"
OWNER = {part.__name__.rpartition(".")[2]: called(part) for part in parts()}
UNIT = "[Service]\nType={}\nExecStart={}\n[Install]\nWantedBy=multi-user.target\n"
WRONG = {
    "a unit with a setting that systemd does not know": (
        f"{UNITS}/wiki.service",
        UNIT.format("exec", "no/path"),
        "wiki",
        f"✗ wiki: systemd refuses {UNITS}/wiki.service, line 3\n",
    ),
    "a unit without anything to start": (
        f"{UNITS}/wiki.service",
        "[Service]\nType=exec\n",
        "wiki",
        f"✗ wiki: systemd refuses {UNITS}/wiki.service\n",
    ),
    "a rule of sudo": (SUDOERS, "deploy ALL=\n", OWNER["keys"], f"✗ keys: sudo refuses {SUDOERS}, line 1\n"),
    "a setting of sshd": (
        SSHD,
        "PermitRootLogin yes\nNonsense yes\n",
        OWNER["sshd"],
        f"✗ security.firewall and security.ssh: sshd refuses {SSHD}, line 2\n",
    ),
}


@pytest.fixture
def server(vps: Machine) -> Iterator[Server]:
    cleaned(vps)
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        yield server


def cleaned(vps: Machine) -> None:
    """Nothing of other tests is there."""
    clean(vps)
    vps.run(f"rm -f {SUDOERS} {SSHD} /etc/sudoers.d/*-wiki {UNITS}/wiki.service; systemctl daemon-reload")


def plan(files: dict[str, str], owners: dict[str, str], before: dict[str, str], **more: object) -> Plan:
    """New files of owners, in place of those of before, and a site that is good."""
    new = {path: File(text.encode(), 0o440) for path, text in files.items()} | {GOOD: vhost("good.test")}
    old = {path: File(text.encode(), 0o440) for path, text in before.items()}
    changes = tuple(Change(path, old.get(path), file) for path, file in sorted(new.items()))
    digests = {path: file.digest for path, file in new.items()}
    listed = manifest.write({path: file.digest for path, file in old.items()}) if old else None
    return Plan(
        changes=changes,
        manifest=Change(manifest.PATH, listed, manifest.write(digests)),
        owners={**owners, GOOD: "good.test"},
        **more,
    )


def told(server: Server, wanted: Plan) -> str:
    """What an apply says that carries out a part of it."""
    lines: list[str] = []
    done = transact(server, wanted, lines.append)
    assert not done, lines
    return "\n".join(lines)


def put(vps: Machine, files: dict[str, str]) -> None:
    for path, text in files.items():
        (vps.root / path.lstrip("/")).write_text(text)
        (vps.root / path.lstrip("/")).chmod(0o440)
    listed = manifest.write({path: File(text.encode()).digest for path, text in files.items()})
    vps.run(f"install -D -m {listed.mode:o} /dev/stdin {manifest.PATH}", input=listed.content.decode())


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.fault("systemd, sudo or sshd refuses a file of one owner", rounds=len(WRONG))
def test_whose_file_is_refused_stays_as_it_was_and_the_rest_goes_live(
    vps: Machine, server: Server, wrong: str
) -> None:
    path, text, owner, words = WRONG[wrong]
    said = told(server, plan({path: text}, {path: owner}, {}))
    assert words in said
    assert "stays as it was; everything else goes live." in said
    assert content(vps, path) is None
    assert answer(vps, "good.test") == "204"
    assert manifest.read(content(vps, manifest.PATH) or b"").keys() == {GOOD}
    assert not list((vps.root / "var/lib/deploy").glob("transaction"))
    assert vps.run("sshd -t && visudo -c -q && systemctl is-system-running --wait || true").returncode == 0


def test_what_was_there_before_is_there_again_byte_for_byte(vps: Machine, server: Server) -> None:
    before = {SUDOERS: "Defaults !lecture\n", SSHD: "LoginGraceTime 99\n"}
    put(vps, before)
    files = {SUDOERS: "deploy ALL=\n", SSHD: "Nonsense yes\n"}
    said = told(server, plan(files, {SUDOERS: OWNER["keys"], SSHD: OWNER["sshd"]}, before))
    assert said.count("✗ ") == 2
    assert {path: (content(vps, path) or b"").decode() for path in before} == before
    assert answer(vps, "good.test") == "204"
    assert vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").returncode == 0


@pytest.mark.fault("a shared file is refused for what one owner has added")
def test_who_makes_a_shared_file_wrong_is_found_and_named(vps: Machine, server: Server) -> None:
    """It stands in a file of its own, but the other one is blamed."""
    wiki, blog = "/etc/sudoers.d/aa-wiki", "/etc/sudoers.d/ab-blog"
    files = {
        wiki: "User_Alias SOME = nobody\n",
        blog: "User_Alias OTHER = nobody\n",
        SUDOERS: "User_Alias SOME = root\n",
    }
    said = told(server, plan(files, {wiki: "wiki", blog: "blog", SUDOERS: OWNER["keys"]}, {}))
    together = "" if "sudo-rs" in said else f" together with {SUDOERS}, line 1"  # Ubuntu's names no file
    assert f"✗ wiki: sudo refuses {wiki}{together}\n" in said
    assert "  wiki stays as it was; everything else goes live." in said
    assert said.count("✗ ") == 1
    assert content(vps, wiki) is None
    assert (content(vps, blog), content(vps, SUDOERS)) == (files[blog].encode(), files[SUDOERS].encode())
    assert answer(vps, "good.test") == "204"


@pytest.mark.fault("NGINX blames a file that is wrong only by what another owner has added")
def test_who_is_blamed_for_what_another_adds_goes_live(vps: Machine, server: Server) -> None:
    """It had that line before, and NGINX blames the last that has it."""
    blog, shop = f"{CONF}/blog.test.conf", f"{CONF}/shop.test.conf"
    zone = "limit_req_zone $binary_remote_addr zone=one:1m rate=1r/s;\n"
    before = {shop: zone + vhost("shop.test", "return 201;").content.decode()}
    put(vps, before)
    files = {
        shop: zone + vhost("shop.test", "return 202;").content.decode(),
        blog: zone + vhost("blog.test", "return 203;").content.decode(),
    }
    said = told(server, plan(files, {shop: "shop.test", blog: "blog.test"}, before))
    assert f"✗ blog.test: NGINX refuses {blog} together with {shop}" in said
    assert said.count("✗ ") == 1
    assert content(vps, blog) is None
    assert (answer(vps, "shop.test"), answer(vps, "good.test")) == ("202", "204")


def test_what_is_everybody_s_or_the_owner_s_own_mistake_stops_all(vps: Machine, server: Server) -> None:
    by_hand = "/etc/sudoers.d/zz-by-hand"
    put(vps, {by_hand: "nonsense\n"})
    vps.run(f"rm {manifest.PATH}")
    try:
        lines: list[str] = []
        with pytest.raises(DeployError, match="nothing was changed"):
            transact(server, plan({SUDOERS: "Defaults !lecture\n"}, {SUDOERS: "keys:"}, {}), lines.append)
    finally:
        vps.run(f"rm {by_hand}")
    assert by_hand in "\n".join(lines)
    assert "Everything is as it was." in lines
    with pytest.raises(DeployError, match="nothing was changed"):
        transact(server, plan({SUDOERS: "nonsense\n"}, {}, {}), lines.append)
    assert (content(vps, SUDOERS), content(vps, GOOD)) == (None, None)


@pytest.mark.fault("what one owner has changed does not start again")
def test_what_does_not_start_again_runs_as_before(vps: Machine, server: Server) -> None:
    unit, site = f"{UNITS}/deploy-wiki.service", f"{CONF}/wiki.test.conf"
    before = {unit: UNIT.format("exec", "/bin/sleep 9999")}
    put(vps, before)
    vps.run("systemctl daemon-reload; systemctl start deploy-wiki.service")
    files = {unit: UNIT.format("notify", "/bin/false"), site: vhost("wiki.test").content.decode()}
    nobody = answer(vps, "nobody.test")
    try:
        said = told(server, plan(files, {unit: "wiki.test", site: "wiki.test"}, before))
        assert f"✗ wiki.test: {unit} is in place, but does not start:\n" in said
        assert "  wiki.test stays as it was; everything else goes live." in said
        assert content(vps, unit) == before[unit].encode()
        assert vps.run("pgrep -x sleep; systemctl is-active deploy-wiki.service").stdout.endswith(
            "\nactive\n"
        )
        assert (answer(vps, "good.test"), answer(vps, "wiki.test")) == ("204", nobody)
    finally:
        vps.run(f"systemctl stop deploy-wiki.service; rm -f {unit}; systemctl daemon-reload")


@pytest.mark.fault("a unit of one owner does not start")
def test_a_unit_that_does_not_start_goes_back_with_all_of_its_owner_s(vps: Machine, server: Server) -> None:
    unit, site = f"{UNITS}/wiki.service", f"{CONF}/wiki.test.conf"
    files = {
        unit: UNIT.format("oneshot", "/bin/sh -c 'echo no; exit 3'"),
        site: vhost("wiki.test", "return 206;").content.decode(),
    }
    owners = {unit: "wiki.test", site: "wiki.test", "wiki.service": "wiki.test"}
    nobody = answer(vps, "nobody.test")
    said = told(server, plan(files, owners, {}, units=("cron.service", "wiki.service")))
    assert "✗ wiki.test: wiki.service does not start:\n" in said
    assert "\n    no\n" in said
    assert "  wiki.test stays as it was; everything else goes live." in said
    assert (content(vps, unit), content(vps, site)) == (None, None)
    assert (answer(vps, "good.test"), answer(vps, "wiki.test")) == ("204", nobody)
    assert vps.run("systemctl is-enabled wiki.service", check=False).stdout != "enabled\n"
    assert "wiki" not in vps.run("systemctl --failed --no-legend").stdout
