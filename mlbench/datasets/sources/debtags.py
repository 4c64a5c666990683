"""Debtags: facet tags of Debian's package descriptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from mlbench.datasets.cards import Card
from mlbench.datasets.files.writing import Sample
from mlbench.datasets.public.downloads import Download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.readers import split_by_hash
from mlbench.datasets.public.tree import Tree
from mlbench.datasets.source import register_dataset
from mlbench.errors import DataError

FEWEST = 10
"""A tag on fewer packages is left out."""

DROPPED_FACETS = ("special::", "junior::")
AVAILABLE, PACKAGES, TRANSLATION = "available.txt", "Packages", "Translation-en"


@register_dataset("debtags")
class Debtags(PublicSource):
    """Descriptions of Debian packages with their facet tags, long-tailed."""

    def card(self) -> Card:
        return Card(
            name="debtags",
            modality="text",
            task="facet tags of a package description",
            labels=449,
            sizes={"train": 20562, "validation": 3111, "test": 5732},
            cardinality=3.7,
            licence="Debian package metadata, free licences",
            citation="Debian project, debtags; release 12",
            source="Debian's package lists (Tag fields) and English descriptions",
            access="by hand",
            protocol="split by the MD5 of the source package: packages of one source never straddle a split",
            quirks=(
                "another release has other packages and sizes: tags are kept from 10 packages on",
                "without Translation-en the text is the short description alone",
            ),
            confirmed=True,
        )

    def downloads(self) -> tuple[Download, ...]:
        note = (
            f"on Debian or Ubuntu: `apt-cache dumpavail > {AVAILABLE}`, or a mirror's {PACKAGES}.xz and "
            f"{TRANSLATION}.xz of one release in one folder"
        )
        return (Download(AVAILABLE, None, note=note),)

    def samples(self, tree: Tree) -> Iterator[tuple[str, Sample]]:
        name = next((name for name in (AVAILABLE, PACKAGES) if tree.has(name)), None)
        if name is None:
            raise DataError(f"debtags: neither {AVAILABLE} nor {PACKAGES} is among the files given")
        long = _long_descriptions(tree) if tree.has(TRANSLATION) else {}
        packages: dict[str, tuple[str, str, list[str]]] = {}
        texts: set[str] = set()
        for stanza in _stanzas(tree, name):
            short = stanza.get("Description", stanza.get("Description-en", ""))
            text = _text_of(long.get(stanza.get("Description-md5", ""), short))
            tags = [tag for tag in _tags(stanza.get("Tag", "")) if "TODO" not in tag]
            tags = [tag for tag in tags if not tag.startswith(DROPPED_FACETS)]
            if tags and text and text not in texts and stanza["Package"] not in packages:
                texts.add(text)
                source = stanza.get("Source", stanza["Package"]).split(" ")[0]
                packages[stanza["Package"]] = (source, text, tags)
        counts = Counter(tag for _, _, tags in packages.values() for tag in tags)
        for package, (source, text, tags) in sorted(packages.items()):
            labels = sorted({tag for tag in tags if counts[tag] >= FEWEST})
            if labels:
                yield split_by_hash(source), Sample(text, labels, package)


def _long_descriptions(tree: Tree) -> dict[str, str]:
    """MD5 of the short description -> the whole description."""
    return {
        stanza["Description-md5"]: stanza["Description-en"]
        for stanza in _stanzas(tree, TRANSLATION)
        if "Description-md5" in stanza and "Description-en" in stanza
    }


def _stanzas(tree: Tree, name: str) -> Iterator[dict[str, str]]:
    """Blocks of `Field: value` lines, divided by empty ones; a line that starts with a space continues."""
    fields: dict[str, str] = {}
    key = ""
    for line in tree.lines(name):
        if not line.strip():
            if "Package" in fields:
                yield fields
            fields, key = {}, ""
        elif line[0] in " \t":
            fields[key] = f"{fields.get(key, '')}\n{line[1:]}"
        else:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    if "Package" in fields:
        yield fields


def _tags(field: str) -> list[str]:
    """Tags divided by commas; `a::{b,c}` stands for a::b and a::c."""
    opened = re.sub(
        r"(\S+?::)\{([^}]*)\}", lambda match: ",".join(match[1] + part for part in match[2].split(",")), field
    )
    return [tag.strip() for tag in opened.replace("\n", " ").split(",") if "::" in tag]


def _text_of(description: str) -> str:
    """The short description, a full stop, and the long one in one line."""
    short, _, long = description.partition("\n")
    lines = [line.strip() for line in long.split("\n") if line.strip() not in ("", ".")]
    return f"{short.strip()}. {' '.join(lines)}".strip() if lines else short.strip()
