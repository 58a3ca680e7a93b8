"""A login that begins while sites.yaml is read: whoever asks for it gets it, and nobody else hears of it."""

import os
import socket
from pathlib import Path

import pytest

from deployer.errors import DeployError, RefusedLoginError, UnreachableError
from deployer.server.ahead import Ahead
from deployer.server.beginning import set_out
from deployer.server.connection import script_command
from deployer.server.login import connect
from deployer.tasks import opening, script, server_of
from deployer.tasks.asking import Asking
from deployer.tasks.observe import batch, lines
from server.hostile_sshd import HostileSshd, client_key
from typed import typed

REST = "sites:\n  www.example.org: {kind: redirect, to: https://elsewhere.example.org}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without an agent, who has a key that no other program knows of."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    client_key(tmp_path)
    return tmp_path


def written(home: Path, sshd: HostileSshd, rest: str = REST) -> Path:
    file = home / "sites.yaml"
    head = f"server: {{host: 127.0.0.1, port: {sshd.port}, host_key: {sshd.host_key}, key: key}}\n"
    file.write_text(head + rest)
    return file


def test_who_asks_gets_the_login_that_has_begun(home: Path) -> None:
    sshd = HostileSshd()
    with opening(written(home, sshd)) as (config, begun), server_of(config, begun) as server:
        assert begun.ahead
        assert sshd.logins == 1
        assert server.user == "root"
    sshd.until_all_have_left()
    sshd.close()


def test_another_server_than_that_of_the_whole_file_is_not_taken(home: Path) -> None:
    """It is only read ahead: what counts is what the whole of it means."""
    one, other = HostileSshd(), HostileSshd()
    with (
        opening(written(home, one)) as (_, begun),
        opening(written(home, other)) as (config, _),
        server_of(config, begun) as server,
    ):
        assert server.transport.getpeername()[1] == other.port
    one.close()
    other.close()


def test_how_it_ended_is_told_to_who_asks_and_to_nobody_else(home: Path) -> None:
    sshd = HostileSshd("refuses every key")
    begun = Ahead(lambda: connect("127.0.0.1", sshd.port, "root", sshd.host_key, home / "key"))
    with pytest.raises(RefusedLoginError, match="refused the login"), begun.server():
        raise AssertionError("nobody is in")
    begun.leave()
    sshd.close()


def test_what_has_set_out_goes_on_from_there(home: Path) -> None:
    sshd = HostileSshd()
    beginning = set_out("127.0.0.1", sshd.port, "root")
    assert isinstance(beginning.link, socket.socket)
    with connect("127.0.0.1", sshd.port, "root", sshd.host_key, home / "key", beginning=beginning) as server:
        assert server.transport.sock is beginning.link
    assert beginning.link.fileno() == -1, "it is closed"
    sshd.close()


