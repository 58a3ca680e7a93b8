"""NGINX that is not of the distribution, and one that has been replaced while it runs."""

from dataclasses import replace

from deployer.config.model import Config
from deployer.parts.firewall import FIREWALL
from deployer.planning.desired import desired_files
from deployer.planning.stages import in_the_end
from deployer.seen.by_hand import ByHand
from deployer.seen.facts import BROTLI_FILTER, BROTLI_MODULE, Facts, Programs

STATIC = {"kind": "static", "repository": "git@example.org:a/b.git", "https": False}
PROXY = {"kind": "proxy", "port": 3000, "https": False}
REDIRECT = {"kind": "redirect", "to": "https://b.example.org", "https": False}
FOREIGN = Facts("debian", "13", packages=frozenset({"nginx"}), programs=Programs(foreign_nginx=True)).having(
    nginx=(1, 29, 3)
)


def test_what_is_said_once_stays_what_a_person_has_said() -> None:
    once = {"map", "server_names_hash_bucket_size", "open_file_cache_valid", "map_hash_bucket_size"}
    _, ours, _ = desired(STATIC, Facts("debian", "13"))
    _, found, _ = desired(STATIC, Facts("debian", "13", by_hand=ByHand(said_once=frozenset(once))))
    names = [
        "map_hash_bucket_size",
        "server_names_hash_bucket_size",
        "open_file_cache ",
        "open_file_cache_valid",
    ]
    assert [(f"\n{name}" in ours, f"\n{name}" in found) for name in names] == [(True, False)] * 4
    assert "\nserver_names_hash_max_size " in found


def desired(site: dict[str, object], facts: Facts) -> tuple[frozenset[str], str, tuple[str, ...]]:
    """The packages, all NGINX files and the notes."""
    found = in_the_end(Config.model_validate({"sites": {"a.example.org": site}, "security": False}), facts)
    nginx = "".join(file.content.decode() for path, file in found.files.items() if "/nginx/" in path)
    return found.packages, nginx, found.notes


def test_a_module_that_it_cannot_load_is_done_without() -> None:
    packages, files, notes = desired(STATIC, FOREIGN)
    assert BROTLI_MODULE not in packages
    assert "brotli" not in files
    assert notes == (
        "NGINX 1.29.3 is not of the packages of Debian 13, whose Brotli module it cannot load: "
        "pages go out with gzip",
    )
    packages, files, notes = desired(STATIC, replace(FOREIGN, programs=Programs()))
    assert BROTLI_MODULE in packages
    assert ("brotli" in files, notes) == (True, ())
    assert desired(REDIRECT, FOREIGN)[2] == (), "it asks for none"


def test_what_compresses_answers_of_a_program_is_asked_for_where_it_can_be_loaded() -> None:
    packages, files, notes = desired(PROXY, FOREIGN)
    assert (BROTLI_FILTER in packages, "brotli " in files, len(notes)) == (False, False, 1)
    ours = replace(FOREIGN, programs=Programs())
    packages, files, notes = desired(PROXY, ours)
    assert (BROTLI_FILTER in packages, notes) == (True, ())
    assert "brotli_comp_level" in files
    assert BROTLI_FILTER not in desired(STATIC, ours)[0], "its pages are compressed once, by the push"


def test_one_that_was_replaced_is_told() -> None:
    there = replace(FOREIGN, programs=Programs())
    takes_over = "still runs: the new one takes over when NGINX is reloaded"
    for old, told in (((1, 22, 1), "1.22.1"), ((1, 29, 3), "an older build")):
        notes = desired(STATIC, replace(there, programs=Programs(outdated={"nginx": old})))[2]
        assert notes == (f"NGINX 1.29.3 is installed, and {told} {takes_over}",)


def test_http_3_opens_its_port_and_is_told_where_nginx_has_none() -> None:
    sites = {"a.example.org": STATIC | {"https": True, "http3": True}}
    for release, told in (("12", 1), ("13", 0)):
        facts = Facts("debian", release, packages=frozenset({"nginx", "ufw"}))
        found = in_the_end(Config.model_validate({"sites": sites, "email": "me@example.org"}), facts)
        assert "443/udp" in found.files[FIREWALL].content.decode()
        assert (
            len([note for note in found.notes if "has no HTTP/3, which a.example.org asks for" in note])
            == told
        )


def test_what_nginx_takes_only_before_the_first_map_comes_before_all_sites() -> None:
    for domain in ("0.example.org", "00-a.example.org", "1.example.org", "00-e.example.org"):
        config = Config.model_validate({"sites": {domain: REDIRECT, "www.example.org": REDIRECT}})
        read = sorted(
            path for path in desired_files(config, Facts("debian", "13")).files if "/conf.d/" in path
        )
        assert b"map_hash_bucket_size" in desired_files(config, Facts("debian", "13")).files[read[0]].content
        assert ("+deploy" in read[0]) == (domain < "00-deploy-before")
