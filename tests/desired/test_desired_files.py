"""What a server gets: only what its sites need, chosen by its facts, the same each time."""

from dataclasses import replace
from typing import Any

import pytest

from deployer.config.model import Config
from deployer.planning.desired import Desired, desired_files
from deployer.seen.facts import BROTLI_FILTER, BROTLI_MODULE, Certificate, Facts
from golden import server

HUGO = {"kind": "hugo", "repository": "https://git.example.org/a.git"}
STATIC = {"kind": "static", "repository": "/home/me/site", "https": False}
PROXY = {"kind": "proxy", "port": 9000}
FACTS = Facts("debian", "13", packages=frozenset({BROTLI_MODULE})).having(openssl=(3, 5, 4))
SITE = "/etc/nginx/conf.d/a.example.org.conf"
TLS = "/etc/nginx/deploy/tls.conf"


def covering(*names: str) -> Facts:
    return replace(FACTS, certificates={names[0]: Certificate(frozenset(names), 0, "")})


def desired(*sites: dict[str, Any], facts: Facts = FACTS, **more: Any) -> Desired:
    names = ("a.example.org", "b.example.org", "c.example.org")
    return desired_files(
        Config.model_validate({"sites": dict(zip(names, sites, strict=False)), "security": False, **more}),
        facts,
    )


def text(found: Desired, path: str) -> str:
    return found.files[path].content.decode()


EVERYWHERE = (
    *(
        "bin/traffic",
        "lib/common/program",
        "lib/traffic/best.awk",
        "lib/traffic/count.awk",
        "lib/traffic/together.awk",
    ),  # where there is NGINX
    *("bin/status-page", "lib/common/page", "lib/common/pause", "lib/common/visitor", "lib/doctor/sites"),
    *(f"lib/status/{name}" for name in ("facts", "page.css", "page.js")),
    *(f"lib/status/{name}.awk" for name in ("data", "days", "feed", "page", "read", "remember")),
    *("bin/maintenance", "bin/room", "lib/common/hold", "lib/common/reload"),
    *("bin/undo", "version"),
)


def test_proxies_alone_need_nothing_of_pushes() -> None:
    found = desired(PROXY)
    assert found.packages == {"nginx", "certbot", "curl", "logrotate", BROTLI_FILTER}
    ours = [path for path in found.files if path.startswith("/usr/local") or "sysusers" in path]
    assert set(ours) == {f"/usr/local/lib/deploy/{path}" for path in EVERYWHERE}
    assert "srv" not in text(found, "/etc/tmpfiles.d/deploy.conf")


def test_without_https_nothing_of_certbot() -> None:
    found = desired(STATIC)
    assert "certbot" not in found.packages
    assert found.units == {"nginx.service"}
    assert not [path for path in found.files if "letsencrypt" in path]
    assert found.certificates == {}


def test_packages_of_publications() -> None:
    common = {"nginx", "curl", "logrotate", "git", "jq", "brotli", BROTLI_MODULE}
    assert desired(STATIC).packages == common | {"webp"}
    assert desired({**STATIC, "images": {"webp": False}}).packages == common
    assert desired({**STATIC, "repository": "git@h.example.org:a"}).packages >= {"openssh-client"}
    assert desired(HUGO).packages == common | {"certbot", "webp", "hugo"}
    pinned = desired({**HUGO, "hugo": "0.161.1"}, {**HUGO, "hugo": "0.100.2"}, {**HUGO, "hugo": "0.161.1"})
    assert pinned.packages == common | {"certbot", "webp", "python3-venv"}
    assert pinned.hugo == {"0.161.1", "0.100.2"}


def test_a_site_waits_for_its_certificate() -> None:
    for facts in (FACTS, covering("b.example.org"), covering("www.a.example.org")):
        found = desired({**HUGO, "before": "true", "aliases": ["www.a.example.org"]}, facts=facts)
        assert found.site_of == {}
        assert found.certificates == {"a.example.org": ("a.example.org", "www.a.example.org")}
    found = desired({**HUGO, "before": "true"}, facts=covering("a.example.org"))
    assert sorted(found.site_of) == [
        "/etc/deploy/hooks/a.example.org.before",
        "/etc/deploy/sites/a.example.org.conf",
        SITE,
        "/etc/sysusers.d/deploy-a.example.org.conf",
    ]


