"""Every compose file that is rendered, as the real Docker Compose reads it."""

import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chance import chance
from deployer.composefile.compose_file import definition, project
from deployer.composefile.interpolation import Interpolation
from deployer.files import pack
from deployer.kinds.compose import Compose
from deployer.rehearsal.machine import Machine
from deployer.values.attachments import LocalFile
from deployer.values.quantities import size
from golden.server import config, golden
from vps.handling import go_live
from vps.services.conftest import PACKAGES

RENDERED = ("debian-12", "debian-13")
WRITTEN = golden("debian-13", "services").files
NAMES = [name for name in config("services").compositions if f"/opt/{name}/docker-compose.yml" in WRITTEN]
"""Those whose compose file is rendered: a stack's is in its repository, and what is coming has none yet."""
TIMER = "/etc/systemd/system/deploy-update.timer"
AWKWARD = 'a $b ${c} $$d "e" #f'
"""A value of .env that must not become anything else."""


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with the files of all golden services, one folder for each release, and their .env."""
    with Machine.boot("debian-13", PACKAGES) as machine:
        for release in RENDERED:
            desired = golden(release, "services")
            files = {path: file for path, file in desired.files.items() if path.startswith("/opt/")}
            archive = machine.root / f"root/{release}.tar"
            archive.write_bytes(pack(files))
            machine.run(f"mkdir -p /root/{release} && tar -xf /root/{release}.tar -C /root/{release}")
            for path in desired.secrets.keys() & {f"/opt/{name}/.env" for name in NAMES}:
                lines = [f"{name}='{AWKWARD}'\n" for name in desired.secrets[path]]
                (machine.root / f"root/{release}{path}").write_text("".join(lines))
        yield machine


def folder(release: str, name: str) -> str:
    return f"/root/{release}/opt/{name}"


@pytest.fixture(scope="module")
def parsed(vps: Machine) -> Callable[[str], dict[str, Any]]:
    """Gives what Docker Compose makes of each of them, as they are for Debian 13: it is asked once, and has nothing to say."""

    @functools.cache
    def parse(name: str) -> dict[str, Any]:
        run = f"cd {folder('debian-13', name)} && docker compose config --format json"
        done = vps.run(run, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    return parse


def test_docker_compose_has_nothing_to_say_on_debian_12_either(vps: Machine) -> None:
    here, there = (f"/root/{release}/opt" for release in RENDERED)
    for name in NAMES:
        same = vps.run(f"diff --recursive {here}/{name} {there}/{name}", check=False).returncode == 0
        if not same:
            done = vps.run(f"cd {here}/{name} && docker compose config -q", check=False)
            assert (name, done.returncode, done.stdout, done.stderr) == (name, 0, "", "")


def numbers(published: str) -> range:
    """The ports of what Compose has as one, or as a range."""
    first, _, last = published.partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_what_we_take_it_for(parsed: Callable[[str], dict[str, Any]], name: str) -> None:
    composition = config("services").compositions[name]
    found = parsed(name)
    assert found["name"] == composition.project(name)
    ports = [port for service in found["services"].values() for port in service.get("ports", ())]
    local = {
        each for port in ports if port.get("host_ip") == "127.0.0.1" for each in numbers(port["published"])
    }
    local |= {*getattr(composition, "beside_ports", tuple)()}  # those of start first, where nothing is yet
    public = {f"{port['published']}/{port['protocol']}" for port in ports if "host_ip" not in port}
    assert public == set(composition.public_ports())
    assert local == set(composition.local_ports()) - {int(port.split("/")[0]) for port in public}
    made = {
        name
        for name, each in found["services"].items()
        if "build" in each or each.get("pull_policy") == "never"
    }
    images = {service["image"] for name, service in found["services"].items() if name not in made}
    assert images == set(composition.images())
    assert composition.built() == bool(made)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("links", "worker"))])
def test_limits_are_understood(parsed: Callable[[str], dict[str, Any]], name: str) -> None:
    for service in parsed(name)["services"].values():
        assert 64 << 20 <= int(service["mem_limit"]) <= 512 << 20
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
        assert service["restart"] in ("unless-stopped", "no")


def test_values_of_env_and_of_sites_yaml_arrive_as_they_are(parsed: Callable[[str], dict[str, Any]]) -> None:
    umami = parsed("analytics.example.org")["services"]["umami"]["environment"]
    assert unescaped(umami["APP_SECRET"]) == AWKWARD
    search = parsed("search.example.org")["services"]["searxng"]["environment"]
    assert unescaped(search["NO"]) == 'it\'s; $(no) ${NO} "really" \\ #'
    forum = parsed("forum.example.org")["services"]["forum"]["environment"]
    assert unescaped(forum["FORUM_NAME"]) == 'The "$forum" of {Ada} & Co'


def unescaped(text: str) -> str:
    """`docker compose config` writes a $ as $$, so that its output can be read again."""
    return text.replace("$$", "$")


@pytest.mark.parametrize("name", ["analytics.example.org", "watchtower", "runner"])
def test_a_secret_that_is_missing_is_named(vps: Machine, name: str) -> None:
    place = folder("debian-13", name)
    done = vps.run(
        f"cd {place} && mv .env .away; docker compose config -q; code=$?; mv .away .env; exit $code",
        check=False,
    )
    assert done.returncode != 0
    assert re.search(r"required variable \w+ is missing a value: is missing in \.env", done.stderr)


PIECES = (
    "$",
    "${",
    "}",
    "{",
    "A",
    "EMPTY",
    "NONE",
    ":-",
    "-",
    ":?",
    "?",
    ":+",
    "+",
    "$$",
    "x ",
    "127.0.0.1:",
    "8",
    "{}",
    "\n",
)
WHOLE = (
    *("${A}", "$A", "${NONE:-", "${EMPTY:-", "${EMPTY-", "${A:+", "${A?", "${NONE+"),
    *("${NONE-${A}}", "${NONE:-{}}", '${A:-{"a":{}}}'),
)
GIVEN = {"A": "8080", "EMPTY": ""}


def in_compose(vps: Machine, texts: list[str], strict: bool = False) -> list[str] | None:
    """What Docker Compose makes of these texts; None when it refuses them. `strict`: or warns."""
    told = {f"K{number}": text for number, text in enumerate(texts)}
    file = vps.root / "root/variables/docker-compose.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"name": "v", "services": {"a": {"image": "x", "environment": told}}}))
    (file.parent / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in GIVEN.items()))
    done = vps.run("cd /root/variables && docker compose config --format json", check=False)
    if done.returncode or (strict and "variable is not set" in done.stderr):
        return None
    found = json.loads(done.stdout)["services"]["a"]["environment"]
    return [found[name].replace("$$", "$") for name in told]


def test_variables_are_put_in_as_docker_compose_does(vps: Machine) -> None:
    texts = {"".join(chance.choices(PIECES + WHOLE, k=chance.randint(1, 9))) for _ in range(600)}
    ours: dict[str, str] = {}
    refused = []
    for text in sorted(texts):
        interpolation = Interpolation(GIVEN)
        made = interpolation.of(text)
        if interpolation.problems:
            refused.append(text)
        else:
            ours[text] = made
    assert len(ours) > 100
    assert len(refused) > 100
    assert in_compose(vps, [*ours]) == [*ours.values()]
    for text in chance.sample(refused, 12):
        assert in_compose(vps, [text], strict=True) is None, text


def test_names_are_taken_as_docker_compose_takes_them(vps: Machine) -> None:
    names = ("my.app", "My-App", "_.x y", "-9_", "${A}.Web", "a/b")
    texts = [json.dumps({"name": name, "services": {"a": {"image": "x"}}}) for name in names]
    files = [LocalFile("a", "/a", text.encode()) for text in texts]
    ours = [project(definition(file, tuple(GIVEN.items()))) for file in files]
    run = "cd /root && docker compose --file - config --format json"
    given = " ".join(f"{name}={value}" for name, value in GIVEN.items())
    theirs = [json.loads(vps.run(f"export {given}; {run}", input=text).stdout)["name"] for text in texts]
    assert ours == theirs


def test_limits_fit_into_four_gigabytes_with_the_system(parsed: Callable[[str], dict[str, Any]]) -> None:
    compositions = config("services").compositions
    own = {name: c for name, c in compositions.items() if not isinstance(c, Compose) and c.kind != "app"}
    each = {c.kind: name for name, c in own.items() if name in NAMES}
    limits = [
        int(service["mem_limit"]) for name in each.values() for service in parsed(name)["services"].values()
    ]
    assert len(each) == 9
    assert sum(limits) + size("512M") <= size("4G")


def test_the_units_of_the_timer_are_understood(vps: Machine) -> None:
    desired = golden("debian-13", "services")
    for unit in ("deploy-update.service", "deploy-update.timer"):
        content = desired.files[f"/etc/systemd/system/{unit}"].content
        (vps.root / "etc/systemd/system" / unit).write_bytes(content)
    vps.run("mkdir -p /usr/local/lib/deploy/bin && install -m 755 /bin/true /usr/local/lib/deploy/bin/update")
    done = vps.run("systemd-analyze verify deploy-update.service deploy-update.timer", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    vps.run("systemctl daemon-reload && systemctl enable --now deploy-update.timer")
    listed = vps.run("systemctl list-timers --all --no-legend deploy-update.timer").stdout
    assert "04:30:00" in listed


def test_the_timer_follows_sites_yaml_and_goes_with_it(vps: Machine) -> None:
    timer = vps.root / TIMER[1:]
    timer.write_text(timer.read_text().replace("04:30", "05:45"))
    go_live(vps, TIMER)
    assert "05:45:00" in vps.run("systemctl list-timers --all --no-legend deploy-update.timer").stdout
    vps.run("rm /etc/systemd/system/deploy-update.*")
    go_live(vps, TIMER)
    assert not vps.run("systemctl list-units --all --no-legend 'deploy-update*'").stdout
    assert "deploy-update" not in vps.run("ls -R /etc/systemd/system").stdout
