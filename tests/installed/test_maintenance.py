"""Maintenance of what is not there, and of what is no name."""

from installed.conftest import Root

NAME = "www.example.org"


def test_a_site_that_no_apply_has_prepared(root: Root) -> None:
    said = root.run("maintenance", NAME, "on", code=69)
    assert f"{NAME} is not on this server yet: run deploy apply {NAME}" in said
    assert "is not the name of a site" in root.run("maintenance", "../etc", "on", code=2)
    root.write(f"/etc/nginx/conf.d/{NAME}.conf", f"include /var/lib/deploy/maintenance/{NAME}[.]conf;\n")
    assert "'maybe' is not on or off" in root.run("maintenance", NAME, "maybe", code=2)


def test_what_is_as_sites_yaml_says_asks_for_no_reload(root: Root) -> None:
    root.write(f"/etc/deploy/maintenance/{NAME}.conf", "state off\n")
    root.write("/etc/deploy/maintenance/free.example.org.conf", "allow 203.0.113.7\n")
    root.run("maintenance", "--settle")
    assert not [*root.path("/var/lib/deploy/maintenance").glob("*.conf")]


def test_a_settling_ends_with_the_first_thing_that_fails(root: Root) -> None:
    first, second = "a.example.org", "b.example.org"
    for name in (first, second):
        root.write(f"/etc/deploy/maintenance/{name}.conf", "state on\n")
        root.write(f"/etc/nginx/conf.d/{name}.conf", "")
    root.path(f"/var/lib/deploy/maintenance/{first}.new").mkdir()
    assert "usage:" not in root.run("maintenance", "--settle", code=1)
    assert not root.path(f"/var/lib/deploy/maintenance/{second}.conf").exists()
