"""Public image datasets, each from a small imitation of its files' exact format."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from mlbench.datasets.sources.adp import _columns_of
from mlbench.datasets.sources.chestxray14 import validation_patients
from mlbench.datasets.sources.mirflickr25k import RELEVANT, TOPICS
from mlbench.errors import DataError
from tests.datasets.sources.imitation import get, lay, picture, sets, tarred, together, zipped

pytestmark = pytest.mark.filterwarnings("ignore:dataset .* where its card says")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MLBENCH_DATA", raising=False)


def voc(
    year: str, images: dict[str, dict[str, list[int]]], lists: dict[str, list[str]]
) -> dict[str, str | bytes]:
    """A VOCdevkit: for each image its objects, and for each object the list of their `difficult` marks."""
    root = f"VOCdevkit/{year}"
    files: dict[str, str | bytes] = {}
    for identity, objects in images.items():
        boxes = "".join(
            f"<object><name>{name}</name><pose>Left</pose><truncated>1</truncated><difficult>{mark}</difficult>"
            "<bndbox><xmin>1</xmin></bndbox><part><name>head</name></part></object>"
            for name, marks in objects.items()
            for mark in marks
        )
        files[f"{root}/Annotations/{identity}.xml"] = (
            f"<annotation><filename>{identity}.jpg</filename>{boxes}</annotation>"
        )
        files[f"{root}/JPEGImages/{identity}.jpg"] = picture(len(files))
    for name, ids in lists.items():
        files[f"{root}/ImageSets/Main/{name}.txt"] = "".join(f"{identity}\n" for identity in ids)
    return files


TRAINVAL = {f"00{row:04}": {"person": [0], ("dog", "cat")[row % 2]: [0, 1]} for row in range(20)}
TEST = {
    "100001": {"person": [0], "car": [1]},
    "100002": {"car": [1, 0], "bus": [1, 1]},
    "100003": {"cat": [0]},
    "100004": {"dog": [0]},
}


@pytest.fixture
def voc_tars(tmp_path: Path) -> list[Path]:
    trainval = voc("VOC2007", TRAINVAL, {"trainval": list(TRAINVAL), "person_trainval": ["ignored"]})
    test = voc("VOC2007", TEST, {"test": list(TEST)})
    return [tarred(tmp_path / "trainval.tar", trainval), tarred(tmp_path / "test.tar", test)]


def test_voc2007(voc_tars: list[Path]) -> None:
    dataset = get("voc2007", voc_tars)
    assert len(dataset.labels) == 20
    assert together(dataset) == {identity: set(objects) for identity, objects in TRAINVAL.items()}
    assert sets(dataset, "test")["100001"] == {"person", "car"}
    assert dataset.test.unscored is not None
    unscored = {
        identity: {dataset.labels[place] for place in np.flatnonzero(row)}
        for identity, row in zip(dataset.test.ids, dataset.test.unscored, strict=True)
    }
    assert unscored == {"100001": {"car"}, "100002": {"bus"}, "100003": set(), "100004": set()}
    assert isinstance(dataset.test.inputs[0], bytes)
    assert dataset.card.family == "voc"


def test_voc2007_options(voc_tars: list[Path]) -> None:
    positive = get("voc2007", voc_tars, difficult="positive")
    negative = get("voc2007", voc_tars, difficult="negative")
    assert positive.test.unscored is None
    assert sets(positive, "test")["100002"] == {"car", "bus"}
    assert sets(negative, "test")["100002"] == {"car"}
    assert sets(negative, "test")["100001"] == {"person"}
    study = get("voc2007", voc_tars, split="study")
    assert study.sizes == {"train": 20, "validation": 2, "test": 2}
    assert {*study.validation.ids, *study.test.ids} == set(TEST)
    assert len({study.fingerprint, positive.fingerprint, negative.fingerprint}) == 3


def test_voc_files_may_be_unpacked_already(tmp_path: Path, voc_tars: list[Path]) -> None:
    """The same dataset, to the last bit of its fingerprint, from tars, from a folder of tars and from files."""
    from_tars = get("voc2007", voc_tars).fingerprint
    (tmp_path / "downloads").mkdir()
    for file in voc_tars:
        file.rename(tmp_path / "downloads" / file.name)
    assert get("voc2007", [tmp_path / "downloads"]).fingerprint == from_tars
    plain = lay(tmp_path / "plain", voc("VOC2007", {**TRAINVAL}, {"trainval": list(TRAINVAL)}))
    lay(plain, voc("VOC2007", TEST, {"test": list(TEST)}))
    assert get("voc2007", [plain]).fingerprint == from_tars


def test_voc_broken_files(tmp_path: Path) -> None:
    files = voc("VOC2007", TRAINVAL, {"trainval": list(TRAINVAL)}) | voc(
        "VOC2007", TEST, {"test": list(TEST)}
    )
    name = "VOCdevkit/VOC2007/Annotations/000003.xml"
    for content, message in (
        (b"<annotation><object>", r"000003\.xml: not valid XML"),
        (b"<annotation><object><name>unicorn</name></object></annotation>", r"'unicorn' is none of the 20"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares XML entities"),
    ):
        broken = lay(tmp_path / "broken", files | {name: content})
        with pytest.raises(DataError, match=message):
            get("voc2007", [broken])
    (tmp_path / "broken" / "VOCdevkit/VOC2007/JPEGImages/000004.jpg").unlink()
    lay(tmp_path / "broken", {name: files[name]})
    with pytest.raises(DataError, match=r"'VOC2007/JPEGImages/000004\.jpg' is not among"):
        get("voc2007", [tmp_path / "broken"])


def test_voc_mlt(tmp_path: Path, voc_tars: list[Path]) -> None:
    images = {f"2008_{row:06}": {"person": [0]} | ({"cat": [0]} if row % 2 else {}) for row in range(30)}
    listed = [identity for row, identity in enumerate(images) if row < 20]
    tar = tarred(tmp_path / "VOCtrainval2012.tar", voc("VOC2012", images, {}))
    lay(tmp_path, {"img_id.txt": "\n".join(listed) + "\n"})
    dataset = get("voc_mlt", [tmp_path / "img_id.txt", tar, *voc_tars])
    assert together(dataset) == {identity: set(images[identity]) for identity in listed}
    assert set(dataset.test.ids) == set(TEST)
    assert dataset.card.family == "voc"


def coco(objects: dict[int, list[int]]) -> dict[str, Any]:
    """The content of an instances_….json: for each image id the category ids of its objects."""
    return {
        "info": {"year": 2017},
        "licenses": [],
        "images": [{"id": number, "file_name": f"{number:012}.jpg", "height": 8} for number in objects],
        "annotations": [
            {"id": 100 * number + place, "image_id": number, "category_id": category, "iscrowd": number % 2}
            for number, categories in objects.items()
            for place, category in enumerate(categories)
        ],
        "categories": [
            {"id": 90, "name": "toothbrush", "supercategory": "indoor"},
            {"id": 1, "name": "person", "supercategory": "person"},
            {"id": 3, "name": "car", "supercategory": "vehicle"},
        ],
    }


COCO_TRAIN = {number: [[1, 1, 3], [3], [], [90, 1]][number % 4] for number in range(1, 41)}
COCO_TEST = {501: [1], 502: [3, 90], 503: []}
NAMES = {1: "person", 3: "car", 90: "toothbrush"}


def coco_zips(folder: Path, year: str) -> list[Path]:
    stem = "COCO_{part}_" if year == "2014" else ""
    parts = {f"train{year}": COCO_TRAIN, f"val{year}": COCO_TEST}
    notes: dict[str, str | bytes] = {}
    files = []
    for part, objects in parts.items():
        content = coco(objects)
        for image in content["images"]:
            image["file_name"] = stem.format(part=part) + image["file_name"]
        notes[f"annotations/instances_{part}.json"] = json.dumps(content)
        notes[f"annotations/captions_{part}.json"] = "{}"
        images = {f"{part}/{image['file_name']}": picture(image["id"]) for image in content["images"]}
        files.append(zipped(folder / f"{part}.zip", images))
    return [zipped(folder / f"annotations_trainval{year}.zip", notes), *files]


@pytest.mark.parametrize("year", ["2014", "2017"])
def test_coco(tmp_path: Path, year: str) -> None:
    dataset = get(f"coco{year}", coco_zips(tmp_path, year))
    assert dataset.labels == ("person", "car", "toothbrush")
    assert together(dataset) == {
        str(n): {NAMES[c] for c in categories} for n, categories in COCO_TRAIN.items()
    }
    assert sets(dataset, "test") == {"501": {"person"}, "502": {"car", "toothbrush"}, "503": set()}


@pytest.mark.parametrize("line", ["{:012}.jpg", "{}", "train2017/{:012}.jpg"])
def test_coco_mlt(tmp_path: Path, line: str) -> None:
    chosen = list(range(1, 31))
    lay(tmp_path, {"img_id.pkl": "".join(line.format(number) + "\n" for number in chosen)})
    dataset = get("coco_mlt", [tmp_path / "img_id.pkl", *coco_zips(tmp_path, "2017")])
    assert set(together(dataset)) == {str(number) for number in chosen}
    assert sets(dataset, "test")["502"] == {"car", "toothbrush"}


def test_coco_mlt_never_unpickles(tmp_path: Path) -> None:
    lay(tmp_path, {"img_id.pkl": b"cos\nsystem\n(S'touch pwned'\ntR."})
    with pytest.raises(DataError, match="plain-text list"):
        get("coco_mlt", [tmp_path / "img_id.pkl", *coco_zips(tmp_path, "2017")])


def nus_wide(missing: str = "") -> dict[str, str | bytes]:
    concepts = ["airport", "sky", "water"]
    files: dict[str, str | bytes] = {"ConceptsList/Concepts81.txt": "\n".join(concepts) + "\n"}
    for part, count in (("Train", 24), ("Test", 6)):
        listed = [f"actor\\{row:04}_{part}{row}.jpg" for row in range(count)]
        files[f"ImageList/{part}Imagelist.txt"] = "\n".join(listed) + "\n"
        for name in listed:
            if name != missing:
                files["Flickr/" + name.replace("\\", "/")] = picture(len(files))
        for place, concept in enumerate(concepts):
            marks = ["1" if row % 3 and (row + place) % 3 else "0" for row in range(count)]
            files[f"Groundtruth/TrainTestLabels/Labels_{concept}_{part}.txt"] = "\n".join(marks) + "\n"
    return files


def test_nus_wide(tmp_path: Path) -> None:
    folder = lay(tmp_path / "nus", nus_wide(missing="actor\\0001_Train1.jpg"))
    dropped, kept = get("nus_wide", [folder]), get("nus_wide", [folder], unlabelled="kept")
    assert dropped.labels == ("airport", "sky", "water")
    assert len(together(dropped)) == 15
    assert len(together(kept)) == 23
    assert sets(dropped, "test")["actor/0001_Test1.jpg"] == {"airport", "sky"}
    assert all(sets(dropped, "test").values())
    assert dropped.fingerprint != get("nus_wide", [lay(tmp_path / "all" / "nus", nus_wide())]).fingerprint
    (folder / "Flickr/actor/0004_Train4.jpg").rename(folder / "Flickr/Train4.jpg")
    assert get("nus_wide", [folder]).fingerprint == dropped.fingerprint, (
        "some copies have Flickr's number alone"
    )
    (folder / "Flickr/actor/0002_Train2.jpg").write_bytes(b"")
    assert len(together(get("nus_wide", [folder]))) == 14, "an empty file is a missing one"
    (folder / "Groundtruth/TrainTestLabels/Labels_sky_Test.txt").write_text("1\n")
    with pytest.raises(DataError, match=r"Labels_sky_Test\.txt: 1 lines for 6 listed images"):
        get("nus_wide", [folder])


def test_mirflickr25k(tmp_path: Path) -> None:
    images = {f"mirflickr/im{number}.jpg": picture(number) for number in range(1, 101)}
    images["mirflickr/doc/common_tags.txt"] = b"explore\n"
    for number in range(1, 101):
        # What people wrote beside a photograph may be a year alone.
        images[f"mirflickr/meta/tags/tags{number}.txt"] = images[
            f"mirflickr/meta/tags_raw/tags{number}.txt"
        ] = b"2007\r\n" if number % 2 else b"nikon\r\n"
    notes: dict[str, str | bytes] = {"README.txt": "MIRFLICKR annotations 0.80"}
    topics = [*TOPICS, *(f"{topic}_r1" for topic in RELEVANT)]
    for topic in topics:
        place = {"animals": 0, "sky": 1, "sea": 2, "sea_r1": 3}.get(topic)
        notes[f"{topic}.txt"] = "\r\n".join(str(n) for n in range(1, 101) if n % 4 == place) + "\r\n"
    given = [zipped(tmp_path / "mir.zip", images), zipped(tmp_path / "notes.zip", notes)]
    dataset = get("mirflickr25k", given)
    assert len(TOPICS) == 24
    assert dataset.labels == TOPICS
    assert sum(dataset.sizes.values()) == 75
    assert dataset.sizes["train"] > 50
    assert all(sets(dataset, "train").values())
    everything = get("mirflickr25k", given, topics="all")
    assert len(everything.labels) == 38
    assert everything.sizes == {"train": 80, "validation": 10, "test": 10}
    del notes["water.txt"]
    with pytest.raises(DataError, match=r"'water\.txt' is not among the \d+ files given"):
        get("mirflickr25k", [given[0], zipped(tmp_path / "fewer.zip", notes)])


def test_chestxray14(tmp_path: Path) -> None:
    head = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    head += "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
    rows, images = [], dict[str, str | bytes]()
    for patient in range(1, 31):
        for visit in range(2):
            name = f"{patient:08}_{visit:03}.png"
            found = ["No Finding", "Effusion|Mass", "Hernia"][(patient + visit) % 3]
            rows.append(f"{name},{found},{visit},{patient},058,M,PA,2682,2749,0.143,0.143")
            images[f"images/{name}"] = picture(patient, "PNG")
    names = [row.split(",")[0] for row in rows]
    zipped(tmp_path / "images_001.zip", dict(list(images.items())[:30]))
    zipped(tmp_path / "images_002.zip", dict(list(images.items())[30:]))
    lay(
        tmp_path,
        {
            "Data_Entry_2017_v2020.csv": "\n".join([head, *rows]) + "\n",
            "train_val_list.txt": "\n".join(names[:44]),
            "test_list.txt": "\n".join(names[44:]),
        },
    )
    dataset = get("chestxray14", [tmp_path / name for name in
                                  ("Data_Entry_2017_v2020.csv", "train_val_list.txt", "test_list.txt",
                                   "images_001.zip", "images_002.zip")])  # fmt: skip
    assert len(dataset.labels) == 14
    assert set(dataset.test.ids) == set(names[44:])
    patients = [{identity.split("_")[0] for identity in split.ids} for split in dataset.splits.values()]
    assert not patients[0] & patients[1]
    assert len(patients[1]) == 2
    everything = together(dataset) | sets(dataset, "test")
    assert everything["00000001_000.png"] == {"Effusion", "Mass"}
    assert sum(not labels for labels in everything.values()) == 20


def test_validation_patients_are_a_tenth() -> None:
    patients = {str(number) for number in range(1, 1001)}
    assert len(validation_patients(patients)) == 100
    assert validation_patients(patients) == validation_patients(set(patients))


ADP_COLUMNS = ["E", "E.M", "E.M.S", "E.T", "C", "C.D", "M"]


def test_adp(tmp_path: Path) -> None:
    rows, files = [], dict[str, str | bytes]()
    names = [f"{slide:03}.png_crop_{patch}.png" for slide in range(1, 7) for patch in range(5)]
    for number, name in enumerate(names):
        epithelial, connective, muscle = number % 2, int(number % 3 == 0), int(number % 5 == 0)
        cells = [epithelial, epithelial, epithelial, 0, connective, connective, muscle]
        rows.append(",".join([name, *map(str, cells)]))
        files[f"ADP V1.0 Release/img_res_1um_bicubic/{name}"] = picture(number, "PNG")
    files["ADP V1.0 Release/ADP_EncodedLabels_Release1_Flat.csv"] = "\n".join(
        [",".join(["Patch Names", *ADP_COLUMNS]), *rows]
    )
    for file, chosen in (("train", names[:20]), ("valid", names[20:25]), ("test", names[25:])):
        stream = io.BytesIO()
        np.save(stream, np.array(chosen))
        files[f"ADP V1.0 Release/splits/{file}.npy"] = stream.getvalue()
    dataset = get("adp", [zipped(tmp_path / "adp.zip", files)])
    assert dataset.sizes == {"train": 20, "validation": 5, "test": 5}
    assert dataset.labels == ("C", "E", "M")
    assert sets(dataset, "train")["001.png_crop_0.png"] == {"C", "M"}
    assert get("adp", [tmp_path / "adp.zip"], level="L3+").labels == ("C.D", "E.M.S", "M")
    stream = io.BytesIO()
    np.save(stream, np.array(names, dtype=object), allow_pickle=True)
    files["ADP V1.0 Release/splits/test.npy"] = stream.getvalue()
    with pytest.raises(DataError, match=r"test\.npy: .*pickled ones are not read"):
        get("adp", [zipped(tmp_path / "adp.zip", files)])


def test_adp_levels() -> None:
    assert _columns_of("L1", ADP_COLUMNS) == ["E", "C", "M"]
    assert _columns_of("L2", ADP_COLUMNS) == ["E.M", "E.T", "C.D", "M"]
    assert _columns_of("L3+", ADP_COLUMNS) == ["E.M.S", "E.T", "C.D", "M"]


def test_celeba(tmp_path: Path) -> None:
    """A copy of the hub repository, with the hub's own Image feature."""
    import datasets

    features = datasets.Features(
        {"image": datasets.Image(), "celeb_id": datasets.Value("int64")}
        | {name: datasets.Value("bool") for name in ("Bald", "Smiling", "Young")}
    )
    folder = tmp_path / "celeba" / "img_align+identity+attr"
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        rows = {
            "image": [Image.new("RGB", (6, 8), (row, 0, 0)) for row in range(6)],
            "celeb_id": list(range(6)),
            "Bald": [row % 2 == 0 for row in range(6)],
            "Smiling": [row < 5 for row in range(6)],
            "Young": [row == 3 for row in range(6)],
        }
        datasets.Dataset.from_dict(rows, features=features).to_parquet(
            folder / f"{split}-00000-of-00001.parquet"
        )
    listed = "\n".join(
        f"  - split: {split}\n    path: img_align+identity+attr/{split}-*"
        for split in ("train", "valid", "test")
    )
    text = f"---\nconfigs:\n- config_name: img_align+identity+attr\n  data_files:\n{listed}\n---\n"
    (tmp_path / "celeba" / "README.md").write_text(text)
    dataset = get("celeba", [tmp_path / "celeba"])
    assert dataset.sizes == {"train": 6, "validation": 6, "test": 6}
    assert sets(dataset, "test") == {
        "0": {"Bald", "Smiling"}, "1": {"Smiling"}, "2": {"Bald", "Smiling"},
        "3": {"Smiling", "Young"}, "4": {"Bald", "Smiling"}, "5": set(),
    }  # fmt: skip
    assert isinstance(dataset.train.inputs[0], bytes)


