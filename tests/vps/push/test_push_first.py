"""The first page first, and what is live built once more."""

import pytest

from vps.push.conftest import nginx_lines

pytestmark = pytest.mark.takes_turns("module")

WATCHED = """#!/bin/sh
curl -skf --max-time 5 --resolve DOMAIN:443:127.0.0.1 https://DOMAIN/ >>/tmp/brotli.seen 2>&1
cat /tmp/brotli.seen
exec /usr/bin/brotli "$@"
"""


def text(seed: int) -> str:
    """More than is made smaller before the first page is live."""
    return str(seed) * 4_100_000


@pytest.fixture
def watched(server):
    """A Brotli that first looks whether the page is live."""
    place = server.root / "usr/local/bin/brotli"

    def make(domain: str, program: str = WATCHED) -> None:
        place.write_text(program.replace("DOMAIN", domain))
        place.chmod(0o755)

    yield make
    place.unlink(missing_ok=True)


def test_the_first_page_is_live_before_what_makes_it_smaller(new_site, watched):
    site = new_site({"large.txt": text(1)})
    watched(site.domain)
    output = site.push()
    assert output.index(f"{site.domain} is live already: ") < output.index("✓ derive")
    assert "  <h1>One</h1>" in output, "while copies were made, visitors had the page"
    assert output.count("✓ switch") == 2
    assert (site.site / "large.txt.br").exists()
    assert len(site.releases) == 1
    assert not (site.place / "previous").is_symlink()
    assert site.push().endswith(": nothing to push\n")
    site.commit({"large.txt": text(2)})
    assert "is live already" not in site.push(), "what is there is served meanwhile"
    site.script("rollback")
    assert site.page() == "<h1>One</h1>"


def test_what_fails_after_the_first_page_leaves_it_and_the_next_push_makes_the_rest(new_site, watched):
    site = new_site({"large.txt": text(1)})
    watched(site.domain, "#!/bin/sh\necho no space left >&2\nexit 1\n")
    output = site.push(code=1)
    assert "✗ derive: making smaller copies of images and texts failed with exit code 1" in output
    assert output.endswith(f'{site.domain} is as it was: {site.live} "First" is live\n')
    assert site.page() == "<h1>One</h1>"
    watched(site.domain)
    output = site.push()
    assert "nothing to push" not in output
    assert (site.site / "large.txt.br").exists()


def test_a_first_page_that_is_not_served_leaves_nothing(new_site):
    site = new_site({"large.txt": text(1)})
    with nginx_lines(site, "return 500;"):
        assert "switched back" in site.fails()
    assert site.releases == []


def test_what_is_live_is_built_once_more(new_site):
    script = 'set -e\ncp date.txt "$DEPLOY_OUTPUT/index.html"\ncat "$DEPLOY_CACHE/more" >>"$DEPLOY_OUTPUT/index.html"'
    site = new_site(
        {"build.sh": f'touch "$DEPLOY_CACHE/more"\n{script}', "date.txt": "one "}, build="build.sh"
    )
    assert ": nothing is live yet that could be built once more" in site.fails("--rebuild")
    site.push()
    first = site.live
    assert site.push("--rebuild").endswith(" is as it was, built once more: nothing to push\n")
    assert (site.live, site.releases) == (first, [first])
    site.commit({"date.txt": "two "})
    (site.place / "builder/cache/more").write_text("later")
    site.push("--rebuild", "--by", "timer")
    assert site.page() == "one later", "not what is new in the repository"
    assert '"by":"timer"' in site.log()
    (site.place / "builder/cache/more").write_text("")
    site.configure(gate={"shrink": 1})
    assert "it lost more than 1 %" in site.fails("--rebuild")
    assert "passes the gate" in site.push("--rebuild", "--force", code=2)
    site.configure(gate={"shrink": 90}, keep=2)
    site.push()
    assert site.page() == "two "
    before = site.live
    for number in range(3):
        (site.place / "builder/cache/more").write_text(f"again {number}")
        site.push("--rebuild")
    assert len(site.releases) == 3, "this one, the one before, and one of the revision before"
    site.script("rollback", "--to", next(name for name in site.releases if name < before))
    assert site.page() == "one later"
