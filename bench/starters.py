"""Site generators, each with a repository of its own starter's, and what sites.yaml says to build it."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "repositories"
"""What makes the repositories: NAME.sh, run in an empty folder, prints the generator's version at last."""
INSTALL = "npm ci || npm install"
"""The second where a registry lacks packages for other platforms, so that no lock is whole."""
NODE = "kind: static\ntools: {node: 24}\nbuild: build.sh\noutput: "
PYTHON = "kind: static\nbuild_packages: [python3-venv]\nbuild: build.sh\noutput: "
BUILD = "npm run build"
JEKYLL = ("jekyll", "jekyll-theme-minima", "ruby-jekyll-feed")
VENV = '"$DEPLOY_CACHE/venv/bin/'


@dataclass(frozen=True)
class Generator:
    """A generator, and where a sentence is added to its site."""

    name: str
    keys: str
    """The lines of sites.yaml that it needs besides its repository."""
    script: tuple[str, ...]
    """What its build script has."""
    page: str
    """A file of the repository that has text."""
    path: str = "/"
    """Where that text is to be read."""

    @property
    def domain(self) -> str:
        """The name of its site."""
        return f"{self.name.lower().replace('.', '')}.example.org"

    @property
    def build(self) -> str:
        """Its build script."""
        return "\n".join(["set -e", *self.script, ""])

    @property
    def starter(self) -> str:
        """The shell that makes the repository."""
        name = f"{self.domain.partition('.')[0]}.sh"
        return "\n".join([(FOLDER / "starting.sh").read_text(), (FOLDER / name).read_text()])


def in_python(command: str) -> tuple[str, ...]:
    """A build script of what pip installs."""
    install = VENV + 'pip" install --quiet -r requirements.txt'
    return 'python3 -m venv "$DEPLOY_CACHE/venv"', install, VENV + command


GENERATORS = (
    Generator(
        "Hugo",
        "kind: hugo\nhugo: 0.168.0\ntools: {node: 24, go: 1.27, dart-sass: SASS}\nbuild: build.sh",
        (
            INSTALL,
            "export HUGO_MODULE_PROXY=$(go env GOPROXY)",
            'hugo --minify --destination "$DEPLOY_OUTPUT"',
        ),
        "content/_index.md",
    ),
    Generator("Astro", f"{NODE}dist", (INSTALL, BUILD), "src/pages/posts.md", "/posts/"),
    Generator("Eleventy", f"{NODE}_site", (INSTALL, BUILD), "index.md"),
    Generator("Docusaurus", f"{NODE}build", (INSTALL, BUILD), "docs/intro.mdx", "/docs/intro/"),
    Generator("VitePress", f"{NODE}site/.vitepress/dist", (INSTALL, BUILD), "site/index.md"),
    Generator("Next.js", f"{NODE}out\npretty: true", (INSTALL, BUILD), "app/text/page.mdx", "/text"),
    Generator("SvelteKit", f"{NODE}build", (INSTALL, BUILD), "src/routes/+page.svelte"),
    Generator("Hexo", f"{NODE}public", (INSTALL, BUILD), "source/_posts/hello-world.md"),
    Generator("MkDocs", f"{PYTHON}site", in_python('mkdocs" build --quiet'), "docs/index.md"),
    Generator("Sphinx", f"{PYTHON}_build/html", in_python('sphinx-build" -q . _build/html'), "index.rst"),
    Generator("Pelican", f"{PYTHON}output", in_python('pelican" -q'), "content/first.md", "/first.html"),
    Generator(
        "Jekyll",
        f"kind: static\nbuild_packages: [{', '.join(JEKYLL)}]\nbuild: build.sh\noutput: _site",
        ("jekyll build",),
        "about.markdown",
        "/about/",
    ),
)
