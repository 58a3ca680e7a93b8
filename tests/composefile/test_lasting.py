"""Which services of a compose file shall always have a container."""

import pytest

from deployer.composefile.compose_file import definition
from deployer.composefile.lasting import lasting
from deployer.values.attachments import LocalFile


@pytest.mark.parametrize(
    ("other", "there"),
    [
        ("{image: x}", True),
        ("{image: x, restart: 'no'}", True),
        ("{image: x, profiles: [debug]}", False),
        ("{image: x, profiles: []}", True),
        ("{image: x, <<: {profiles: [debug]}}", False),
        ("{image: x, scale: 0}", False),
        ("{image: x, scale: 2}", True),
        ("{image: x, deploy: {replicas: 0}}", False),
        ("{image: x, deploy: {replicas: '${NUMBER}'}}", False),
        ("{extends: {file: base.yml, service: other}}", False),
        ("{provider: {type: model}}", False),
    ],
)
def test_a_service_that_may_have_none(other: str, there: bool) -> None:
    text = f"services:\n  app: {{image: x}}\n  other: {other}\n"
    file = definition(LocalFile("a.yml", "a.yml", text.encode()), (("NUMBER", None),))
    assert lasting(file) == {"app"} | {"other"} & {"other" if there else ""}


def test_a_job_that_others_wait_for_may_be_cleaned_away() -> None:
    text = """services:
  app:
    image: x
    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}
  migrate: {image: x, depends_on: [db]}
  db: {image: x}
"""
    assert lasting(definition(LocalFile("a.yml", "a.yml", text.encode()))) == {"app", "db"}
