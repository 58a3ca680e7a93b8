"""Every template booted on a real Docker Engine. ntfy, Valkey, PostgreSQL and MariaDB are Debian's own programs;
the other programs, whose images cannot be had here, are stand-ins that use what their template gives them."""

import hashlib
import json
import shlex
import socket
import tomllib
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from deployer.files import pack
from deployer.kinds.app import App
from deployer.kinds.compose import Compose
from deployer.kinds.compose_pushed import ComposeFromRepository
from deployer.rehearsal.machine import Machine
from golden.server import config, golden
from vps.scan import open_ports
from vps.services.conftest import file_in
from vps.services.registry import file, packed

pytestmark = pytest.mark.in_turns("kinds", of="modules")

PACKAGES = (
    *("busybox-static", "curl", "docker-cli", "docker-compose", "docker.io", "jq", "nginx", "ufw", "wget"),
    "libnginx-mod-http-brotli-filter",
    *("mariadb-server", "ntfy", "postgresql", "valkey-server", "valkey-tools"),
)
SERVICES = ("mariadb.service", "ntfy.service", "postgresql.service", "valkey-server.service")
COMPOSITIONS = {
    name: each
    for name, each in config("services").compositions.items()
    if not isinstance(each, Compose | ComposeFromRepository | App)
    and not name.startswith(("coming", "old-forum"))
}
Services = dict[str, dict[str, dict]]
"""By what they belong to, and by their names."""
PLACE = "/opt/ntfy.example.org"
SQL = "psql -qtAc 'SELECT count(*) FROM made_by_migration'"
# By image, or by service where it is built: what is run, and the rest of the image's configuration.
STAND_INS = {
    "postgres": ["postgres"],
    "mariadb": ["mariadb"],
    "forum": ["answer", "80", 'mariadb -h db -u phpbb -p"$DB_PASSWORD" phpbb -e "SELECT 1"'],
    "searxng/searxng": ["answer", "8080", "valkey-cli -h valkey ping | grep -q PONG"],
    "ghcr.io/umami-software/umami": ["answer", "3000", 'psql "$DATABASE_URL" -qtAc "SELECT 1"'],
    "shhh": [
        *("answer", "8081"),
        f'PGPASSWORD="$DB_PASSWORD" PGHOST="$DB_HOST" PGUSER="$DB_USER" PGDATABASE="$DB_NAME" {SQL}',
    ],
    "ghcr.io/wg-easy/wg-easy": ["answer", "51821", "true"],
    "louislam/uptime-kuma": ["answer", "3001", "touch /app/data/kuma.db"],
    "gitea/runner": ["runner"],
    "nickfedor/watchtower": ["watchtower"],
}
PROGRAMS = {
    # Valkey's image is built with another default than Debian's package.
    "usr/local/bin/valkey-server": 'exec /usr/bin/valkey-server "$@" --protected-mode no',
    "usr/local/bin/flask": 'PGPASSWORD="$DB_PASSWORD" psql -h "$DB_HOST" -U "$DB_USER" "$DB_NAME" '
    '-qc "CREATE TABLE IF NOT EXISTS made_by_migration ()"; [ "$*" = "db upgrade" ]',
    "usr/local/bin/healthcheck.sh": '[ "$*" = "--connect --innodb_initialized" ] && '
    'mariadb -h 127.0.0.1 -u "$MARIADB_USER" -p"$MARIADB_PASSWORD" -e "SELECT 1" >/dev/null',
    "usr/local/bin/wg": '[ "$*" = show ] && echo "interface: wg0"',
    "app/extra/healthcheck": "curl --silent --fail --output /dev/null http://127.0.0.1:3001/",
    "watchtower": '[ "$*" = --health-check ]',
}
# More than half of the server, which none of the programs needs
LEFT_OUT = (
    *("*libLLVM*", "*libz3*", "usr/lib/postgresql/*/bitcode", "usr/lib/systemd", "usr/libexec/docker"),
    *(f"usr/share/{folder}" for folder in ("doc", "i18n", "locale", "man")),
    *(f"usr/*bin/{program}" for program in ("containerd*", "ctr", "docker*", "runc", "aria_*", "myisam*")),
)
IMAGE = f"""
install -d -m 1777 /root/empty/tmp
tar --one-file-system {" ".join(f"--exclude='{each}'" for each in LEFT_OUT)} \
    -C / -c app bin etc lib lib64 sbin stand-in usr watchtower -C /root/empty tmp | docker import - stand-in >/dev/null
docker image inspect --format '{{{{json .RootFS.Layers}}}}' stand-in
"""


