"""The report: records in; the page, tables, figures and statistics out. Never loads torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlbench.report.comparison.result import HeadToHead
    from mlbench.report.recommendation.recommend import Recommendation

Paths = Path | str | Iterable[Path | str]


def report(
    paths: Paths,
    output: Path | str,
    *,
    cells: bool = False,
    against: Paths = (),
    rope: float | None = None,
    contrasts: Iterable[str] = (),
) -> Path:
    """Write the report of all records under `paths` into the folder `output`; returns its `index.html`.

    With `cells` every cell gets a page of its own, `cells/<id>.html`. `against` names published records,
    files or folders, that the new ones are set beside; they are marked as such. `output` is new, empty or an
    earlier report's, which is replaced. `rope` is the share of a family's span, from the floor to the best loss, that
    counts as no difference (default: 0.02). `contrasts` are questions about losses that a table of their own answers:
    "asl - bce", "best(supcon, msc) - best(bce, asl) on f1_macro@label". Raises DataError for any other folder, and
    where there is no record, or none that finished.
    """
    from mlbench.report.build import build
    from mlbench.report.statistics import check_rope

    region = check_rope(rope)
    listed = _listed(paths)
    return build(
        listed, Path(output), cells=cells, against=_listed(against), rope=region, contrasts=list(contrasts)
    )


def _listed(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, Path | str) else [Path(path) for path in paths]


def compare(
    first: str,
    second: str,
    *,
    results: Paths = "results",
    datasets: Iterable[str] = (),
    metric: str = "map",
    reading: str = "own",
    fraction: float | None = None,
    rope: float | None = None,
) -> HeadToHead:
    """Two losses, or two folders of results, head to head; `str` of what comes back is the answer in words.

    On every dataset that both have (or those of `datasets`): the paired difference with its interval, and a
    verdict over families. `fraction` is the largest that both have where not given. Raises UnknownNameError
    for what the records do not have, DataError where the two share no cell. `rope` is as in `report`.
    """
    from mlbench.report.comparison.head_to_head import head_to_head
    from mlbench.report.statistics import check_rope

    return head_to_head(
        first,
        second,
        results=_listed(results),
        datasets=list(datasets),
        metric=metric,
        reading=reading,
        fraction=fraction,
        rope=check_rope(rope),
    )


def recommend(
    like: Path | str,
    *,
    results: Paths | None = None,
    metric: str = "map",
    reading: str = "own",
    fraction: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    data_root: Path | None = None,
) -> Recommendation:
    """Which losses did best on the datasets most like `like`, a dataset's name or the path of your own data.

    From the records under `results`; where not given, from those of the folder `results` if there are some, else from
    the scores that come with the package. `parameters` say how to read your own data (its text, image and labels
    columns, as in a suite). `str` of what comes back is the advice in words, with how sure it is. Raises
    UnknownNameError, DataError.
    """
    from mlbench.report.recommendation.recommend import recommend_for

    return recommend_for(
        str(like),
        results=None if results is None else _listed(results),
        metric=metric,
        reading=reading,
        fraction=fraction,
        parameters=parameters,
        data_root=data_root,
    )
