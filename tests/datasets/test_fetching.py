"""Fetching over real HTTP from a server on this machine; archives that mean harm; what is said offline."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from mlbench import datasets
from mlbench.datasets.base import split_called
from mlbench.datasets.fetching import fetch
from mlbench.datasets.loading import build_source
from mlbench.datasets.public import hub, public_source
from mlbench.datasets.public.downloads import Download, download
from mlbench.datasets.public.public_source import PublicSource
from mlbench.datasets.public.tree import Tree
from mlbench.errors import ConfigError, DataError, DatasetNotFoundError
from mlbench.registry import DATASETS
from tests.datasets.sources.imitation import lay, tarred, zipped

CONTENT = bytes(range(256)) * 9000


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT; breaks off as often as told; knows ranges unless told not to."""

    breaks: ClassVar[int] = 0
    ranges: ClassVar[bool] = True
    asked: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        Server.asked.append(self.headers.get("Range"))
        if self.path != "/file.bin":
            self.send_error(404)
            return
        start = 0
        if Server.ranges and self.headers.get("Range"):
            start = int(self.headers["Range"].split("=")[1].rstrip("-"))
            self.send_response(206)
        else:
            self.send_response(200)
        body = CONTENT[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if Server.breaks:
            Server.breaks -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    Server.breaks, Server.ranges, Server.asked = 0, True, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/file.bin"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MLBENCH_OFFLINE", "1")
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


