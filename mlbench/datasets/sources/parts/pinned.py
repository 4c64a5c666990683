"""Files of public repositories and of packages, pinned by commit or version, and checksum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from urllib.parse import quote

from mlbench.datasets.public.downloads import Download


@dataclass(frozen=True)
class Repository:
    """A public repository at one commit."""

    name: str
    commit: str

    @property
    def page(self) -> str:
        """Where a reader finds it."""
        return f"https://github.com/{self.name}"

    def file(self, path: str, sha256: str, size: int) -> Download:
        """One file of it, known by the last part of its path; `size` in bytes."""
        url = f"https://raw.githubusercontent.com/{self.name}/{self.commit}/{quote(path)}"
        return Download(PurePosixPath(path).name, url, size, f"sha256:{sha256}")

    def archive(self) -> Download:
        """All of it. The commit says what it holds; how it is packed nobody promises, so there is no checksum."""
        name = f"{PurePosixPath(self.name).name}-{self.commit}.zip"
        return Download(name, f"{self.page}/archive/{self.commit}.zip")

    def files(self, folder: str, listing: str) -> tuple[Download, ...]:
        """Files of one of its folders, known by their paths in it: a line each, of a path, bytes and the SHA-256."""
        items = []
        for line in listing.split("\n"):
            if line.strip():
                path, size, sha256 = line.split()
                items.append(replace(self.file(f"{folder}/{path}", sha256, int(size)), name=path))
        return tuple(items)


def npm_package(name: str, version: str, sha256: str, size: int) -> Download:
    """The archive of a package of npm; all it holds lies in a folder `package`."""
    short = name.rpartition("/")[2]
    url = f"https://registry.npmjs.org/{name}/-/{short}-{version}.tgz"
    return Download(
        f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz", url, size, f"sha256:{sha256}"
    )
