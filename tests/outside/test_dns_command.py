"""deploy dns, as it is typed."""

import json
import os
import signal
import subprocess
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event

import pytest

from deployer.config.loader import load
from deployer.config.rehearsed import left_out
from deployer.planning.stages import NOT_LOOKED_AT, in_the_end
from outside.cloudflare import Cloudflare
from outside.provider import TOKEN, Asked
from outside.running import SITES, configured
from typed import typed


def deploy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = typed(arguments, folder, os.environ)
    assert TOKEN not in done.stdout + done.stderr
    return done


def test_records_alone(tmp_path: Path, cloudflare: Cloudflare) -> None:
    cloudflare.by_hand(
        "example.org", name="mail.example.org", type="A", content="198.51.100.1", comment="mine\x1b[31m"
    )
    configured(tmp_path, cloudflare, address="203.0.113.7")
    asked = deploy(tmp_path, "dns")
    assert asked.returncode == 2
    assert "there is no terminal to ask on" in asked.stderr
    assert asked.stdout.startswith("+ dns:example.net/shop/A\n    +shop.example.net A 203.0.113.7\n")
    assert len(cloudflare.of("example.org")) == 1
    done = deploy(tmp_path, "dns", "--yes")
    assert (done.returncode, done.stderr) == (0, "✓ dns:example.net 1 changed\n✓ dns:example.org 2 changed\n")
    again = deploy(tmp_path, "dns", "--yes")
    assert (again.returncode, again.stdout, again.stderr) == (
        0,
        "Nothing to change on vps.example.org.\n",
        "",
    )
    listed = deploy(tmp_path, "dns", "--list").stdout.splitlines()
    assert listed[2:] == [
        "example.org: 2 ours, 1 not ours",
        "  example.org A 203.0.113.7",
        "  mail.example.org A 198.51.100.1  (not ours: mine�[31m)",
        "  www.example.org A 203.0.113.7",
    ]
    document = json.loads(deploy(tmp_path, "dns", "--json").stdout)
    assert [each["ours"] for each in document["zones"][1]["records"]] == [True, False, True]
    assert document["failures"] == []


def test_more_than_a_third_wants_to_be_meant(tmp_path: Path, cloudflare: Cloudflare) -> None:
    configured(tmp_path, cloudflare, address="203.0.113.7")
    for number in range(6):
        name = f"s{number}.example.org"
        cloudflare.by_hand("example.org", name=name, type="A", content="198.51.100.1")
    sites = {
        f"s{number}.example.org": SITES["shop.example.net"] | {"port": 9000 + number} for number in range(4)
    }
    configured(tmp_path, cloudflare, sites, address="203.0.113.7")
    refused = deploy(tmp_path, "dns", "--yes")
    assert refused.returncode == 2
    assert "nothing was changed: more than a third of what the zone example.org says would" in refused.stderr
    assert "! more than a third of the zone example.org: an apply wants --force for that" in refused.stdout
    assert deploy(tmp_path, "dns", "--yes", "--force").returncode == 0
    assert len([each for each in cloudflare.values("example.org") if each.endswith("203.0.113.7")]) == 4


def test_who_interrupts_it_is_told_what_may_be_written(tmp_path: Path, cloudflare: Cloudflare) -> None:
    configured(tmp_path, cloudflare, address="203.0.113.7")
    writing, interrupted = Event(), Event()

    def hold(asked: Asked) -> None:
        cloudflare.next = [hold]
        if asked.method == "POST":
            writing.set()
            interrupted.wait(60)

    def interrupt(process: BaseProcess) -> None:
        assert writing.wait(60)
        os.kill(process.pid or 0, signal.SIGINT)
        process.join()
        cloudflare.next = []
        interrupted.set()

    cloudflare.next = [hold]
    ended = typed(["dns", "--yes"], tmp_path, os.environ, meanwhile=interrupt)
    told = "! records that were being written may be changed. What is left: deploy dns\n\nInterrupted.\n"
    assert (ended.returncode, ended.stderr) == (130, told)
    assert deploy(tmp_path, "dns", "--yes").returncode == 0
    assert "Nothing to change" in deploy(tmp_path, "dns").stdout


