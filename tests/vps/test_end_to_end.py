"""What a user does, from an empty server to a site that is served, changed, rolled back and removed."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deployer.parts import publication
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.network import Network
from deployer.rehearsal.sweep import LIMIT
from deployer.server.hostkeys import named
from typed import typed
from vps.project import DEPLOY, GIT, Project
from vps.waiting import client, reload_nginx, until_listening

pytestmark = pytest.mark.takes_turns

NAMES = ("page.test", "www.page.test", "app.test", "old.test", "three.test", "a.three.test", "b.three.test")
PROXY = {"kind": "proxy", "port": 9000, "https": False, "hold": "0"}
REDIRECT = {"kind": "redirect", "to": "https://page.test", "https": False}

EMPTY = {
    "empty": True,
    "packages": [],
    "upgrades": [],
    "removals": [],
    "hugo": [],
    "sent": [],
    "dns": {"failures": [], "force": []},
    "monitors": {"failures": []},
    "certificates": [],
    "files": [],
    "units": [],
    "handlers": [],
    "interrupted": False,
    "held": {},
    "kept": [],
    "renewals": [],
    "left": [],
    "notes": [],
    "secrets": [],
    "compositions": {"up": [], "down": [], "steps": [], "moves": [], "otherwise": {}, "stopped": []},
    "taken_off": None,
    "drift": {},
    "armed": 0,
}


@pytest.fixture
def project(vps: Machine, acme: AcmeServer, tmp_path: Path) -> Project:
    vps.add_hosts(dict.fromkeys(NAMES, "127.0.0.1"))
    project = Project(tmp_path, vps, acme, {})
    project.reset()
    project.repository("page", {"index.html": "<h1>One</h1>\n", "about.html": "<p>About</p>\n"})
    return project


def page(**more: object) -> dict[str, object]:
    return {"kind": "static", "repository": "page", **more}


def test_a_site_goes_live_changes_and_is_rolled_back(project: Project) -> None:
    project.sites = {"page.test": page(aliases=["www.page.test"])}
    waiting = project.deploy("plan")
    assert waiting.returncode == 4
    assert "+ certificate page.test for page.test, www.page.test" in waiting.stdout
    assert "+    server_name page.test www.page.test;" in waiting.stdout

    pushed = project.deploy("push", "page.test", "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert project.get("page.test") == (200, "<h1>One</h1>\n")
    assert project.get("www.page.test")[0] == 301
    assert project.get("page.test", scheme="http")[0] == 301

    nothing = project.apply()
    assert (nothing.returncode, nothing.stdout) == (0, f"Nothing to change on {project.vps.address}.\n")
    assert project.deploy("plan").returncode == 0
    again = project.deploy("push", "page.test")
    assert again.returncode == 0
    assert "nothing to push" in again.stderr

    project.commit("page", {"index.html": "<h1>Two</h1>\n"})
    assert project.deploy("push", "page.test").returncode == 0
    assert project.get("page.test") == (200, "<h1>Two</h1>\n")
    back = project.deploy("rollback", "page.test")
    assert back.returncode == 0, back.stderr
    assert project.get("page.test") == (200, "<h1>One</h1>\n")
    assert len(json.loads(project.deploy("releases", "page.test", "--json").stdout)) == 2

    status = json.loads(project.deploy("status", "--json").stdout)
    (site,) = status["sites"]
    assert (site["domain"], site["status"]) == ("page.test", 200)
    assert site["certificate_days"] > 30
    assert len(site["revision"]) == 40
    assert "\x1b" not in project.deploy("status").stdout

    project.vps.run("mv /var/log/deploy /var/log/rotated")
    (known,) = json.loads(project.deploy("status", "--json").stdout)["sites"]
    told = ("release", "revision", "pushed", "by")
    assert [known[key] for key in told] == [site[key] for key in told], "the release knows it"
    assert "@" in known["by"]
    project.vps.run("mv -T /var/log/rotated /var/log/deploy")
    other = project.vps.run("readlink /srv/deploy/page.test/previous").stdout.strip()
    project.vps.run(f"sed -i 's/^time=.*/time=1/' {other}.info; ln -sfn {other} /var/www/page.test")
    (known,) = json.loads(project.deploy("status", "--json").stdout)["sites"]
    assert other.endswith(known["release"]), "a link made by hand"
    assert known["revision"].startswith(known["release"][-7:])
    assert (known["pushed"] > site["pushed"], known["by"]) == (True, None), (
        "since when it is live, not pushed"
    )


def test_a_second_apply_has_nothing_to_do(project: Project) -> None:
    project.sites = {"page.test": page(https=False), "app.test": PROXY, "old.test": REDIRECT}
    assert project.apply().returncode == 0
    notes = ["app.test: nothing listens on 127.0.0.1:9000, visitors get an error"]
    assert project.plan() == EMPTY | {"server": project.vps.address, "notes": notes}
    said = project.deploy("apply").stdout.splitlines()
    assert (said[:-1], said[-1].startswith("Nothing to change")) == ([f"! {note}" for note in notes], True)


def test_nothing_happens_unless_somebody_says_yes(project: Project) -> None:
    project.sites = {"app.test": PROXY}
    done = project.deploy("apply")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert project.vps.run("ls /var/lib/deploy /etc/nginx/conf.d", check=False).stdout.strip() in (
        "",
        "/etc/nginx/conf.d:",
    )
    assert project.deploy("apply", "--dry-run").returncode == 0
    assert not project.plan()["empty"]


def test_a_snippet_that_nginx_refuses_stops_only_its_own_site(project: Project) -> None:
    project.sites = {"app.test": {**PROXY, "nginx": "nonsense on;"}, "old.test": REDIRECT}
    done = project.apply()
    assert done.returncode == 1
    assert "app.test: NGINX refuses /etc/nginx/conf.d/app.test.conf, line" in done.stderr
    assert "nonsense on;" in done.stderr
    assert project.get("old.test", scheme="http")[0] == 301
    assert [file["path"] for file in project.plan()["files"]] == ["/etc/nginx/conf.d/app.test.conf"]
    project.sites["app.test"] = PROXY
    assert project.apply().returncode == 0
    assert project.get("app.test", scheme="http")[0] == 502


@pytest.mark.in_turns("made by hand")
def test_a_hand_made_file_that_serves_the_same_name_is_never_shadowed(project: Project) -> None:
    mine = {"app.test": "/etc/nginx/conf.d/mine.conf", "page.test": "/etc/nginx/sites-enabled/mine"}
    for name, path in mine.items():
        file = path.replace("enabled", "available")
        project.vps.run(f"echo 'server {{ listen 80; server_name x{name[0]} {name}; return 418; }}' > {file}")
        if file != path:  # as Debian has it
            project.vps.run(f"ln -s {file} {path}")
    reload_nginx(project.vps)
    vps, new = project.vps, project.folder / "new.yaml"
    there = ("--host", vps.address, "--key", str(vps.key), "--fingerprint", named(vps.host_key).split()[1])
    proposed = project.deploy("init", "-c", new.name, *there)
    assert proposed.returncode == 0, proposed.stderr
    project.sites = {"app.test": PROXY, "page.test": PROXY | {"port": 9001}, "old.test": REDIRECT}
    done = project.apply()
    assert done.returncode == 1
    for name, path in mine.items():
        assert f"  # {name}:  # in {path}\n" in new.read_text()
        assert (
            f"{name} is left as it is: {path} on the server, made by hand, serves {name} already"
            in done.stdout
        )
        assert project.get(name, scheme="http")[0] == 418
    assert project.get("old.test", scheme="http")[0] == 301
    waiting = project.deploy("plan")  # nothing that an apply would do
    assert waiting.returncode == 0
    assert all(f"! {name} is left as it is" in waiting.stdout for name in mine), waiting.stdout
    assert project.apply().returncode == 1

    for name, path in mine.items():
        project.vps.run(f"mv {path} /etc/nginx/conf.d/{name}.conf")
    plan = project.deploy("plan")
    done = project.apply()
    assert done.returncode == 0, done.stderr
    for name in mine:
        assert f"~ /etc/nginx/conf.d/{name}.conf (takes over a file made by hand" in plan.stdout
        assert project.get(name, scheme="http")[0] == 502
        assert project.vps.run(f"grep -l 'x{name[0]} .*418' -R /var/lib/deploy/before").stdout
    again = project.deploy("init", "-c", "again.yaml", *there)
    assert "! it has app.test, old.test, page.test from another sites.yaml" in again.stderr


def test_a_hand_edit_is_shown_and_kept_aside(project: Project) -> None:
    project.sites = {"old.test": REDIRECT}
    project.apply()
    project.vps.run("echo '# at night' >> /etc/nginx/conf.d/old.test.conf")
    plan = project.deploy("plan")
    assert plan.returncode == 4
    assert "~ /etc/nginx/conf.d/old.test.conf (edited by hand on the server)" in plan.stdout
    assert "-# at night" in plan.stdout
    assert project.apply().returncode == 0
    assert project.vps.run("grep -rl 'at night' /var/lib/deploy/before").stdout.strip()
    assert project.plan() == EMPTY | {"server": project.vps.address}


@pytest.mark.in_turns("made by hand")
def test_what_stands_in_the_way_of_a_plan_is_told(project: Project) -> None:
    project.sites = {"one.test": REDIRECT}
    folder = "/etc/nginx/conf.d/one.test.conf"  # as Docker makes what it mounts and does not find
    project.vps.run(f"mkdir {folder}")
    applied = project.apply()
    assert (applied.returncode, f"✗ {folder} on the server is a folder" in applied.stdout) == (1, True)
    assert "nothing was changed" in applied.stderr
    project.vps.run(f"rmdir {folder}")
    assert project.apply().returncode == 0
    project.vps.run("head -c 999 /dev/urandom >>/var/lib/deploy/manifest")
    mended = project.apply()
    assert (mended.returncode, "of /var/lib/deploy/manifest" in mended.stdout) == (0, True), mended.stderr
    project.vps.run("sha256sum --check --strict --quiet /var/lib/deploy/manifest")
    version = project.vps.run("cat /usr/local/lib/deploy/version").stdout.strip()
    project.vps.run("echo 99.1 >/usr/local/lib/deploy/version")
    older = project.deploy("plan")
    assert (older.returncode, older.stdout) == (1, "")
    assert f"was made by deploy 99.1, and this is {version}: it would undo" in older.stderr


def test_a_site_that_is_removed_goes_and_its_content_stays(project: Project) -> None:
    project.sites = {"page.test": page(https=False), "old.test": REDIRECT}
    assert project.deploy("push", "page.test", "--yes").returncode == 0
    del project.sites["page.test"]
    plan = project.deploy("plan")
    assert "- /etc/nginx/conf.d/page.test.conf" in plan.stdout
    assert "-    server_name page.test;" in plan.stdout
    assert "! what was published of page.test stays in /srv/deploy/page.test" in plan.stdout
    assert project.apply().returncode == 0
    assert project.get("page.test", scheme="http")[0] == 0
    assert project.vps.run("cat /var/www/page.test/index.html").stdout == "<h1>One</h1>\n"
    assert project.plan() == EMPTY | {"server": project.vps.address}


def test_an_apply_of_one_site_leaves_the_others_alone(project: Project) -> None:
    project.sites = {"app.test": PROXY, "old.test": REDIRECT, "page.test": page(https=False)}
    applied = project.apply("page.test")
    assert (applied.returncode, project.get("page.test", scheme="http")[0]) == (0, 404)
    assert "page.test answers 404 until it is pushed.\n→ deploy push page.test\n" in applied.stderr
    assert project.apply("old.test").returncode == 0
    assert project.get("old.test", scheme="http")[0] == 301
    assert [file["path"] for file in project.plan()["files"]] == ["/etc/nginx/conf.d/app.test.conf"]


@pytest.mark.in_turns("certificates")
@pytest.mark.fault("the authority refuses one of three names")
def test_one_of_three_names_gets_no_certificate(project: Project) -> None:
    project.sites = {
        "three.test": {**REDIRECT, "https": True, "aliases": ["a.three.test", "b.three.test"]},
        "page.test": page(),
    }
    project.acme.refuse("b.three.test")
    try:
        done = project.apply()
    finally:
        project.acme.allow("b.three.test")
    assert done.returncode == 1
    assert "✗ certificate three.test: made without b.three.test, which the authority refuses" in done.stderr
    assert "b.three.test" in done.stderr
    assert project.get("three.test")[0] == 301
    assert project.get("a.three.test")[0] == 301
    assert project.get("page.test")[0] in (403, 404)
    assert project.plan()["certificates"] == [
        {
            "name": "three.test",
            "names": ["three.test", "a.three.test", "b.three.test"],
            "missing": ["b.three.test"],
        }
    ]
    assert project.apply().returncode == 0
    assert project.get("b.three.test")[0] == 301
    assert project.plan() == EMPTY | {"server": project.vps.address}
    project.vps.run("certbot delete --non-interactive --cert-name three.test")
    lost = 'cannot load certificate "/etc/letsencrypt/live/three.test/fullchain.pem"'
    status = project.deploy("status", "--json")
    assert (status.returncode, lost in json.loads(status.stdout)["nginx_refuses"]) == (1, True), status
    assert f"NGINX refuses its files: {lost}" in project.deploy("audit").stdout


RENEWAL = "etc/letsencrypt/renewal/three.test.conf"
NAMES_OF = "openssl x509 -noout -ext subjectAltName -in /etc/letsencrypt/live/{}/cert.pem"


@pytest.mark.in_turns("certificates")
@pytest.mark.fault("the authority refuses a name at a renewal")
def test_a_renewal_never_drops_the_site_s_own_name(project: Project) -> None:
    names = ["three.test", "a.three.test"]
    project.sites = {"three.test": {**REDIRECT, "https": True, "aliases": names[1:]}}
    assert project.apply().returncode == 0
    renewal = project.vps.root / RENEWAL
    assert "subset" not in renewal.read_text()
    before = renewal.read_text()
    # what older versions have left behind
    renewal.write_text(f"{before.rstrip()}\nallow_subset_of_names = True\n")
    assert "its renewals no longer leave out names" in project.deploy("plan").stdout
    assert project.apply().returncode == 0
    assert renewal.read_text() == before
    assert project.plan()["empty"]

    project.acme.refuse("three.test")
    try:
        renew = "REQUESTS_CA_BUNDLE=/etc/deploy/acme-ca.pem certbot renew --force-renewal --no-random-sleep-on-renew"
        assert project.vps.run(f"{renew} --cert-name three.test", check=False).returncode != 0
    finally:
        project.acme.allow("three.test")
    assert project.plan()["empty"], "the certificate still has both names"
    assert [project.get(name)[0] for name in names] == [301, 301]


@contextmanager
def tls_visitors(address: str, names: Iterable[str]) -> Iterator[dict[str, set[str]]]:
    """What visitors of these names by HTTPS meet instead of an answer, all the time."""
    met: dict[str, set[str]] = {name: set() for name in names}
    end = threading.Event()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def visit(name: str) -> None:
        while not end.wait(0.1):
            try:
                with (
                    socket.create_connection((address, 443), timeout=10) as raw,
                    context.wrap_socket(raw, server_hostname=name) as tls,
                ):
                    certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
                    covered = certificate.extensions.get_extension_for_class(
                        x509.SubjectAlternativeName
                    ).value
                    if name not in covered.get_values_for_type(x509.DNSName):
                        met[name].add("a certificate of others")
            except OSError as error:
                met[name].add(str(error))

    threads = [threading.Thread(target=visit, args=(name,)) for name in met]
    for thread in threads:
        thread.start()
    try:
        yield met
    finally:
        end.set()
        for thread in threads:
            thread.join()


@pytest.mark.in_turns("certificates")
@pytest.mark.fault("the authority refuses a name that moves to another site")
def test_a_name_keeps_its_https_while_it_moves_to_another_site(project: Project) -> None:
    site, moving = {**REDIRECT, "https": True}, ["a.three.test", "old.test"]
    old = {**site, "to": "https://old.example"}
    project.sites = {"three.test": {**old, "aliases": ["a.three.test"]}, "old.test": old}
    assert project.apply().returncode == 0
    # an alias of one that stays, and the own domain of one that goes
    project.sites = {"three.test": old, "app.test": {**site, "aliases": moving}}
    notes = project.plan()["notes"]
    project.acme.refuse(*moving)
    with tls_visitors(project.vps.address, moving) as met:
        try:
            done = project.apply()
        finally:
            project.acme.allow(*moving)
        assert done.returncode == 1
        assert not any(met.values()), met
        assert "✗ a.three.test stays with three.test" in done.stderr
        assert "✓ certificate three.test" not in done.stderr
        assert "a.three.test" in project.vps.run(NAMES_OF.format("three.test")).stdout
        project.sites["app.test"]["nginx"] = "nonsense on;"
        refused = project.apply()
        assert refused.returncode == 1
        assert "✗ a.three.test stays with three.test: app.test is not live with it" in refused.stderr
        assert not any(met.values()), met
        del project.sites["app.test"]["nginx"]
        again = project.apply()
        assert again.returncode == 0, again.stderr
        assert project.plan() == EMPTY | {"server": project.vps.address, "left": []}
        assert "a.three.test" not in project.vps.run(NAMES_OF.format("three.test")).stdout
        assert not (project.vps.root / "etc/nginx/conf.d/old.test.conf").exists()
    assert not any(met.values()), met
    assert [note.split(":")[0] for note in notes] == [
        "a.three.test moves from three.test to app.test",
        "old.test moves from old.test to app.test",
    ]


KILLED = r"""
find /srv/deploy/old.test /var/www/old.test | sort >/root/before
for at in {1..45} 9999; do
    mkdir -p /etc/deploy/renamed && echo old.test >/etc/deploy/renamed/app.test
    bash -Tc '. /root/publication.sh; n=0; trap "((n++ != '$at')) || kill -9 $$" DEBUG; take_over_renamed' 2>/dev/null
    if ((at == 9999)) && ! cat /var/www/app.test/index.html; then echo "not taken over"; fi
    rm -r /etc/deploy/renamed
    bash -c '. /root/publication.sh; give_back_renamed'
    ls -d /srv/deploy/app.test /srv/deploy/.app.test* /var/www/app.test /var/www/.app.test* 2>/dev/null && echo "left at $at"
