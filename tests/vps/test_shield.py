"""Cloudflare before a site: a proxy in a network of its own, at an address of Cloudflare's, stands in for it."""

import time
from collections.abc import Iterator

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from outside.cloudflare import Cloudflare
from outside.provider import TOKEN
from vps.project import Project

pytestmark = pytest.mark.takes_turns("module")
NAME = "forum.example.org"
EDGE, WAY = "172.64.213.1", "172.64.213.2"
"""Of a range of Cloudflare's: the server's end of the link, and the proxy that stands in for it."""

NETWORK = f"""
set -e
ip route add unreachable 172.64.213.0/24 # whatever becomes of the link, nothing for it leaves the server
ip netns add cdn
ip link add edge type veth peer name eth0 netns cdn
ip address add {EDGE}/30 dev edge
ip link set edge up
ip -n cdn address add {WAY}/30 dev eth0
ip -n cdn link set eth0 up
ip -n cdn link set lo up
ip -n cdn route add SERVER via {EDGE}
ip route replace 172.64.213.0/30 dev edge src SERVER
"""

AUTHORITY = """
cd /root
curve='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $curve -days 9 -subj '/CN=An authority' -keyout ca.key -out ca.pem 2>/dev/null
openssl req -x509 -CA ca.pem -CAkey ca.key $curve -days 9 -subj /CN=NAME -addext subjectAltName=DNS:NAME \
    -addext basicConstraints=critical,CA:FALSE -keyout /etc/cdn.key -out /etc/cdn.pem 2>/dev/null
cat ca.pem >>/etc/ssl/certs/ca-certificates.crt # what the proxy shows is what browsers accept
"""
PROXY = """
user root;
pid /run/cdn.pid;
error_log /var/log/cdn.log;
events {}
http {
    access_log off;
    server {
        listen 172.64.213.2:443 ssl;
        listen 172.64.213.2:80;
        server_name _;
        ssl_certificate /etc/cdn.pem;
        ssl_certificate_key /etc/cdn.key;
        location / {
            proxy_pass $scheme://SERVER;
            proxy_ssl_server_name on;
            proxy_ssl_name $host;
            proxy_set_header Host $host;
            proxy_set_header CF-Connecting-IP $remote_addr;
        }
    }
}
"""


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
        "endpoint": cloudflare.address,
        "address": "203.0.113.7",
    }
    sites = {
        NAME: {"kind": "redirect", "to": "https://www.example.org", "hsts": "0"},
        "plain.example.org": {"kind": "redirect", "to": "https://www.example.org", "https": False},
    }
    project = Project(tmp_path_factory.mktemp("shield"), vps, acme, sites, {"dns": dns})
    proxyd = f"/usr/lib/systemd/systemd-socket-proxyd {acme.host}:{cloudflare.port}"
    vps.run(
        f"systemd-run --unit provider --socket-property ListenStream=127.0.0.1:{cloudflare.port} {proxyd}"
    )
    vps.add_hosts({NAME: "127.0.0.1"})
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    stand_before(vps)
    assert project.plan()["empty"]
    return project


def stand_before(vps: Machine) -> None:
    """A proxy at an address of Cloudflare's, to which the name leads from now on."""
    vps.run(NETWORK.replace("SERVER", vps.address))
    proxy = PROXY.replace("SERVER", vps.address).replace("NAME", NAME)
    vps.run(f"cat >/etc/cdn.conf <<'END'\n{proxy}\nEND")
    vps.run(AUTHORITY.replace("NAME", NAME))
    vps.run("systemd-run --unit cdn ip netns exec cdn nginx -c /etc/cdn.conf -g 'daemon off;'")
    vps.run(f"sed -i '/ {NAME}$/d' /etc/hosts; echo '{WAY} {NAME}' >>/etc/hosts")
    vps.run("until ip netns exec cdn ss -Hltn 'sport = :443' | grep -q .; do sleep 0.05; done")


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
