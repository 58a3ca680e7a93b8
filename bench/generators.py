"""Ten and more site generators, each built for real by `deploy push` on a throwaway VPS: docs/generators.md.

By hand only, for it wants the network: npm, PyPI and Go's modules. `--only NAME,…` for some of them.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.makers import CERTIFICATES, HUGO, PATH, PLACE, SASS, publish_tools
from bench.measure import CHECKOUT, DEPLOY, Command, Failed, progress, timed
from bench.page import arguments, conditions, replace, table
from bench.starters import GENERATORS, Generator
from deployer.rehearsal.machine import Machine

PACKAGES = ("brotli", "certbot", "curl", "git", "jq", "logrotate", "nginx", "python3-venv", "webp")
PAGE = CHECKOUT / "docs/generators.md"
HEAD = ["generator", "lines of sites.yaml besides the repository", "first push", "next one", "files", "MB"]
TOOLS = ("node", "go", "dart-sass")
UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers").exists()
LIMITED = (
    "This machine has control groups of version 1, where a limit of memory is one of address space, of which "
    "Node reserves much: there, each of these sites had `limits: {memory: 4G}` as well."
)


@dataclass(frozen=True)
class Workshop:
    """A VPS, and a folder with the sites.yaml of all generators."""

    machine: Machine
    folder: Path
    digest: str

    def configure(self, generators: Sequence[Generator]) -> None:
        """Write sites.yaml, and apply it."""
        server = f"host: {self.machine.address}, host_key: {self.machine.host_key}, key: {self.machine.key}"
        lines = [f"server: {{{server}}}", "sites:"]
        for each in generators:
            (self.folder / each.domain).mkdir()
            self.git(each, "init", "--quiet", "--initial-branch=main")
            self.git(each, "commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
            keys = ["https: false", f"repository: {each.domain}", *self.keys(each)]
            lines += [f"  {each.domain}:", *(f"    {line}" for line in keys)]
        (self.folder / "sites.yaml").write_text("\n".join(lines) + "\n")
        timed(Command([DEPLOY, "apply", "--yes"], self.folder))

    def keys(self, generator: Generator) -> list[str]:
        """Its lines of sites.yaml, with the places of its tools."""
        keys = generator.keys.replace("SASS", f"{SASS}@sha256:{self.digest}")
        used = [tool for tool in TOOLS if f"{tool}: " in generator.keys]
        places = ", ".join(f"{tool}: '{PLACE}'" for tool in used)
        memory = [] if UNIFIED else ["limits: {memory: 4G}"]
        return [*keys.splitlines(), *([f"tools_from: {{{places}}}"] if used else []), *memory]

    def start(self, generator: Generator) -> str:
        """Make the repository by the generator's own starter; its version."""
        place = f"/root/starters/{generator.domain}"
        environment = f"export HOME=/root CI=1 PATH={PATH} NODE_EXTRA_CA_CERTS={CERTIFICATES}"
        command = (
            f"mkdir -p {place} && cd {place} && {environment} && bash -c {shlex.quote(generator.starter)}"
        )
        done = self.machine.run(command, check=False, timeout=600)
        if done.returncode:
            raise Failed(f"the starter of {generator.name} failed:\n{done.stdout}{done.stderr}")
        mine = self.folder / generator.domain
        shutil.copytree(f"{self.machine.root}{place}", mine, dirs_exist_ok=True, symlinks=True)
        (mine / "build.sh").write_text(generator.build)
        self.commit(generator, "Begin")
        return done.stdout.split()[-1]

    def git(self, generator: Generator, *arguments: str) -> None:
        """Run git in its repository."""
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
        timed(Command(["git", *identity, *arguments], self.folder / generator.domain))

    def commit(self, generator: Generator, message: str) -> None:
        """Commit all that is there."""
        self.git(generator, "add", "--all")
        self.git(generator, "commit", "--quiet", "--message", message)

    def push(self, generator: Generator) -> float:
        """Seconds of a push."""
        return timed(Command([DEPLOY, "push", generator.domain], self.folder))[0]

    def reads(self, generator: Generator) -> str:
        """What a visitor reads."""
        url, host = f"http://{self.machine.address}{generator.path}", f"Host: {generator.domain}"
        curl = ["curl", "--silent", "--location", "--noproxy", "*", "--header", host, url]
        return subprocess.run(curl, capture_output=True, text=True, check=False).stdout

    def row(self, generator: Generator) -> list[str]:
        """Push it twice; its line of the table."""
        version = self.start(generator)
        first = self.push(generator)
        sentence = f"The newest sentence of {generator.name.lower()}"
        with open(self.folder / generator.domain / generator.page, "a") as page:
            page.write(f"\n{sentence}\n")
        self.commit(generator, "Change")
        second = self.push(generator)
        if sentence not in self.reads(generator):
            raise Failed(f"the new sentence of {generator.name} is not served")
        root = f"/var/www/{generator.domain}/"
        files, size = self.machine.run(
            f"find {root} -type f | wc -l; du -sm {root} | cut -f 1"
        ).stdout.split()
        keys = "<br>".join(
            f"`{line}`" for line in generator.keys.replace("SASS", "1.105.0@sha256:…").splitlines()
        )
        return [f"{generator.name} {version}", keys, f"{first:.0f} s", f"{second:.0f} s", files, size]


def main() -> None:
    options = arguments(__doc__ or "", words={"only": "names, with commas between them"})
    os.environ.pop("VPS_DISK", None)  # a build's files there would count as its memory
    chosen = [each for each in GENERATORS if not options.only or each.name in options.only.split(",")]
    with tempfile.TemporaryDirectory() as name, Machine.boot(packages=PACKAGES) as machine:
        workshop = Workshop(machine, Path(name), publish_tools(machine))
        machine.run(HUGO, timeout=300)
        shutil.copy(CHECKOUT / "tests/vps/push/photo.jpg", machine.root / "root/photo.jpg")
        progress("installing what sites.yaml says")
        workshop.configure(chosen)
        rows = [*filter(None, (attempt(workshop, each) for each in chosen))]
    text = "\n\n".join([table(HEAD, rows), *([] if UNIFIED else [LIMITED]), conditions("generators")])
    print(text)
    if options.write and len(rows) == len(GENERATORS):
        replace("generators", text, PAGE)


def attempt(workshop: Workshop, generator: Generator) -> list[str]:
    """Its line of the table; nothing where it does not build."""
    progress(generator.name)
    try:
        row = workshop.row(generator)
    except Failed as failure:
        print(failure, flush=True)
        return []
    progress(", ".join(row[2:]))
    return row


if __name__ == "__main__":
    main()
