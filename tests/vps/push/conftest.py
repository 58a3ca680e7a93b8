"""Sites on a real server, pushed by the real scripts: each test has a site of its own."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import deployer
from deployer.kinds.publication import user_of
from deployer.kinds.static import Static
from deployer.rehearsal.machine import Machine
from vps.waiting import reload_nginx

SCRIPTS = Path(deployer.__file__).parent / "server" / "installed"
NGINX = """
open_file_cache max=1000 inactive=10m;
open_file_cache_valid 0;
server {
    listen 443 ssl default_server;
    server_name ~^(?<site>.+)$;
    ssl_certificate /etc/nginx/cert.pem;
    ssl_certificate_key /etc/nginx/key.pem;
    include /etc/nginx/broken[.]conf;
    root /var/www/$site;
}
"""
numbers = itertools.count(1)


@dataclass
class PushedSite:
    """A site whose repository is a folder on the server itself."""

    vps: Machine
    domain: str
    values: dict[str, object] = field(default_factory=dict)

    @property
    def repository(self) -> Path:
        return self.vps.root / "root/repositories" / self.domain

    @property
    def place(self) -> Path:
        return self.vps.root / "srv/deploy" / self.domain

    def configure(self, repository: str = "", **values: object) -> None:
        """Change values of sites.yaml, as `deploy apply` would write them."""
        self.values |= values
        given = {"folder" if name == "within" else name: value for name, value in self.values.items()}
        site = Static(kind="static", repository="https://git.example.org/site.git", **given)
        url = repository or f"file:///root/repositories/{self.domain}"
        for path, file in (site.push_values(self.domain) | site.builder(self.domain)).items():
            more = f"\nREPOSITORY='{url}'\n".encode() if path.endswith(f"/{self.domain}.conf") else b""
            (self.vps.root / path[1:]).write_bytes(file.content + more)

    @property
    def user(self) -> str:
        """Who its builds run as."""
        return user_of(self.domain)

    def hook(self, when: str, text: str) -> None:
        (self.vps.root / "etc/deploy/hooks" / f"{self.domain}.{when}").write_text(text)

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "safe.directory=*"]
        argv = ["git", "-C", str(self.repository), *identity, *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files: dict[str, str | bytes | None] | None = None, subject: str = "Change") -> str:
        """Write files (None removes one), commit, and return the commit."""
        for name, content in (files or {}).items():
            path = self.repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def script(self, name: str, *options: str, code: int = 0, input: str | None = None) -> str:
        """Run one of the scripts; its output."""
        argv = " ".join([f"/usr/local/lib/deploy/bin/{name}", self.domain, *options])
        done = self.vps.run(argv, check=False, input=input)
        assert done.returncode == code, done.stdout + done.stderr
        assert not done.stderr
        return done.stdout

    def push(self, *options: str, code: int = 0) -> str:
        return self.script("push", *options, code=code)

    def fails(self, *options: str) -> str:
        """A push that must fail and leave the site as it was; its output."""
        before, releases = self.live, self.releases
        output = self.push(*options, code=1)
        assert output.splitlines()[-1].startswith(f"{self.domain} is as it was: "), output
        assert (self.live, self.releases) == (before, releases)
        assert not (self.place / "work").exists()
        return output

    @property
    def live(self) -> str:
        """The ID of the live release; empty when there is none."""
        link = self.vps.root / "var/www" / self.domain
        return os.readlink(link).rpartition("/")[2] if link.is_symlink() else ""

    @property
    def releases(self) -> list[str]:
        folder = self.place / "releases"
        return sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.exists() else []

    @property
    def site(self) -> Path:
        """The files of the live release."""
        return self.place / "releases" / self.live

    def page(self, path: str = "/") -> str:
        """What a visitor gets; on an error, the number of it."""
        url = f"https://{self.domain}{path}"
        at = f"{self.domain}:443:{self.vps.address}"
        argv = ["curl", "-skf", "--noproxy", "*", "--resolve", at, "-w", "%{http_code}", url]
        body = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
        return body[:-3] if body.endswith("200") else body[-3:]

    def log(self) -> str:
        """The last line of the push log."""
        lines = (self.vps.root / "var/log/deploy/push.log").read_text().splitlines()
        return [line for line in lines if f'"site":"{self.domain}"' in line][-1]


@contextmanager
def nginx_lines(site: PushedSite, lines: str) -> Iterator[None]:
    """NGINX has these lines for each site, from before to after what is done meanwhile."""
    conf = site.vps.root / "etc/nginx/broken.conf"
    conf.write_text(lines)
    try:
        reload_nginx(site.vps)
        yield
    finally:
        conf.unlink()
        reload_nginx(site.vps)


@pytest.fixture(scope="module")
def server(vps: Machine) -> Iterator[Machine]:
    """The scripts, and what they find on a server that deploy runs."""
    shutil.copytree(SCRIPTS, vps.root / "usr/local/lib/deploy", dirs_exist_ok=True)
    (vps.root / "etc/nginx/conf.d/sites.conf").write_text(NGINX)
    vps.run(
        "mkdir -p /etc/sysusers.d /etc/deploy/sites /etc/deploy/hooks /srv/deploy /root/repositories &&"
        " openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=site"
        " -keyout /etc/nginx/key.pem -out /etc/nginx/cert.pem 2>/dev/null &&"
        " systemctl enable --quiet --now nginx && systemctl restart nginx"
    )
    yield vps
    assert not vps.run(
        "systemctl list-units --no-legend 'deploy-build-*'; systemctl --failed --no-legend"
    ).stdout


@pytest.fixture
def new_site(server: Machine) -> Callable[..., PushedSite]:
    def make(files: dict[str, str | bytes | None] | None = None, **values: object) -> PushedSite:
        site = PushedSite(server, f"site{next(numbers)}.example.org")
        site.repository.mkdir(parents=True)
        site.git("init", "--quiet", "--initial-branch=main")
        site.configure(**values)
        server.run("systemd-sysusers")
        site.commit({"index.html": "<h1>One</h1>"} | (files or {}), "First")
        return site

    return make


@pytest.fixture
def daemon(server: Machine) -> Iterator[str]:
    """git:// on the server, because a build may not use what only root can read."""
    server.run(
        "systemd-run --quiet --unit=git-daemon git -c safe.directory='*' daemon --export-all --base-path=/root/repositories"
    )
    yield "git://127.0.0.1"
    server.run("systemctl stop git-daemon")
