"""What the server has to know of the Git servers that it fetches from."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.planning.desired import desired_files
from deployer.seen.facts import Facts

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJnWTbX0w5fKn8XzCqX3oZrAe3m7pV9GkW2vYq1s4u6o"
FACTS = replace(Facts(os="debian", release="13"), packages=frozenset())


def config(repository: str = "git@git.example.org:me/a.git", **more: object) -> Config:
    site = {"kind": "static", "repository": repository, "https": False}
    return Config.model_validate({"sites": {"www.example.org": site}, **more})


def test_host_keys_are_filed_as_openssh_looks_for_them() -> None:
    hosts = {
        "git.example.org": KEY,
        "git.example.org:2222": [KEY, f"{OTHER} after the change"],
        "2001:db8::1": KEY,
        "[2001:db8::1]:2222": KEY,
        "[git.lan]:22": KEY,
    }
    file = desired_files(config(git_hosts=hosts), FACTS).files["/etc/deploy/git_hosts"]
    lines = [line for line in file.content.decode().splitlines() if not line.startswith("#")]
    assert lines == [
        f"git.example.org {KEY}",
        f"[git.example.org]:2222 {KEY}",
        f"[git.example.org]:2222 {OTHER}",
        f"2001:db8::1 {KEY}",
        f"[2001:db8::1]:2222 {KEY}",
        f"git.lan {KEY}",
    ]
    assert file.mode == 0o644


def test_without_host_keys_there_is_no_file() -> None:
    assert "/etc/deploy/git_hosts" not in desired_files(config(), FACTS).files


@pytest.mark.parametrize(
    ("repository", "told", "ssh"),
    [
        ("http://192.168.1.5:3000/me/a.git", True, False),
        ("http://localhost:3000/me/a.git", False, False),
        ("http://[::1]:3000/me/a.git", False, False),
        ("https://git.example.org/me/a.git", False, False),
        ("git@git.example.org:me/a.git", False, True),
    ],
)
def test_what_anybody_on_the_way_could_change_is_told(repository: str, told: bool, ssh: bool) -> None:
    desired = desired_files(config(repository), FACTS)
    said = "www.example.org is fetched over http://: whoever is on the way can change what is published"
    assert (("www.example.org", said) in desired.remarks) == told
    assert ("openssh-client" in desired.packages) == ssh


@pytest.mark.parametrize(
    ("repository", "more", "told"),
    [
        (
            "git@localhost:page.git",
            {},
            "on port 22, which it leaves: write `repository: ssh://git@localhost:2222/…`",
        ),
        ("ssh://git@vps.example.org/srv/page.git", {}, "ssh://git@vps.example.org:2222/…`"),
        ("ssh://www.example.org/srv/page.git", {}, "and below `git_hosts:` `www.example.org:2222`"),
        ("ssh://git@localhost:2222/~/page.git", {}, ""),
        ("ssh://git@localhost:3022/me/page.git", {}, ""),  # of a forge's own program
        ("git@git.example.org:page.git", {}, ""),
        ("git@localhost:page.git", {"security": {"ssh": {}}}, ""),
        (
            "https://localhost/page.git",
            {"git_hosts": {"localhost": KEY}},
            "has localhost on port 22, which SSH",
        ),
        ("https://localhost/page.git", {"git_hosts": {"localhost": KEY, "localhost:2222": KEY}}, ""),
    ],
)
def test_what_comes_by_a_port_that_ssh_leaves_is_told(
    repository: str, more: dict[str, object], told: str
) -> None:
    moved = {"server": {"host": "vps.example.org", "port": 2222}, "security": {"ssh": {"port": 2222}}}
    for ours in (22, 2222):  # while both are open, and when the old one is closed
        facts = replace(FACTS, ssh_ports=(22, 2222), ssh_ours=ours)
        said = [text for _, text in desired_files(config(repository, **(moved | more)), facts).remarks]
        assert len(said) == bool(told), said
        assert told in "".join(said)
