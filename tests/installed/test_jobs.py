"""Whoever is told of failing backups is told of failing jobs, and `status` knows of them from the log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from installed.conftest import Root

UNIT = "deploy-job-page.test-1"


@contextmanager
def told() -> Iterator[tuple[str, list[str]]]:
    """An address, and what is sent there."""
    sent: list[str] = []

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the test looks at what was sent."""

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", sent
        server.shutdown()


def results(root: Root) -> list[tuple[str, str, str]]:
    lines = root.path("/var/log/deploy/push.log").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [(line["by"], line["result"], line.get("error", "")) for line in found]


def test_a_job_that_fails_is_told_until_it_goes_well(root: Root) -> None:
    root.site("page.test")
    with told() as (address, sent):
        root.write("/etc/deploy/backup.conf", f"NOTIFY='{address}'\n")
        for ends in (
            {"SERVICE_RESULT": "success"},
            {"SERVICE_RESULT": "exit-code", "EXIT_STATUS": "3"},
            {"SERVICE_RESULT": "success"},
            {"SERVICE_RESULT": "success"},
            {"SERVICE_RESULT": "timeout", "EXIT_STATUS": "TERM"},
        ):
            assert root.run("job-ended", "page.test", "1", **ends) == ""
    assert [text.partition(": ")[2].splitlines()[0] for text in sent] == [
        f"page.test: the job {UNIT} failed with exit code 3",
        f"page.test: the job {UNIT} ran longer than it may (sites.yaml: job_limit:)",
    ]
    assert [(by, result, why.partition(": ")[0]) for by, result, why in results(root)] == [
        (UNIT, "failed", "it failed with exit code 3"),
        (UNIT, "well", ""),
        (UNIT, "failed", "it ran longer than it may (sites.yaml"),
    ]


def test_what_another_job_did_well_mends_nothing(root: Root) -> None:
    root.site("page.test")
    root.run("job-ended", "page.test", "1", SERVICE_RESULT="oom-kill")
    root.run("job-ended", "page.test", "2", SERVICE_RESULT="success")
    assert [(by, result) for by, result, _ in results(root)] == [(UNIT, "failed")]


def test_words_of_a_site_are_not_those_of_jobs_of_another_whose_name_begins_alike(root: Root) -> None:
    for name, jobs in (("shop.test", 2), ("shop.test-api.test", 1)):
        root.write(f"/etc/sysusers.d/deploy-php-{name}.conf", "")
        root.write(f"/etc/php/8.4/fpm/pool.d/{name}.conf", "user = php-shop_test\n")
        for number in range(1, jobs + 1):
            root.write(f"/etc/systemd/system/deploy-job-{name}-{number}.service", "")
    asked = root.path("/asked")
    root.write("/programs", f"journalctl() {{ echo $* >>{asked}; }}\n")
    root.run("pool", "logs", "shop.test", BASH_ENV=str(root.path("/programs")))
    units = asked.read_text().split("--unit ")[1:]
    jobs_asked = [unit.split()[0] for unit in units if unit.startswith("deploy-job-")]
    assert jobs_asked == ["deploy-job-shop.test-1.service", "deploy-job-shop.test-2.service"]
