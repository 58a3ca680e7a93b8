"""Runs deploy in a terminal against a throwaway VPS, and draws what the terminal shows as SVG."""

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine

ROOT = Path(__file__).parent.parent
DEPLOY = Path(sys.executable).with_name("deploy")
COLUMNS = 110
NAMES = ["blog", "www.blog", "alma", "old", "older"]
WEB_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
PIECE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\r|\n|[^\x1b\r\n]+")


def main(pictures: Path) -> None:
    """Draw a push, the status after it, and a plan."""
    with Machine.boot(say=report) as machine, AcmeServer.start(machine) as acme:
        machine.add_hosts({f"{name}.example.org": "127.0.0.1" for name in NAMES})
        with tempfile.TemporaryDirectory() as folder:
            demo = Demo(Path(folder) / "demo", machine, acme)
            demo.run("apply", "--yes")
            demo.run("push", "alma.example.org")
            demo.draw(pictures / "push.svg", "push", "blog.example.org")
            demo.draw(pictures / "status.svg", "status")
            machine.run(
                "sed -i s/strict-origin-when-cross-origin/no-referrer/ /etc/nginx/conf.d/00-deploy.conf"
            )
            demo.edit("    to: https://blog", "    aliases: [older.example.org]\n    to: https://alma")
            demo.draw(pictures / "plan.svg", "plan")


class Demo:
    """A copy of the example, whose sites.yaml names the machine."""

    def __init__(self, folder: Path, machine: Machine, acme: AcmeServer) -> None:
        self.folder, self.address = folder, machine.address
        shutil.copytree(ROOT / "examples", folder)
        for site in ("blog", "page"):
            make_repository(folder / site)
        server = f"server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}\n"
        self.edit("sites:\n", f"{server}acme: {{server: '{acme.directory}', ca: {acme.ca}}}\nsites:\n")

    def edit(self, old: str, new: str) -> None:
        """Change sites.yaml."""
        file = self.folder / "sites.yaml"
        text = file.read_text()
        if old not in text:
            raise SystemExit(f"examples/sites.yaml has changed: there is no {old!r} in it")
        file.write_text(text.replace(old, new, 1))

    def run(self, *arguments: str) -> str:
        """What a command writes to a terminal."""
        report(shlex.join(["deploy", *arguments]))
        return in_terminal([str(DEPLOY), *arguments], self.folder)

    def draw(self, picture: Path, *arguments: str) -> None:
        """Run a command and draw its terminal; the name that a server usually has stands for the address."""
        shown = screen(self.run(*arguments)).replace(self.address, "vps.example.org")
        console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
        console.print(Text.from_ansi(f"\x1b[1m$ deploy {' '.join(arguments)}\x1b[0m\n{shown}"))
        svg = console.export_svg(title="deploy", unique_id=f"deploy-{picture.stem}")
        picture.write_text(WEB_FONT.sub("", svg))
        report(f"✓ {picture}")


def report(line: str) -> None:
    """Say what is being done."""
    print(line, flush=True)


def make_repository(folder: Path) -> None:
    """Make a Git repository of a folder, with one commit."""
    git = ["git", "-c", "user.name=Alma", "-c", "user.email=alma@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "Publish the example"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)


def in_terminal(command: list[str], folder: Path) -> str:
    """What the command writes to a terminal; the 4 with which a plan that has changes ends is fine."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        # how deploy names the one who pushes, and how wide rich takes the terminal to be
        os.environ.update(LOGNAME="alma", TERM="xterm-256color", COLUMNS=str(COLUMNS))
        os.execv(command[0], command)
    written = b""
    while part := read(terminal):
        written += part
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    text = written.decode()
    if status not in (0, 4):
        raise SystemExit(f"{shlex.join(command)} ended with {status}:\n{text}")
    return text


def read(terminal: int) -> bytes:
    """The next bytes from a terminal; none when its program has ended."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def screen(text: str) -> str:
    """What is left on the screen: knows just the moves with which rich takes a spinner away again."""
    lines, row = [""], 0
    for piece in PIECE.finditer(text):
        move = piece[2]
        if piece[0] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif move == "A":
            row -= int(piece[1] or 1)
        elif move == "K":
            lines[row] = ""
        elif piece[0] != "\r" and move in (None, "m"):
            lines[row] += piece[0]
    return "\n".join(line.rstrip() for line in lines).rstrip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