def write_files(vps: Machine) -> None:
    """What apply puts into /opt, with secrets."""
    desired = golden("debian-13", "services")
    (vps.root / "root/files.tar").write_bytes(
        pack(
            {
                path: file
                for path, file in desired.files.items()
                if path.split("/")[2] in COMPOSITIONS or path.startswith("/usr/local/lib/deploy/")
            }
        )
    )
    vps.run("tar -xf /root/files.tar -C /")
    for name, each in COMPOSITIONS.items():
        secrets = "".join(f"{secret}='secret{number}'\n" for number, secret in enumerate(each.secrets()))
        (vps.root / "opt" / name / ".env").write_text(secrets)


def make_images(vps: Machine, defined: Services) -> None:
    """One image with everything, and under each name that is wanted one that runs its part of it."""
    here = Path(__file__).parent
    programs = {path: f"#!/bin/sh\n{text}\n" for path, text in PROGRAMS.items()}
    programs["stand-in/run"] = (here / "stand_in.sh").read_text()
    programs["stand-in/answer.py"] = (here / "stand_in.py").read_text()
    for path, text in programs.items():
        (vps.root / path).parent.mkdir(parents=True, exist_ok=True)
        (vps.root / path).write_text(text)
        (vps.root / path).chmod(0o755)
    layers = json.loads(vps.run(IMAGE, timeout=300).stdout)
    images = []
    for name in COMPOSITIONS:
        for service, content in defined[name].items():
            reference = content.get("image") or f"{COMPOSITIONS[name].project(name)}-{service}:latest"
            role = STAND_INS.get(reference.rpartition(":")[0]) or STAND_INS.get(service)
            images.append((reference, ["ntfy"] if service == "ntfy" else None, role))
    (vps.root / "root/images.tar").write_bytes(names_of_one(layers, images))
    vps.run("docker load --quiet --input /root/images.tar")


def names_of_one(layers: list[str], images: list[tuple[str, list[str] | None, list[str] | None]]) -> bytes:
    """What `docker load` reads: images of layers that Docker has already, each run in its own way."""
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin"
    files, manifest = [], []
    for reference, entry, role in images:
        command = ["/stand-in/run", *role] if role else ["true"]
        config = {"Cmd": command, "Entrypoint": entry, "Env": [path], "WorkingDir": "/app"}
        roots = {"type": "layers", "diff_ids": layers}
        told = json.dumps(
            {"architecture": "amd64", "os": "linux", "config": config, "rootfs": roots}
        ).encode()
        place = f"{hashlib.sha256(told).hexdigest()}.json"
        files.append(file(place, told))
        manifest.append({"Config": place, "RepoTags": [reference], "Layers": ["is there"] * len(layers)})
    return packed(*files, file("manifest.json", json.dumps(manifest).encode()))


@pytest.fixture(scope="module")
def server(throwaway: None) -> Iterator[Machine]:
    """A server with its firewall on, and what apply puts into /opt."""
    with Machine.boot("debian-13", PACKAGES, masked=SERVICES) as machine:
        machine.run(
            "ufw default deny incoming && ufw allow 22/tcp && ufw allow 80,443/tcp && ufw --force enable"
        )
        write_files(machine)
        yield machine


@pytest.fixture(scope="module")
def defined(server: Machine) -> Services:
    """The services of each composition, as Docker Compose reads them."""
    read = "cd /opt/{} && docker compose config --format json"
    return {name: json.loads(server.run(read.format(name)).stdout)["services"] for name in COMPOSITIONS}


