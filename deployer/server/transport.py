"""SSH as we speak it: with what paramiko leaves out."""

import base64
import threading
import time
from collections.abc import Sequence
from typing import Any

import paramiko
from paramiko.common import cMSG_GLOBAL_REQUEST
from paramiko.packet import Packetizer

ASK_SECONDS = 10
SILENCE_SECONDS = 30


class Listening(Packetizer):
    """Knows when something was heard the last time."""

    heard = 0.0

    def read_message(self) -> tuple[int, paramiko.Message]:
        """The next message; whatever it is, the server lives."""
        found: tuple[int, paramiko.Message] = super().read_message()
        self.heard = time.monotonic()
        return found


class Transport(paramiko.Transport):
    """Asks a server for the host keys that can be checked before all others, and notices when it is gone.

    `farewell` is what it said when it ended the connection.
    """

    farewell = ""
    packetizer: Listening

    def __init__(self, link: Any, first: Sequence[str] = ()) -> None:
        super().__init__(link, packetizer_class=Listening)
        self.first = first

    @property
    def preferred_keys(self) -> Sequence[str]:
        """The types of host keys, in the order in which they are asked for."""
        return tuple(dict.fromkeys((*self.first, *super().preferred_keys)))

    def shown(self) -> tuple[str, str]:
        """The host key or the certificate that the server has shown: its type, and itself as base64."""
        key = self.get_remote_server_key()
        certificate = getattr(key, "public_blob", None)
        kind = certificate.key_type if certificate else key.get_name()
        blob = certificate.key_blob if certificate else key.asbytes()
        return kind, base64.b64encode(blob).decode()

    def watch(self) -> None:
        """Ask it for a word when it is silent, and close when none comes: a way may be dead behind a jump."""
        self.packetizer.heard = time.monotonic()
        self.packetizer.set_keepalive(ASK_SECONDS, self._ask)
        threading.Thread(target=self._listen, daemon=True).start()

    def _ask(self) -> None:
        # paramiko's own keep-alive wants no answer, so that nobody would count it
        message = paramiko.Message()
        message.add_byte(cMSG_GLOBAL_REQUEST)
        message.add_string("keepalive@openssh.com")
        message.add_boolean(True)
        self._send_user_message(message)  # type: ignore[attr-defined]

    def _listen(self) -> None:
        while self.is_active():
            silence = time.monotonic() - self.packetizer.heard
            if silence > SILENCE_SECONDS:
                self.farewell = f"nothing came from it for {SILENCE_SECONDS} s"
                self.close()
            time.sleep(min(1, SILENCE_SECONDS / 10))

    def _parse_disconnect(self, message: paramiko.Message) -> None:
        message.get_int()  # the number of the reason
        self.farewell = message.get_text().strip()
