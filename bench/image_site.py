"""The site that push and serve are measured with: made once, copied for each benchmark, on its own VPS."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.contenders import VENV, install_peers
from bench.measure import CHECKOUT, DEPLOY, WORK, Command, progress, timed
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.shell import ssh

DOMAIN = "blog.example.org"
HUGO = "0.161.1"
PACKAGES = ("brotli", "certbot", "curl", "git", "libnginx-mod-http-brotli-static", "logrotate", "nginx")
TOOLS = ("python3-venv", "webp", "wrk")
ORIGIN = "/srv/origin.git"
SITES = """\
server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}
sites:
  {domain}: {{kind: hugo, hugo: {hugo}, https: false, repository: blog}}
"""


@dataclass(frozen=True)
class ImageSite:
    """The site's repository on this machine, and the sites.yaml that publishes it on a VPS."""

    machine: Machine
    folder: Path

    @classmethod
    def prepare(cls, folder: Path) -> Self:
        """Boot a VPS for it, and make the repository."""
        install_peers()
        made = WORK / "blog"
        if not (made / "complete").is_file():
            progress("making a blog with 120 images")
            shutil.rmtree(made, ignore_errors=True)
            timed(Command([f"{VENV}/bin/python", str(CHECKOUT / "bench/image_blog.py"), str(made)]))
            (made / "complete").touch()
        shutil.copytree(made, folder / "blog")
        shutil.copy(CHECKOUT / "bench/usual/build.sh", folder / "blog")
        site = cls(Machine.boot(packages=(*PACKAGES, *TOOLS)), folder)
        (folder / "sites.yaml").write_text(SITES.format(machine=site.machine, domain=DOMAIN, hugo=HUGO))
        site.git("init", "--quiet", "--initial-branch=master")
        site.commit("Begin")
        return site

    def git(self, *arguments: str) -> str:
        """Run git in the repository, talking to the VPS with its key."""
        login = " ".join(ssh(self.machine.key, self.machine.known_hosts))
        identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.org")
        command = ["git", "-C", str(self.folder / "blog"), *identity, *arguments]
        return timed(Command(command, environment={"GIT_SSH_COMMAND": login}))[1]

    def commit(self, message: str) -> None:
        """Commit all that has changed."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def change_text(self, mark: str) -> None:
        """Add a sentence to one article, and commit it."""
        with open(self.folder / "blog/content/posts/post-007.md", "a") as article:
            article.write(f"\nThe newest sentence is {mark}.\n")
        self.commit(mark)

    def use_https(self, acme: AcmeServer) -> None:
        """Publish it with a certificate, from the ACME server of the test."""
        sites = self.folder / "sites.yaml"
        plain = sites.read_text().replace("https: false, ", "")
        sites.write_text(f"acme: {{server: '{acme.directory}', ca: '{acme.ca}'}}\n{plain}")
        self.machine.add_hosts({DOMAIN: "127.0.0.1"})

    def share(self) -> None:
        """Push to a repository on the VPS itself, which is as near as a pull can get."""
        if not (self.machine.root / ORIGIN[1:]).is_dir():
            self.machine.run(f"git init --quiet --bare --initial-branch=master {ORIGIN}")
        self.git("push", "--quiet", f"root@{self.machine.address}:{ORIGIN}", "master")

    def clone(self, *folders: str) -> None:
        """Clone that repository on the VPS, where our site's version of Hugo is everybody's."""
        self.share()
        self.machine.run(f"ln -sf /opt/hugo/{HUGO}/bin/hugo /usr/local/bin/hugo")
        for folder in folders:
            self.machine.run(f"git clone --quiet {ORIGIN} {folder}")

    def publish(self) -> Command:
        """`deploy push`."""
        return Command([DEPLOY, "push", DOMAIN, "--yes"], self.folder)

    def remotely(self, command: str) -> Command:
        """A command on the VPS, over SSH."""
        machine = self.machine
        return Command([*ssh(machine.key, machine.known_hosts), f"root@{machine.address}", command])

    def page(self, path: str) -> str:
        """What NGINX on the VPS answers."""
        url = f"http://{self.machine.address}{path}"
        curl = ["curl", "--silent", "--fail", "--noproxy", "*", "--header", f"Host: {DOMAIN}", url]
        return subprocess.run(curl, capture_output=True, text=True, check=False).stdout
