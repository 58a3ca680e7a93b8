"""deploy docs: the documents, of the version that is installed."""

from pathlib import Path

import click

import deployer

PACKAGE = Path(deployer.__file__).parent


def folder() -> Path:
    """In a wheel the documents are inside the package, in a checkout beside it."""
    inside = PACKAGE / "docs"
    return inside if inside.is_dir() else PACKAGE.parent / "docs"


def pages() -> dict[str, Path]:
    """Every page by its name."""
    return {path.stem: path for path in sorted(folder().glob("*.md"))}


def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The pages that begin so."""
    return [name for name in pages() if name.startswith(typed)]


AIM = "begin"


@click.command(short_help="Read the documents of this version.")
@click.argument("page", required=False, shell_complete=complete)
def command(page: str | None) -> None:
    """Read a page of the documents, as they are of the version that is installed; without a name, list them.

    \b
    Example:
      deploy docs
      deploy docs first-site
      deploy docs sites | grep keep
    """
    from deployer.config.suggestions import suggest
    from deployer.errors import UsageError

    found = pages()
    if page is None:
        width = max(map(len, found), default=0)
        for name, path in found.items():
            title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
            click.echo(f"{name:<{width}}  {title}")
        click.echo(f"\ndeploy docs PAGE shows one; they are in {folder()}")
        return
    name = page.removeprefix("docs/").removesuffix(".md")
    if name not in found:
        raise UsageError(f"there is no page '{page}'{suggest(name, found)}", "All of them: deploy docs")
    click.echo_via_pager(found[name].read_text("utf-8"))
