"""Public text and feature datasets, each from a small imitation of its files' exact format."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, sets, tarred, together, zipped

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* where its card says")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


def story(
    number: int, split: str, topics: list[str], *, indexed: str = "YES", body: str | None = None
) -> str:
    """One REUTERS element, in the layout of reut2-000.sgm."""
    listed = "".join(f"<D>{topic}</D>" for topic in topics)
    said = f"<BODY>{body or f'Story {number} of oil &amp; grain.'}\n Reuter\n&#3;</BODY>"
    text = f"<TITLE>TITLE {number}</TITLE>\n<DATELINE>    LONDON, March 1 - </DATELINE>{said}"
    kind = ""
    if body == "":
        kind, text = ' TYPE="UNPROC"', "&#2;\nunprocessed text &lt;of a story\n&#3;"
    return (
        f'<REUTERS TOPICS="{indexed}" LEWISSPLIT="{split}" CGISPLIT="TRAINING-SET" OLDID="5544" NEWID="{number}">\n'
        f"<DATE>26-FEB-1987 15:01:01.79</DATE>\n<TOPICS>{listed}</TOPICS>\n<PLACES><D>usa</D></PLACES>\n"
        f"<UNKNOWN> \n&#5;&#5;&#5;C T</UNKNOWN>\n<TEXT{kind}>&#2;\n{text}</TEXT>\n</REUTERS>\n"
    )


def test_reuters21578(tmp_path: Path) -> None:
    head = '<!DOCTYPE lewis SYSTEM "lewis.dtd">\n'
    first = [story(row, "TRAIN", [("grain", "oil")[row % 2], "earn"][: 1 + row % 2]) for row in range(1, 31)]
    second = [
        story(100, "TEST", ["grain", "tin"]),
        story(101, "TEST", ["earn", "oil"], body=""),
        story(102, "TEST", ["tin"]),
        story(103, "TEST", ["grain"], indexed="NO"),
        story(104, "NOT-USED", ["grain"]),
        story(105, "TRAIN", []),
        story(106, "TRAIN", ["gold"]),
    ]
    files = {
        "reut2-000.sgm": head + "".join(first),
        "reut2-001.sgm": head + "".join(second),
        "README.txt": "x",
    }
    dataset = get("reuters21578", [tarred(tmp_path / "reuters21578.tar.gz", files)])
    assert dataset.labels == ("earn", "grain", "oil")
    assert set(together(dataset)) == {str(row) for row in range(1, 31)}
    assert sets(dataset, "test") == {"100": {"grain"}, "101": {"earn", "oil"}}
    assert dataset.test.inputs[0] == "TITLE 100\nStory 100 of oil & grain.\n Reuter"
    assert dataset.test.inputs[1] == "unprocessed text <of a story"


def test_go_emotions(tmp_path: Path) -> None:
    """A copy of the hub repository, with the hub's class numbers."""
    import datasets

    from mlbench.datasets.sources.go_emotions import LABELS

    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "labels": datasets.List(datasets.ClassLabel(names=list(LABELS))),
            "id": datasets.Value("string"),
        }
    )
    folder = tmp_path / "go_emotions" / "simplified"
    folder.mkdir(parents=True)
    for split in ("train", "validation", "test"):
        rows = {"text": ["a", "b"], "labels": [[27], [0, 3]], "id": [f"{split}1", f"{split}2"]}
        datasets.Dataset.from_dict(rows, features=features).to_parquet(
            folder / f"{split}-00000-of-00001.parquet"
        )
    listed = "\n".join(f"  - split: {s}\n    path: simplified/{s}-*" for s in ("train", "validation", "test"))
    readme = f"---\nconfigs:\n- config_name: simplified\n  data_files:\n{listed}\n---\n"
    (tmp_path / "go_emotions" / "README.md").write_text(readme)
    dataset = get("go_emotions", [tmp_path / "go_emotions"])
    assert dataset.labels == LABELS
    assert sets(dataset, "test") == {"test1": {"neutral"}, "test2": {"admiration", "annoyance"}}


