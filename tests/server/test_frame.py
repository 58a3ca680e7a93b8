"""Whatever a login prints or starts before a command, or prints after it: the answer is the command's."""

import shlex
import subprocess
from pathlib import Path

import pytest

from deployer.server.frame import CUT_OFF, KEPT, Frame, another_user, framed

TOKEN = "0123456789abcdef"
MARK = b"\x1e" + TOKEN.encode() + b"\n"


def logged_in(
    folder: Path, bashrc: str, command: str, data: bytes = b"", together: bool = False, told: bool = False
) -> tuple[int, bytes, bytes]:
    """The status and what stands in the frames of output and errors, of a login whose .bashrc is this."""
    (folder / "bashrc").write_text(f"unset BASH_ENV\n{bashrc}\n")
    line, first = framed(command, TOKEN, "root", together, told)
    done = subprocess.run(
        ["bash", "-c", line],
        input=first + data,
        env={"BASH_ENV": str(folder / "bashrc"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=False,
    )
    output, errors = Frame(TOKEN), Frame(TOKEN)
    said = [frame.feed(text) + frame.rest() for frame, text in ((output, done.stdout), (errors, done.stderr))]
    if not output.begun:
        return done.returncode, b"no frame", done.stdout
    return done.returncode if output.status is None else output.status, *said


LOGINS = {
    "nothing": "",
    "words": "echo hello; echo oops >&2; printf 'no end of line'",
    "words that look binary": "printf '\\037\\213\\036\\n'",
    "another shell in its place": "exec bash",
    "another shell, and then nothing": "bash; exit 0",
    "another shell that prints": "echo one; exec bash -c 'echo two; exec bash'",
    "words at the end": "trap 'echo bye' EXIT",
    "every command shown": "set -x",
}


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("data", [b"", bytes(range(256)) * 300 + b"no end"])
def test_an_answer_is_what_the_command_says(login: str, data: bytes, tmp_path: Path) -> None:
    command = shlex.join(["bash", "-c", 'cat; echo "$1" >&2; exit 3', "x", "it's one"])
    assert logged_in(tmp_path, LOGINS[login], command, data) == (3, data, b"it's one\n")


def test_errors_come_in_their_place(tmp_path: Path) -> None:
    command = "echo one; echo two >&2; echo three; nowhere-to-be-found; printf four"
    status, said, _ = logged_in(tmp_path, "echo hello >&2", command, together=True)
    lines = said.decode().splitlines()
    assert (status, lines[:3], lines[-1]) == (0, ["one", "two", "three"], "four")
    assert "nowhere-to-be-found" in lines[3]


def test_a_command_that_was_killed_was_killed(tmp_path: Path) -> None:
    status, said, errors = logged_in(tmp_path, "", "echo one; kill -KILL $BASHPID")
    assert (status, said, errors) == (-9, b"one\n", b"")


def test_what_was_read_ahead_is_missed(tmp_path: Path) -> None:
    """As by fish, or dash of Debian 12: it has more of the input than the line that it runs."""
    ahead = "exec bash -c 'read -r line; head -c 40 >/dev/null; eval \"$line\"'"
    assert logged_in(tmp_path, ahead, "cat", b"echo one\n" * 9) == (CUT_OFF, b"no frame", b"")


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_frame_is_found_in_whatever_pieces_it_comes(size: int) -> None:
    answer = b"a\x1eb\x1e0123\n" + MARK + b"\x1e" + MARK[:5]
    whole = b"hello\x1e\n" + MARK + answer + MARK[:-1] + b" 75\nbye"
    frame = Frame(TOKEN)
    pieces = [frame.feed(whole[place : place + size]) for place in range(0, len(whole), size)]
    assert b"".join(pieces) + frame.rest() == answer
    assert frame.status == 75


def test_whatever_a_login_prints_little_of_it_is_kept() -> None:
    frame = Frame(TOKEN)
    for _ in range(50):
        assert frame.feed(b"x" * 65536) == b""
        assert len(frame.before) <= KEPT
    assert frame.feed(b"y" + MARK + b"answer") == b"answer"


def test_nothing_is_held_back_that_can_be_given() -> None:
    frame = Frame(TOKEN)
    assert frame.feed(MARK + b"HTTP/1.1 200 OK\r\n") == b"HTTP/1.1 200 OK\r\n"
    assert frame.feed(b"cut off \x1e01") == b"cut off "
    assert frame.rest() == b"\x1e01"


def test_a_user_who_may_not_run_scripts_as_root_is_told_by_the_status(tmp_path: Path) -> None:
    line, _ = framed("true", TOKEN, "alma", False)
    assert line.startswith("sudo -n true 2>/dev/null || exit 87; exec sudo -n env SHLVL=1 bash -c ")


def test_the_words_of_a_cloud_image() -> None:
    """As cloud-init writes them into root's authorized_keys: DISABLE_USER_OPTS in its ssh_util.py."""
    said = b'Please login as the user "debian" rather than the user "root".\n\n'
    assert another_user(said) == "debian"
    assert another_user(b"Please login as somebody") == ""


def test_the_exit_code_of_a_command_that_was_killed_can_be_told(tmp_path: Path) -> None:
    killed = "bash -c 'kill -9 $$'"
    assert logged_in(tmp_path, "", killed)[0] == -9
    for together in (False, True):
        status, said, _ = logged_in(tmp_path, "", f"echo one; {killed}", together=together, told=True)
        assert (status, said[:4]) == (137, b"one\n")
