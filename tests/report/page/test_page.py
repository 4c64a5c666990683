"""The page as a reader uses it: clicks in a real browser."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe

from mlbench.report import report
from tests.report.conftest import GAPS
from tests.report.page.conftest import Browser
from tests.report.synthetic import World, write
from tests.report.tables.test_formats import EVIL


@pytest.fixture
def whole(made: Path) -> Path:
    """The page of the shared results."""
    return made / "index.html"


@pytest.fixture
def page(whole: Path, browser: Browser) -> Browser:
    browser.open(whole)
    return browser


def scores(browser: Browser, column: int) -> list[str]:
    return browser.texts(f'[data-slot="table"] tbody tr td:nth-child({column})')


def losses(browser: Browser, slot: str = "table") -> list[str]:
    return browser.texts(f'[data-slot="{slot}"] tbody th')


def test_it_opens_without_a_word_and_without_the_network(page: Browser, whole: Path) -> None:
    page.until(
        lambda: page.all('[data-slot="table"] thead th[aria-sort], [data-slot="table"] .dt-orderable-asc')
    )
    assert page.messages() == []
    assert page.requests() == [whole.resolve().as_uri()]
    assert page.one("h1").text == "Which loss?"
    assert "asl " in page.one(".verdict").text


def test_a_click_on_a_heading_sorts(page: Browser) -> None:
    heading = page.one('[data-slot="table"] thead th[data-task="go_emotions"]')
    place = page.run("return arguments[0].cellIndex + 1", heading)
    before = losses(page)
    page.click(heading)
    page.until(lambda: heading.get_attribute("aria-sort") == "ascending")
    values = [float(text.split()[0]) for text in scores(page, place)]
    assert values == sorted(values)
    page.click(heading)
    page.until(lambda: heading.get_attribute("aria-sort") == "descending")
    values = [float(text.split()[0]) for text in scores(page, place)]
    assert values == sorted(values, reverse=True)
    assert sorted(losses(page)) == sorted(before)
    assert page.texts('[data-slot="table"] tfoot th') == ["floor", "ceiling"], "the floor stays below"


def test_headings_sort_by_keyboard_too(page: Browser) -> None:
    heading = page.one('[data-slot="table"] thead th[data-task="go_emotions"]')
    button = heading.find_element("css selector", "[role=button], [tabindex]")
    button.send_keys("\n")
    page.until(lambda: heading.get_attribute("aria-sort") == "ascending")


def test_metric_reading_and_fraction_are_followed_by_tables_and_figures(page: Browser) -> None:
    def title() -> str:
        return str(page.one('[data-slot="table"] caption').text)

    assert title() == "mAP: own logits, 100 % of the training data"
    first = page.one('[data-slot="ranks"] svg').get_attribute("aria-label")
    page.choose("metric", "macro F1 (tuned per label)")
    page.until(lambda: title().startswith("macro F1"))
    page.choose("reading", "linear probe")
    page.until(lambda: "linear probe" in title())
    page.choose("fraction", "10 %")
    page.until(lambda: title() == "macro F1 (tuned per label): linear probe, 10 % of the training data")
    page.until(lambda: page.one('[data-slot="ranks"] svg').get_attribute("aria-label") != first)
    for slot in ("ranks", "curves", "cost", "wins"):
        assert "macro F1" in page.one(f'[data-slot="{slot}"] figcaption').text, slot
    assert "linear probe, 10 %" in page.one(".verdict .scope").text
    page.choose("metric", "ranking loss")
    page.until(lambda: title().startswith("ranking loss"))
    for slot in ("ranks", "board", "frequency", "curves"):
        page.until(lambda slot=slot: "Made for the main metrics" in page.one(f'[data-slot="{slot}"]').text)  # type: ignore[misc]
    assert page.messages() == []


def test_the_choice_stands_in_the_address(page: Browser) -> None:
    page.choose("metric", "ranking loss")
    page.choose("fraction", "10 %")
    address = page.run("return location.href")
    page.driver.get("about:blank")
    page.driver.get(address)
    page.until(lambda: page.one('[data-slot="table"] caption').text.startswith("ranking loss"))
    assert "10 %" in page.one('[data-slot="table"] caption').text
    assert page.messages() == []


def test_losses_and_datasets_can_be_filtered(page: Browser) -> None:
    page.one(".filter summary").click()
    assert "supcon" in losses(page)
    page.one('input[name=loss][value="supcon"]').click()
    page.until(lambda: "supcon" not in losses(page))
    assert "supcon" not in losses(page, "board")
    assert page.one("#hidden-note").text.startswith("Hidden in the tables: supcon.")
    page.one('input[name=task][value="go_emotions"]').click()
    page.until(lambda: "go_emotions" not in " ".join(page.texts('[data-slot="table"] thead th')))
    page.choose("fraction", "10 %")
    page.until(lambda: "10 %" in page.one('[data-slot="table"] caption').text)
    assert "supcon" not in losses(page), "a choice keeps the filter"
    page.run("arguments[0].click()", page.one('input[name=loss][value="supcon"]'))
    page.until(lambda: "supcon" in losses(page))
    assert "supcon" not in page.one("#hidden-note").text


def test_every_cell_is_listed_with_its_command(page: Browser) -> None:
    button = page.one("#show-cells")
    page.click(button)
    page.until(lambda: len(page.all("table.cells tbody tr")) == 25)
    assert "of 213 entries" in page.one(".dt-info").text
    page.one(".dt-search input").send_keys("kmcl eurlex127 oom")
    page.until(lambda: len(page.all("table.cells tbody tr")) == 3)
    row = page.one("table.cells tbody tr").text
    assert "failed: oom" in row
    assert re.search(r"mlbench cell \S+ --results \S+", row)
    page.click(page.one("table.cells tbody a"))
    page.until(lambda: "Failed: oom" in page.one("body").text)
    assert page.messages() == []


def test_a_cells_page_shows_its_record(whole: Path, browser: Browser) -> None:
    done = next(
        file for file in sorted((whole.parent / "cells").iterdir()) if "Finished." in file.read_text()
    )
    browser.open(done)
    assert browser.all("svg[role=img]")
    assert "metrics" in browser.one("table caption").text.lower()
    assert browser.messages() == []


def test_sections_can_be_linked_to(whole: Path, browser: Browser) -> None:
    browser.driver.get(whole.resolve().as_uri() + "#cost")
    browser.until(
        lambda: browser.run("return document.getElementById('cost').getBoundingClientRect().top") < 200
    )
    targets = [link.get_attribute("href").split("#")[1] for link in browser.all("nav a")]
    assert all(browser.all(f'[id="{target}"]') for target in targets)
    identifiers = browser.run("return [...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(scheme: str, page: Browser) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    page.click(page.one("#show-cells"))
    page.until(lambda: len(page.all("table.cells tbody tr")) == 25)
    axe = Axe()
    found = axe.run(page.driver)
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    serious = {
        item["id"]: [node["html"][:120] for node in item["nodes"]][:3]
        for item in found["violations"]
        if item["impact"] in ("serious", "critical")
    }
    assert not serious


def test_a_phone_scrolls_tables_and_not_the_page(page: Browser) -> None:
    metrics = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        width = page.run("return document.documentElement.scrollWidth")
        assert width <= 390
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_names_from_records_are_shown_and_never_run(tmp_path: Path, browser: Browser) -> None:
    world = World(
        losses={"bce": 0.0, **dict.fromkeys(EVIL, 0.01)},
        datasets=("go_emotions", *EVIL[:3]),
        seeds=(0, 1),
        fractions=(1.0,),
        keys=("map",),
        failed=[("bce", "go_emotions", None, None)],
        error="<img src=x onerror=\"document.title='owned'\">",
        suite="evil",
    )
    index = report(write(tmp_path / "results", world), tmp_path / "report", cells=True)
    browser.open(index)
    browser.click(browser.one("#show-cells"))
    browser.until(lambda: len(browser.all("table.cells tbody tr")) == 25)
    assert browser.driver.title == "evil"
    assert not browser.all("table script, table img, figure script")
    assert EVIL[0] in losses(browser)
    assert EVIL[0] in browser.one("table.cells").text
    assert not [address for address in browser.requests() if address != index.resolve().as_uri()]
    assert browser.messages() == []
    for file in (index.parent / "cells").iterdir():
        if "Failed" in file.read_text():
            browser.open(file)
            assert browser.driver.title != "owned"
            assert "onerror=" in browser.one("header").text
            break


@pytest.mark.slow
def test_three_thousand_cells_open_in_two_seconds_under_eight_megabytes(
    tmp_path: Path, browser: Browser
) -> None:
    world = replace(
        GAPS,
        losses={"bce": 0.0, **{f"loss-{number}": number / 1000 for number in range(19)}},
        datasets=tuple(f"set-{number}-{10 * number}" for number in range(10)),
        families={}, fractions=(0.01, 0.1, 1.0), seeds=range(5), replicates=0,
    )  # fmt: skip
    index = report(write(tmp_path / "results", world), tmp_path / "report")
    assert index.stat().st_size < 8_000_000
    start = time.perf_counter()
    browser.open(index)
    browser.until(lambda: len(losses(browser)) == 20)
    assert time.perf_counter() - start < 20, "a page that hangs; the benchmark has the time itself"
