"""Previews of a site: their names, their server of NGINX, their user, and the timer by which they go."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from deployer.config.checks import check
from deployer.config.model import Config
from deployer.files import File
from deployer.kinds.static import Static
from deployer.parts.certbot import wanted_certificates
from deployer.parts.passwords import share as passwords
from deployer.parts.previews import adds
from deployer.planning.renames import belongs
from deployer.seen.facts import Certificate, Facts
from deployer.shares.share import Share

SITE = {"kind": "static", "repository": "https://git.example.org/a.git"}
WITH = {**SITE, "previews": {"domain": "preview.a.test"}}
FACTS = Facts("debian", "13")
OWN = Share(files={"/etc/nginx/site": File(b"x\n")})
NAMES = frozenset({"a.test", "*.preview.a.test"})


def nginx(names: frozenset[str] = NAMES, **values: object) -> str:
    facts = replace(FACTS, certificates={"a.test": Certificate(names, 0, "CN=Example")})
    site = Static.model_validate({**WITH, **values})
    return site.files("a.test", facts)["/etc/nginx/conf.d/a.test.conf"].content.decode()


def found(**sites: dict[str, object]) -> list[tuple[str, str]]:
    config = Config.model_validate({"sites": {name.replace("_", "."): each for name, each in sites.items()}})
    return [(".".join(map(str, each.path)), each.message) for each in check(config)]


def test_the_names_of_previews_are_the_sites_own() -> None:
    config = Config.model_validate({"sites": {"a.test": {**WITH, "aliases": ["www.a.test"]}}})
    assert wanted_certificates(config)["a.test"] == ("a.test", "www.a.test", "*.preview.a.test")
    twice = Static.model_validate({**WITH, "aliases": ["*.preview.a.test"]})
    assert twice.aliases == ("*.preview.a.test",)
    assert Static.model_validate(SITE).aliases == ()


def test_a_wildcard_is_proved_by_dns_or_needs_no_proof() -> None:
    assert found(a_test=WITH) == [
        (
            "sites.a.test.previews.domain",
            "a wildcard's certificate needs a proof by DNS: certificate: {dns: true}",
        )
    ]
    assert found(a_test={**WITH, "https": False}) == []


def test_two_sites_have_no_previews_in_common() -> None:
    both = {**WITH, "https": False}
    ((path, message),) = found(a_test=both, b_test=both)
    assert (path, message) == (
        "sites.b.test.previews.domain",
        "'*.preview.a.test' is already an alias of site 'a.test'",
    )


@pytest.mark.parametrize("domain", ["preview", "*.a.test", "a b.test", "Preview.a.test", "x;.test"])
def test_where_no_previews_can_be(domain: str) -> None:
    with pytest.raises(ValidationError):
        Static.model_validate({**SITE, "previews": {"domain": domain}})


def test_nginx_finds_a_preview_by_the_name_that_is_asked_for() -> None:
    text = nginx()
    live, previews = text.split("# Previews of it,")
    assert "preview" not in live.split("# http://")[1]
    assert r'"~^(?<deploy_preview>[a-z0-9-]+)\.preview\.a\.test$" $deploy_preview;' in text
    assert "root /srv/deploy/a.test/previews/$deploy_preview_a_test/live;" in previews
    assert previews.count("server_name *.preview.a.test;") == 2
    assert "return 301 https://$host$request_uri;" in previews
    assert 'add_header X-Robots-Tag "noindex, nofollow" always;' in previews
    assert "/srv/deploy/a.test/rules/live" not in previews, "the live site's _redirects are its own"
    assert previews.count("include /srv/deploy/a.test/previews/*/rules/live/") == 3
    assert text.count("include /srv/deploy/a.test/previews/*/rules/live/maps[.]conf;") == 1


def test_lines_of_ones_own_keep_the_headers_of_the_preview_that_is_asked_for() -> None:
    live, previews = nginx(nginx="location /a/ { add_header X-A b; }").split("# Previews of it,")
    assert live.count("include /srv/deploy/a.test/rules/live/headers[.]conf;") == 2
    assert previews.count("include /srv/deploy/a.test/previews/*/rules/live/headers[.]conf;") == 2
    assert "/srv/deploy/a.test/rules/live" not in previews


def test_who_may_not_see_the_site_sees_no_preview_of_it() -> None:
    previews = nginx(auth={"users": {"ada": "generate"}}).split("# Previews of it,")[1]
    assert "auth_basic_user_file /var/lib/deploy/passwords/a.test;" in previews
    assert nginx(robots="none").split("# Previews of it,")[1].count("X-Robots-Tag") == 1


def test_previews_may_have_passwords_of_their_own() -> None:
    auth = {"users": {"ada": "generate"}}
    previews = {"domain": "preview.a.test", "auth": {"users": {"guest": "generate", "ada": "generate"}}}
    before, after = nginx(auth=auth, previews=previews).split("# Previews of it,")
    assert "auth_basic_user_file /var/lib/deploy/passwords/a.test;" in before
    assert "map $deploy_shown $deploy_previewed_a_test {\n    volatile;\n    default a.test;\n}" in before
    assert "auth_basic $deploy_previewed_a_test;" in after
    assert "auth_basic_user_file /var/lib/deploy/passwords/previews@a.test;" in after
    config = Config.model_validate({"sites": {"a.test": {**WITH, "auth": auth, "previews": previews}}})
    share = passwords(config, FACTS)
    listed = share.files["/etc/deploy/passwords/previews@a.test"].content.decode().splitlines()
    assert [line for line in listed if line[0] != "#"] == [
        "guest VISITOR_5_guest_PREVIEWS_a_test",
        "ada VISITOR_3_ada_PREVIEWS_a_test",
    ]
    assert set(share.secrets["/etc/deploy/passwords/.env"]) == {
        "VISITOR_3_ada_a_test",
        "VISITOR_5_guest_PREVIEWS_a_test",
        "VISITOR_3_ada_PREVIEWS_a_test",
    }
    assert belongs("/etc/deploy/passwords/previews@a.test", "a.test", "", {"a.test", "test.test"})


def test_without_its_certificate_there_is_no_server_for_previews() -> None:
    assert "# Previews of it," not in nginx(frozenset({"a.test"}))


def test_its_builds_have_another_user_and_a_timer_takes_what_is_old() -> None:
    files = Static.model_validate({**WITH, "keep_previews": "2d"}).published("a.test")
    users = files["/etc/sysusers.d/deploy-a.test.conf"].content.decode()
    assert "u build-a_test -" in users
    assert "u preview-a_test -" in users
    values = files["/etc/deploy/sites/a.test.conf"].content.decode()
    assert (
        "PREVIEWS=preview.a.test\nPREVIEW_USER=preview-a_test\nMOST_PREVIEWS=20\nKEEP_PREVIEWS=172800\n"
        in values
    )
    without = Static.model_validate(SITE).published("a.test")
    assert not [file for file in without.values() if b"review" in file.content]
    config = Config.model_validate({"sites": {"a.test": WITH, "b.test": SITE}})
    share = adds(config, "a.test", OWN, FACTS)
    assert share.units == {"deploy-previews-a.test.timer"}
    service, timer = (file.content.decode() for file in share.files.values())
    assert "ExecStart=/usr/local/lib/deploy/bin/previews a.test --expired --by timer\n" in service
    assert "OnCalendar=hourly\n" in timer
    assert adds(config, "b.test", OWN, FACTS) == Share()
    assert adds(config, "a.test", Share(), FACTS) == Share()
