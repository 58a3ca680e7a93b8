"""A template that can be booted here: ntfy, whose program Debian has. The image is made of that, not pulled."""

import json
from collections.abc import Iterator

import pytest

from deployer.files import pack
from deployer.rehearsal.machine import Machine
from golden.server import golden
from vps.test_compose_config import PACKAGES

PLACE = "/opt/ntfy.example.org"
# The tree of an image: busybox, ntfy and the libraries that it is linked to.
IMAGE = r"""
set -e
apt-get update -q >/dev/null
cd /root && apt-get download -q ntfy >/dev/null && dpkg-deb -x ntfy_*.deb package
mkdir -p tree/bin tree/tmp tree/etc/ssl tree/usr/bin tree/var
cp package/usr/bin/ntfy tree/usr/bin/
cp /bin/busybox tree/bin/
for name in $(busybox --list | grep -vx busybox); do ln -sf busybox tree/bin/$name; done
for library in $({ ldd tree/usr/bin/ntfy || true; } | grep -o '/[^ ]*'); do cp --parents -L $library tree/; done
cp -rL /etc/ssl/certs tree/etc/ssl/
tar -C tree -c . | docker import --change 'ENTRYPOINT ["/usr/bin/ntfy"]' \
    --change 'ENV PATH=/usr/bin:/bin' - "$1" >/dev/null
"""


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server on which ntfy runs from its template."""
    files = golden("debian-13", "services").files
    compose = f"{PLACE}/docker-compose.yml"
    with Machine.boot("debian-13", PACKAGES) as machine:
        (machine.root / "root/files.tar").write_bytes(pack({compose: files[compose]}))
        machine.run("tar -xf /root/files.tar -C /")
        (machine.root / "root/image.sh").write_text(IMAGE)
        wanted = machine.run(f"cd {PLACE} && docker compose config --images").stdout.strip()
        machine.run(f"bash /root/image.sh {wanted}", timeout=300)
        machine.run(f"cd {PLACE} && docker compose up -d --wait --pull never", timeout=180)
        yield machine


def status(vps: Machine, *options: str) -> str:
    """What ntfy answers to a message for the topic `t`."""
    curl = "curl -s -o /dev/null -w '%{http_code}'"
    return vps.run(f"{curl} {' '.join(options)} -d hello http://127.0.0.1:2586/t").stdout


def test_it_gets_healthy_by_its_own_check(vps: Machine) -> None:
    found = json.loads(vps.run(f"cd {PLACE} && docker compose ps --format json").stdout)
    assert (found["State"], found["Health"], found["Project"]) == ("running", "healthy", "ntfy-example-org")


def test_nobody_may_write_without_an_account(vps: Machine) -> None:
    assert status(vps) == "403"
    # As the file's own comment says it
    add = "docker compose exec -T -e NTFY_PASSWORD=secret ntfy ntfy user add --role=admin ada"
    vps.run(f"cd {PLACE} && {add}")
    assert status(vps, "-u", "ada:secret") == "200"
    assert status(vps, "-u", "ada:wrong") == "401"


def test_its_data_is_in_its_folder_and_outlives_the_container(vps: Machine) -> None:
    vps.run(f"cd {PLACE} && docker compose down && docker compose up -d --wait --pull never", timeout=180)
    assert (vps.root / PLACE[1:] / "lib/user.db").is_file()
    assert (vps.root / PLACE[1:] / "cache/cache.db").is_file()
    assert status(vps, "-u", "ada:secret") == "200"


def test_it_is_bounded_and_listens_on_this_server_only(vps: Machine) -> None:
    container = vps.run(f"cd {PLACE} && docker compose ps -q").stdout.strip()
    found = json.loads(vps.run(f"docker inspect {container}").stdout)[0]["HostConfig"]
    assert found["Memory"] == 128 << 20
    assert found["RestartPolicy"]["Name"] == "unless-stopped"
    assert found["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
    listening = vps.run("ss -Hltn | awk '{print $4}' | grep ':2586$'").stdout.split()
    assert listening == ["127.0.0.1:2586"]


def test_it_is_unhealthy_when_it_does_not_answer(vps: Machine) -> None:
    check = vps.run(f"cd {PLACE} && docker compose config --format json").stdout
    command = json.loads(check)["services"]["ntfy"]["healthcheck"]["test"]
    assert command[0] == "CMD-SHELL"
    there = command[1].replace("$$", "$")
    run = f"cd {PLACE} && docker compose exec -T ntfy sh -c"
    assert vps.run(f'{run} "{there}"', check=False).returncode == 0
    away = there.replace("127.0.0.1", "127.0.0.1:1")
    assert vps.run(f'{run} "{away}"', check=False).returncode != 0
