"""A sites.yaml for another server: its other lines are as they were."""

import pytest
import yaml

from deployer.config.relocation import relocated

THERE = {"server": {"host": "10.213.1.2", "host_key": "ssh-ed25519 AAAA"}, "acme": {"ca": "ca.pem"}}
SITES = "sites:\n  # mine\n  a.example.org: {kind: proxy, port: 1}   # not yet\n"
NEW = "server: {host: 10.213.1.2, host_key: ssh-ed25519 AAAA}\nacme: {ca: ca.pem}\n"


def test_the_sections_are_replaced_and_all_else_stays() -> None:
    before = "# yaml-language-server: $schema=x\n\n"
    text = f"{before}server:\n  host: vps\n\n  port: 22\n# who\nemail: me@example.org\nacme: {{}}\n{SITES}"
    assert relocated(text, THERE) == f"{before}{NEW}# who\nemail: me@example.org\n{SITES}"


@pytest.mark.parametrize(
    "server",
    [
        "",
        "server:\n",
        "server: {host: vps,\n  port: 22}\n",
        "server:\n    host: vps   # the one\n    key: |\n      a\n      b\n",
        "server:\n  - odd\n  - list\n",
        "'server': ~\n",
    ],
)
@pytest.mark.parametrize("end", ["", "# the end\n"])
def test_wherever_and_however_it_is_written(server: str, end: str) -> None:
    assert relocated(server + SITES + end, THERE) == NEW + SITES + end
    assert yaml.safe_load(relocated(SITES + server + end, THERE)) == {**THERE, **yaml.safe_load(SITES)}
    assert "host: vps" not in relocated(SITES + server + end, THERE)


@pytest.mark.parametrize("text", ["", "{sites: {}}", "- a\n", "a\n", "# nothing\n"])
def test_what_has_no_lines_of_its_own_is_left(text: str) -> None:
    with pytest.raises(ValueError, match="is not written in lines of its own"):
        relocated(text, THERE)