@pytest.mark.parametrize(("name", "level"), [("eurlex21", 1), ("eurlex127", 2), ("eurlex567", 3)])
def test_eurlex(tmp_path: Path, name: str, level: int) -> None:
    def law(number: int) -> str:
        concepts = {f"level_{deep}": [f"{deep}00{number % 2}", f"{deep}009"] for deep in (1, 2, 3)}
        text = {"en": f"law {number} — ünï", "de": "Gesetz"} if number != 7 else {"de": "nur deutsch"}
        row = {"celex_id": f"3{number:09}", "publication_date": "2009-01-01", "text": text}
        return json.dumps({**row, "eurovoc_concepts": concepts | {"all_levels": ["1"]}})

    files = {
        "train.jsonl": "\n".join(map(law, range(1, 11))),
        "dev.jsonl": "\n".join(map(law, range(11, 15))) + "\n",
        "test.jsonl": "\n".join(map(law, range(15, 19))),
    }
    dataset = get(name, [tarred(tmp_path / "laws.tar.gz", files)])
    assert dataset.sizes == {"train": 9, "validation": 4, "test": 4}
    assert dataset.labels == (f"{level}000", f"{level}001", f"{level}009")
    assert sets(dataset, "train")["3000000001"] == {f"{level}001", f"{level}009"}
    assert dataset.train.inputs[0] == "law 1 — ünï"
    assert dataset.card.family == "eurlex"


@pytest.mark.parametrize("name", ["uklex18", "uklex69"])
def test_uklex(tmp_path: Path, name: str) -> None:
    def law(number: int, **said: object) -> str:
        row = {"id": f"uksi/{number}", "title": f"Order {number}", "body": "shall come into force"}
        return json.dumps({**row, "labels": ["Taxation", f"S{number % 2}"], **said})

    rows = [
        law(n, data_type=s, year=2001) for n, s in enumerate(("train", "train", "dev", "dev", "test", "test"))
    ]
    file = f"uk-lex{name.removeprefix('uklex')}.jsonl"
    dataset = get(name, [lay(tmp_path / "said", {file: "\n".join(rows)}) / file])
    assert dataset.sizes == {"train": 2, "validation": 2, "test": 2}
    assert dataset.train.inputs[0] == "Order 0\nshall come into force"
    assert dataset.card.family == "uklex"
    rows = [law(n, year=year) for n, year in enumerate((1990, 2002, 2003, 2007, 2008, 2018))]
    by_year = get(name, [lay(tmp_path / "year", {file: "\n".join(rows)}) / file])
    assert by_year.fingerprint == dataset.fingerprint


def book(number: int, genres: dict[str, list[str]]) -> str:
    """One book of BlurbGenreCollection_EN_train.txt."""
    topics = "".join(f"<{level}>{name}</{level}>" for level, names in genres.items() for name in names)
    return (
        f'<book date="2018-08-18" xml:lang="en">\n<title>Title {number}</title>\n'
        f"<body>A blurb of number {number} &amp; more < less</body>\n<copyright>(c) Penguin Random House</copyright>\n"
        f"<metadata>\n<topics>\n{topics}\n</topics>\n<author>A. & B.</author>\n<published>Jan 1, 2001 </published>\n"
        f"<page_num> 320 Pages</page_num>\n<isbn>{number}</isbn>\n</metadata>\n</book>\n"
    )


def test_bgc(tmp_path: Path) -> None:
    genres = [
        {"d0": ["Fiction"], "d1": ["Romance", "Mystery & Suspense"]},
        {"d0": ["Nonfiction"], "d1": ["Arts"], "d2": ["Music"], "d3": ["Jazz"]},
    ]
    files: dict[str, str | bytes] = {
        f"BlurbGenreCollection_EN_{part}.txt": "".join(book(row, genres[row % 2]) for row in range(4))
        for part in ("train", "dev", "test")
    }
    files["hierarchy.txt"] = "Fiction\tRomance\n"
    dataset = get("bgc", [zipped(tmp_path / "bgc.zip", files)])
    assert dataset.sizes == {"train": 4, "validation": 4, "test": 4}
    assert sets(dataset, "test")["0"] == {"Fiction", "Romance", "Mystery & Suspense"}
    assert sets(dataset, "test")["1"] == {"Nonfiction", "Arts", "Music", "Jazz"}
    assert dataset.train.inputs[0] == "A blurb of number 0 & more < less"
    with pytest.raises(DataError, match=r"BlurbGenreCollection_EN_dev\.txt: no <book>"):
        get("bgc", [zipped(tmp_path / "bgc.zip", files | {"BlurbGenreCollection_EN_dev.txt": "<html>"})])


def test_rcv1(tmp_path: Path) -> None:
    def documents(ids: range) -> bytes:
        text = "".join(
            f".I {number}\n.W\nrecov recov excit bring mexic\nmarket {number}\n\n" for number in ids
        )
        return gzip.compress(text.encode())

    files: dict[str, str | bytes] = {"lyrl2004_tokens_train.dat.gz": documents(range(2286, 2306))}
    for part in range(4):
        start = 26151 + 10 * part
        files[f"lyrl2004_tokens_test_pt{part}.dat.gz"] = documents(range(start, start + 5))
    topics = [f"{code} {number} 1" for number in range(2286, 27000) for code in ("CCAT", f"C{number % 3}")]
    files["rcv1-v2.topics.qrels.gz"] = gzip.compress("\n".join(topics).encode())
    folder = lay(tmp_path / "rcv1", files)
    dataset = get("rcv1", sorted(folder.iterdir()))
    assert dataset.sizes == {"train": 18, "validation": 2, "test": 20}
    assert sets(dataset, "test")["26151"] == {"CCAT", "C0"}
    assert dataset.test.inputs[0] == "recov recov excit bring mexic market 26151"
    lay(folder, {"rcv1-v2.topics.qrels.gz": gzip.compress(b"CCAT 1\n")})
    with pytest.raises(DataError, match=r"rcv1-v2\.topics\.qrels, line 1"):
        get("rcv1", [folder])