@pytest.fixture(scope="module")
def vps(server: Machine, defined: Services) -> Machine:
    """A server on which everything runs from its template."""
    make_images(server, defined)
    start = "cd /opt/{} && docker compose up -d --wait --no-build --pull never 2>&1"
    server.run(f"printf '%s\\n' {' '.join(COMPOSITIONS)} | xargs -P 5 -I {{}} sh -c '{start}'", timeout=300)
    return server


@pytest.fixture(scope="module")
def containers(vps: Machine) -> Services:
    """What Docker says of the container of each service, by the name of its project."""
    found: Services = {}
    for each in json.loads(vps.run("docker inspect $(docker ps --all --quiet)").stdout):
        labels = each["Config"]["Labels"]
        project, service = (labels[f"com.docker.compose.{key}"] for key in ("project", "service"))
        found.setdefault(project, {})[service] = each
    return found


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_it_gets_healthy_by_its_own_check_within_its_limits(
    containers: Services, defined: Services, name: str
) -> None:
    found = containers[COMPOSITIONS[name].project(name)]
    assert found.keys() == defined[name].keys()
    for service, container in found.items():
        state, host, once = container["State"], container["HostConfig"], service == "migrate"
        assert (state["Status"], state["ExitCode"]) == ("exited" if once else "running", 0)
        assert state.get("Health", {}).get("Status", "") == ("" if once else "healthy")
        assert host["Memory"] == int(defined[name][service]["mem_limit"])
        assert host["RestartPolicy"]["Name"] == ("no" if once else "unless-stopped")
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "10m"}}
        assert state["OOMKilled"] is False


@pytest.mark.parametrize("name", [name for name, each in COMPOSITIONS.items() if hasattr(each, "port")])
def test_its_port_answers_on_this_server(vps: Machine, name: str) -> None:
    port, path = COMPOSITIONS[name].port, "/"
    if hasattr(COMPOSITIONS[name], "probe"):
        path = COMPOSITIONS[name].probe(name)
    assert vps.run(f"curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:{port}{path}").stdout == "200"


def test_the_limiter_of_searxng_believes_who_brings_its_visitors(vps: Machine) -> None:
    project = COMPOSITIONS["search.example.org"].project("search.example.org")
    limiter = file_in(vps, f"{project}-searxng-1", "/etc/searxng/limiter.toml")
    networks = tomllib.loads(limiter)["botdetection"]["trusted_proxies"]
    (pool,) = json.loads(vps.run(f"docker network inspect {project}_default").stdout)[0]["IPAM"]["Config"]
    assert any(ip_address(pool["Gateway"]) in ip_network(network) for network in networks)
    mount = "/opt/search.example.org/limiter.toml"
    assert vps.run(f"stat -c %U {mount}").stdout == "root\n"


def test_nothing_is_open_to_others_but_wireguard(vps: Machine) -> None:
    assert "Status: active" in vps.run("ufw status").stdout
    ours = {port for each in COMPOSITIONS.values() for port in each.local_ports()}
    listening = vps.run("ss -Hltn | awk '{print $4}'").stdout.split()
    assert {f"127.0.0.1:{port}" for port in ours} <= set(listening)
    assert open_ports(vps.address) == {22, 80}
    vps.run("docker run -d --name public -p 9999:80 stand-in /stand-in/run answer 80 true")
    vps.run("curl -s --retry 20 --retry-all-errors --retry-delay 1 http://127.0.0.1:9999")
    try:
        assert open_ports(vps.address, range(9000, 11000)) == {9999}, (
            "what Docker opens past the firewall is seen"
        )
    finally:
        vps.run("docker rm -f public")
    public = [port for each in COMPOSITIONS.values() for port in each.public_ports()]
    assert sorted(public) == ["51820/udp", "51830/udp"]
    assert [port for port in range(51815, 51835) if echoes(vps.address, port)] == [51820, 51830]


