"""What a round of a watch makes of a server and a bucket that answer, or do not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployer.audit.evidence import read_evidence
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.doctor import FromHere, diagnose
from deployer.errors import DeployError
from deployer.home.watch import judged
from deployer.watching.memory import Memory, Round, settled, turn
from deployer.watching.visits import Visit

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATE = {"photos": NOW - timedelta(hours=60), "old": NOW - timedelta(days=400)}
PULSE = (read_evidence(f"backed_up photos\nbacked_up old\nnow {int(NOW.timestamp())}\n"), ())
LOST = DeployError("S3 (Amazon) cannot be reached")


def config(folder: Path) -> Config:
    (folder / "sites.yaml").write_text(
        "server: {host: vps.example.org}\nhome: {directory: /nowhere, retired: [old]}\nwatch: {}\n"
    )
    return load(folder / "sites.yaml")


def whats(found: Round) -> list[str]:
    return [trouble.what for trouble in found.troubles]


def test_each_name_is_judged_by_what_is_in_s3(tmp_path: Path) -> None:
    found = judged(config(tmp_path), [], (), (PULSE, None), (LATE, None))
    assert whats(found) == ["the newest backup of photos in S3 is 60 hours old"]
    assert whats(judged(config(tmp_path), [], (), (PULSE, None))) == [], "there is no bucket"


def test_a_bucket_that_does_not_answer_is_told_and_what_was_known_stays(tmp_path: Path) -> None:
    memory, said = Memory(), []
    rounds = [(LATE, None)] * 2 + [(None, LOST)] * 3 + [({"photos": NOW}, None)] * 2
    for number, bucket in enumerate(rounds):
        seen = judged(config(tmp_path), [], (), (PULSE, None), bucket)
        memory, news = turn(memory, seen, NOW.timestamp() + 300 * number, 1800)
        memory = settled(memory, news)
        said.append(
            [*(f"new: {each.what}" for each in news.new.values()), *(f"well: {k}" for k in news.well)]
        )
    assert said == [
        [],
        ["new: the newest backup of photos in S3 is 60 hours old"],
        [],
        ["new: the backups in S3 cannot be listed: S3 (Amazon) cannot be reached"],
        [],
        [],
        ["well: bucket", "well: s3 photos"],
    ]


def test_an_nginx_that_does_not_run_is_one_trouble(tmp_path: Path) -> None:
    sites = ("a.test", "b.test")
    lines = "".join(f"answer {each} 000 0\n" for each in sites)
    evidence = read_evidence(f"{lines}nginx_rests failed\nnow {int(NOW.timestamp())}\n")
    visits = [Visit(each, "203.0.113.5", fault="refuses") for each in sites]
    loaded = config(tmp_path)
    found = judged(loaded, visits, (), ((evidence, diagnose(evidence, loaded, FromHere())), None))
    assert whats(found) == ["NGINX does not run: no site can answer"]
    assert "visit" in found.unasked, "what was known of them stays"
    alone = judged(loaded, visits[:1], (), ((evidence, diagnose(evidence, loaded, FromHere())), None))
    assert (whats(alone), alone.unasked) == (["a.test refuses"], ())


def test_a_clock_that_is_wrong_is_one_trouble_and_none_of_each_certificate(tmp_path: Path) -> None:
    loaded, evidence = config(tmp_path), read_evidence(f"now {int(NOW.timestamp())}\n")
    expired = "has a certificate that is not trusted: certificate has expired"
    visits = [
        Visit("a.test", "203.0.113.5", fault=expired),
        Visit("b.test", "203.0.113.5", 200, days=2),
        Visit("c.test", "203.0.113.5", 500),
    ]
    late = NOW.timestamp() + 400 * 86400
    for clock, told in (
        (late, ["c.test answers 500", "the server's clock is 400 days behind the one here"]),
        (
            NOW.timestamp(),
            [
                f"a.test {expired}",
                "the certificate of b.test ends in 2 days, as visitors get it",
                "c.test answers 500",
            ],
        ),
    ):
        found = judged(loaded, visits, (), ((evidence, diagnose(evidence, loaded, FromHere(clock))), None))
        assert [each for each in whats(found) if "backups" not in each] == told
        assert ("ends" in found.unasked) == (clock == late)


def test_without_a_server_or_a_network_nothing_is_known_of_s3(tmp_path: Path) -> None:
    gone = DeployError("vps.example.org does not answer")
    alone = judged(config(tmp_path), [], (), (None, gone), (LATE, None))
    assert whats(alone) == ["the server cannot be asked: vps.example.org does not answer"]
    assert "s3" in alone.unasked
    offline = [Visit("www.example.org", "", fault="cannot be found", nowhere=True)]
    found = judged(config(tmp_path), offline, (), (None, gone), (None, LOST))
    assert (whats(found), {"s3", "bucket"} <= {*found.unasked}) == ([], True)
