"""What ssh is told of the server, and of a jump on the way to it."""

import subprocess
from pathlib import Path

import pytest

from deployer.config.home import Home
from deployer.config.server import Server
from deployer.home.failures import failure
from deployer.home.link import Link

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"


@pytest.mark.parametrize("host", ["vps.example.org", "2001:db8::7"])
def test_a_jump_is_not_taken_for_the_server(host: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a key")
    server = Server.model_validate({"host": host, "port": 2222, "host_key": KEY})
    home = Home.model_validate({"directory": str(tmp_path), "key": str(tmp_path / "key")})
    with Link(server, home) as link:

        def told(name: str) -> dict[str, str]:
            argv = ["ssh", "-G", "-F", link.folder / "config", name]
            said = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
            return dict(line.partition(" ")[::2] for line in said.splitlines())

        there, jump = told(host), told("jump.example.org")
    assert (there["hostkeyalias"], there["port"], there["user"]) == ("deploy-server", "2222", "deploy")
    assert there["identityfile"] == str(tmp_path / "key")
    assert "hostkeyalias" not in jump
    assert (
        jump["userknownhostsfile"].startswith("~/.ssh/known_hosts")
        or "/.ssh/known_hosts" in jump["userknownhostsfile"]
    )
    assert (jump["port"], jump.get("identitiesonly"), jump.get("controlmaster")) == ("22", "no", "false")
    for each in (there, jump):
        assert (each["stricthostkeychecking"], each["batchmode"]) == ("true", "yes")


def test_a_pinned_key_that_is_revoked_is_refused_here_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(
        f"damaged\n@revoked *.example.org {KEY}\n@revoked other {KEY}\n"
    )
    server = Server.model_validate({"host": "vps.example.org", "host_key": KEY})
    with Link(server, Home.model_validate({"directory": str(tmp_path)})) as link:
        lines = (link.folder / "known_hosts").read_text().splitlines()
    assert lines == [f"deploy-server {KEY}", f"@revoked * {KEY}"]


@pytest.mark.parametrize(
    ("said", "name", "file"),
    [
        ("", "[vps]:2222", "known_hosts"),
        ("HostName vps.example.org", "vps.example.org", "known_hosts"),
        ("HostName vps.example.org", "[vps.example.org]:2222", "known_hosts2"),
        ("HostKeyAlias mine", "mine", "known_hosts"),
        ("GlobalKnownHostsFile ~/.ssh/of_all", "vps", "of_all"),
    ],
)
def test_a_key_is_revoked_under_each_name_and_in_each_file_that_openssh_asks(
    said: str, name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(f"Host vps\n  {said}\n")
    (tmp_path / ".ssh" / file).write_text(f"@revoked {name} {KEY}\n")
    server = Server.model_validate({"host": "vps", "port": 2222, "host_key": KEY})
    with Link(server, Home.model_validate({"directory": str(tmp_path)})) as link:
        assert f"@revoked * {KEY}\n" in (link.folder / "known_hosts").read_text()


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        ("", "rsync ended with 2"),
        ("hello", "a login at root@vps:22 prints something, which rsync takes for its answer: hello"),
        ('Please login as the user "debian" rather than the user "root".', "it says to log in as debian"),
    ],
)
def test_what_a_login_prints_is_no_answer_of_rsync(greeting: str, said: str) -> None:
    wrong = (
        "protocol version mismatch -- is your shell clean?\nrsync error: protocol incompatibility (code 2)"
    )
    assert said in failure("root@vps:22", 2, wrong, greeting).message
