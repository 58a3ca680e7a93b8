"""What a server has of shields, and what a plan tells of them."""

from dataclasses import replace
from typing import Any

from deployer.config.model import Config
from deployer.files import Files
from deployer.parts.fail2ban import ACTION, JAILS
from deployer.parts.shield import CLOSED, HALF, SHIELDS, ranges
from deployer.planning.desired import Desired, desired_files
from deployer.seen.facts import Certificate, Facts

NAME = "www.example.org"
FACTS = Facts("debian", "13", certificates={NAME: Certificate(frozenset({NAME}), 0, "")}).having(
    nginx=(1, 26, 3), openssl=(3, 5, 0)
)


def desired(facts: Facts = FACTS, dns: bool = True, **site: Any) -> Desired:
    document: dict[str, Any] = {"sites": {NAME: {"kind": "proxy", "port": 3000, **site}}}
    if dns:
        document["dns"] = {"provider": "cloudflare", "token": "env:A", "shield": "env:B"}
    return desired_files(Config.model_validate(document), facts)


def text(files: Files, path: str) -> str:
    return files[path].content.decode()


def test_a_site_at_cloudflare_is_prepared_and_all_others_are_as_they_were() -> None:
    site, plain = (text(desired(dns=dns).files, f"/etc/nginx/conf.d/{NAME}.conf") for dns in (True, False))
    assert site.count("include /etc/nginx/deploy/visitor.conf;") == site.count("server {")
    assert site.count(f"include {CLOSED}/{NAME}[.]conf;") == site.count("server {")
    assert "shield" not in plain
    assert not [path for path in desired(dns=False).files if "shield" in path or "cloudflare" in path]


def test_lines_of_ones_own_count_alone() -> None:
    own = "set_real_ip_from 192.0.2.1;\nreal_ip_header X-Real-IP;\n"
    site = text(desired(nginx=own).files, f"/etc/nginx/conf.d/{NAME}.conf")
    assert "visitor.conf" not in site
    assert f"include {CLOSED}/{NAME}[.]conf;" in site


def test_the_ranges_have_a_date_and_nobody_else_is_believed() -> None:
    date, found = ranges()
    files = desired().files
    assert date.startswith("20")
    assert date in text(files, "/etc/nginx/conf.d/00-deploy-cloudflare.conf")
    lines = text(files, "/etc/nginx/deploy/visitor.conf").splitlines()
    believed = [line.split()[1].rstrip(";") for line in lines if line.startswith("set_real_ip_from")]
    assert believed == list(found)


def test_cloudflare_is_never_shut_out_and_visitors_are_by_nginx_too() -> None:
    jails = text(desired().files, JAILS)
    ssh, _, of_sites = jails.partition("[nginx-http-auth]")
    assert "deploy-nginx" not in ssh
    assert "172.64.0.0/13" not in ssh
    for jail in of_sites.split("[nginx-botsearch]"):
        assert "         deploy-nginx[name=%(__name__)s]" in jail
        assert all(each in jail for each in ranges()[1])
    assert ACTION in desired().files
    assert "cloudflare" not in text(desired(dns=False).files, JAILS).lower()
    assert ACTION not in desired(dns=False).files


def test_what_a_plan_tells() -> None:
    on = replace(FACTS, there=frozenset({f"{CLOSED}/{NAME}.conf"}))
    half = replace(FACTS, there=frozenset({f"{HALF}/{NAME}"}))
    path = f"{SHIELDS}/{NAME}.conf"
    assert (desired().drift, desired().pressing) == ({}, ())
    assert desired(on).pressing == (f"{NAME} is shielded, and sites.yaml does not say so: write shield: on",)
    assert desired(on).drift == {}, "an apply leaves what was turned on by hand"
    assert (desired(on, shield="on").drift, desired(on, shield="on").pressing) == ({}, ())
    assert desired(shield="on").drift[path] == ("the shield is off: Cloudflare does not stand before it yet",)
    assert desired(on, shield="off").drift[path] == ("the shield is on: only Cloudflare is let in",)
    (told,) = desired(half).pressing
    assert told == f"the shield of {NAME} was cut off half-way: deploy shield {NAME} on ends it, or off"
    (told,) = desired(on, shield="auto").pressing
    assert told.endswith(f"stays so until you run: deploy shield {NAME} off")


def test_only_who_needs_it_has_a_token_there() -> None:
    assert desired(shield="on").secrets == {}
    assert [*desired(shield="auto").secrets[f"{SHIELDS}/.env"]] == ["TOKEN"]
    assert "deploy-shield.timer" in desired(shield="auto").units
    assert "deploy-shield.timer" not in desired(shield="on").units


def test_nginx_reads_how_large_maps_are_before_the_first_map() -> None:
    """It takes no size of maps any more once it has met one, and reads files by their names."""
    files = desired().files
    conf = sorted(path for path in files if path.startswith("/etc/nginx/conf.d/"))
    lines = [line.split(" ")[0] for path in conf for line in text(files, path).splitlines()]
    assert "map" in lines
    assert lines.index("map_hash_max_size") < lines.index("map")