def echoes(address: str, port: int) -> bool:
    """Whether a UDP datagram is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(0.3)
        line.sendto(b"knock", (address, port))
        try:
            return line.recv(10) == b"knock"
        except OSError:
            return False


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("analytics.example.org", "psql -U umami umami -qtA"),
        ("forum.example.org", "MYSQL_PWD=$DB mariadb -u phpbb -N phpbb"),
    ],
)
def test_a_database_keeps_its_data_and_its_dump_has_it(vps: Machine, name: str, client: str) -> None:
    password = "; ".join(("DB=$(sed -n \"s/^DB_PASSWORD='\\(.*\\)'/\\1/p\" .env)", ""))
    sql = client.replace("MYSQL_PWD=$DB", "env MYSQL_PWD=$DB")

    def ask(words: str, check: bool = True) -> str:
        run = f"cd /opt/{name}; {password}docker compose exec -T db {sql}"
        return vps.run(run, input=words, check=check).stdout.strip()

    ask("CREATE TABLE kept (word varchar(20)); INSERT INTO kept VALUES ('treasure');")
    anew = "docker compose rm --stop --force db 2>&1 && docker compose up -d --wait --no-build db 2>&1"
    vps.run(f"cd /opt/{name} && {anew}", timeout=180)
    assert ask("SELECT word FROM kept;") == "treasure"
    assert any((vps.root / "opt" / name / "db").iterdir())
    kept = COMPOSITIONS[name].backs_up()
    vps.run(f"cd /opt/{name} && {kept.dump} >/root/dump")
    ask("DROP TABLE kept;")
    assert "treasure" not in ask("SELECT word FROM kept;", check=False)
    empty = anew.replace("&&", "&& find db -mindepth 1 -delete &&", 1)
    vps.run(f"cd /opt/{name} && {empty} && {kept.load} </root/dump", timeout=180)
    assert ask("SELECT word FROM kept;") == "treasure"


def test_each_database_is_protected_by_its_secret(vps: Machine) -> None:
    run = "cd /opt/analytics.example.org && docker compose exec -T -e PGPASSWORD=wrong umami psql -h db -U umami umami"
    done = vps.run(f"{run} -c 'SELECT 1'", check=False)
    assert "password authentication failed" in done.stderr


@pytest.mark.parametrize(
    ("name", "service", "there", "away"),
    [
        ("ntfy.example.org", "ntfy", "127.0.0.1", "127.0.0.1:1"),
        ("analytics.example.org", "db", "127.0.0.1", "127.0.0.1 -p 1"),
        ("search.example.org", "valkey", "valkey-cli", "valkey-cli -p 1"),
    ],
)
def test_a_health_check_fails_when_nothing_answers(
    vps: Machine, defined: Services, name: str, service: str, there: str, away: str
) -> None:
    kind, check = defined[name][service]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    check = check.replace("$$", "$")
    run = f"cd /opt/{name} && docker compose exec -T {service} sh -c"
    assert vps.run(f"{run} {shlex.quote(check)}", check=False).returncode == 0
    assert there in check
    broken = check.replace(there, away)
    assert vps.run(f"{run} {shlex.quote(broken)}", check=False).returncode != 0


def status(vps: Machine, *options: str) -> str:
    """What ntfy answers to a message for the topic `t`."""
    curl = "curl -s -o /dev/null -w '%{http_code}'"
    return vps.run(f"{curl} {' '.join(options)} -d hello http://127.0.0.1:2586/t").stdout


def test_nobody_may_write_to_ntfy_without_an_account(vps: Machine) -> None:
    assert status(vps) == "403"
    # As the file's own comment says it
    add = "docker compose exec -T -e NTFY_PASSWORD=secret ntfy ntfy user add --role=admin ada"
    vps.run(f"cd {PLACE} && {add}")
    assert status(vps, "-u", "ada:secret") == "200"
    assert status(vps, "-u", "ada:wrong") == "401"
    vps.run(f"cd {PLACE} && docker compose down && docker compose up -d --wait --pull never", timeout=180)
    assert (vps.root / PLACE[1:] / "lib/user.db").is_file()
    assert (vps.root / PLACE[1:] / "cache/cache.db").is_file()
    assert status(vps, "-u", "ada:secret") == "200"