def test_a_file_is_fetched_once_with_progress(url: str, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    checksum = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    item = Download("file.bin", url, len(CONTENT), checksum)
    for _ in range(2):
        file = download(item, tmp_path / "d", lambda *said: told.append(said))
    assert file.read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["file.bin"]
    assert told[-1] == ("file.bin", len(CONTENT), len(CONTENT))
    assert Server.asked == [None]


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_stream_is_resumed(url: str, tmp_path: Path, ranges: bool) -> None:
    Server.breaks, Server.ranges = 2, ranges
    item = Download("file.bin", url, checksum=f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert download(item, tmp_path / "d").read_bytes() == CONTENT
    assert len(Server.asked) == 3
    assert Server.asked[1] == f"bytes={len(CONTENT) // 2}-"


def test_what_an_earlier_run_left_is_resumed(url: str, tmp_path: Path) -> None:
    lay(tmp_path / "d", {"file.bin.part": CONTENT[:1000]})
    assert download(Download("file.bin", url), tmp_path / "d").read_bytes() == CONTENT
    assert Server.asked == ["bytes=1000-"]


def test_a_wrong_checksum_is_refused_and_not_kept(url: str, tmp_path: Path) -> None:
    item = Download("file.bin", url, checksum=f"sha1:{'0' * 40}")
    with pytest.raises(DataError, match=r"file\.bin from http.* has sha1 [0-9a-f]{40} instead of 0{40}"):
        download(item, tmp_path / "d")
    assert list((tmp_path / "d").iterdir()) == []


def test_what_cannot_be_had(url: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="answers 404"):
        download(Download("other.bin", url.replace("file", "other")), tmp_path)
    with pytest.raises(DatasetNotFoundError, match="cannot be reached"):
        download(Download("file.bin", "http://127.0.0.1:9/file.bin"), tmp_path)
    with pytest.raises(DatasetNotFoundError, match="by hand: ask the owners"):
        download(Download("file.bin", None, note="ask the owners"), tmp_path)
    secret = lay(tmp_path, {"secret": b"x"}) / "secret"
    with pytest.raises(DataError, match="only http and https"):
        download(Download("file.bin", secret.as_uri()), tmp_path)


def test_a_whole_dataset_over_http(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the server to a loaded dataset, through the folder format in the cache."""
    global CONTENT
    before, rows = CONTENT, [f"{n},{n % 2},{(n + 1) % 2},0,0,0" for n in range(40)]
    from tests.datasets.sources.imitation import picture

    files: dict[str, str | bytes] = {f"r/original/{n}.jpg": picture(n) for n in range(40)}
    files["r/data.csv"] = "image,desert,mountains,sea,sunset,trees\n" + "\n".join(
        row.replace(",", ".jpg,", 1) for row in rows
    )
    CONTENT = zipped(tmp_path / "made.zip", files).read_bytes()
    kind = DATASETS.get("miml_scenes")
    monkeypatch.setattr(kind, "downloads", lambda _: (Download("miml_scenes.zip", url),))
    try:
        plan = fetch("miml_scenes", dry_run=True)
        assert (plan.status, plan.urls, plan.folder) == ("to fetch", (url,), None)
        done = fetch("miml_scenes")
        assert done.status == "fetched"
        assert done.folder is not None
        assert (done.folder / "dataset.toml").is_file()
        assert fetch("miml_scenes").status == "here"
        with pytest.warns(UserWarning, match="where its card says"):
            assert sum(datasets.load("miml_scenes").sizes.values()) == 40
        assert Server.asked == [None]
        monkeypatch.delenv("MLBENCH_OFFLINE")
        monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "other"))
        with pytest.warns(UserWarning, match="where its card says"):
            assert sum(datasets.load("miml_scenes").sizes.values()) == 40
    finally:
        CONTENT = before
    kept = [file.name for file in (tmp_path / "cache" / "datasets").iterdir()]
    assert sorted(kept) == [".miml_scenes.lock", "miml_scenes"]


def test_every_public_source_says_how_it_is_had(tmp_path: Path) -> None:
    for name in DATASETS.names():
        source = build_source(name)
        if not isinstance(source, PublicSource):
            continue
        card = source.card()
        assert card.name == name
        assert card.licence != "not stated"
        assert card.citation
        assert card.source
        assert card.task
        assert card.protocol
        assert card.labels
        with pytest.raises(DatasetNotFoundError) as raised:
            datasets.load(name, data_root=tmp_path / "nowhere")
        message = str(raised.value)
        assert str(tmp_path / "nowhere" / name) in message
        assert f"mlbench fetch {name}" in message
        plan = fetch(name, dry_run=True)
        by_hand = card.access in ("by hand", "account", "request")
        assert plan.status == ("by hand" if by_hand else "to fetch")
        assert bool(plan.urls) != by_hand
        if by_hand:
            assert "--from" in plan.advice
            with pytest.raises(DatasetNotFoundError, match="--from"):
                fetch(name)
        assert plan.to_dict()["licence"] == card.licence
        for item in source.downloads():
            assert item.url is None or item.url.startswith(("https://", "http://"))
            if item.checksum:
                kind, digest = item.checksum.split(":")
                assert len(digest) == {"md5": 32, "sha1": 40, "sha256": 64}[kind]


def test_what_needs_no_fetching() -> None:
    assert fetch("digit-scenes").status == "built in"
    with pytest.raises(ConfigError, match="--from does not apply"):
        fetch("digit-scenes", given=[Path("x")])
    with pytest.raises(DataError, match="no such file or folder"):
        fetch("yeast", given=[Path("nowhere.arff")])


def test_a_given_file_that_is_not_the_pinned_one_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = lay(tmp_path, {"VOCtest_06-Nov-2007.tar": b"not it"}) / "VOCtest_06-Nov-2007.tar"
    with pytest.raises(DataError, match="has sha1"):
        fetch("voc2007", given=[file])
    assert file.read_bytes() == b"not it"


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:/evil"]
)
@pytest.mark.parametrize("kind", ["evil.zip", "evil.tar", "evil.tar.gz"])
def test_archives_that_would_leave_their_folder(tmp_path: Path, name: str, kind: str) -> None:
    make = zipped if kind.endswith("zip") else tarred
    archive = make(tmp_path / kind, {"good.txt": "fine", name: "evil"})
    with (
        pytest.raises(DataError, match="would leave the archive's folder"),
        Tree([archive], tmp_path / "work"),
    ):
        pass
    assert not list(tmp_path.rglob("evil.txt"))


def test_links_and_devices_are_passed_over(tmp_path: Path) -> None:
    lay(tmp_path, {"secret.txt": "secret"})
    for kind in ("plain.tar", "packed.tar.gz"):
        with tarfile.open(tmp_path / kind, "w:gz" if kind.endswith("gz") else "w") as archive:
            for number, (sort, target) in enumerate(
                (
                    (tarfile.SYMTYPE, str(tmp_path / "secret.txt")),
                    (tarfile.LNKTYPE, "../secret.txt"),
                    (tarfile.FIFOTYPE, ""),
                )
            ):
                item = tarfile.TarInfo(f"member{number}")
                item.type, item.linkname = sort, target
                archive.addfile(item)
            item = tarfile.TarInfo("good.txt")
            item.size = 4
            archive.addfile(item, io.BytesIO(b"fine"))
        with Tree([tmp_path / kind], tmp_path / "work") as tree:
            assert [Path(name).name for name in tree.names] == ["good.txt"]
            assert tree.text("good.txt") == "fine"


def test_bombs_are_refused(tmp_path: Path) -> None:
    """A member that promises 10 GB of zeros: its header alone decides."""
    packed = tmp_path / "bomb.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("first"))
    header = tarfile.TarInfo("zeros")
    header.size = 10 << 30
    packed.write_bytes(gzip.compress(header.tobuf() + b"\0" * (1 << 20)))
    with pytest.raises(DataError, match="a bomb; not opened"), Tree([packed], tmp_path / "work"):
        pass
    assert sum(file.stat().st_size for file in (tmp_path / "work").rglob("*") if file.is_file()) == 0
    honest = zipped(tmp_path / "bomb.zip", {"zeros": b"\0" * 100_000}).read_bytes()
    with zipfile.ZipFile(io.BytesIO(honest)) as archive_file:
        entry = archive_file.infolist()[0]
    lying = honest.replace(struct.pack("<L", entry.file_size), struct.pack("<L", (4 << 30) - 1))
    (tmp_path / "bomb.zip").write_bytes(lying)
    with (
        pytest.raises(DataError, match="a bomb; not opened"),
        Tree([tmp_path / "bomb.zip"], tmp_path / "work"),
    ):
        pass


@pytest.mark.parametrize("name", ["broken.zip", "broken.tar", "broken.tar.gz", "broken.txt.gz"])
def test_broken_archives_are_named(tmp_path: Path, name: str) -> None:
    file = lay(tmp_path, {name: b"nothing of the kind" * 100}) / name
    with pytest.raises(DataError, match="broken"), Tree([file], tmp_path / "work") as tree:
        tree.read(tree.names[0])


READS: tuple[Callable[[Tree, str], object], ...] = (
    lambda tree, ending: tree.read(tree.find(ending)),
    Tree.text,
    lambda tree, ending: list(tree.lines(ending)),
)


@pytest.mark.parametrize("name", ["part.zip", "part.txt.gz", "part.txt.xz", "part.txt.bz2", "part.tar.gz"])
@pytest.mark.parametrize("read", READS, ids=["read", "text", "lines"])
def test_damaged_members_are_named(tmp_path: Path, name: str, read: Callable[[Tree, str], object]) -> None:
    file = packed_text(tmp_path / name)
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = b"\xff" * 200
    file.write_bytes(content)
    broken = r"part.*cannot be (read|unpacked).*fetch it again"
    # What is handed out line by line comes before the checksum, and may be no text.
    with pytest.raises(DataError, match=f"{broken}|not utf-8 text"):
        read_one(file, tmp_path, read)


@pytest.mark.parametrize("name", ["part.txt.gz", "part.txt.xz", "part.txt.bz2", "part.tar.gz"])
@pytest.mark.parametrize("read", READS, ids=["read", "text", "lines"])
def test_truncated_members_are_named(tmp_path: Path, name: str, read: Callable[[Tree, str], object]) -> None:
    file = packed_text(tmp_path / name)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError, match=r"part.*cannot be (read|unpacked).*fetch it again"):
        read_one(file, tmp_path, read)


@pytest.mark.parametrize("read", READS[1:], ids=["text", "lines"])
def test_bytes_that_are_no_text_are_named(tmp_path: Path, read: Callable[[Tree, str], object]) -> None:
    file = tmp_path / "part.txt"
    file.write_bytes("fine\nété\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"part\.txt: not utf-8 text"):
        read_one(file, tmp_path, read)


def read_one(file: Path, folder: Path, read: Callable[[Tree, str], object]) -> None:
    with Tree([file], folder / "work") as tree:
        read(tree, "part.txt")


def packed_text(file: Path) -> Path:
    """A file or archive of its ending's kind that holds `part.txt`."""
    text = "\n".join(f"line {number} {number * 7919 % 1009}" for number in range(5000))
    if file.suffix == ".zip":
        return zipped(file, {"part.txt": text})
    if ".tar" in file.name:
        return tarred(file, {"part.txt": text})
    opener: Any = {".gz": gzip, ".xz": lzma, ".bz2": bz2}[file.suffix]
    file.write_bytes(opener.compress(text.encode()))
    return file


def test_members_that_are_not_there(tmp_path: Path) -> None:
    with Tree([lay(tmp_path / "files", {"a/train_list.txt": "x"})], tmp_path / "work") as tree:
        with pytest.raises(
            DataError, match=r"'train_lits\.txt' is not among .*did you mean 'train_list\.txt'"
        ):
            tree.find("train_lits.txt")
        assert tree.has("a/train_list.txt")
        assert not tree.has("list.txt")


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    files = lay(
        tmp_path / "uk", {"uk-lex18.jsonl": '{"title": "t", "labels": ["a"], "year": 1990}\n{"title": '}
    )
    with pytest.raises(DataError, match="line 2: not valid JSON"):
        fetch("uklex18", given=[files])
    assert [file.name for file in (tmp_path / "cache" / "datasets").iterdir()] == [".uklex18.lock"]


def test_a_damaged_zip_is_one_kind_of_error_wherever_it_is_damaged(tmp_path: Path) -> None:
    """A version that Python does not unpack, a member that claims to be encrypted, a name that is no UTF-8."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("é.txt", "some text, some text")
    content, file = packed.getvalue(), tmp_path / "a.zip"
    refused = set()
    for place in range(len(content)):
        for byte in (0x00, 0x01, 0x40, 0xFF):
            file.write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
            try:
                with Tree([file], tmp_path / "work") as tree:
                    for name in tree.names:
                        tree.read(name)
            except DataError as error:
                refused |= {word for word in ("version", "encrypted", "codec") if word in str(error)}
    assert refused == {"version", "encrypted", "codec"}


def test_without_a_network_the_remedy_names_the_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(item: Download, *_: object) -> Path:
        raise DatasetNotFoundError(f"{item.url}: cannot be reached (no route to host)")

    monkeypatch.setattr(public_source, "download", unreachable)
    with pytest.raises(DatasetNotFoundError) as caught:
        fetch("told_br", data_root=tmp_path / "data")
    said = str(caught.value)
    assert said.startswith("dataset 'told_br': https://raw.githubusercontent.com/")
    assert "`mlbench fetch told_br` where there is a network" in said
    assert f"copy its folder to {tmp_path / 'cache' / 'datasets' / 'told_br'}, " in said
    assert "--data-root" in said
    assert "`mlbench fetch told_br --from FILE`" in said


def test_classes_of_the_hub_are_named_and_marks_are_left() -> None:
    """−1 is no class there, and a list of 0 and 1 with a place for each label holds no numbers of classes."""
    names = ["no", "yes"]
    assert hub._named(pa.chunked_array([pa.array([0, -1, 1, None])]), names).to_pylist() == [
        "no",
        None,
        "yes",
        None,
    ]
    lists = pa.chunked_array([pa.array([[0], [1, 0], []])])
    assert hub._named(lists, names).to_pylist() == [["no"], ["yes", "no"], []]
    marks = pa.chunked_array([pa.array([[0, 1], [1, 1]])])
    assert hub._named(marks, names).to_pylist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize("word", ["Val", "VALID", " dev ", "validation"])
def test_a_split_is_known_however_it_is_written(word: str) -> None:
    assert split_called(word) == "validation"
    assert split_called("Other") == "other"


def test_a_hub_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said at once, with what to do: for a named dataset and for a hub id."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("MLBENCH_OFFLINE")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(DatasetNotFoundError, match=r"mlbench fetch go_emotions[\s\S]*cannot be reached"):
        datasets.load("go_emotions")
    with pytest.raises(DatasetNotFoundError, match=r"'some/where': [\s\S]*give a file as `path`"):
        datasets.load("own", {"hub": "some/where"})
    assert fetch("own", {"hub": "some/where"}, dry_run=True).status == "to fetch"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DatasetNotFoundError, match="switched off by HF_HUB_OFFLINE"):
        fetch("celeba")
