"""What runs in containers, as Docker tells: ports in all the ways in which it writes them, and volumes."""

import pytest

from deployer.seen.stacks import ContainerState, Stack, published, read_stacks


@pytest.mark.parametrize(
    ("text", "taken", "reached"),
    [
        ("", set(), set()),
        ("80/tcp", set(), set()),
        ("127.0.0.1:8123->80/tcp", {"8123/tcp"}, set()),
        ("0.0.0.0:8123->80/tcp, :::8123->80/tcp", {"8123/tcp"}, {"8123/tcp"}),
        ("[::]:8123->80/tcp", {"8123/tcp"}, {"8123/tcp"}),
        ("[::1]:8123->80/tcp", {"8123/tcp"}, set()),
        ("0.0.0.0:51820->51820/udp, 443/tcp", {"51820/udp"}, {"51820/udp"}),
        ("127.0.0.1:8000-8002->8000-8002/tcp", {"8000/tcp", "8001/tcp", "8002/tcp"}, set()),
        ("10.0.0.5:8123->80/tcp", set(), set()),
    ],
)
def test_ports_as_docker_writes_them(text: str, taken: set[str], reached: set[str]) -> None:
    assert published(text) == (taken, reached)


def test_containers_and_volumes_of_one_project_are_one_stack() -> None:
    now, never = "2026-11-28T16:22:00.5Z", "0001-01-01T00:00:00Z"
    containers = [
        f"paper\t/opt/paper\tapp\trunning\t0\talways\t1\t{now}\t127.0.0.1:8010->8000/tcp, ",
        f"paper\t/opt/paper\tworker\texited\t255\tno\t0\t{never}\t",
        f"paper\t/opt/paper\t\texited\t1\tno\t0\t{now}\t",
        f"ended\t/root/ended\tapp\texited\t0\tunless-stopped\t1\t{now}\t0.0.0.0:1->1/tcp, ",
        "a line of another kind",
    ]
    since = 1795882920.5
    assert read_stacks(containers, ["paper\tpaper_data", "gone\tgone_data"]) == {
        "paper": Stack(
            "paper",
            "/opt/paper",
            True,
            frozenset({"8010/tcp"}),
            frozenset(),
            frozenset({"paper_data"}),
            (
                ContainerState("app", "running", 0, True, True, since),
                ContainerState("worker", "exited", 255, False, False, -62135596800),
            ),
        ),
        "ended": Stack(
            "ended", "/root/ended", containers=(ContainerState("app", "exited", 0, True, True, since),)
        ),
        "gone": Stack("gone", volumes=frozenset({"gone_data"})),
    }
