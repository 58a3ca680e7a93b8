"""The server of a sites.yaml, read ahead of the rest: as the whole file means it, or not at all."""

import subprocess
import sys
from pathlib import Path

import pytest

from deployer.config.head import _as_it_stands, _by_yaml, login_ahead, login_of
from deployer.config.loader import load
from deployer.errors import ConfigError
from deployer.values.quantities import Plain

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP5Yfd87qhYsA+JVaButzkOcj9RbqrSmzujkZEnBTzq5"
REST = "sites:\n  www.example.org: {kind: redirect, to: https://elsewhere.example.org}\n"
RIGHT = {
    "in one line": "server: {host: vps.example.org, port: 2222, user: me}\n",
    "in lines": f"server:\n  host: 203.0.113.7\n  host_key: {KEY}\n  key: keys/vps\n",
    "with comments and blank lines": "# us\nserver: # first\n\n# more\n  host: 2001:db8::1\n\n  port:\n",
    "with line ends of Windows": "server:\r\n  host: vps.example.org\r\n  user: me\r\n\r\n",
    "a key at home": 'server: {host: "vps.example.org", key: ~/.ssh/vps}\n',
}
NOT_AHEAD = {
    "no server": "email: me@example.org\n",
    "no mapping": "server: vps.example.org\n",
    "words of a shell": "server: {host: 'vps.example.org;reboot'}\n",
    "an option": "server: {host: -oProxyCommand=reboot}\n",
    "no user": "server: {host: vps.example.org, user: 'me $(reboot)'}\n",
    "no port": "server: {host: vps.example.org, port: '22'}\n",
    "no host key": "server: {host: vps.example.org, host_key: ssh-ed25519 AAAA}\n",
    "a key that is a list": "server: {host: vps.example.org, key: [a]}\n",
    "an unknown key": "server: {host: vps.example.org, hots: a}\n",
    "twice the same": "server:\n  host: vps.example.org\n  host: vps2.example.org\n",
    "an alias of something before": "server:\n  host: *one\n",
    "no blank": "server:{host: vps.example.org}\n",
    "no YAML": "server: {host: vps.example.org\n",
}


@pytest.mark.parametrize("rest_first", [False, True])
@pytest.mark.parametrize("head", RIGHT.values(), ids=RIGHT)
def test_it_is_what_the_whole_file_means(head: str, rest_first: bool, tmp_path: Path) -> None:
    file = tmp_path / "sites.yaml"
    file.write_bytes((REST + head if rest_first else head + REST).encode())
    server = load(file).server
    assert server
    assert login_ahead(file.read_bytes().decode(), tmp_path) == login_of(server)


@pytest.mark.parametrize("head", NOT_AHEAD.values(), ids=NOT_AHEAD)
def test_nobody_goes_to_what_is_not_plain(head: str, tmp_path: Path) -> None:
    assert login_ahead(head + REST, tmp_path) is None


SIMPLE = {
    "in one line": "server: {host: vps.example.org, port: 2222, key: ~/.ssh/vps}\n\n",
    "in lines": f"server:\n  host:   203.0.113.7\n  host_key: {KEY}\n  user: me \n",
}
TRICKY = (
    "server: {host: a.example.org, user: null}\n",
    "server: {host: a.example.org, user: ~}\n",
    "server: {host: a.example.org, port: 0x16, user: yes}\n",
    "server: {host: a.example.org # here\n  }\n",
    "server: {host: a.example.org, key: 'a', }\n",
    "server: {host: a.example.org, host: b.example.org}\n",
    "server: {host: a.example.org, key: a:b}\n",
    "server: {host: a.example.org, key: [a, b]}\n",
    "server: {host:a.example.org}\n",
    "server:{host: a.example.org}\n",
    "server: {}\n",
    "server:\n",
    "server: host\n",
    "server:\n  host: a.example.org # here\n",
    "server:\n  host: a.example.org\n    b.example.org\n",
    "server:\n  host: a.example.org\n user: me\n",
    "server:\n  host: |\n    a.example.org\n",
    "server:\n  host: &a a.example.org\n  user: *a\n",
    "server:\n\thost: a.example.org\n",
    "server:\n  - host: a.example.org\n",
    "server:\n  host: a.example.org\n  user:\n",
    "server:\n  host: a - b.example.org\n  key: a -b\n",
)


@pytest.mark.parametrize("section", SIMPLE.values(), ids=SIMPLE)
def test_what_stands_there_plainly_needs_no_yaml(section: str) -> None:
    assert _as_it_stands(section) == _by_yaml(section)


@pytest.mark.parametrize("section", [*RIGHT.values(), *TRICKY])
def test_without_yaml_nothing_is_read_otherwise(section: str) -> None:
    try:
        expected = _by_yaml(section)
    except (ConfigError, ValueError, TypeError, KeyError, AttributeError):
        expected = None
    found = _as_it_stands(section)
    assert found in (None, expected)
    assert found is None or {type(value) for value in found.values()} == {Plain}


def test_what_is_read_ahead_needs_no_models(tmp_path: Path) -> None:
    """The rest of it would take as long to load as the way to the server."""
    program = "import sys, deployer.tasks, deployer.config.head, deployer.server.ahead, deployer.server.lean;"
    heavy = ("pydantic", "jinja2", "rich", "invoke", "yaml", "email.message")
    program += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_paramiko_knows_its_version_all_the_same() -> None:
    program = "import deployer.server.lean, paramiko, importlib.metadata;"
    program += "print(paramiko.__version__ == importlib.metadata.version('paramiko'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
