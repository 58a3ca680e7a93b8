"""What services name that their compose file does not define."""

import pytest

from deployer.composefile.compose_file import definition
from deployer.composefile.name_checks import undefined_problems
from deployer.values.attachments import LocalFile


def told(text: str, *profiles: str) -> list[str]:
    """What is wrong with a compose file, with its line."""
    file = definition(LocalFile("a.yml", "a.yml", text.encode()), (("UNKNOWN", None),))
    return [f"{each.line}: {each.message}" for each in undefined_problems(file, profiles)]


@pytest.mark.parametrize(
    ("service", "why"),
    [
        (
            "volumes: [backrest/data:/data]",
            "nothing below volumes: of this file defines 'backrest/data': write it",
        ),
        (
            "volumes: [{type: volume, source: d, target: /d}]",
            "nothing below volumes: of this file defines 'd'",
        ),
        ("networks: [mail]", "nothing below networks: of this file defines 'mail'"),
        ("networks: {mail: {aliases: [a]}}", "nothing below networks: of this file defines 'mail'"),
        ("depends_on: [db]", "nothing below services: of this file defines 'db'"),
        (
            "depends_on: {db: {condition: service_healthy}}",
            "nothing below services: of this file defines 'db'",
        ),
        ("depends_on: [job]", "it needs 'job', which runs only with its profile: name that under profiles:"),
    ],
)
def test_what_is_not_there_is_told(service: str, why: str) -> None:
    """Docker Compose refuses these: "refers to undefined volume", "depends on undefined service"."""
    job = "  job: {image: y, profiles: [once]}"
    [found] = told(f"services:\n  web:\n    image: x\n    {service}\n{job}\n")
    assert found.startswith(f"4: services.web: {why}"), found


def test_a_service_that_runs_nothing_is_told() -> None:
    """plausible/community-edition, reverse-proxy: what is laid over another file, taken for all of it."""
    assert told("services:\n  web:\n    ports: ['127.0.0.1:8080:80']\n") == [
        "3: services.web: write image: or build:, one of which says what it runs"
    ]


@pytest.mark.parametrize(
    "service",
    [
        "{image: x, volumes: [data:/a, ./b:/b, /c, ~/d:/d, '${UNKNOWN}:/e'], networks: [default, own]}",
        "{image: x, depends_on: {gone: {condition: service_started, required: false}}}",
        "{extends: {service: other}, network_mode: host}",
        "{build: ., depends_on: [other]}",
        "{profiles: [once], volumes: [gone:/a], networks: [gone], depends_on: [gone]}",
    ],
)
def test_what_is_there_or_does_not_run_is_not_told(service: str) -> None:
    rest = "  other: {image: y}\nvolumes: {data: }\nnetworks: {own: }\n"
    assert told(f"services:\n  web: {service}\n{rest}") == []


def test_a_profile_that_counts_makes_its_services_run() -> None:
    text = "services:\n  web: {image: x, depends_on: [job]}\n  job: {image: y, profiles: [once]}\n"
    assert told(text, "once") == []
