"""The golden servers on their Debian: NGINX takes their files, and visitors get what they should."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.config.model import Config
from deployer.planning.desired import desired_files
from deployer.rehearsal.machine import Machine
from golden.server import facts, golden
from nginx import answers, upstream
from nginx.certificates import certificates
from nginx.content import publish
from nginx.place import Place
from vps.handling import go_live
from vps.waiting import reload_nginx

pytestmark = pytest.mark.vps


@pytest.fixture(scope="module")
def place(vps: Machine, release: str) -> Iterator[Place]:
    place = Place(vps.root, "", vps.address, 80, 443, brotli=True)
    for path, file in golden(release).files.items():
        place.write(path, file.content)
        (vps.root / path[1:]).chmod(file.mode)
    certificates(vps.root, facts(release).certificates)
    for domain in ("rogs.me", "docs.example.org", "plain.example.org"):
        publish(place, domain)
    place.write("/root/upstream.py", Path(upstream.__file__).read_bytes())
    for port in (9000, 9001):
        vps.run(f"systemd-run --unit=upstream-{port} python3 /root/upstream.py {port}")
    vps.run("rm -f /etc/nginx/sites-enabled/default && systemctl daemon-reload && systemctl restart nginx")
    yield place
    vps.run("systemctl stop upstream-9000 upstream-9001")


def test_nginx_accepts_every_file_without_a_word(vps: Machine, place: Place) -> None:
    said = vps.run("nginx -t -q", check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_it_takes_a_server_full_of_long_names(vps: Machine, place: Place, release: str) -> None:
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
    desired = desired_files(Config.model_validate({"sites": sites}), facts(release))
    try:
        for path in (path for path in desired.files if label in path):
            place.write(path, desired.files[path].content)
        said = vps.run("nginx -t -q", check=False)
        assert (said.returncode, said.stdout + said.stderr) == (0, "")
    finally:
        vps.run(f"rm /etc/nginx/conf.d/{label}.*")


class TestPublishedSite(answers.PublishedSite):
    pass


class TestNames(answers.Names):
    pass


class TestProxiedProgram(answers.ProxiedProgram):
    pass


class TestSnippet(answers.Snippet):
    pass


def test_it_answers_over_ipv6_where_the_server_has_it(vps: Machine, place: Place, release: str) -> None:
    asked = "curl -sk -o /dev/null -w '%{http_code}' --connect-to '::[::1]:443' https://rogs.me/"
    assert vps.run(asked, check=False).stdout == ("200" if facts(release).ipv6 else "000")


def test_post_quantum_key_exchange_where_openssl_has_it(vps: Machine, place: Place, release: str) -> None:
    said = vps.run("openssl s_client -connect 127.0.0.1:443 -servername rogs.me </dev/null 2>&1", check=False)
    assert ("X25519MLKEM768" in said.stdout) == (release == "debian-13")
    assert "Verification" in said.stdout


def test_nginx_may_open_many_files(vps: Machine, place: Place) -> None:
    drop_in = "/etc/systemd/system/nginx.service.d/deploy.conf"
    assert open_files(vps) == "16384"
    vps.run("prlimit --pid=$(cat /run/nginx.pid) --nofile=1024:")
    go_live(vps, drop_in)  # as for an NGINX that runs already when the file comes
    assert open_files(vps) == "16384"


def open_files(vps: Machine) -> str:
    return vps.run("prlimit --pid=$(cat /run/nginx.pid) --nofile --noheadings --output=SOFT").stdout.strip()


def test_users_folders_and_logs(vps: Machine, place: Place) -> None:
    vps.run("systemd-sysusers && systemd-tmpfiles --create /etc/tmpfiles.d/deploy.conf")
    users = vps.run("getent passwd | grep ^build-").stdout.splitlines()
    sites = vps.run("cd /etc/deploy/sites && grep -l ^BUILD_USER= *.conf").stdout.splitlines()
    assert len({entry.split(":")[2] for entry in users}) == len(users) == len(sites) > 1
    assert all(entry.endswith(":/nonexistent:/usr/sbin/nologin") for entry in users)
    assert vps.run("stat -c '%a %U %n' /var/www/acme /srv/deploy /var/log/deploy").stdout.splitlines() == [
        "755 root /var/www/acme",
        "755 root /srv/deploy",
        "750 root /var/log/deploy",
    ]


def test_certbot_trusts_the_private_authority_and_nginx_reloads_after_a_renewal(
    vps: Machine, place: Place
) -> None:
    environment = vps.run("systemctl show certbot.service -P Environment").stdout
    assert environment.strip() == "REQUESTS_CA_BUNDLE=/etc/deploy/acme-ca.pem"
    workers = "pgrep -P $(cat /run/nginx.pid) | sort"
    before = vps.run(workers).stdout.split()
    reload_nginx(vps, "run-parts --exit-on-error /etc/letsencrypt/renewal-hooks/deploy")
    assert set(before).isdisjoint(vps.run(workers).stdout.split())
