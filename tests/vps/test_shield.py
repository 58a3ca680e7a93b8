"""Cloudflare before a site: a proxy in a network of its own, at an address of Cloudflare's, stands in for it."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from threading import Event

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from outside.cloudflare import Cloudflare
from outside.own_certificate import write_certificate
from outside.provider import HTML, TOKEN, Asked, Reply
from vps.edge import WAY, begin_proxy, stand_before
from vps.project import Project
from vps.waiting import until

pytestmark = pytest.mark.takes_turns("module")
NAME = "forum.example.org"


@pytest.fixture(scope="module")
def cloudflare() -> Iterator[Cloudflare]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DNS_TOKEN", TOKEN)
        patch.setenv("SHIELD_TOKEN", TOKEN)
        patch.setattr(Cloudflare, "listen", "0.0.0.0")  # the server asks it, too
        with Cloudflare("example.org") as provider:
            yield provider


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, vps: Machine, acme: AcmeServer, cloudflare: Cloudflare
) -> Project:
    dns = {
        "provider": "cloudflare",
        "token": "env:DNS_TOKEN",
        "shield": "env:SHIELD_TOKEN",
        "endpoint": cloudflare.address,
        "address": "203.0.113.7",
    }
    sites = {
        NAME: {"kind": "redirect", "to": "https://www.example.org", "hsts": "0"},
        "plain.example.org": {"kind": "redirect", "to": "https://www.example.org", "https": False},
    }
    project = Project(tmp_path_factory.mktemp("shield"), vps, acme, sites, {"dns": dns})
    key = project.folder / "phone"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    project.more["keys"] = {"phone": {"public": key.with_suffix(".pub").read_text(), "shield": [NAME]}}
    proxyd = f"/usr/lib/systemd/systemd-socket-proxyd {acme.host}:{cloudflare.port}"
    vps.run(
        f"systemd-run --unit provider --socket-property ListenStream=127.0.0.1:{cloudflare.port} {proxyd}"
    )
    vps.add_hosts({NAME: "127.0.0.1"})
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    stand_before(vps, NAME)
    assert project.plan()["empty"]
    return project


@pytest.fixture(autouse=True)
def as_it_was(project: Project, cloudflare: Cloudflare) -> Iterator[None]:
    """Each test begins with a shield that is off."""
    yield
    cloudflare.next, cloudflare.read_only, cloudflare.no_settings = [], False, False
    project.deploy("shield", NAME, "off")
    assert is_as_it_was(project, cloudflare)


def is_as_it_was(project: Project, cloudflare: Cloudflare) -> bool:
    """Whether nothing of a shield is there."""
    level = cloudflare.level("example.org")
    return is_open(project, cloudflare) and level == "medium" and project.plan()["empty"]


def is_open(project: Project, cloudflare: Cloudflare) -> bool:
    """Whether the site is for everybody."""
    return (cloudflare.proxied("example.org"), project.get(NAME)[0]) == ([], 301)


def by_phone(project: Project, words: str) -> subprocess.CompletedProcess[str]:
    """What a restricted key asks for."""
    vps = project.vps
    argv = ["ssh", "-F", "none", "-i", project.folder / "phone", "-o", "IdentitiesOnly=yes"]
    argv += ["-o", f"UserKnownHostsFile={vps.known_hosts}", f"deploy@{vps.address}", words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def through(vps: Machine, path: str = "/", *options: str) -> str:
    """The status that a visitor gets who comes through the proxy."""
    ask = f"curl -sk -o /dev/null -w '%{{http_code}}' {' '.join(options)} https://{NAME}{path} || true"
    return vps.run(ask).stdout


def test_on_and_off(project: Project, vps: Machine, cloudflare: Cloudflare) -> None:
    began = time.monotonic()
    done = project.deploy("shield", NAME, "on")
    took = time.monotonic() - began
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloudflare.proxied("example.org") == [NAME]
    assert project.get(NAME)[0] == 0, "who comes directly gets nothing"
    assert through(vps) == "301"
    assert vps.run(f"tail -n 1 /var/log/nginx/{NAME}.access.log").stdout.split()[0] == vps.address
    assert took < 10
    plan = project.deploy("plan")
    assert f"{NAME} is shielded, and sites.yaml does not say so" in plan.stdout
    project.sites[NAME]["shield"] = "on"
    assert project.plan()["empty"], project.deploy("plan").stdout
    del project.sites[NAME]["shield"]

    done = project.deploy("shield", NAME, "off")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloudflare.proxied("example.org") == []
    assert project.get(NAME)[0] == 301
    assert project.plan()["empty"]


def test_as_sites_yaml_says(project: Project, vps: Machine, cloudflare: Cloudflare) -> None:
    project.sites[NAME]["shield"] = "on"
    plan = project.deploy("plan").stdout
    assert f"-{NAME} A 203.0.113.7\n    +{NAME} A 203.0.113.7 (proxied)" in plan, plan
    assert "the shield is off: Cloudflare does not stand before it yet" in plan
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert (project.get(NAME)[0], through(vps)) == (0, "301")
    assert project.plan()["empty"], project.deploy("plan").stdout
    cloudflare.of("example.org")[0]["proxied"] = False  # in the dashboard
    assert "dns:example.org/forum/A" in project.deploy("plan").stdout
    project.sites[NAME]["shield"] = "off"
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get(NAME)[0] == 301
    assert cloudflare.proxied("example.org") == []
    del project.sites[NAME]["shield"]
    project.apply()
    assert project.plan()["empty"]


@pytest.mark.in_turns("beside it")
def test_a_new_site_has_it_with_its_first_apply(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    new = "new.example.org"
    vps.add_hosts(
        {new: "127.0.0.1"}
    )  # where the authority is led; what comes through Cloudflare is not looked at
    project.sites[new] = project.sites[NAME] | {"shield": "on"}
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"! the DNS here still leads {new} to 127.0.0.1" in done.stderr
    assert (project.get(new)[0], cloudflare.proxied("example.org")) == (0, [new])
    assert project.plan()["empty"], project.deploy("plan").stdout
    del project.sites[new]
    assert project.apply().returncode == 0
    assert vps.run("ls /var/lib/deploy/shield/closed").stdout == "", "it leaves nothing behind"


def test_the_level_of_the_zone_is_put_back_as_it_was(project: Project, cloudflare: Cloudflare) -> None:
    done = project.deploy("shield", NAME, "on", "--under-attack")
    assert done.returncode == 0, done.stdout + done.stderr
    assert cloudflare.level("example.org") == "under_attack"
    assert project.deploy("shield", NAME, "on", "--under-attack").returncode == 0, "once more changes nothing"
    done = project.deploy("shield", NAME, "off")
    assert "✓ security level of example.org: medium" in done.stderr
    assert is_as_it_was(project, cloudflare)


def test_what_was_proxied_before_stays_so(project: Project, cloudflare: Cloudflare) -> None:
    (record,) = [each for each in cloudflare.of("example.org") if each["name"] == NAME]
    record["proxied"] = True
    assert project.deploy("shield", NAME, "on").returncode == 0
    assert project.deploy("shield", NAME, "off").returncode == 0
    assert cloudflare.proxied("example.org") == [NAME]
    record["proxied"] = False


def test_a_phone_has_the_switch_and_nothing_else(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    assert vps.run("stat -c '%a %U' /etc/deploy/shields/.env").stdout == "600 root\n"
    began = time.monotonic()
    done = by_phone(project, f"shield {NAME} on --under-attack")
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 10
    assert (project.get(NAME)[0], through(vps)) == (0, "301")
    assert (cloudflare.proxied("example.org"), cloudflare.level("example.org")) == ([NAME], "under_attack")
    assert TOKEN not in done.stdout + done.stderr
    assert by_phone(project, f"shield {NAME} off").returncode == 0
    assert is_as_it_was(project, cloudflare)
    for words in (
        "shield plain.example.org on",
        f"shield {NAME} on; id",
        f"shield {NAME} --settle",
        f"push {NAME}",
    ):
        refused = by_phone(project, words)
        assert (refused.returncode, "refused" in refused.stderr) == (2, True), refused.stdout + refused.stderr
    assert is_as_it_was(project, cloudflare)


@pytest.mark.in_turns("not right")
@pytest.mark.parametrize("way", ["laptop", "phone"])
@pytest.mark.fault(
    "a Cloudflare that is slow to answer, refuses, or answers nonsense, while a shield is turned on"
)
def test_who_is_refused_changes_nothing(
    project: Project, vps: Machine, cloudflare: Cloudflare, way: str
) -> None:
    def on(*more: str) -> str:
        if way == "phone":
            done = by_phone(project, " ".join(["shield", NAME, "on", *more]))
        else:
            done = project.deploy("shield", NAME, "on", *more)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    cloudflare.read_only = True
    assert "Authentication error" in on()
    assert is_as_it_was(project, cloudflare)
    assert "Authentication error" in on("--under-attack")
    assert is_as_it_was(project, cloudflare)
    cloudflare.read_only, cloudflare.no_settings = False, True
    assert "Unauthorized" in on("--under-attack")
    assert is_as_it_was(project, cloudflare)
    cloudflare.no_settings = False
    busy = Reply(429, b'{"success": false, "errors": []}', {"Retry-After": "300"})
    for reply in (HTML, busy, Reply(502, b"<html>", {"Content-Type": "text/html"})):
        cloudflare.next = [reply] * 3
        on()
        cloudflare.next = []
        assert is_as_it_was(project, cloudflare)

    def nonsense(asked: Asked) -> Reply | None:
        cloudflare.next = [nonsense]
        return HTML if asked.method == "POST" else None

    cloudflare.next = [nonsense]
    on()
    cloudflare.next = []
    project.deploy("shield", NAME, "off")
    assert is_as_it_was(project, cloudflare), "what may have been changed all the same is undone"


@pytest.mark.in_turns("not right")
@pytest.mark.fault("a site that does not answer through Cloudflare once its shield is on")
def test_what_does_not_hold_is_undone(project: Project, vps: Machine, cloudflare: Cloudflare) -> None:
    vps.run("systemctl stop cdn")
    for done in (
        project.deploy("shield", NAME, "on", "--under-attack"),
        by_phone(project, f"shield {NAME} on"),
    ):
        assert done.returncode == 1
        assert "✗ seen: through Cloudflare: " in done.stdout + done.stderr
        assert is_as_it_was(project, cloudflare), done.stdout + done.stderr
    begin_proxy(vps)


@pytest.mark.in_turns("not right")
@pytest.mark.parametrize(("end", "by"), [("on", signal.SIGKILL), ("off", signal.SIGINT)])
@pytest.mark.fault("a kill of who turns a shield on, between its records and the server")
def test_a_killed_one_is_ended_or_undone_by_the_next(
    project: Project, vps: Machine, cloudflare: Cloudflare, end: str, by: signal.Signals
) -> None:
    proxied, killed = Event(), Event()

    def hold(asked: Asked) -> Reply | None:
        cloudflare.next = [hold]
        if asked.method == "POST":
            cloudflare.next = []
            proxied.set()
            killed.wait(60)
        return None

    def kill(process: BaseProcess) -> None:
        assert proxied.wait(60)
        os.kill(process.pid or 0, by)
        process.join()
        killed.set()

    cloudflare.next = [hold]
    ended = project.deploy("shield", NAME, "on", "--under-attack", meanwhile=kill)
    if by == signal.SIGINT:
        told = f"! {NAME}: its shield may be half turned. deploy shield {NAME} on ends it, or off\n\nInterrupted.\n"
        assert (ended.returncode, ended.stderr.endswith(told)) == (130, True), ended.stderr
    assert f"the shield of {NAME} was cut off half-way" in project.deploy("plan").stdout
    done = project.deploy("shield", NAME, end)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "half-way" not in project.deploy("plan").stdout
    if end == "on":
        assert (project.get(NAME)[0], through(vps)) == (0, "301")
        assert project.deploy("shield", NAME, "off").returncode == 0
    assert is_as_it_was(project, cloudflare)


@pytest.mark.in_turns("not right")
@pytest.mark.fault("a kill of the server's own program, between a site's records and NGINX")
def test_a_killed_program_is_undone_by_the_next(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    def kill(asked: Asked) -> Reply | None:
        cloudflare.next = [kill]
        if asked.method == "POST":
            cloudflare.next = []
            vps.run("pkill -KILL -f '/bin/[s]hield'")
        return None

    cloudflare.next = [kill]
    assert by_phone(project, f"shield {NAME} on --under-attack").returncode != 0
    assert cloudflare.level("example.org") == "under_attack"
    assert f"the shield of {NAME} was cut off half-way" in project.deploy("plan").stdout
    assert by_phone(project, f"shield {NAME} off").returncode == 0
    assert is_as_it_was(project, cloudflare)


BROKEN = "/etc/nginx/conf.d/zz-broken.conf"
SETTLE = "/usr/local/lib/deploy/bin/shield --settle"


@pytest.mark.fault("NGINX does not take its files, or a kill comes before it could, while a shield is opened")
def test_what_nginx_did_not_take_stays_closed_until_it_does(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    assert project.deploy("shield", NAME, "on").returncode == 0
    vps.run(f"echo nonsense >{BROKEN}")
    for refused in (by_phone(project, f"shield {NAME} off"), project.deploy("shield", NAME, "off")):
        assert "✗ open: NGINX refuses it: " in refused.stdout + refused.stderr
        assert (project.get(NAME)[0], cloudflare.proxied("example.org")) == (0, [NAME])
    vps.run(f"rm {BROKEN}")
    plan = project.deploy("plan").stdout
    assert f"the shield of {NAME} was cut off half-way" in plan
    vps.run(f"rm /var/lib/deploy/shield/closed/{NAME}.conf")  # a kill just before the reload
    assert project.deploy("shield", NAME, "off").returncode == 0
    assert is_as_it_was(project, cloudflare)

    project.sites[NAME]["shield"] = "off"
    assert project.apply().returncode == 0
    assert project.deploy("shield", NAME, "on").returncode == 0
    said = vps.run(f"echo nonsense >{BROKEN}; {SETTLE}; rm {BROKEN}", check=False).stdout
    assert "✗ open: NGINX refuses it: " in said
    assert f"the shield of {NAME} was cut off half-way" in project.deploy("plan").stdout
    assert project.get(NAME)[0] == 0
    vps.run(SETTLE)
    assert project.get(NAME)[0] == 301
    assert "half-way" not in project.deploy("plan").stdout
    project.deploy("shield", NAME, "off")
    del project.sites[NAME]["shield"]
    assert project.apply().returncode == 0


@pytest.mark.in_turns("not right")
@pytest.mark.fault("a certificate that is missing, or due, where a shield is turned on")
def test_the_certificate_comes_first(
    project: Project, vps: Machine, cloudflare: Cloudflare, acme: AcmeServer
) -> None:
    live, kept = f"/etc/letsencrypt/live/{NAME}", f"/etc/letsencrypt/archive/{NAME}"
    vps.run(f"mv {live} {live}.away")
    done = by_phone(project, f"shield {NAME} on")
    assert done.returncode == 1
    assert f"✗ certificate: {NAME} has no certificate yet" in done.stdout
    assert cloudflare.proxied("example.org") == []
    vps.run(f"mv {live}.away {live}")

    write_certificate(project.folder / "due", NAME, days=5)
    due = (project.folder / "due.pem").read_text()
    vps.run(f"cp -a {kept} {kept}.away; cd {kept}; tee cert1.pem >fullchain1.pem", input=due)
    acme.refuse(NAME)
    done = project.deploy("shield", NAME, "on")
    assert done.returncode == 1
    assert "it lasts 5 days more, and could not be renewed: journalctl --unit certbot" in done.stderr
    assert cloudflare.proxied("example.org") == []
    acme.allow(NAME)
    done = project.deploy("shield", NAME, "on")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search("it lasts (89|90) days more", done.stderr)


def test_it_turns_itself_on_when_its_log_tells_of_an_attack(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    listener = """
import http.server
class Listener(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open("/run/told", "ab").write(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 8099), Listener).serve_forever()
"""
    vps.run(
        f"cat >/root/listener.py <<'END'\n{listener}END\nsystemd-run --unit listener python3 /root/listener.py"
    )
    project.sites[NAME]["shield"] = {"auto": {"requests": 2, "refused": "30%"}}
    project.more["updates"] = {"at": "04:00", "notify": "http://127.0.0.1:8099/"}
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run("systemctl is-active deploy-shield.timer").stdout == "active\n"
    vps.run("systemctl stop deploy-shield.timer")  # each round comes when the test is ready for it
    ask = f"curl -s -o /dev/null --resolve {NAME}:80:{vps.address} 'http://{NAME}/.well-known/acme-challenge/[1-400]'"
    fine = f"curl -s -o /dev/null --resolve {NAME}:80:{vps.address} 'http://{NAME}/[1-400]'"
    look = "/usr/local/lib/deploy/bin/shield --watch"
    vps.run(f"{look}; {fine}; sleep 1; {look}; {fine}; sleep 1; {look}")
    assert cloudflare.proxied("example.org") == [], "many good requests are no attack"
    vps.run(f"{ask}; sleep 1; {look}")
    assert cloudflare.proxied("example.org") == [], "once may be chance"
    cloudflare.read_only = True
    vps.run(f"{ask}; sleep 1; {look}; {ask}; sleep 1; {look}")
    cloudflare.read_only = False
    assert is_open(project, cloudflare)
    vps.run("touch -d '-11 minutes' /var/lib/deploy/shield/failed-*")
    vps.run(f"{ask}; sleep 1; {look}; {ask}; sleep 1; {look}; {ask}; sleep 1; {look}")
    assert (project.get(NAME)[0], through(vps)) == (0, "301")
    told = vps.run("cat /run/told").stdout
    assert told.count("is attacked") == 2, "once that it could not be done, and once that it was"
    assert (
        "Its shield could not be turned on: ✗ records: Cloudflare answers 403: Authentication error" in told
    )
    assert re.search(
        rf"{NAME} is attacked: \d+ requests a second, \d+ % of them refused. Its shield is on.", told
    )
    assert f"stays so until you run: deploy shield {NAME} off" in project.deploy("plan").stdout
    assert project.apply().returncode == 0
    assert cloudflare.proxied("example.org") == [NAME], "off is by hand only"
    done = project.deploy("shield", NAME, "off")
    assert done.returncode == 0
    assert re.search(r"! shield: auto does not turn it on again before \d\d:\d\d UTC", done.stderr)
    vps.run(f"{ask}; sleep 1; {look}; {ask}; sleep 1; {look}; {ask}; sleep 1; {look}")
    assert is_open(project, cloudflare), "who has turned it off has a reason"
    vps.run(f"touch -d '-31 minutes' /var/lib/deploy/shield/rests-{NAME}")
    vps.run(f"{ask}; sleep 1; {look}; {ask}; sleep 1; {look}; {ask}; sleep 1; {look}")
    assert project.get(NAME)[0] == 0
    assert project.deploy("shield", NAME, "off").returncode == 0
    del project.sites[NAME]["shield"], project.more["updates"]
    assert project.apply().returncode == 0
    assert vps.run("systemctl is-active deploy-shield.timer || true").stdout != "active\n"


@pytest.mark.in_turns("beside it")
def test_who_is_shut_out_is_so_behind_cloudflare_which_never_is(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    def bad(address: str) -> str:
        line = f'{address} - - [$(date \'+%d/%b/%Y:%H:%M:%S %z\')] \\"GET /phpmyadmin/index.php HTTP/1.1\\" 404 9 \\"-\\" \\"-\\"'
        return f'for i in 1 2 3 4; do echo "{line}" >>/var/log/nginx/{NAME}.access.log; done'

    off = {"firewall": False, "ssh": False, "sysctl": False, "updates": False}
    project.more["security"] = {**off, "fail2ban": {"attempts": 1}}
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.deploy("shield", NAME, "on").returncode == 0
    assert through(vps) == "301"
    vps.run(bad(WAY))
    vps.run(bad("198.51.100.9"))
    visit = f"ip netns exec cdn curl -sk -o /dev/null -w '%{{http_code}}' --interface 198.51.100.9 https://{NAME}/"
    until(vps, f'test "$({visit})" = 502')  # the proxy gets no answer for this visitor
    assert through(vps) == "301"
    banned = vps.run("fail2ban-client banned; nft list ruleset").stdout
    assert ("198.51.100.9" in banned, WAY in banned) == (True, False)
    vps.run("fail2ban-client unban 198.51.100.9")
    until(vps, f'test "$({visit})" = 301')
    assert project.deploy("shield", NAME, "off").returncode == 0
    del project.more["security"]
    assert project.apply().returncode == 0
