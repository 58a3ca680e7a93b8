"""From a server as a provider hands it over to a Hugo blog that is served: packages, Hugo, certificates."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.project import GIT, Project

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("blog.example.org", "www.blog.example.org")
HUGO = {"debian-12": "0.161.1", "debian-13": "0.168.0"}
"""Packages that have their program at another place each."""


@pytest.mark.takes_turns
def test_from_an_empty_server_to_a_live_blog(fresh_vps: Machine, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "blog", tmp_path / "blog")
    subprocess.run([*GIT, "init", "--quiet", tmp_path / "blog"], check=True)
    fresh_vps.add_hosts(dict.fromkeys(NAMES, "127.0.0.1"))
    hugo = HUGO[fresh_vps.release]
    blog = {"kind": "hugo", "repository": "blog", "hugo": hugo, "aliases": ["www.blog.example.org"]}
    with AcmeServer.start(fresh_vps) as acme:
        project = Project(tmp_path, fresh_vps, acme, {"blog.example.org": blog})
        project.commit("blog", {}, "First post")
        plan = project.deploy("plan")
        assert plan.returncode == 4
        assert "+ packages" in plan.stdout
        assert f"+ hugo {hugo}" in plan.stdout

        done = project.deploy("push", "blog.example.org", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "turn out otherwise" not in done.stderr
        status, body = project.get("blog.example.org")
        assert status == 200
        assert "<html" in body
        assert project.get("www.blog.example.org")[0] == 301
        assert project.plan()["empty"]
        assert project.deploy("apply").stdout.startswith("Nothing to change")
        assert fresh_vps.run("systemctl is-enabled nginx certbot.timer").stdout == "enabled\nenabled\n"
        assert (
            "/etc/deploy/acme-ca.pem" in fresh_vps.run("systemctl show -p Environment certbot.service").stdout
        )

        before = served_certificate(fresh_vps)
        renew = "certbot renew --force-renewal --no-random-sleep-on-renew"
        fresh_vps.run(f"REQUESTS_CA_BUNDLE=/etc/deploy/acme-ca.pem {renew}")
        deadline = time.monotonic() + 120
        while (served := served_certificate(fresh_vps)) == before and time.monotonic() < deadline:
            time.sleep(0.2)
        assert served != before


def served_certificate(vps: Machine) -> str:
    """The fingerprint of the certificate that a visitor of the blog gets."""
    ask = "openssl s_client -connect 127.0.0.1:443 -servername blog.example.org </dev/null 2>/dev/null"
    return vps.run(f"{ask} | openssl x509 -noout -fingerprint -sha256").stdout
