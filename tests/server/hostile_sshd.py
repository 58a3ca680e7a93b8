"""A stand-in for a server that speaks SSH and misbehaves, in one way at a time, as no real sshd does."""

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import paramiko

AT_ONCE = ("hangs up", "is no sshd", "refuses sessions", "is lost in the login", "refuses every key")
FAULTS = (
    *AT_ONCE,
    "is lost in a command",
    "is cut off in the middle of an answer",
    "answers nothing",
    "answers garbage",
    "answers garbage and fails",
)
GARBAGE = bytes(range(256)) * 40 + b'\n{"[\t\n=\n\xff\xfe 12:00\n'


class Heard:
    """What it was sent so far."""

    def __init__(self) -> None:
        self.said, self.more = b"", threading.Condition()

    def note(self, piece: bytes) -> None:
        with self.more:
            self.said += piece
            self.more.notify_all()

    def until(self, words: bytes) -> bool:
        """Whether these words come, however long that takes on a busy machine."""
        with self.more:
            return self.more.wait_for(lambda: words in self.said, 60)


class HostileSshd:
    """Lets everybody in, and then has its `fault`."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.transports: list[paramiko.Transport] = []
        self.commands: list[bytes] = []
        """Those that it was asked to run."""
        self.heard = Heard()
        self.key = paramiko.ECDSAKey.generate()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def host_key(self) -> str:
        return f"{self.key.get_name()} {self.key.get_base64()}"

    @property
    def logins(self) -> int:
        """How many there are at this moment."""
        return sum(each.is_active() and each.is_authenticated() for each in self.transports)

    def until_somebody_is_in(self) -> None:
        limit = time.monotonic() + 60
        while not self.logins:
            assert time.monotonic() < limit

    def until_all_have_left(self) -> None:
        for each in self.transports:
            each.join(60)
        assert self.logins == 0

    def close(self) -> None:
        self.socket.close()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._greet, args=(link,), daemon=True).start()

    def _greet(self, link: socket.socket) -> None:
        if self.fault == "is no sshd":
            link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n<html>" + b"x" * 5000)
        if self.fault in ("is no sshd", "hangs up"):
            link.close()
            return
        transport = paramiko.Transport(link)
        self.transports.append(transport)
        transport.add_server_key(self.key)
        try:
            transport.start_server(server=Session(self, transport))
        except (OSError, EOFError, paramiko.SSHException):
            return


class Session(paramiko.ServerInterface):
    """What one client gets."""

    def __init__(self, sshd: HostileSshd, transport: paramiko.Transport) -> None:
        self.fault, self.transport, self.commands, self.heard = (
            sshd.fault,
            transport,
            sshd.commands,
            sshd.heard,
        )

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if "login" in self.fault:
            self.transport.close()
        return paramiko.AUTH_FAILED if "every key" in self.fault else paramiko.AUTH_SUCCESSFUL

    def check_global_request(self, kind: str, msg: paramiko.Message) -> bool:
        if self.fault == "falls silent":
            threading.Event().wait(60)  # its kernel goes on acknowledging
        return False

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.fault == "refuses sessions":
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.commands.append(command)
        threading.Thread(target=self._answer, args=(channel,), daemon=True).start()
        return True

    def _answer(self, channel: paramiko.Channel) -> None:
        try:
            if self.fault == "is lost in a command":
                self.transport.close()
                return
            if self.fault in ("falls silent", "thinks for long"):
                threading.Event().wait(2.5)
            channel.settimeout(None if self.fault == "reads to the end" else 0.1)
            with suppress(TimeoutError):  # some keep their standard input open
                while piece := channel.recv(65536):
                    self.heard.note(piece)  # it reads all that it is sent
            if "garbage" in self.fault or "middle" in self.fault:
                channel.sendall(GARBAGE)
                channel.sendall_stderr(b"\x1b[31mno such thing\xff\n")
            if "middle" in self.fault:
                self.transport.close()
                return
            channel.send_exit_status(1 if "fails" in self.fault else 0)
            channel.close()
        except (OSError, EOFError, paramiko.SSHException):
            return


def client_key(folder: Path) -> Path:
    """A private key for whoever logs in."""
    path = folder / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(path))
    return path