def test_miml_scenes(tmp_path: Path) -> None:
    root = "Multi-Label-c80c579"
    rows = [
        f"{number}.jpg,{number % 2},{(number + 1) % 2},0,{int(number % 3 == 0)},0" for number in range(1, 61)
    ]
    files: dict[str, str | bytes] = {
        f"{root}/data.csv": "\n".join(["image,desert,mountains,sea,sunset,trees", *rows]),
        f"{root}/photo/other.jpg": picture(0),
    }
    files |= {f"{root}/original/{number}.jpg": picture(number) for number in range(1, 61)}
    dataset = get("miml_scenes", [zipped(tmp_path / "miml.zip", files)])
    assert sum(dataset.sizes.values()) == 60
    everything = together(dataset) | sets(dataset, "test")
    assert everything["3.jpg"] == {"desert", "sunset"}
    assert everything["4.jpg"] == {"mountains"}


def matlab(**variables: Any) -> bytes:
    stream = io.BytesIO()
    savemat(stream, variables)
    return stream.getvalue()


def test_ccp_clothing(tmp_path: Path) -> None:
    root = "clothing-co-parsing-fe34fb7"
    names = np.array(["null", "bag", "hat", "shoes"], dtype=object).reshape(1, -1)
    files: dict[str, str | bytes] = {f"{root}/label_list.mat": matlab(label_list=names)}
    for number in range(1, 41):
        files[f"{root}/photos/{number:04}.jpg"] = picture(number)
        if number <= 20:
            pixels = np.array([[0, 0, 1], [0, 3, number % 2 * 2]], np.uint8)
            files[f"{root}/annotations/pixel-level/{number:04}.mat"] = matlab(groundtruth=pixels)
        else:
            files[f"{root}/annotations/image-level/{number:04}.mat"] = matlab(
                tags=np.array([[0, 2]], np.uint8)
            )
    dataset = get("ccp_clothing", [zipped(tmp_path / "ccp.zip", files)])
    assert dataset.labels == ("bag", "hat", "shoes")
    everything = together(dataset) | sets(dataset, "test")
    assert everything["0001"] == {"bag", "hat", "shoes"}
    assert everything["0002"] == {"bag", "shoes"}
    assert everything["0030"] == {"hat"}


