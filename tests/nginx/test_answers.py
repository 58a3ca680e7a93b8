"""The golden sites under this machine's NGINX, asked as visitors ask."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from golden.server import facts, golden
from nginx import answers
from nginx.content import publish
from nginx.local import MODULE, certificates, free_ports, lay_out, nginx, served, upstreams
from nginx.place import Place

from deployer.config.model import Config
from deployer.desired import desired_files

RELEASE = "debian-12"  # the older of the two: every NGINX since understands its files


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("nginx"):
        pytest.fail("these tests need the package nginx", pytrace=False)
    root = tmp_path_factory.mktemp("server")
    certificates(root, facts(RELEASE).certificates)
    return root


@pytest.fixture(scope="module")
def place(root: Path) -> Iterator[Place]:
    ports = dict(zip(("80", "443", "9000", "9001"), free_ports(4), strict=True))
    lay_out(root, golden(RELEASE).files, ports)
    place = Place(root, str(root), "127.0.0.1", ports["80"], ports["443"], brotli=MODULE.exists())
    for domain in ("rogs.me", "docs.example.org", "plain.example.org"):
        publish(place, domain)
    with upstreams([ports["9000"], ports["9001"]]), served(root, ports["80"]):
        yield place


def test_nginx_accepts_every_file_without_a_word(place: Place) -> None:
    said = nginx(place.root, "-t", "-q")
    assert (said.returncode, said.stderr) == (0, "")


def test_gixy_finds_nothing(place: Place, tmp_path: Path) -> None:
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"events {{}}\nhttp {{\n    include {place.root}/etc/nginx/conf.d/*.conf;\n}}\n")
    gixy = Path(sys.executable).with_name("gixy")
    said = subprocess.run([gixy, conf], capture_output=True, text=True)
    assert "No issues found" in said.stdout, said.stdout
    assert said.returncode == 0


class TestPublishedSite(answers.PublishedSite):
    pass


class TestNames(answers.Names):
    pass


class TestProxiedProgram(answers.ProxiedProgram):
    pass


class TestSnippet(answers.Snippet):
    pass


def test_a_server_full_of_long_names(tmp_path: Path) -> None:
    label = "a" * 60
    sites = {
        f"{label}.{label}.{label}.s{number}.example.org": {
            "kind": "redirect",
            "to": "https://example.org",
            "https": False,
            "aliases": [f"www.{label}.s{number}.example.org"],
        }
        for number in range(500)
    }
    desired = desired_files(Config.model_validate({"sites": sites}), facts(RELEASE))
    ports = dict(zip(("80", "443"), free_ports(2), strict=True))
    lay_out(tmp_path, desired.files, ports)
    said = nginx(tmp_path, "-t", "-q")
    assert (said.returncode, said.stderr) == (0, "")