def test_without_dns_or_its_token(
    tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(tmp_path, cloudflare, address="203.0.113.7")
    monkeypatch.delenv("DNS_TOKEN")
    missing = deploy(tmp_path, "dns")
    assert missing.returncode == 2
    assert missing.stderr.startswith("✗ the environment has no DNS_TOKEN, which dns: takes a token from.")
    (tmp_path / "sites.yaml").write_text("email: me@example.org\n")
    none = deploy(tmp_path, "dns")
    assert (none.returncode, none.stderr) == (
        2,
        "✗ there is no dns: in sites.yaml.\nWhat it is: deploy docs dns\n",
    )


@pytest.mark.parametrize("token", ['ab"cd', "ab\\cd", "ab cd"])
def test_what_is_no_token_is_refused_before_anything_is_asked(
    tmp_path: Path, cloudflare: Cloudflare, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    configured(tmp_path, cloudflare, address="203.0.113.7")
    monkeypatch.setenv("DNS_TOKEN", token)
    refused = deploy(tmp_path, "dns")
    assert refused.returncode == 2
    assert "the token for cloudflare (from the environment: DNS_TOKEN) is no token: " in refused.stderr
    assert token not in refused.stderr
    assert not cloudflare.asked


def test_a_rehearsal_says_that_records_are_left_out(tmp_path: Path, cloudflare: Cloudflare) -> None:
    """A throwaway VPS is no reason to put Cloudflare before the real site, nor to prove its names there."""
    sites = {"shop.example.net": {**SITES["shop.example.net"], "certificate": {"dns": True}, "shield": "on"}}
    sites["shop.example.net"]["aliases"] = ["*.shop.example.net"]
    configured(tmp_path, cloudflare, sites, address="203.0.113.7", renewal="env:RENEWAL_TOKEN")
    file = tmp_path / "sites.yaml"
    document = json.loads(file.read_text())
    document["server"] = {"host": "10.213.6.2", "key": str(tmp_path / ".vps-1/key")}
    file.write_text(json.dumps(document))
    for command in (["dns", "--yes"], ["shield", "shop.example.net", "on"]):
        left = deploy(tmp_path, *command)
        assert left.returncode == 2, left.stderr
        assert left.stderr.startswith("✗ dns: is left out: 10.213.6.2 is a throwaway VPS of deploy rehearse")
    assert not cloudflare.asked
    config = load(file)
    assert (config.dns, left_out(config)) == (None, ("dns",))
    site = config.sites["shop.example.net"]
    assert (site.aliases, site.certificate.dns, site.shielded) == ((), False, "")
    files = in_the_end(config, NOT_LOOKED_AT).files
    assert not [path for path in files if "/shields" in path or "/challenges" in path]


def test_who_has_no_dns_loads_nothing_of_it(tmp_path: Path) -> None:
    program = (
        "import sys, deployer.commands.apply, deployer.commands.plan, deployer.tasks.converge, "
        "deployer.report.changes;"
        "heavy = ('httpx', 'deployer.tasks.names', 'deployer.outside');"
        "print([name for name in sys.modules if name in heavy])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_turns_no_shield(tmp_path: Path, cloudflare: Cloudflare) -> None:
    name, site = "shop.example.net", SITES["shop.example.net"]
    configured(tmp_path, cloudflare, {name: site}, address="203.0.113.7")
    assert deploy(tmp_path, "dns", "--yes").returncode == 0
    configured(tmp_path, cloudflare, {name: site | {"shield": "on"}}, address="203.0.113.7")
    assert "Nothing to change" in deploy(tmp_path, "dns", "--yes").stdout
    assert cloudflare.proxied("example.net") == []
    cloudflare.of("example.net")[0]["proxied"] = True
    configured(tmp_path, cloudflare, {name: site | {"shield": "off"}}, address="203.0.113.7")
    assert "Nothing to change" in deploy(tmp_path, "dns", "--yes").stdout
    assert cloudflare.proxied("example.net") == [name], "the server still lets nobody else in"