def test_names_that_the_certificate_does_not_cover_answer_over_http_only() -> None:
    found = desired({**PROXY, "aliases": ["www.a.example.org"]}, facts=covering("a.example.org"))
    assert text(found, SITE).count("www.a.example.org") == 1
    wildcard = replace(
        FACTS,
        certificates={"a.example.org": Certificate(frozenset({"a.example.org", "*.a.example.org"}), 0, "")},
    )
    found = desired({**PROXY, "aliases": ["www.a.example.org"]}, facts=wildcard)
    assert text(found, SITE).count("server_name www.a.example.org") == 1


@pytest.mark.parametrize(
    ("release", "version", "directive"),
    [
        (("debian", "12"), None, False),
        (("debian", "13"), None, True),
        (("ubuntu", "24.04"), None, False),
        (("ubuntu", "26.04"), None, True),
        (("debian", "12"), (1, 30, 1), True),
        (("debian", "13"), (1, 25, 1), True),
        (("debian", "13"), (1, 25, 0), False),
    ],
)
def test_http_2_as_this_nginx_knows_it(release: tuple[str, str], version: Any, directive: bool) -> None:
    facts = replace(covering("a.example.org"), os=release[0], release=release[1]).having(nginx=version)
    found = desired(PROXY, facts=facts)
    assert ("http2 on;" in text(found, TLS)) == directive
    assert ("listen 443 ssl http2;" in text(found, SITE)) == (not directive)


@pytest.mark.parametrize(("openssl", "known"), [((3, 0, 20), False), ((3, 4, 9), False), ((3, 5, 0), True)])
def test_post_quantum_key_exchange_where_openssl_has_it(openssl: Any, known: bool) -> None:
    assert ("X25519MLKEM768" in text(desired(PROXY, facts=FACTS.having(openssl=openssl)), TLS)) == known


def everything(found: Desired) -> str:
    return "".join(file.content.decode() for file in found.files.values())


def test_ipv6_and_brotli_where_they_are_there() -> None:
    without = replace(covering("a.example.org"), ipv6=False, packages=frozenset())
    every = "".join(
        file.content.decode() for file in desired(HUGO, facts=covering("a.example.org")).files.values()
    )
    fewer = "".join(file.content.decode() for file in desired(HUGO, facts=without).files.values())
    assert "listen [::]:443" in every
    assert "listen [::]:443" not in fewer
    assert "brotli_static" in every
    assert "brotli_static" not in fewer


def test_a_private_authority_is_trusted() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found = desired(PROXY, acme={"server": "https://acme.example.org/directory", "ca": pem})
    assert text(found, "/etc/deploy/acme-ca.pem") == pem
    assert "/etc/deploy/acme-ca.pem" in text(found, "/etc/systemd/system/certbot.service.d/deploy.conf")
    assert not [path for path in desired(PROXY).files if "acme-ca" in path or "certbot.service" in path]


def test_the_scripts_are_there_and_may_be_run() -> None:
    files = desired(STATIC).files
    for script in ("bin/push", "bin/rollback", "bin/releases", "shims/cwebp"):
        file = files[f"/usr/local/lib/deploy/{script}"]
        assert file.content.startswith(b"#!/bin/")
        assert file.mode == 0o755


def test_the_order_in_sites_yaml_and_a_second_rendering_change_nothing() -> None:
    there = server.config()
    backwards = there.model_copy(update={"sites": dict(reversed(there.sites.items()))})
    known = server.facts("debian-13")
    once = desired_files(there, known)
    for other in (desired_files(there, known), desired_files(backwards, known)):
        assert other == once
        assert [list(getattr(other, part)) for part in ("files", "certificates", "names")] == [
            list(getattr(once, part)) for part in ("files", "certificates", "names")
        ]


@pytest.mark.parametrize("configuration", server.FOLDERS)
@pytest.mark.parametrize("release", server.RELEASES)
def test_every_file_is_pleasant_to_read(release: str, configuration: str) -> None:
    for path, file in server.golden(release, configuration).files.items():
        if path.startswith("/usr/local/") or path.endswith((".pem", ".asc")):
            continue
        content = file.content.decode()
        assert content.endswith("\n"), path
        assert not content.endswith("\n\n"), path
        assert "\n\n\n" not in content.replace("\n\n\n# ----", ""), path
        assert not {"{{", "{%", "{#"} & set(content.split()), path
        assert not [line for line in content.splitlines() if line != line.rstrip()], path
        assert content.startswith(("# ", "#!/bin/bash\n# ", "; ", "// ", "<?php\n// ")), path
        one_line_each = "/nginx/" in path or "/pool.d/" in path or path.endswith("/authorized_keys")
        assert one_line_each or max(map(len, content.splitlines())) <= 125, path
