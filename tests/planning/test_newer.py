"""Why files change on a server that was upgraded."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.files import File
from deployer.planning.comparing import make_plan
from deployer.planning.newer import because_newer
from deployer.planning.stages import in_the_end
from deployer.seen import manifest
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.seen.releases import Version

NOW = Facts("debian", "13").having(nginx=(1, 26, 3), openssl=(3, 5, 1))
SITES = {f"{name}.example.org": {"kind": "redirect", "to": "https://example.org"} for name in "ab"}


def why(then: Facts, now: Facts = NOW, **more: object) -> list[str]:
    """What is said on a server whose files are of `then`, of the same sites.yaml or with `more` in it."""
    files = in_the_end(Config.model_validate({"sites": SITES, "security": False}), then).files
    written = {path: file.digest for path, file in files.items()}
    seen = Observation(now, {**files, manifest.PATH: manifest.write(written)}, written)
    config = Config.model_validate({"sites": SITES, "security": False, **more})
    changes = make_plan(in_the_end(config, now), seen, config.acme.directory).changes
    return list(because_newer(changes, now, lambda facts: in_the_end(config, facts).files))


@pytest.mark.parametrize(
    ("nginx", "openssl", "told"),
    [
        ((1, 22, 1), (3, 0, 17), ["4 files change because the server has NGINX 1.26 and OpenSSL 3.5 now"]),
        ((1, 22, 1), (3, 5, 0), ["4 files change because the server has NGINX 1.26 now"]),
        ((1, 26, 0), (3, 0, 17), ["1 file changes because the server has OpenSSL 3.5 now"]),
        ((1, 26, 0), (3, 5, 0), []),
    ],
)
def test_a_newer_program_is_the_reason(nginx: Version, openssl: Version, told: list[str]) -> None:
    assert why(NOW.having(nginx=nginx, openssl=openssl)) == told


def test_an_old_nginx_is_no_reason_beside_a_new_openssl() -> None:
    now = NOW.having(nginx=(1, 22, 1))
    assert why(now.having(openssl=(3, 0, 17)), now) == [
        "1 file changes because the server has OpenSSL 3.5 now"
    ]


def test_what_sites_yaml_changes_besides_is_not_counted() -> None:
    then = NOW.having(nginx=(1, 22, 1))
    sites = {**SITES, "a.example.org": {**SITES["a.example.org"], "to": "https://example.com"}}
    assert why(then, sites=sites) == ["3 files change because the server has NGINX 1.26 now"]


def test_an_edit_by_hand_is_not_explained_away() -> None:
    change = make_plan(
        in_the_end(Config(), NOW), Observation(NOW, {}, {}), "https://acme.example.org"
    ).changes[0]
    edited = replace(change, path="/etc/nginx/deploy/tls.conf", before=File(b"by hand"))
    assert list(because_newer([edited], NOW, lambda facts: in_the_end(Config(), facts).files)) == []
