"""Tools of a build: proved, installed once, side by side, and none of a build's own."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine

pytestmark = pytest.mark.takes_turns("module")

FROM = "http://127.0.0.1:8090"
NGINX = """
server {
    listen 127.0.0.1:8090;
    root /root/mirror; index index.json; access_log /var/log/nginx/mirror.log;
}
"""
BUILD = """set -e
mkdir -p "$npm_config_prefix/bin" && install -m 755 /dev/stdin "$npm_config_prefix/bin/own" <<<'#!/bin/sh' && own
node >"$DEPLOY_OUTPUT/index.html"
command -v node >"$DEPLOY_OUTPUT/where.html"
echo "$npm_config_cache $GOMODCACHE" >"$DEPLOY_OUTPUT/caches.html"
mkdir -p "$npm_config_cache" && echo kept >>"$npm_config_cache/kept" && cp "$npm_config_cache/kept" "$DEPLOY_OUTPUT/kept.html"
touch "$(dirname "$(command -v node)")/mine" 2>/dev/null && echo writable >"$DEPLOY_OUTPUT/bad.html"
exit 0
"""


def archive(folder: str, programs: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in programs.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size, member.mode = len(text), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


@pytest.fixture(scope="module")
def mirror(server: Machine) -> Path:
    """What makers publish, on the server itself."""
    folder = server.root / "root/mirror"
    (server.root / "etc/nginx/conf.d/mirror.conf").write_text(NGINX)
    folder.mkdir()
    server.run("chmod 711 /root && systemctl reload nginx")
    return folder


@pytest.fixture
def publish(mirror: Path) -> Callable[[str], None]:
    def node(version: str) -> None:
        name = f"node-v{version}-linux-x64"
        data = archive(name, {"bin/node": f"#!/bin/sh\necho 'Node {version}'\n"})
        lines = f"{'0' * 64}  {name}.tar.xz\n{hashlib.sha256(data).hexdigest()}  {name}.tar.gz\n"
        for folder in (f"v{version}", f"latest-v{version.partition('.')[0]}.x"):
            (mirror / folder).mkdir(exist_ok=True)
            (mirror / folder / f"{name}.tar.gz").write_bytes(data)
            (mirror / folder / "SHASUMS256.txt").write_text(lines)

    return node


def asked(server: Machine, name: str) -> int:
    return (server.root / "var/log/nginx/mirror.log").read_text().count(name)


def test_a_tool_is_installed_once_and_versions_stand_side_by_side(new_site, server, publish):
    publish("22.11.0")
    publish("24.1.0")
    of = {"build": "build.sh", "tools_from": {"node": FROM}}
    one = new_site({"build.sh": BUILD}, tools={"node": "22"}, **of)
    output = one.push()
    assert f"installing node 22 from {FROM}/latest-v22.x/node-v22.11.0-linux-x64.tar.gz" in output
    assert one.page() == "Node 22.11.0\n"
    assert one.page("/where.html") == "/opt/deploy/tools/node-22/bin/node\n"
    assert one.page("/bad.html") == "404", "a build cannot write there"
    place = f"/srv/deploy/{one.domain}/cache"
    assert one.page("/caches.html") == f"{place}/npm {place}/go/mod\n"
    two = new_site({"build.sh": BUILD}, tools={"node": "24.1.0"}, **of)
    two.push()
    assert two.page() == "Node 24.1.0\n"
    assert two.page("/kept.html") == "kept\n", "the caches of sites are apart"
    publish("22.12.0")
    one.push("--force")
    assert one.page() == "Node 22.11.0\n", "it stays as it was"
    assert one.page("/kept.html") == "kept\nkept\n"
    assert asked(server, "node-v22.11.0-linux-x64") == 1
    one.configure(tools={"node": "22.12.0"})
    one.push()
    assert one.page() == "Node 22.12.0\n"


def test_what_is_not_what_its_maker_publishes_is_not_installed(new_site, mirror, publish):
    publish("26.0.0")
    of = {"build": "build.sh", "tools_from": {"node": FROM}, "tools": {"node": "26.0.0"}}
    site = new_site({"build.sh": BUILD}, **of)
    file = mirror / "v26.0.0/node-v26.0.0-linux-x64.tar.gz"
    file.write_bytes(archive("x", {"bin/node": "#!/bin/sh\necho stolen\n"}))
    assert "has another SHA-256 than its maker or sites.yaml says" in site.fails()
    file.unlink()
    assert "node 26.0.0 could not be installed from http" in site.fails()
    site.configure(tools={"node": "27"})
    output = site.fails()
    assert f"node 27 could not be installed from {FROM}/latest-v27.x/SHASUMS256.txt: curl: (22)" in output
    (mirror / "latest-v27.x").mkdir()
    (mirror / "latest-v27.x/SHASUMS256.txt").write_text("../../x\n")
    assert "there is no node 27 at " in site.fails()
    publish("22.11.0")
    site.configure(tools={"node": f"22.11.0@sha256:{'a' * 64}"})
    assert "has another SHA-256" in site.fails()
    assert not list(site.vps.root.glob("opt/deploy/tools/node-2[67]*"))


def test_go_is_found_in_its_makers_list_and_python_and_dart_sass_by_their_names(new_site, mirror):
    made = {
        "go1.26.1.linux-amd64.tar.gz": archive("go", {"bin/go": "#!/bin/sh\necho Go\n"}),
        "cpython-3.12.9+20261101-x86_64-unknown-linux-gnu-install_only.tar.gz": archive(
            "python", {"bin/python3": "#!/bin/sh\necho Python\n"}
        ),
        "1.90.0/dart-sass-1.90.0-linux-x64.tar.gz": archive("dart-sass", {"sass": "#!/bin/sh\necho Sass\n"}),
    }
    for name, data in made.items():
        (mirror / name).parent.mkdir(exist_ok=True)
        (mirror / name).write_bytes(data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    go, python, sass = made
    versions = [
        {"version": "go1.27rc1", "stable": False, "files": []},
        *(
            {
                "version": f"go1.{minor}.1",
                "stable": True,
                "files": [
                    {"os": "linux", "arch": "amd64", "kind": "archive", "sha256": digests[go], "filename": go}
                ],
            }
            for minor in (26, 2)
        ),
    ]
    (mirror / "index.json").write_text(json.dumps(versions))
    (mirror / "SHA256SUMS").write_text(f"{digests[python]}  {python}\n")
    tools = {"go": "1.26", "python": "3.12", "dart-sass": f"1.90.0@sha256:{digests[sass]}"}
    site = new_site(
        {"build.sh": 'set -e\n{ go; python3; sass; } >"$DEPLOY_OUTPUT/index.html"'},
        build="build.sh",
        tools=tools,
        tools_from=dict.fromkeys(tools, FROM),
    )
    site.push()
    assert site.page() == "Go\nPython\nSass\n"
    site.configure(tools=tools | {"go": "1.25"})
    assert "there is no go 1.25 at" in site.fails()