def test_aapd(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for part, count in (("train", 6), ("val", 3), ("test", 3)):
        files[f"text_{part}"] = "".join(f"we study {part} {row}\n" for row in range(count))
        files[f"label_{part}"] = "".join(
            ("cs.it math.it\n", "cs.lg\n", "stat.ml cs.lg\n")[row % 3] for row in range(count)
        )
    dataset = get("aapd", [lay(tmp_path / "aapd", files)])
    assert dataset.sizes == {"train": 6, "validation": 3, "test": 3}
    assert sets(dataset, "test") == {"0": {"cs.it", "math.it"}, "1": {"cs.lg"}, "2": {"stat.ml", "cs.lg"}}
    hedwig: dict[str, str | bytes] = {
        f"aapd_{part}.tsv": "".join(f"{'0' * 52}{row % 2}1\twe study {row}\n" for row in range(4))
        for part in ("train", "dev", "test")
    }
    unnamed = get("aapd", [lay(tmp_path / "hedwig", hedwig)])
    assert sets(unnamed, "test")["1"] == {"label52", "label53"}
    with pytest.raises(DataError, match=r"text_val has 3 lines, label_val 1"):
        get("aapd", [lay(tmp_path / "aapd", {"label_val": "cs.lg\n"})])


def test_semeval2018_ec(tmp_path: Path) -> None:
    from mlbench.datasets.sources.semeval2018_ec import LABELS

    def tweets(marks: list[str]) -> str:
        head = "\t".join(["ID", "Tweet", *LABELS])
        rows = ["\t".join([f"2018-En-{row}", f'he said "no {row}', *mark]) for row, mark in enumerate(marks)]
        return "\n".join([head, *rows]) + "\n"

    marks = ["10000000000", "01000000001", "00000000000", "11100000000"]
    folder = "SemEval2018-Task1-all-data/English/E-c"
    files: dict[str, str | bytes] = {
        f"{folder}/2018-E-c-En-{part}.txt": tweets(marks) for part in ("train", "dev", "test-gold")
    }
    files[f"{folder}/2018-E-c-En-test.txt"] = tweets([]).rstrip() + "\n"
    archive = zipped(tmp_path / "semeval.zip", files)
    dataset = get("semeval2018_ec", [archive])
    assert dataset.labels == LABELS
    assert sets(dataset, "test")["2018-En-1"] == {"anticipation", "trust"}
    assert sets(dataset, "test")["2018-En-2"] == set()
    assert dataset.train.inputs[0] == 'he said "no 0'
    hidden = tweets(marks).replace("\t1\t0\t0", "\tNONE\tNONE\tNONE")
    with pytest.raises(DataError, match="its labels are hidden"):
        get("semeval2018_ec", [zipped(tmp_path / "h.zip", files | {f"{folder}/2018-E-c-En-dev.txt": hidden})])


def test_jigsaw_toxic(tmp_path: Path) -> None:
    names = "toxic,severe_toxic,obscene,threat,insult,identity_hate"
    train = [
        f'{row:04},"a ""quoted"" comment\nof two lines, {row}",{int(row % 5 == 0)},0,0,0,1,0'
        for row in range(30)
    ]
    scored = ["a,1,0,0,0,0,1", "b,-1,-1,-1,-1,-1,-1", "c,0,0,0,0,0,0", "d,0,0,1,0,0,0"]
    files: dict[str, str | bytes] = {
        "train.csv": "\n".join([f"id,comment_text,{names}", *train]),
        "test.csv": "\n".join(["id,comment_text", "a,x", "b,y", "c,z", "d,w", "e,v"]),
        "test_labels.csv": "\n".join([f"id,{names}", *scored]),
    }
    dataset = get("jigsaw_toxic", [zipped(tmp_path / "jigsaw.zip", files)])
    assert together(dataset)["0005"] == {"toxic", "insult"}
    assert sets(dataset, "test") == {"a": {"toxic", "identity_hate"}, "c": set(), "d": {"obscene"}}
    assert 'a "quoted" comment\nof two lines, 3' in [*dataset.train.inputs, *dataset.validation.inputs]
    (tmp_path / "zips").mkdir()
    for name, content in files.items():
        zipped(tmp_path / "zips" / f"{name}.zip", {name: content})
    assert get("jigsaw_toxic", [tmp_path / "zips"]).fingerprint == dataset.fingerprint


def test_debtags(tmp_path: Path) -> None:
    def stanza(number: int) -> str:
        source = f"Source: src{number // 2} (1.0)\n" if number % 2 else f"Source: src{number // 2}\n"
        tags = "Tag: role::program, works-with::{file,text},\n interface::x11"
        rare = ", game::rare, special::TODO" if number < 5 else ""
        return (
            f"Package: pkg{number:02}\n{source}Version: 1\nDescription: short text {number}\n"
            f"Description-md5: {number:032x}\n{tags}{rare}\nSection: games\n"
        )

    available = "\n".join(map(stanza, range(40)))
    short = get("debtags", [lay(tmp_path / "a", {"available.txt": available}) / "available.txt"])
    assert short.labels == ("interface::x11", "role::program", "works-with::file", "works-with::text")
    assert "short text 3" in [*short.train.inputs, *short.validation.inputs, *short.test.inputs]
    source_of = {f"pkg{number:02}": number // 2 for number in range(40)}
    sources = [{source_of[identity] for identity in split.ids} for split in short.splits.values()]
    assert not sources[0] & sources[1]
    assert not sources[0] & sources[2]
    translated = "\n".join(
        f"Package: pkg{n:02}\nDescription-md5: {n:032x}\nDescription-en: short text {n}\n It is long.\n .\n Really.\n"
        for n in range(40)
    )
    files: dict[str, str | bytes] = {
        "Packages.xz": lzma.compress(available.encode()),
        "Translation-en.xz": lzma.compress(translated.encode()),
    }
    long = get("debtags", [lay(tmp_path / "b", files)])
    assert "short text 3. It is long. Really." in [
        *long.train.inputs,
        *long.validation.inputs,
        *long.test.inputs,
    ]


def test_arxiv_cs54(tmp_path: Path) -> None:
    head = "abstract\tarxiv_id\tcategories\tprimary_cat\ttitle"
    rows = [
        f'"We study ""things"" {n}."\t1506.{n:05}\tcs.LG stat.ML{" cs.AI" if n % 3 else ""}\tcs.LG\tTitle {n}'
        for n in range(60)
    ]
    single = 'Alone\t1507.00001\tcs.LG\tcs.LG\tAlone\n"Twice"\t1506.00000\tcs.LG stat.ML\tcs.LG\tTitle 0'
    files: dict[str, str | bytes] = {
        "cs.LG.tsv.xz": lzma.compress("\n".join([head, *rows]).encode()),
        "cmp-lg.tsv.xz": lzma.compress(f"{head}\n{single}".encode()),
        "math.CO.tsv.xz": lzma.compress(b"nothing"),
    }
    dataset = get("arxiv_cs54", [lay(tmp_path / "per_category", files)])
    everything = together(dataset) | sets(dataset, "test")
    assert len(everything) == 60
    assert everything["1506.00003"] == {"cs.LG", "stat.ML"}
    assert 'We study "things" 3.' in [*dataset.train.inputs, *dataset.validation.inputs, *dataset.test.inputs]


def test_yeast(tmp_path: Path) -> None:
    names = [f"@attribute Class{n} {{0,1}}" for n in range(1, 15)] + [
        f"@attribute Att{n} numeric" for n in range(1, 104)
    ]
    generator = np.random.default_rng(0)
    marks = generator.integers(0, 2, (2417, 14))
    rows = [",".join([*map(str, mark), *["0.5"] * 102, f"{row / 1000}"]) for row, mark in enumerate(marks)]
    text = "\n".join(["@relation 'Yeast: -C 14'", "", *names, "", "@data", *rows])
    dataset = get(
        "yeast", [lay(tmp_path, {"Yeast.arff.bz2": bz2.compress(text.encode())}) / "Yeast.arff.bz2"]
    )
    assert dataset.sizes == {"train": 1350, "validation": 150, "test": 917}
    assert isinstance(dataset.test.inputs, np.ndarray)
    assert dataset.test.inputs.shape == (917, 103)
    assert dataset.test.inputs[0, -1] == pytest.approx(1.5)
    assert (dataset.test.targets == marks[1500:]).all()
    broken = bz2.compress((text[: text.index("@data") + 6] + "1,2,3").encode())
    file = lay(tmp_path / "broken", {"Yeast.arff.bz2": broken}) / "Yeast.arff.bz2"
    with pytest.raises(DataError, match=r"Yeast\.arff, line 122: 3 values for 117"):
        get("yeast", [file])