done
find /srv/deploy/old.test /var/www/old.test | sort | diff /root/before -
rm -r /var/lib/deploy/renaming
"""


@pytest.mark.fault("what was published is given another name, and that is killed anywhere and undone")
def test_what_was_published_is_as_it_was_wherever_another_name_ends(project: Project) -> None:
    functions = Path(publication.__file__).with_suffix(".sh").read_text()
    (project.vps.root / "root/publication.sh").write_text(functions)
    project.sites = {"old.test": page(https=False)}
    assert project.deploy("push", "old.test", "--yes").returncode == 0
    done = project.vps.run(KILLED, check=False)
    assert (done.returncode, done.stdout) == (0, "<h1>One</h1>\n"), done.stdout + done.stderr


@pytest.mark.in_turns("certificates")
@pytest.mark.fault("a site that gets another domain has no certificate, and then NGINX refuses its lines")
def test_a_published_site_goes_on_under_another_domain(project: Project) -> None:
    there = "ls -d /srv/deploy/app.test /var/www/app.test /srv/deploy/.app.test* 2>/dev/null"
    site = page(https=True)
    project.sites = {"old.test": site}
    project.commit("page", {"_redirects": "/from /about.html\n"})
    assert project.deploy("push", "old.test", "--yes").returncode == 0
    project.commit("page", {"index.html": "<h1>Two</h1>\n"})
    assert project.deploy("push", "old.test").returncode == 0
    before = project.deploy("releases", "old.test").stdout

    project.sites = {"app.test": {**site, "renamed_from": "old.test"}}
    assert project.plan()["notes"][0].startswith("app.test goes on with what was published of old.test: ")
    project.acme.refuse("app.test")
    with tls_visitors(project.vps.address, ["old.test"]) as met:
        try:
            assert project.apply().returncode == 1
        finally:
            project.acme.allow("app.test")
        assert project.vps.run(there, check=False).stdout == "", "it waits for its certificate"
        assert project.get("old.test") == (200, "<h1>Two</h1>\n")
        project.sites["app.test"]["nginx"] = "nonsense on;"
        assert project.apply().returncode == 1
        assert project.vps.run(there, check=False).stdout == "", "nothing was begun"
        project.vps.run("systemd-run --quiet --unit=squatter python3 -m http.server 9999")
        until_listening(project.vps, 9999)
        project.sites["app.test"]["nginx"] = "listen 9999;"
        undone = project.apply()
        project.vps.run("systemctl stop squatter")
        assert undone.returncode == 1
        assert "app.test.conf is in place, but does not start" in undone.stderr
        assert "! app.test goes on with what was published of old.test" in undone.stdout
        assert project.vps.run(there, check=False).stdout == "", "what was begun is undone"
        assert project.get("old.test") == (200, "<h1>Two</h1>\n")
        del project.sites["app.test"]["nginx"]
        done = project.apply()
        assert done.returncode == 0, done.stdout + done.stderr
        assert not any(met.values()), met
    assert project.get("app.test") == (200, "<h1>Two</h1>\n"), "without a push"
    assert project.get("app.test", "/from")[0] == 301
    assert project.get("old.test", "/about.html")[0] == 301
    assert project.deploy("releases", "app.test").stdout == before
    assert project.deploy("rollback", "app.test").returncode == 0
    assert project.get("app.test") == (200, "<h1>One</h1>\n")
    assert project.deploy("push", "app.test").returncode == 0
    assert project.get("app.test") == (200, "<h1>Two</h1>\n")
    assert project.vps.run("cat /var/www/old.test/index.html").stdout == "<h1>Two</h1>\n"
    project.vps.run("rm -r /srv/deploy/old.test /var/www/old.test")
    assert project.get("app.test") == (200, "<h1>Two</h1>\n")
    plan = project.plan()
    assert (plan["empty"], plan["notes"]) == (True, [])


@pytest.mark.in_turns("certificates")
def test_what_the_server_calls_itself_proves_no_dns(project: Project) -> None:
    project.vps.add_hosts({"itself.test": "127.0.1.1"})
    project.sites = {"itself.test": {**REDIRECT, "https": True}}
    done = project.apply()
    assert (done.returncode, "itself.test has no address in the DNS" in done.stderr) == (1, True), done.stderr


@pytest.mark.in_turns("certificates")
def test_an_alias_that_leads_elsewhere_is_no_fault_of_our_own_file(project: Project) -> None:
    site = {**REDIRECT, "https": True}
    project.sites = {"old.test": site}
    assert project.apply().returncode == 0
    elsewhere = Network.of(f"vps-{LIMIT}").address
    project.vps.add_hosts({"elsewhere.test": elsewhere})
    project.sites = {"old.test": {**site, "aliases": ["elsewhere.test"]}}
    told = f"http://elsewhere.test/ ({elsewhere}) is not answered by this server: check its DNS records and port 80"
    for _ in range(2):  # the second time, our own file on the server has the name
        done = project.apply()
        assert done.returncode == 1
        assert f"{told} (old.test leads here, by 127.0.0.1)" in done.stderr
        assert "✗ certificate old.test stays without elsewhere.test, which does not lead here" in done.stderr
        assert "answers for elsewhere.test without the challenge" not in done.stderr
    status = project.deploy("status", "--json")
    (found,) = json.loads(status.stdout)["sites"]
    assert (status.returncode, found["fine"]) == (1, False)
    assert found["problems"] == [
        f"elsewhere.test: it has no certificate: its DNS leads to {elsewhere}, and deploy apply asks for one when "
        "that is this server"
    ]
    hosts = project.vps.root / "etc/hosts"
    right = hosts.read_text()
    hosts.write_text(
        right.replace("127.0.0.1 old.test\n", f"{elsewhere} old.test\n")
    )  # it was right when the certificate was made
    told = f"http://old.test/ ({elsewhere}) is not answered by this server: check its DNS records and port 80"
    assert json.loads(project.deploy("status", "--json").stdout)["astray"] == {"old.test": told}
    assert f"! {told}; its certificate cannot be renewed so" in project.deploy("status", COLUMNS="300").stdout
    hosts.write_text(right)
    project.sites = {"three.test": {**site, "aliases": ["elsewhere.test", "nowhere.test"]}}
    first = project.apply()
    assert first.returncode == 1
    assert (
        "✗ certificate three.test: made without elsewhere.test nowhere.test, which do not lead here"
        in first.stderr
    )


def self_signed(name: str, days: int) -> bytes:
    """A certificate that ends in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    who, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=90)).not_valid_after(now + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    text = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return made.sign(key, hashes.SHA256()).public_bytes(pem) + key.private_bytes(pem, *text)


@pytest.mark.in_turns("certificates")
@pytest.mark.fault("a certificate is unknown, expired or for another name", rounds=3)
def test_status_sees_a_certificate_as_visitors_do(project: Project) -> None:
    site = {**REDIRECT, "https": True}
    project.sites = {"old.test": {**site, "aliases": ["www.page.test"]}, "three.test": site}
    assert project.apply().returncode == 0
    root = project.vps.root
    trusted = root / "etc/ssl/certs/ca-certificates.crt"
    kept = (root / "etc/nginx/conf.d/old.test.conf").read_text(), trusted.read_bytes()

    def told(pem: bytes, trust: bool = False) -> list[str]:
        (root / "etc/nginx/other.pem").write_bytes(pem)
        trusted.write_bytes(kept[1] + (pem if trust else b""))
        other = re.sub(r"/etc/letsencrypt/live/old.test/\w+.pem", "/etc/nginx/other.pem", kept[0])
        (root / "etc/nginx/conf.d/old.test.conf").write_text(other)
        reload_nginx(project.vps)
        done = project.deploy("status", "--json")
        found, other_site = json.loads(done.stdout)["sites"]
        assert (done.returncode, found["fine"], other_site["fine"]) == (1, False, True)
        assert found["status"] == 301, "what NGINX answers is told all the same"
        return found["problems"]

    unknown = "browsers do not know who issued the certificate"
    try:
        assert project.deploy("status").returncode == 0
        assert told(self_signed("old.test", 60)) == [unknown, f"www.page.test: {unknown}"]
        assert told(self_signed("old.test", -1), trust=True) == [
            "the certificate has expired",
            "www.page.test: the certificate has expired",
        ]
        pem = project.vps.run("cd /etc/letsencrypt/live/three.test && cat fullchain.pem privkey.pem").stdout
        assert told(pem.encode()) == [
            "the certificate is not for old.test",
            "www.page.test: the certificate is not for www.page.test",
        ]
    finally:
        (root / "etc/nginx/conf.d/old.test.conf").write_text(kept[0])
        trusted.write_bytes(kept[1])
        reload_nginx(project.vps)
    assert "days" in project.deploy("status").stdout


@pytest.mark.in_turns("certificates")
def test_a_name_that_does_not_lead_here_is_not_asked_for(project: Project) -> None:
    project.sites = {"nowhere.test": {**REDIRECT, "https": True}, "old.test": REDIRECT}
    done = project.apply()
    assert done.returncode == 1
    assert "nowhere.test has no address in the DNS" in done.stderr
    assert project.get("old.test", scheme="http")[0] == 301

    project.sites = {"nowhere.test": page(), "page.test": page(https=False)}
    pushed = project.deploy("push", "nowhere.test", "page.test", "--yes")
    assert pushed.returncode == 1
    assert "✗ nowhere.test is still not on " in pushed.stderr
    assert "Nothing was pushed to nowhere.test." in pushed.stderr
    assert "with `https: false`" in pushed.stderr
    assert project.get("page.test", scheme="http")[0] == 200

    project.sites = {"nowhere.test": page(https=False)}
    early = project.deploy("push", "nowhere.test", "--yes")
    assert early.returncode == 0, early.stderr
    assert project.get("nowhere.test", scheme="http") == (200, "<h1>One</h1>\n")


def test_a_program_that_holds_a_port_is_named(project: Project) -> None:
    project.sites = {"app.test": PROXY}
    project.vps.run("systemctl stop nginx; systemd-run --quiet --unit=squatter python3 -m http.server 80")
    try:
        until_listening(project.vps, 80)
        plan, done = project.deploy("plan"), project.apply()
    finally:
        project.vps.run("systemctl stop squatter")
    assert done.returncode == 1
    held = re.compile(r"port 80 is held by python3 \(process \d+, squatter\.service\), and NGINX needs it")
    assert re.search(f"(?m)^! {held.pattern}$", plan.stdout), plan.stdout
    assert re.search(f"✗ nothing was changed on {project.vps.address}: {held.pattern}", done.stderr), (
        done.stderr
    )
    assert "▸" not in done.stderr
    assert project.apply().returncode == 0
    assert project.get("app.test", scheme="http")[0] == 502
    deaf = "app.test: nothing listens on 127.0.0.1:9000, where NGINX leads its visitors"
    assert deaf in project.deploy("status").stdout


@pytest.mark.in_turns("made by hand")
def test_whatever_else_renews_certificates_is_told(project: Project) -> None:
    project.sites = {"page.test": page()}
    project.vps.run("echo '0 3 * * * certbot renew -q' | crontab -")
    try:
        plan = project.deploy("plan")
    finally:
        project.vps.run("crontab -r")
    assert (
        "take this away, which does it too: /var/spool/cron/crontabs/root 0 3 * * * certbot renew"
        in plan.stdout
    )
    assert project.vps.run("systemctl is-enabled certbot.timer").stdout == "enabled\n"


def test_a_hugo_that_does_not_exist_holds_up_no_other_site(project: Project) -> None:
    project.sites = {"page.test": page(kind="hugo", hugo="0.0.1", https=False), "old.test": REDIRECT}
    done = project.apply()
    assert done.returncode == 1
    assert "✗ hugo 0.0.1 could not be installed" in done.stderr
    assert project.get("old.test", scheme="http")[0] == 301
    pushed = project.deploy("push", "page.test")
    assert pushed.returncode == 1
    assert "0.0.1" in pushed.stderr


@pytest.mark.in_turns("logins")
def test_a_server_that_cannot_be_trusted_or_reached(project: Project, tmp_path: Path) -> None:
    project.sites = {"old.test": REDIRECT}
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJTbWcfTRuzrgBvhEWmbPJFxTrRFQHTyvtY4zPdf1aC"
    strange = tmp_path / "strange"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", strange], check=True)
    cases = {
        "is not known, so nothing was sent to it": {"host_key": None},
        "shows another host key than expected": {"host_key": other},
        "refused the login": {"key": str(strange)},
        "cannot be reached": {"port": 2},
    }
    for words, server in cases.items():
        project.write(**server)
        done = typed(["plan"], project.folder, {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 3, (words, done.stderr)
        assert words in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.in_turns("logins")
def test_a_server_is_called_as_the_user_calls_it(project: Project, tmp_path: Path) -> None:
    project.sites = {"old.test": REDIRECT}
    project.write(host="alma", key=None, host_key=None)
    settings = tmp_path / "home/.ssh"
    settings.mkdir(parents=True)
    (settings / "config").write_text(
        f"Host alma\n  HostName {project.vps.address}\n  IdentityFile {project.vps.key}\n"
    )
    (settings / "known_hosts").write_text(f"{project.vps.address} {project.vps.host_key}\n")
    done = typed(["plan"], project.folder, {**os.environ, "HOME": str(settings.parent)})
    assert done.returncode == 4, done.stderr
    assert done.stdout.splitlines()[-1].startswith("alma: ")


@pytest.mark.in_turns("logins")
def test_a_jump_must_be_the_one_we_know_as_the_server_must(project: Project, tmp_path: Path) -> None:
    """The jump is a second sshd with a host key of its own; from there the server is reached at 127.0.0.1."""
    vps = project.vps
    vps.run("rm -f /root/jump*; ssh-keygen -q -t ed25519 -N '' -f /root/jump")
    vps.run("/usr/sbin/sshd -p 2222 -h /root/jump -o PidFile=/root/jump.pid")
    key = " ".join(vps.run("cat /root/jump.pub").stdout.split()[:2])
    another = new_key(tmp_path / "another")
    settings = tmp_path / "home/.ssh"
    settings.mkdir(parents=True)
    (settings / "config").write_text(
        f"Host far\n  HostName 127.0.0.1\n  ProxyJump root@{vps.address}:2222\n"
        f"Host *\n  IdentityFile {vps.key}\n"
    )
    project.sites = {"old.test": REDIRECT}
    project.write(host="far", key=None)
    jump = f"[{vps.address}]:2222"
    cases = {
        "": (3, f"✗ the host key of {vps.address} is not known, so nothing was sent to it"),
        f"{jump} {another}\n": (3, f"✗ {vps.address} shows another host key than expected"),
        f"{jump} {key}\n": (4, ""),
    }
    for lines, (code, said) in cases.items():
        (settings / "known_hosts").write_text(lines)
        done = typed(["plan"], project.folder, {"HOME": str(settings.parent), "PATH": "/usr/bin:/bin"})
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert "server.host_key" not in done.stderr, "that is the key of the server, not of the jump"
    vps.run("kill $(cat /root/jump.pid)")


def new_key(path: Path) -> str:
    """The public half of a key that no server has."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


@pytest.mark.in_turns("made by hand")
def test_a_hand_made_site_without_https_is_taken_over(project: Project) -> None:
    mine = "/etc/nginx/conf.d/page.test.conf"
    block = "server { listen 80; server_name page.test; root /var/www/html; %s }"
    project.vps.run(f"echo '{block % ''}' > {mine}")
    reload_nginx(project.vps)
    project.sites = {"page.test": page()}
    done = project.apply()
    assert done.returncode == 1
    line = "include /etc/nginx/deploy/acme.conf;"
    assert f"{mine} answers for page.test without the challenge: add to its server on port 80: {line}" in (
        done.stderr
    )
    assert project.vps.run(f"cat {mine}").stdout == f"{block % ''}\n"
    project.vps.run(f"echo '{block % line}' > {mine}")
    reload_nginx(project.vps)
    plan = project.deploy("plan")
    assert f"~ {mine} (takes over a file made by hand)" in plan.stdout
    done = project.deploy("push", "page.test", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("page.test") == (200, "<h1>One</h1>\n")


@pytest.mark.fault("Ctrl-C in the middle of an apply")
def test_ctrl_c_in_the_middle_of_an_apply(project: Project) -> None:
    # certbot is slow enough to be interrupted: by then the files that need no certificate are live
    project.sites = {"page.test": page(), "old.test": REDIRECT}
    project.write()
    running = client([*DEPLOY, "apply", "--yes"], cwd=project.folder, stderr=subprocess.PIPE)
    while not project.vps.run("pgrep -f 'certbot certonly'", check=False).stdout:
        assert running.poll() is None
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "Traceback" not in said
    assert (
        f"! {project.vps.address} ends the step that it has begun, or undoes it, and begins no other." in said
    )
    while project.vps.run("pgrep -f 'certbot certonly'", check=False).stdout:
        time.sleep(0.2)
    assert project.apply().returncode == 0
    assert project.plan() == EMPTY | {"server": project.vps.address}


def test_a_push_tells_of_settings_that_were_not_applied(project: Project) -> None:
    project.sites = {"page.test": page(https=False)}
    assert "other settings" not in project.deploy("push", "page.test", "--yes").stderr
    project.sites["page.test"]["keep"] = 2
    pushed = project.deploy("push", "page.test")
    assert pushed.returncode == 0
    assert "! sites.yaml has other settings for page.test than this server" in pushed.stderr
    assert project.apply().returncode == 0
    assert "other settings" not in project.deploy("push", "page.test").stderr


def test_a_push_of_a_folder_takes_the_branch_that_sites_yaml_names(project: Project) -> None:
    project.sites = {"page.test": page(https=False, branch="main")}
    git = [*GIT, "-C", str(project.folder / "page")]
    subprocess.run([*git, "switch", "--quiet", "--create", "draft"], check=True)
    project.commit("page", {"index.html": "<h1>Draft</h1>\n"})
    assert project.deploy("push", "page.test", "--yes").returncode == 0
    assert project.get("page.test", scheme="http") == (200, "<h1>One</h1>\n")
    assert project.deploy("push", "page.test", "--ref", "draft").returncode == 0
    assert project.get("page.test", scheme="http") == (200, "<h1>Draft</h1>\n")


ALTERNATE = """
local paths = {"/", "/style.0123abcd.css"}
local turn = 0
request = function()
    turn = turn + 1
    return wrk.format("GET", paths[turn % 2 + 1])
end
function delay() -- a visitor every two milliseconds leaves the processor to what is tested
    return 16
end
"""


def test_visitors_notice_nothing(project: Project) -> None:
    # each round publishes and goes back, so the first release's stylesheet is always live or the one before
    project.commit("page", {"style.0123abcd.css": "body { color: teal }"})
    project.sites = {"page.test": page(https=False), "old.test": REDIRECT}
    assert project.deploy("push", "page.test", "--yes").returncode == 0
    subprocess.run(["git", "-C", project.folder / "page", "rm", "-q", "style.0123abcd.css"], check=True)
    (project.folder / "alternate.lua").write_text(ALTERNATE)
    wrk = ["wrk", "--threads", "1", "--connections", "8", "--duration", "300s", "--script", "alternate.lua"]
    # a connection per request: a reload closes idle kept-alive ones, which a browser opens again by itself
    headers = ["--header", "Host: page.test", "--header", "Connection: close"]
    argv = [*wrk, *headers, f"http://{project.vps.address}/"]
    load = client(argv, cwd=project.folder, stdout=subprocess.PIPE)
    try:
        for number in range(1, 5):
            project.commit("page", {"index.html": f"<h1>Round {number}</h1>\n"})
            assert project.deploy("push", "page.test").returncode == 0
            project.sites["old.test"] = {**REDIRECT, "code": (301, 302)[number % 2]}
            assert project.apply().returncode == 0
            assert project.deploy("rollback", "page.test").returncode == 0
    finally:
        load.send_signal(signal.SIGINT)  # then it reports
        report = load.communicate()[0]
    assert "Non-2xx" not in report, report
    assert "Socket errors" not in report, report
    assert int(report.split(" requests in")[0].split()[-1]) > 1000, report


def test_a_sites_yaml_that_takes_most_away_needs_more_than_yes(project: Project) -> None:
    names = ("old.test", "one.test", "two.test")
    project.sites = dict.fromkeys(names, REDIRECT)
    assert project.apply().returncode == 0
    for sites, options in (({}, ()), ({"other.test": REDIRECT}, ()), ({}, ("--take-off", "2"))):
        project.sites = sites
        refused = project.deploy("apply", "--yes", *options)
        assert refused.returncode == 2
        host = project.vps.address
        assert f"! takes 3 of 3 sites and services off {host}: old.test, one.test, two.test" in refused.stdout
        assert f"nothing was changed: this takes 3 of 3 sites and services off {host}" in refused.stderr
        assert "deploy apply --yes --take-off 3" in refused.stderr
    assert project.plan()["taken_off"] == {"names": list(names), "of": 3, "most": True}
    assert project.get("old.test", scheme="http")[0] == 301
    done = project.deploy("apply", "--yes", "--take-off", "3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.get("old.test", scheme="http")[0] != 301


BY_HAND = """
useradd --create-home --shell /bin/bash bob && echo bob:secret | chpasswd
useradd --create-home --shell /bin/bash locked; mkdir ~bob/.ssh
mkfifo ~bob/.ssh/authorized_keys; ln -s /dev/zero ~bob/.ssh/authorized_keys2
echo 'PasswordAuthentication yes' >/etc/ssh/sshd_config.d/10-by-hand.conf
mkdir -p /etc/fail2ban /root/blog
printf '[DEFAULT]\\nbantime = 1d\\nignoreip = 127.0.0.1/8 192.0.2.7\\n[nginx]\\nmaxretry = 1\\n' >/etc/fail2ban/jail.local
cat >/etc/nginx/conf.d/wiki.conf <<'END'
server { # by hand
    server_name wiki.test;
    listen 80;
    return 204;
}
server {
    server_name six.test;
    listen 80; listen [::]:80;
    return 204;
}
END
echo 'hugo -s . -d /var/www/page.test/ --minify' >/root/blog/build.sh
echo 'docker compose stop; tar -caf x.tar.zst .' >/root/nightly.sh
printf '# backup\\nPATH=/bin\\n0 23 * * * /root/make-backup.sh >/dev/null\\n*/5 * * * * cd /root/blog && git pull; ./build.sh\\n' |
    crontab -u root -
"""
BY_HAND_NO_MORE = """
userdel --remove bob 2>/dev/null; userdel --remove locked 2>/dev/null; crontab -u root -r
rm -rf /etc/ssh/sshd_config.d/10-by-hand.conf /etc/fail2ban/jail.local /etc/nginx/conf.d/wiki.conf /root/blog
"""


@pytest.mark.in_turns("made by hand")
def test_the_plan_tells_what_a_person_has_set_up_that_ours_meets(project: Project) -> None:
    key = (Path(__file__).parents[2] / "examples/backup-key.asc").read_bytes()
    (project.folder / "key.asc").write_bytes(key)
    project.sites = {"page.test": page(https=False), "old.test": REDIRECT}
    project.more = {
        "security": {"ssh": {}, "fail2ban": {}, "firewall": False},
        "backups": {"recipient": "key.asc"},
    }
    project.vps.run(BY_HAND)
    try:
        notes = set(project.plan()["notes"])
        project.more = {"security": False}
        without = set(project.plan()["notes"])
    finally:
        project.vps.run(BY_HAND_NO_MORE)
    wiki = (
        "wiki.test (/etc/nginx/conf.d/wiki.conf) listens on IPv4 alone: its visitors by IPv6, where our sites "
        "listen, get another answer. Write `listen [::]:443 ssl;` and `listen [::]:80;` beside its listen lines"
    )
    build = (
        "a line in /var/spool/cron/crontabs/root writes to /var/www/page.test, which a push makes a link to "
        "what is live: take it away, or it changes what visitors see, and releases before"
    )
    jail = "/etc/fail2ban/jail.local"
    read_after = "and deploy's jails, which are read after it"
    assert {
        "logins by password go off, and bob has no key: ssh-copy-id first, or no login any more",
        f"{jail} says bantime = 1d, {read_after}, 3600",
        f"{jail} never shuts out 192.0.2.7, {read_after}, do: write security.fail2ban.ignore",
        wiki,
        "backups of your own go on beside ours, and may stop the same containers: /var/spool/cron/crontabs/root",
        build,
    } <= notes
    told = " ".join(notes)
    assert "locked" not in told
    assert "six.test" not in told
    assert "maxretry" not in told
    assert without & notes == {wiki, build}
