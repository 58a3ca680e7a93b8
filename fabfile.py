"""The tasks behind `deploy`, for who likes Fabric: `fab --list`, `fab apply`, `fab push --site NAME`.

Each runs on the server that sites.yaml names, over a connection whose host key is verified.
"""

from fabric import task


def _run(*arguments: str) -> None:
    from deployer.cli import main

    main(list(arguments))


@task
def plan(context):
    """Show each line that would change on the server."""
    _run("plan")


@task
def apply(context):
    """Make the server as sites.yaml says."""
    _run("apply")


@task
def push(context, site, ref=""):
    """Publish the newest revision of a site."""
    _run("push", site, *(["--ref", ref] if ref else []))


@task
def rollback(context, site, to=""):
    """Make the release before the live one live again."""
    _run("rollback", site, *(["--to", to] if to else []))


@task
def status(context):
    """Show how the server and its sites are."""
    _run("status")
