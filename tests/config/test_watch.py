"""What `watch:` takes, and what it refuses with words that help."""

from pathlib import Path
from typing import Any

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.home.jobs import of_watch
from deployer.home.schedule import Call, agents, crontab, units

CALL = Call("/usr/local/bin/deploy", Path("/home/me/sites.yaml"), system=False)


def watch(**section: Any) -> Config:
    return Config.model_validate({"watch": section})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("every: 7m", "expected minutes that an hour can be divided by"),
        ("every: 30s", "expected minutes that an hour can be divided by"),
        ("every: 2h", "expected minutes that an hour can be divided by"),
        ("every: often", "expected a duration"),
        ("notify: {ntfy: ntfy.sh/topic}", "expected an address"),
        (
            "notify: {ntfy_token: tk_secret}",
            "expected env:NAME: a secret itself does not belong in sites.yaml",
        ),
        ("notify: {email: {to: me}}", "e-mail"),
        (
            "notify: {email: {to: me@example.org, server: mail.example.org}}",
            "is not the address of a mail server",
        ),
        (
            "notify: {email: {to: me@example.org, server: 'smtps://u:p@mail.example.org'}}",
            "is not the address",
        ),
        ("notify: {email: {to: me@example.org, user: me}}", "go together, and with `server`"),
        ("notify: {apprise: [secret words]}", "expected an address of Apprise"),
        ("notify: {telegram: x}", "telegram"),
        ("heartbeat: 'file:///etc/passwd'", "expected an address"),
        ("words: {www.example.org: ''}", "expected some words"),
        ("words: {www: Welcome}", "www"),
        ("ignore: [nowhere]", "nowhere"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(line: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "sites.yaml"
    path.write_text(f"server: {{host: vps.example.org}}\nwatch:\n  {line}\n")
    with pytest.raises(ConfigError) as raised:
        load(path)
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"{path}:3:") or "sites.yaml:3:" in str(problem)
    assert why in str(problem)
    assert "tk_secret" not in str(problem)
    assert "secret words" not in str(problem)


OF_NOBODY = """\
server: {host: vps.example.org}
sites:
  www.example.org: {kind: proxy, port: 9000, aliases: [example.org]}
watch:
  words:
    example.org: Welcome
    wwww.example.org: Welcome
  ignore: [other.example.net]
monitoring:
  gatus: {file: a}
  words:
    example.org: Welcome
  ignore:
  - www.exmaple.org
"""


def test_a_name_that_no_site_has_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(OF_NOBODY)
    with pytest.raises(ConfigError) as raised:
        load(tmp_path / "sites.yaml")
    assert [(each.line, each.message) for each in raised.value.problems] == [
        (7, "watch.words: no site 'wwww.example.org' here (did you mean 'www.example.org'?)"),
        (8, "watch.ignore: no site 'other.example.net' here"),
        (12, "monitoring.words: 'example.org' is an alias: monitors are of sites, such as 'www.example.org'"),
        (14, "monitoring.ignore: no site 'www.exmaple.org' here (did you mean 'www.example.org'?)"),
    ]
    without = OF_NOBODY.replace(
        "  www.example.org: {kind: proxy, port: 9000, aliases: [example.org]}", "  {}"
    )
    (tmp_path / "sites.yaml").write_text(without)
    assert load(tmp_path / "sites.yaml").watch, "the file of a home server need not have the sites"


@pytest.mark.parametrize(
    ("every", "calendar", "cron"),
    [("5m", "*:0/5", "*/5 * * * *"), ("1m", "*:0/1", "*/1 * * * *"), ("1h", "*:00", "0 * * * *")],
)
def test_how_often(every: str, calendar: str, cron: str) -> None:
    jobs = of_watch(watch(every=every).watch)
    found = units(jobs, CALL)
    assert sorted(found) == ["deploy-watch.service", "deploy-watch.timer"]
    assert f"OnCalendar={calendar}\n" in found["deploy-watch.timer"]
    service = found["deploy-watch.service"]
    assert "ExecStart=/usr/local/bin/deploy watch --config /home/me/sites.yaml\n" in service
    assert "SuccessExitStatus=1\n" in service
    assert "RequiresMountsFor" not in service
    assert f"\n{cron} " in crontab("", jobs, CALL)
    (agent,) = agents(jobs, CALL, "/tmp/log").values()
    assert "<key>StartInterval</key>" in agent


def test_it_is_every_five_minutes_and_beside_the_lines_of_backups() -> None:
    before = "5 5 * * * true\n# deploy backup: begin\n0 0 * * * x\n# deploy backup: end\n"
    jobs = of_watch(watch().watch)
    after = crontab(before, jobs, CALL)
    assert after.startswith(before)
    assert "*/5 * * * *" in after
    assert crontab(after, jobs, CALL) == after
    assert crontab(after, of_watch(None), CALL) == before
