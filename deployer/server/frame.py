"""What a command says, between two marks: what a login prints before and after does not matter (pure).

A login shell reads its own files first, like root's .bashrc. Those may print something. They may also start
another shell, which knows nothing of the command and takes its standard input for a script. So the command
stands there, too: whoever comes first runs it, and the other is passed over.
"""

import re
import shlex

NO_SUDO, CUT_OFF = 87, 88  # our own exit codes, unused by bash, ssh and sudo

# bash's `read` takes one byte at a time, and so leaves what follows to the command. A command that was killed
# looks killed from outside, too, unless only its exit code is asked for.
RUN = " ".join(
    r"""
mark() { printf '\036%s\n' "$1"; };
while IFS= read -r line && [[ $line != "$1" ]]; do :; done;
[[ $line == "$1" ]] || exit 88;
mark "$1"; if [[ $2 == apart* ]]; then mark "$1" >&2; else exec 2>&1; fi;
exec 3>&2 2>/dev/null; (exec 2>&3 3>&-; eval "set --; $3"); code=$?;
[[ $2 == *-told ]] || case $code in 137 | 143) kill -$((code - 128)) $$ ;; esac;
mark "$1 $code"; exit $code
""".strip().splitlines()
)

KEPT = 1 << 16
"""How much is kept of what comes before the first mark, in bytes: its last words may be told."""
WRONG_USER = re.compile(rb'Please login as the user "([^"\s]+)" rather than')


def as_root(words: list[str], user: str) -> str:
    """The command line that runs these words as root."""
    if user == "root":
        return f"exec {shlex.join(words)}"
    return f"sudo -n true 2>/dev/null || exit {NO_SUDO}; exec sudo -n {shlex.join(words)}"


def framed(command: str, token: str, user: str, together: bool, told: bool = False) -> tuple[str, bytes]:
    """What to ask sshd to run, and what has to come first on its standard input.

    With `told`, the exit code of one that was killed is told as any other.
    """
    how = ("together" if together else "apart") + ("-told" if told else "")
    # a bash that sshd starts, as it thinks, reads ~/.bashrc; one inside another shell does not
    line = as_root(["env", "SHLVL=1", "bash", "-c", RUN, "deploy", token, how, command], user)
    return line, f"{line}\n{token}\n".encode()


class Frame:
    """Takes what stands between the marks out of what comes, piece by piece; the last mark has the status."""

    def __init__(self, token: str) -> None:
        self.first = b"\x1e" + token.encode() + b"\n"
        self.last = self.first[:-1] + b" "
        self.begun = self.ended = False
        self.before = self.held = self.after = b""

    @property
    def status(self) -> int | None:
        """What the command ended with; None when nothing says so."""
        digits = self.after.partition(b"\n")[0]
        return int(digits) if digits.isdigit() else None

    def feed(self, piece: bytes) -> bytes:
        """What of all that has come so far stands between the marks, and was not given yet."""
        if not self.begun:
            self.before, mark, piece = (self.before + piece).partition(self.first)
            self.begun = bool(mark)
        if not self.begun:
            self.before = self.before[-KEPT:]
            return b""
        if self.ended:
            self.after = (self.after + piece)[:9]
            return b""
        inside, mark, self.after = (self.held + piece).partition(self.last)
        self.ended = bool(mark)
        kept = 0 if mark else self._beginning(inside)
        self.held = inside[len(inside) - kept :]
        return inside[: len(inside) - kept]

    def rest(self) -> bytes:
        """What was held back because it might have become the mark."""
        held, self.held = self.held, b""
        return held

    def _beginning(self, text: bytes) -> int:
        """How many bytes at the end of the text are the beginning of the last mark."""
        place = text.rfind(self.last[:1], max(0, len(text) - len(self.last) + 1))
        return len(text) - place if place >= 0 and self.last.startswith(text[place:]) else 0


def another_user(said: bytes) -> str:
    """The user who is to log in in place of this one, as a provider's image says it, or nothing."""
    found = WRONG_USER.search(said)
    return found[1].decode(errors="replace") if found else ""


def last_words(said: bytes) -> str:
    """The last line of what came instead of an answer."""
    lines = [line.strip() for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""
