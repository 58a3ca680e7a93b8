"""A watch at home, of a real server: a site that goes down and comes back, told to a real ntfy by a key that can only read."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.home.conftest import HomeServer
from vps.waiting import started, until, until_it_says, until_listening

pytestmark = pytest.mark.in_turns("home", of="modules")

NTFY = (
    "ntfy serve --listen-http :2586 --cache-file /tmp/ntfy.db --no-log-dates --base-url http://ntfy.test:2586"
)
START = f"systemd-run --quiet --unit=told {NTFY}"
LOCK = "/srv/deploy/page.test/lock"
NAMES = 'mount --bind "$0" /etc/hosts && exec "$@"'  # the DNS of this machine knows none of a test's


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """With what is told, for it is no more than another server here."""
    with Machine.boot("debian-13", (*PREINSTALLED, "ntfy")) as machine:
        machine.run(f"systemctl disable --quiet --now ntfy; {START}")
        until_listening(machine, 2586)
        yield machine


@dataclass
class Watching:
    """The home server, whose names lead to the throwaway VPS."""

    home: HomeServer
    watch: dict[str, Any]

    def deploy(self, *arguments: str, network: bool = True) -> subprocess.CompletedProcess[str]:
        path = self.home.write()
        config = yaml.safe_load(path.read_text()) | {"watch": self.watch}
        path.write_text(yaml.safe_dump(config))
        hosts = self.home.folder / "hosts"
        hosts.write_text(f"127.0.0.1 localhost\n{self.home.vps.address} page.test\n")
        without = [] if network else ["--net"]
        argv = [
            "unshare",
            "--mount",
            *without,
            "sh",
            "-c",
            NAMES,
            hosts,
            sys.executable,
            "-m",
            "deployer",
            *arguments,
        ]
        return subprocess.run(
            argv,
            cwd=self.home.folder,
            env={**os.environ, "HOME": str(self.home.folder), "XDG_STATE_HOME": str(self.home.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def round(self, network: bool = True) -> dict[str, Any]:
        """What a round has seen, as JSON."""
        done = self.deploy("watch", "--json", network=network)
        said: dict[str, Any] = json.loads(done.stdout or "{}")
        assert said, done.stderr
        assert done.returncode == (0 if said["fine"] else 1)
        return said

    def told(self) -> list[tuple[str, str]]:
        """Every message of the topic."""
        lines = self.home.vps.run("curl -s 'http://127.0.0.1:2586/alerts/json?poll=1'").stdout.splitlines()
        messages = (json.loads(line) for line in lines)
        return [(each["title"], each["message"]) for each in messages if each["event"] == "message"]


@pytest.fixture
def watching(vps: Machine, home: HomeServer) -> Watching:
    (home.folder / f"deploy/watch-{vps.address}.json").unlink(missing_ok=True)
    vps.run("systemctl stop told; rm -f /tmp/ntfy.db; systemctl reset-failed; " + START)
    until_listening(vps, 2586)
    until(vps, "curl -sf http://127.0.0.1:2586/v1/health")
    vps.run("echo '<h1>Welcome</h1>' >/var/www/html/index.html")
    return Watching(home, {"notify": {"ntfy": f"http://{vps.address}:2586/alerts"}})


def test_a_site_goes_down_and_comes_back(watching: Watching, vps: Machine) -> None:
    seen = watching.round()
    (visit,) = seen["visits"]
    assert (visit["name"], visit["address"], visit["fine"]) == ("page.test", vps.address, False)
    vps.run("ln -sfn /var/www/html /var/www/page.test; systemctl reload nginx")
    assert watching.round()["troubles"] == []
    vps.run("systemctl stop nginx")
    assert watching.round()["troubles"] == [{"what": "page.test refuses connections", "site": "page.test"}]
    assert watching.told() == []
    assert watching.round()["told"] == ["page.test refuses connections"]
    watching.round()
    told = (f"{vps.address}: 1 thing is not well", "✗ page.test refuses connections")
    assert watching.told() == [told]
    vps.run("systemctl start nginx")
    assert watching.round()["well_again"] == []
    watching.round()
    first, (title, message) = watching.told()
    assert (first, title) == (told, f"{vps.address}: well again")
    took = r"([1-9] minutes?)"  # of this test, where much else runs beside it
    assert re.fullmatch(rf"✓ well again, after {took}: page\.test refuses connections", message)


def test_a_push_opens_a_window(watching: Watching, vps: Machine) -> None:
    vps.run("ln -sfn /var/www/html /var/www/page.test; systemctl stop nginx")
    held = started(
        vps, f"mkdir -p {LOCK[:-5]}; flock {LOCK} sh -c 'echo held; read x'", stdin=subprocess.PIPE
    )
    until_it_says(held, "held")
    for _ in range(3):
        assert watching.round()["told"] == []
    held.communicate("\n")
    watching.round()
    assert watching.round()["told"] == ["page.test refuses connections"]
    vps.run("systemctl start nginx")


def test_what_was_stopped_on_purpose_is_no_fault_and_a_login_of_root_will_do(
    watching: Watching, vps: Machine
) -> None:
    vps.run("ln -sfn /var/www/html /var/www/page.test; systemctl stop nginx")
    watching.home.section["key"] = None
    watching.home.server["key"] = str(vps.key)
    well = "/usr/local/lib/deploy/bin/well"
    vps.run(
        f"mv {well} {well}.ours; printf '#!/bin/sh\necho \"page.test\t\tby me\"\n' >{well}; chmod 755 {well}"
    )
    for _ in range(3):
        assert watching.round()["told"] == []
    vps.run(f"mv {well}.ours {well}")
    watching.round()
    assert watching.round()["told"] == ["page.test refuses connections"]
    vps.run("systemctl start nginx")


def test_what_the_server_says_and_that_it_says_nothing(watching: Watching, vps: Machine) -> None:
    vps.run("ln -sfn /var/www/html /var/www/page.test")
    vps.run(
        "systemd-run --quiet --unit=broken false; until systemctl --quiet is-failed broken; do sleep 0.1; done"
    )
    watching.watch["words"] = {"page.test": "Nobody", "pages.test": "Nobody"}
    (warning,) = watching.round()["warnings"]
    assert warning == "watch.words: the server has no site 'pages.test' (did you mean 'page.test'?)"
    words = "page.test answers 200, and its page lacks the words 'Nobody'"
    assert watching.round()["told"] == [words, "the unit broken.service has failed"]
    watching.home.server["port"] = 2222
    watching.watch["words"] = {"page.test": "Welcome"}
    watching.round()
    seen = watching.round()
    (what,) = seen["told"]
    assert what.startswith("the server cannot be asked: ")
    assert seen["well_again"] == [words], "what cannot be asked is not well again"
    watching.home.server["port"] = 22
    vps.run("systemctl reset-failed broken")
    watching.round()
    assert len(watching.round()["well_again"]) == 2
    assert len(watching.told()) == 3


@pytest.mark.fault(
    "the home server has no network, and its rounds go on: nothing is known, and nothing told", rounds=3
)
def test_without_a_network_nothing_is_known(watching: Watching, vps: Machine) -> None:
    vps.run("ln -sfn /var/www/html /var/www/page.test; systemctl stop nginx")
    watching.round()
    watching.round()
    vps.run("systemctl start nginx")
    for _ in range(3):
        seen = watching.round(network=False)
        assert (seen["offline"], seen["troubles"], seen["told"], seen["well_again"]) == (True, [], [], [])
    assert watching.round()["well_again"] == []
    assert watching.round()["well_again"] == ["page.test refuses connections"]
    assert len(watching.told()) == 2


@pytest.mark.fault(
    "ntfy does not answer, and what a watch remembers is cut off: it is told when that is possible"
)
def test_a_broken_channel_and_a_broken_memory_stop_nothing(watching: Watching, vps: Machine) -> None:
    done = watching.deploy("notify", "--test")
    assert (done.returncode, done.stderr) == (0, "✓ ntfy\n")
    assert watching.told()[-1][0] == "deploy: a test"
    vps.run("ln -sfn /var/www/html /var/www/page.test; systemctl stop told nginx")
    done = watching.deploy("notify", "--test")
    assert (done.returncode, done.stderr) == (1, "✗ ntfy: Connection refused\n")
    watching.round()
    assert watching.round()["channels"] == {"ntfy": "Connection refused"}
    (place,) = [*(watching.home.folder / "deploy").glob(f"watch-{vps.address}.json")]
    place.write_text(place.read_text()[:40])
    vps.run(START)
    until_listening(vps, 2586)
    seen = watching.round()
    assert "could not be read: what is not well is told anew" in seen["warnings"][0]
    assert watching.round()["channels"] == {"ntfy": ""}
    vps.run("systemctl start nginx")
