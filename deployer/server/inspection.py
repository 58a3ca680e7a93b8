"""What the Docker Engine tells of the containers of one composition, and of the images that they use."""

from typing import TYPE_CHECKING, Any

from deployer.seen.containers import PROJECT, Container, Freshness, read_container

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container as DockerContainer


def containers_of(client: "DockerClient", name: str, project: str) -> list[Container]:
    """The containers of a composition, also those that have ended."""
    found = (_container(client, name, container) for container in _of_project(client, project))
    return [container for container in found if container]


def freshness_of(client: "DockerClient", name: str, project: str) -> list[Freshness]:
    """Whether the images that its containers use are the newest of their tags."""
    images = dict.fromkeys(each.attrs["Config"]["Image"] for each in _of_project(client, project))
    return [_freshness(client, name, image) for image in images]


def _container(client: "DockerClient", name: str, container: "DockerContainer") -> Container | None:
    """What there is to know of it; None for one that has gone since it was listed."""
    from docker.errors import NotFound

    running = container.attrs["State"]["Status"] == "running"
    try:
        memory = _statistics(container)["memory_stats"] if running else {}
    except NotFound:
        return None
    try:
        created = _image(client, container.attrs["Image"])["Created"]
    except NotFound:
        created = ""
    return read_container(name, container.attrs, created, memory.get("usage"))


def _statistics(container: "DockerContainer") -> dict[str, Any]:
    answer = container.stats(stream=False, one_shot=True)
    assert isinstance(answer, dict), "it is no stream"
    return answer


def _image(client: "DockerClient", image: str) -> dict[str, Any]:
    found: dict[str, Any] = client.api.inspect_image(image)  # type: ignore[no-untyped-call]
    return found


def _of_project(client: "DockerClient", project: str) -> "list[DockerContainer]":
    return client.containers.list(all=True, filters={"label": f"{PROJECT}={project}"}, ignore_removed=True)


def _freshness(client: "DockerClient", name: str, image: str) -> Freshness:
    from docker.errors import APIError, NotFound

    try:
        digests = {digest.partition("@")[2] for digest in _image(client, image).get("RepoDigests") or ()}
    except NotFound:
        return Freshness(name, image, None, "no image on the server has this name any more")
    if not digests:
        return Freshness(name, image, None, "built on the server")
    try:
        newest = client.images.get_registry_data(image).id
    except APIError as error:
        return Freshness(name, image, None, error.explanation or str(error))
    return Freshness(name, image, newest not in digests)