def drawing(words: list[str]) -> str:
    items = "".join(f"<rdf:li>{word}</rdf:li>" for word in words)
    return (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.0//EN" "http://www.w3.org/svg10.dtd" '
        '[<!ENTITY ns "http://ns.adobe.com/x/">]>'
        '<svg xmlns="http://www.w3.org/2000/svg"><metadata>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:cc="http://web.resource.org/cc/" xmlns:dc="http://purl.org/dc/elements/1.1/"><cc:Work>'
        f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject></cc:Work></rdf:RDF></metadata></svg>"
    )


def test_openclipart(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {}
    for number in range(60):
        words = ["Animal", "clipart"] + ["bird"] * (number % 3 == 0) + [f"rare{number}"]
        files[f"usr/share/openclipart/svg/animals/{number}.svg"] = drawing(words)
        files[f"usr/share/openclipart/png/animals/{number}.png"] = picture(number, "PNG")
    files["usr/share/openclipart/svg/animals/broken.svg"] = "<svg"
    files["usr/share/openclipart/png/animals/broken.png"] = picture(99, "PNG")
    files["usr/share/openclipart/svg/animals/copy.svg"] = drawing(["animal"])
    files["usr/share/openclipart/png/animals/copy.png"] = picture(0, "PNG")
    dataset = get("openclipart", [lay(tmp_path / "clipart", files)])
    assert dataset.labels == ("animal", "bird")
    everything = together(dataset) | sets(dataset, "test")
    assert len(everything) == 60
    assert everything["animals/3"] == {"animal", "bird"}
    assert "animals/copy" not in everything
