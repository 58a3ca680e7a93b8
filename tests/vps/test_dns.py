"""DNS records and certificates of one server: what is written when, and that the next plan is empty."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from outside.cloudflare import Cloudflare
from outside.own_certificate import write_certificate
from outside.provider import TOKEN, Asked, Reply
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")
NAME = "new.example.org"


@pytest.fixture
def cloudflare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudflare]:
    monkeypatch.setenv("DNS_TOKEN", TOKEN)
    monkeypatch.setenv("RENEWAL_TOKEN", TOKEN)
    monkeypatch.setattr(Cloudflare, "listen", "0.0.0.0")  # the server asks it, too
    with Cloudflare("example.org") as provider:
        yield provider


@pytest.fixture
def project(tmp_path: Path, vps: Machine, acme: AcmeServer, cloudflare: Cloudflare) -> Project:
    dns = {
        "provider": "cloudflare",
        "token": "env:DNS_TOKEN",
        "endpoint": cloudflare.address,
        "address": ["203.0.113.7", "2001:db8::7"],
    }
    sites = {NAME: {"kind": "redirect", "to": "https://www.example.org", "hsts": "0"}}
    return Project(tmp_path, vps, acme, sites, {"dns": dns})


def test_a_new_name_leads_here_before_its_certificate_is_asked_for(
    project: Project, vps: Machine, acme: AcmeServer, cloudflare: Cloudflare
) -> None:
    there: list[str] = []
    acme.refuse(NAME)

    def leads_now(asked: Asked) -> Reply | None:
        if asked.method == "POST":
            there.append(vps.run(f"ls /etc/letsencrypt/live/{NAME} 2>/dev/null; ls /etc/nginx/deploy").stdout)
            vps.add_hosts({NAME: "127.0.0.1"})
            acme.allow(NAME)
        cloudflare.next = [leads_now]
        return None

    cloudflare.next = [leads_now]
    plan = project.plan()
    assert [each["path"] for each in plan["files"] if each["path"].startswith("dns:")] == [
        "dns:example.org/new/A",
        "dns:example.org/new/AAAA",
    ]
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ dns:example.org 2 changed" in done.stderr
    assert f"✓ certificate {NAME}" in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    (seen,) = there
    assert "acme.conf" in seen, "NGINX answers the authority by then"
    assert "fullchain.pem" not in seen
    assert project.plan()["empty"]
    assert project.get(NAME)[0] == 301
    stored = vps.run(
        "grep -rlF a-token-of-forty /etc /var/lib/deploy /usr/local/lib/deploy /root || true"
    ).stdout
    assert stored == "", "the token stays at home"

    project.more["dns"].pop("address")
    refused = project.deploy("plan")
    assert refused.returncode == 1
    address = vps.address
    assert (
        f"everybody can reach: {address} is a private address. Write it: dns: {{address: [" in refused.stdout
    )
    assert len(cloudflare.of("example.org")) == 2


def test_a_provider_that_is_down_stops_nothing_and_a_server_that_refuses_moves_no_name(
    project: Project, vps: Machine, cloudflare: Cloudflare
) -> None:
    endpoint = project.more["dns"]["endpoint"]
    project.more["dns"]["endpoint"] = "http://127.0.0.1:9/"
    project.sites = {
        "plain.example.org": {"kind": "redirect", "to": "https://www.example.org", "https": False}
    }
    done = project.apply()
    assert done.returncode == 1
    assert "✗ DNS: Cloudflare cannot be reached." in done.stdout
    assert project.get("plain.example.org", scheme="http")[0] == 301, "the server has it all the same"

    project.more["dns"]["endpoint"] = endpoint
    cloudflare.by_hand("example.org", name="plain.example.org", type="A", content="198.51.100.1")
    project.sites["plain.example.org"]["nginx"] = "no_such_directive on;"
    document = json.loads(project.deploy("plan", "--json").stdout)
    surprises = {each["path"]: each["surprise"] for each in document["files"]}
    assert surprises["dns:example.org/plain/A"] == "taken_over"
    done = project.apply()
    assert done.returncode == 1
    assert "198.51.100.1" in cloudflare.values("example.org")[0], done.stderr


def test_names_are_proved_by_dns_before_they_lead_here_and_renewed_by_the_server_itself(
    project: Project, vps: Machine, acme: AcmeServer, cloudflare: Cloudflare
) -> None:
    wild, moments = "wild.example.org", []
    proxyd = f"/usr/lib/systemd/systemd-socket-proxyd {acme.host}:{cloudflare.port}"
    vps.run(
        f"systemd-run --unit provider --socket-property ListenStream=127.0.0.1:{cloudflare.port} {proxyd}"
    )
    vps.run("echo CHALLENGE_WAIT=0 >>/etc/environment")

    def tell(asked: Asked) -> Reply | None:
        if asked.method == "POST" and asked.body and asked.body.get("type") == "TXT":
            acme._tell_dns("set-txt", host=f"{asked.body['name']}.", value=asked.body["content"].strip('"'))
            moments.append("proof")
        elif asked.method == "POST":
            moments.append(vps.run(f"cd /etc/letsencrypt/live/{wild} && ls fullchain.pem").stdout.strip())
        cloudflare.next = [tell]
        return None

    cloudflare.next = [tell]
    cloudflare.by_hand("example.org", name=wild, type="A", content="198.51.100.1")
    project.more["dns"]["renewal"] = "env:RENEWAL_TOKEN"
    site = {"kind": "redirect", "to": "https://www.example.org", "certificate": {"dns": True}}
    project.sites = {wild: {**site, "aliases": [f"*.{wild}"]}}
    plan = project.deploy("plan").stdout
    assert "+ secret TOKEN in /etc/deploy/challenges/.env (from the environment: RENEWAL_TOKEN)" in plan
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert moments == ["proof", "proof", "fullchain.pem"], "the name leads here when its certificate is there"
    assert not [each for each in cloudflare.values("example.org") if "TXT" in each], "the proofs are gone"
    assert project.plan()["empty"]
    assert project.get(f"any.{wild}")[0] == project.get(wild)[0] == 301
    stat = vps.run("stat -c '%a %U' /etc/deploy/challenges/.env").stdout
    assert stat == "600 root\n"
    renewed = "REQUESTS_CA_BUNDLE=/etc/deploy/acme-ca.pem CHALLENGE_WAIT=0 certbot renew --force-renewal "
    vps.run(f"{renewed} --cert-name {wild} --no-random-sleep-on-renew")
    assert moments == ["proof", "proof", "fullchain.pem", "proof", "proof"]

    vps.add_hosts({wild: "127.0.0.1"})
    project.sites = {wild: {"kind": "redirect", "to": "https://www.example.org"}}
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.plan()["empty"]
    assert vps.run("ls /etc/deploy/challenges 2>&1 || true").stdout.endswith("No such file or directory\n")
    assert "authenticator = webroot" in vps.run(f"cat /etc/letsencrypt/renewal/{wild}.conf").stdout


def test_a_certificate_of_ones_own_is_served_and_the_next_one_is_an_apply(
    project: Project, vps: Machine
) -> None:
    def served() -> str:
        ask = "openssl s_client -connect 127.0.0.1:443 -servername own.example.org </dev/null 2>/dev/null"
        return vps.run(f"{ask} | openssl x509 -noout -fingerprint -sha256").stdout.split("=")[1].strip()

    def fingerprint() -> str:
        pem = (project.folder / "own.pem").read_bytes()
        return x509.load_pem_x509_certificate(pem).fingerprint(SHA256()).hex(":").upper()

    del project.more["dns"]
    site = {"kind": "redirect", "to": "https://www.example.org"}
    project.sites = {"own.example.org": {**site, "certificate": {"chain": "own.pem", "key": "own.key"}}}
    write_certificate(project.folder / "own", "own.example.org", days=9)
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    assert served() == fingerprint()
    plan = project.deploy("plan")
    assert plan.returncode == 0
    assert "! the certificate of own.example.org, your own, ends in 9 days: bring the next one" in plan.stdout
    doctor = json.loads(project.deploy("doctor", "--json").stdout)
    assert "own.example.org" in json.dumps(doctor)
    key = "/etc/nginx/deploy/certificates/own.example.org/privkey.pem"
    assert vps.run(f"stat -c '%a %U' {key}").stdout == "600 root\n"
    write_certificate(project.folder / "own", "own.example.org")
    assert project.apply().returncode == 0
    assert served() == fingerprint()
    assert project.plan()["empty"]
    project.sites = {"other.example.org": {**site, "https": False}}
    plan = project.deploy("plan", "--full")
    assert f"- {key}" in plan.stdout
    assert "PRIVATE KEY" not in plan.stdout
    assert project.apply().returncode == 0
    assert vps.run(f"ls {key} 2>&1 || true").stdout.endswith("No such file or directory\n")