@pytest.mark.parametrize(("key", "words"), [("none", "there is no key"), ("key", "nothing listens there")])
def test_that_nobody_is_there_is_told_after_what_is_wrong_here(home: Path, key: str, words: str) -> None:
    """Whoever sets out ahead is no sooner with its words."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    file = home / "sites.yaml"
    file.write_text(f"server: {{host: 127.0.0.1, port: {port}, key: {key}}}\n{REST}")
    with (
        opening(file) as (config, begun),
        pytest.raises(UnreachableError, match=words),
        server_of(config, begun),
    ):
        raise AssertionError("nobody is there")


@pytest.mark.parametrize("late", [False, True])
def test_a_login_that_nobody_asks_for_ends(home: Path, late: bool) -> None:
    sshd = HostileSshd()
    begun = Ahead(lambda: connect("127.0.0.1", sshd.port, "root", sshd.host_key, home / "key"))
    if late:
        sshd.until_somebody_is_in()
    begun.leave()
    begun.thread.join(60)
    sshd.until_all_have_left()
    assert sshd.commands == []
    sshd.close()


def test_what_is_asked_first_begins_before_anybody_asks(home: Path) -> None:
    """And goes on in the same session when somebody does."""
    sshd = HostileSshd("reads to the end")
    with opening(written(home, sshd)) as (config, begun):
        begun.begin("observe.sh")
        look = script("observe.sh")
        assert sshd.heard.until(look)
        with (
            server_of(config, begun) as server,
            pytest.raises(DeployError, match="does not run what it is asked to"),
        ):
            server.ask(script_command(look), look + b"file /etc/hostname")
    assert sshd.heard.said.endswith(look + b"file /etc/hostname")
    assert len(sshd.commands) == 1
    sshd.close()


def test_what_has_begun_goes_on_before_anybody_asks(home: Path) -> None:
    """It begins before all of the file is read, and its first questions come when that is right."""
    sshd = HostileSshd("reads to the end")
    with opening(written(home, sshd), look=True) as (config, begun):
        look, questions = script("observe.sh"), b"unit nginx.service\n\n"
        assert sshd.heard.until(look)
        begun.go_on(questions)
        assert sshd.heard.until(look + questions)
        with server_of(config, begun) as server, pytest.raises(DeployError):
            server.ask(script_command(look), look + questions + b"path /srv\nfile /etc/hostname")
    assert sshd.heard.said.endswith(look + questions + b"path /srv\nfile /etc/hostname")
    assert len(sshd.commands) == 1
    sshd.close()


def test_another_question_has_a_session_of_its_own(home: Path) -> None:
    sshd = HostileSshd("reads to the end")
    with opening(written(home, sshd)) as (config, begun):
        begun.begin("observe.sh")
        with server_of(config, begun) as server, pytest.raises(DeployError):
            server.ask("true")
    assert len(sshd.commands) == 2
    sshd.close()


@pytest.mark.parametrize("command", ["plan", "apply", "status", "push www.example.org"])
def test_of_a_bad_file_nothing_is_asked_and_its_words_are_the_same(home: Path, command: str) -> None:
    """The script that looks may have begun: it is the same for every file, and changes nothing."""
    sshd = HostileSshd("reads to the end")
    file = written(home, sshd, REST + "emial: me@example.org\n")
    said = [typed([*words.split(), "-c", str(file)], home, os.environ) for words in (command, "check")]
    assert said[0].stderr == said[1].stderr
    assert (said[0].stdout, said[0].returncode) == ("", said[1].returncode)
    assert "emial" in said[0].stderr
    sshd.until_all_have_left()
    assert sshd.heard.said.partition(script("observe.sh"))[2] == b""
    assert len(sshd.commands) <= (command in ("plan", "apply"))
    sshd.close()


def test_a_server_that_does_not_answer_holds_up_no_bad_file(home: Path) -> None:
    """Nobody waits for the end of a login that is not wanted."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        file = home / "sites.yaml"
        file.write_text(f"server: {{host: 127.0.0.1, port: {silent.getsockname()[1]}}}\nemial: a\n{REST}")
        done = typed(["plan", "-c", str(file)], home, os.environ, seconds=8)
        assert "emial" in done.stderr


def kept(home: Path) -> list[Path]:
    return [*(home / ".cache/deploy/questions").iterdir()]


def asked_once(file: Path) -> bytes:
    """All that a server is asked for this file, which is kept for the next time."""
    with opening(file, look=True) as (config, begun):
        asking = Asking(config)
        asking.begin(begun)
        return script("observe.sh") + batch(asking.first) + lines(asking.later)


def test_what_was_asked_the_last_time_is_asked_at_once(home: Path) -> None:
    sshd = HostileSshd("reads to the end")
    file = written(home, sshd)
    all_of_it = asked_once(file)
    assert [oct(each.stat().st_mode & 0o777) for each in kept(home)] == ["0o600"]
    before = len(sshd.commands)
    with opening(file, look=True) as (config, begun), server_of(config, begun) as server:
        Asking(config).begin(begun)
        with pytest.raises(DeployError):
            server.ask(script_command(script("observe.sh")), all_of_it)
    assert sshd.heard.said.endswith(all_of_it)
    assert len(sshd.commands) == before + 1
    sshd.close()


def test_for_another_text_nothing_is_asked_ahead(home: Path) -> None:
    sshd = HostileSshd("reads to the end")
    asked_once(written(home, sshd))
    with opening(written(home, sshd, REST + "# more\n"), look=True) as (_, begun):
        assert begun.asked is None
    sshd.close()


@pytest.mark.parametrize("asked", [b"", b"path /elsewhere\n\n", b"\0\xff"])
def test_what_was_asked_otherwise_is_asked_anew(home: Path, asked: bytes) -> None:
    sshd = HostileSshd("reads to the end")
    file = written(home, sshd)
    all_of_it = asked_once(file)
    (memory,) = kept(home)
    memory.write_bytes(memory.read_bytes().partition(b"\n")[0] + b"\n" + asked)
    before = len(sshd.commands)
    with opening(file, look=True) as (config, begun), server_of(config, begun) as server:
        Asking(config).begin(begun)
        with pytest.raises(DeployError):
            server.ask(script_command(script("observe.sh")), all_of_it)
    assert sshd.heard.said.endswith(all_of_it)
    assert len(sshd.commands) == before + (2 if asked else 1)
    assert memory.read_bytes().endswith(all_of_it.removeprefix(script("observe.sh")))
    sshd.close()


def test_where_nothing_can_be_kept_all_goes_on(home: Path) -> None:
    sshd = HostileSshd("reads to the end")
    (home / ".cache").write_text("no folder")
    assert asked_once(written(home, sshd))
    sshd.close()
