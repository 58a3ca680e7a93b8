"""A build's secrets, which it alone has; and a site that is a folder of its repository."""

import hashlib

import pytest

pytestmark = pytest.mark.takes_turns("module")

TOKEN = "t0ken \"with\" 'quotes' $HOME `id` \\ and more"


def secrets(site, **values: str) -> None:
    """As an apply writes them."""
    place = site.vps.root / "opt" / site.domain
    place.mkdir(exist_ok=True)
    lines = [f"""{name}='{value.replace("'", chr(92) + "'")}'\n""" for name, value in values.items()]
    (place / ".env").write_text("".join(lines))
    (place / ".env").chmod(0o600)


def test_a_build_has_its_secrets_and_says_none(new_site, server):
    script = """set -e
    test "$(printf %s "$TOKEN" | sha256sum | cut -c -64)" = "$EXPECTED" || { echo "it is <$TOKEN>"; exit 4; }
    echo "token: $TOKEN"
    ! cat /opt/*/.env 2>&1 | grep -v denied
    echo fine >"$DEPLOY_OUTPUT/index.html"
    """
    site = new_site(
        {"build.sh": script},
        build="build.sh",
        build_secrets={"TOKEN": "env:TOKEN"},
        environment={"EXPECTED": hashlib.sha256(TOKEN.encode()).hexdigest()},
    )
    assert "the secrets of the build are not on this server: run deploy apply" in site.fails()
    secrets(site, TOKEN=TOKEN)
    output = site.push()
    assert "  token: ***" in output
    assert "t0ken" not in output
    assert site.page() == "fine\n"
    found = server.run(f"grep -rl 't0ken' /srv/deploy/{site.domain} /var/log/deploy", check=False).stdout
    assert found == ""
    site.commit(
        {"build.sh": 'echo "$TOKEN" >"$DEPLOY_OUTPUT/index.html"; echo "$TOKEN" >"$DEPLOY_CACHE/kept"'}
    )
    output = site.fails()
    assert "index.html has a secret of the build in it" in output
    assert "they are emptied" in output
    assert "t0ken" not in output
    site.commit({"build.sh": "echo more; exit 3"})
    assert "failed with exit code 3" in site.fails()
    assert server.run(f"grep -rl 't0ken' /srv/deploy/{site.domain} /var/log/deploy", check=False).stdout == ""


def test_a_site_is_a_folder_of_its_repository(new_site):
    files = {
        "index.html": "all of it",
        "docs/index.html": "<p>Docs",
        "docs/a.css": "a",
        "docs/deep/b.html": "b",
    }
    site = new_site(files, within="docs")
    site.push()
    assert site.page() == "<p>Docs"
    assert sorted(path.name for path in site.site.iterdir() if path.suffix in (".html", ".css")) == [
        "a.css",
        "index.html",
    ]
    site.commit({"docs/index.html": "<p>More", "other.txt": "x"})
    site.push()
    assert (site.page(), site.page("/deep/b.html"), site.page("/other.txt")) == ("<p>More", "b", "404")
    site.configure(within="nowhere")
    assert "there is no folder nowhere in the repository (sites.yaml: folder)" in site.fails()


def test_a_build_in_a_folder_finds_what_it_has_kept_there(new_site):
    script = """set -e
    pwd >"$DEPLOY_OUTPUT/where.html"
    mkdir -p node_modules dist && echo again >>node_modules/kept
    cp node_modules/kept dist/index.html
    """
    site = new_site({"web/build.sh": script}, within="web", build="build.sh", output="dist")
    site.push()
    assert site.page() == "again\n"
    assert site.page("/where.html").endswith("/source/web\n")
    site.push("--force")
    assert site.page() == "again\nagain\n"
