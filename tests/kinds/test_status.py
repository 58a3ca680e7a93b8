"""Status pages: what they leave out is there, and what every site writes down for them."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.errors import ConfigError
from deployer.kinds.redirect import Redirect
from deployer.kinds.status import PAGES, StatusPage
from deployer.planning.desired import desired_files
from deployer.seen.facts import Facts

FACTS = Facts("debian", "13")
TIMER = "deploy-status.timer"
SITES = """
sites:
  www.example.org: {kind: redirect, to: https://example.org, https: false}
  status.example.org: {kind: status, https: false, hidden: [www.example.org]}
"""


def test_a_slip_of_the_pen_in_what_is_hidden_is_told(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES.replace("[www.example.org]", "[ww.example.org]"))
    with pytest.raises(ConfigError) as told:
        load(tmp_path / "sites.yaml")
    assert "no site or service 'ww.example.org' here (did you mean 'www.example.org'?)" in str(told.value)


def test_a_page_is_not_taken_for_what_it_should_hide(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES.replace("[www.example.org]", "[statu.example.org]"))
    with pytest.raises(ConfigError) as told:
        load(tmp_path / "sites.yaml")
    assert "did you mean 'status.example.org'" not in str(told.value)


def test_the_timer_is_there_as_long_as_a_page_is(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES)
    with_page = desired_files(load(tmp_path / "sites.yaml"), FACTS)
    (tmp_path / "sites.yaml").write_text(
        SITES.replace("kind: status", "kind: redirect, to: https://a.org").replace(
            ", hidden: [www.example.org]", ""
        )
    )
    without = desired_files(load(tmp_path / "sites.yaml"), FACTS)
    assert TIMER in with_page.units - without.units
    assert {path for path in with_page.files.keys() - without.files.keys() if "status" in path} == {
        f"{PAGES}/status.example.org",
        "/etc/systemd/system/deploy-status.service",
        f"/etc/systemd/system/{TIMER}",
    }


@pytest.mark.parametrize(
    ("domain", "timed"), [("www.example.org", True), ("0.example.org", False), ("00-a.example.org", False)]
)
def test_no_site_names_a_format_of_logs_before_nginx_knows_it(domain: str, timed: bool) -> None:
    (file,) = Redirect(kind="redirect", to="https://example.org", https=False).files(domain, FACTS).values()
    assert (b".access.log deploy_timed;" in file.content) is timed
    assert timed == (f"{domain}.conf" > "00-deploy.conf")


def test_a_page_says_where_it_is_and_whom_it_leaves_out() -> None:
    page = StatusPage(kind="status", https=False, hidden=("b.example.org", "a.example.org", "b.example.org"))
    text = page.files("status.example.org", FACTS)[f"{PAGES}/status.example.org"].content.decode()
    assert text.splitlines()[1:] == [
        "url http://status.example.org",
        "hidden a.example.org",
        "hidden b.example.org",
    ]
