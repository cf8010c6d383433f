"""The report: one HTML page of an evaluation that needs neither network nor script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from classifiers import charts
from classifiers.curves import Estimate
from classifiers.evaluation import Evaluation
from classifiers.labels import DetectionReport, LabelReport
from classifiers.pairs import APGR, FIGURES, LARGE, OURS, SMALL, Calibration, PairReport
from classifiers.pools import PoolReport

STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--faint) } .quiet { color: var(--quiet) }
.warning { border: 2px solid #d29922; padding: .6rem 1rem; border-radius: 6px }
.wide { overflow-x: auto } table { border-collapse: collapse; margin: 1rem 0; font-size: 13px }
th, td { text-align: right; padding: .2rem .6rem; border-bottom: 1px solid var(--faint);
  font-variant-numeric: tabular-nums; white-space: nowrap }
th:first-child, td:first-child { text-align: left } td small { color: var(--quiet) }
tr.ours td { font-weight: 600 } .confusion { font-size: 11px }
.confusion th { font-weight: 400 } .confusion thead th { writing-mode: vertical-rl }
svg { max-width: 100%; height: auto } .charts { display: flex; flex-wrap: wrap }
"""

MEANING = {
    APGR: "area between the router's quality curve and the small model's, over that between large"
    " and small (RouteLLM, arXiv 2406.18665); random is 0.5, more is better",
    "CPT(50), CPT(80)": "smallest share of calls to the large model that recovers half, or four"
    " fifths, of its lead; less is better",
    "AIQ": "mean quality of the best mixtures over the range of cost, by the non-decreasing hull"
    " of the curve (RouterBench, arXiv 2403.12031); more is better",
    "oracle's room": "what is won over random (in a pool: over the best single model), as a share"
    " of what an oracle wins that knows every score",
    "ECE": "mean distance between foreseen and true success over ten bins (Guo et al., 2017);"
    " less is better",
    "[a, b]": "bootstrap 95 % interval over prompts",
}

_LARGEST_MATRIX, _MISTAKES = 20, 30


def html(found: Evaluation) -> str:
    """Return the page."""
    body = [
        "<h1>How good is this router?</h1>",
        f'<p class="quiet">Classifier {escape(found.classifier)} on {escape(found.data)}, split'
        f" {escape(found.plan.split)}; {found.plan.rounds} bootstrap resamples, seed"
        f" {found.plan.seed}.</p>",
        *_warnings(found),
        _meaning(),
        *map(_pair, found.pairs),
        *map(_pool, found.pools),
        *map(_labels, found.labels),
        *map(_detection, found.detections),
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>slm-router evaluate</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{charts.STYLE}{STYLE}</style><body>{''.join(body)}</body></html>\n"
    )


def _warnings(found: Evaluation) -> Iterable[str]:
    if found.simulated:
        yield (
            '<p class="warning"><strong>Simulated scores.</strong> The prompts were generated and'
            " the models are made up: this shows the report, not a router's quality.</p>"
        )
    yield from (f'<p class="quiet">{escape(note)}</p>' for note in found.notes)


def _meaning() -> str:
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in MEANING.items())
    return f"<details><summary>What the figures mean</summary><dl>{rows}</dl></details>"


def _pair(found: PairReport) -> str:
    ranking = {name: row[APGR] for name, row in found.figures.items() if APGR in row}
    return "".join(
        [
            f"<h2>{escape(found.dataset)}: {escape(found.small)} or {escape(found.large)}</h2>",
            f'<p class="quiet">{found.n} prompts; baselines fitted on {found.n_train} train'
            f" prompts. {escape(' '.join(found.notes))}</p>",
            cost_quality(found),
            _table("router", FIGURES, found.figures),
            charts.whiskers(ranking, "APGR with its 95 % interval", guide=0.5),
            "<p>APGR of ours less that of each baseline, on the same resamples:</p>",
            _table("baseline", ("lead",), {k: {"lead": v} for k, v in found.leads.items()}),
            _calibrations(found.calibration),
            "<h3>Said a little differently</h3><p>Share of prompts that then change sides where"
            " half of the calls go to the large model:</p>",
            _table("change", ("flips",), {k: {"flips": v} for k, v in found.flips.items()}),
        ]
    )


def cost_quality(found: PairReport) -> str:
    """Return the chart of every router's quality over its cost."""
    ours = found.curves[OURS]
    marks = {SMALL: ours[0], LARGE: ours[-1]}
    return charts.lines(found.curves, marks, f"cost, {found.cost_unit}", "mean quality")


def _calibrations(found: Sequence[Calibration]) -> str:
    drawn = "".join(
        f"<figure>{charts.reliability_diagram(it.bins, it.what)}<figcaption>{escape(it.what)}:"
        f" ECE {_shown(it.ece)}</figcaption></figure>"
        for it in found
    )
    rows = [
        [it.what, f"{each.predicted:.3f}", f"{each.observed:.3f}", str(each.n)]
        for it in found
        for each in it.bins
    ]
    bins = _plain(["calibration", "foreseen", "came true", "prompts"], rows)
    return (
        f'<h3>Calibration</h3><div class="charts">{drawn}</div>'
        f"<details><summary>The bins</summary>{bins}</details>"
    )


def _in_percent(share: float) -> str:
    """One decimal, or as many as tell it from none and from all."""
    told = [f"{100 * share:.{digits}f}" for digits in range(1, 8)]
    return next((it for it in told if float(it) not in (0, 100)), told[0])


def _pool(found: PoolReport) -> str:
    columns = list(next(iter(found.figures.values())))
    shares = [
        [router, model, f"{_in_percent(share)} %"]
        for router, models in found.chosen.items()
        for model, share in sorted(models.items(), key=lambda entry: -entry[1])
    ]
    return "".join(
        [
            f"<h2>{escape(found.dataset)}: a pool of {len(found.models)} models</h2>",
            f'<p class="quiet">{found.n} prompts; baselines fitted on {found.n_train} train'
            f" prompts. {escape(' '.join(found.notes))}</p>",
            charts.whiskers(
                {name: row["quality"] for name, row in found.figures.items()},
                "mean quality of the routed answer",
            ),
            _table("router", columns, found.figures),
            "<details><summary>Which models were chosen</summary>",
            _plain(["router", "model", "share of prompts"], shares),
            "</details>",
        ]
    )


def _labels(found: LabelReport) -> str:
    shown = _matrix(found) if len(found.classes) <= _LARGEST_MATRIX else _commonest(found)
    return (
        f"<h2>{escape(found.name)}, {escape(found.source)}</h2><p>Accuracy"
        f" {_shown(found.accuracy)} on {found.n} texts; always the commonest class"
        f" {found.majority:.3f}.</p>{shown}"
    )


def _matrix(found: LabelReport) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in found.classes)
    rows = []
    for name, counts in zip(found.classes, found.confusion, strict=True):
        total = sum(counts) or 1
        cells = "".join(
            f'<td style="background: rgba(var(--heat), {count / total:.2f})">{count or ""}</td>'
            for count in counts
        )
        rows.append(f"<tr><th>{escape(name)}</th>{cells}</tr>")
    return (
        '<p>Rows: the truth. Columns: what was guessed.</p><div class="wide">'
        f'<table class="confusion"><thead><tr><th></th>{head}</tr></thead>{"".join(rows)}</table>'
        "</div>"
    )


def _commonest(found: LabelReport) -> str:
    mistakes = [
        (count, truth, guess)
        for truth, counts in zip(found.classes, found.confusion, strict=True)
        for guess, count in zip(found.classes, counts, strict=True)
        if count and truth != guess
    ]
    rows = [[t, g, str(count)] for count, t, g in sorted(mistakes, reverse=True)[:_MISTAKES]]
    return _plain(["truth", "guessed", "texts"], rows)


def _detection(found: DetectionReport) -> str:
    rows = {kind: {"recall": value} for kind, value in found.recall.items()}
    return (
        f"<h2>{escape(found.name)}</h2><p>Flagged among {found.false_alarms.n} harmless texts:"
        f" {_shown(found.false_alarms)}. {escape(' '.join(found.notes))}</p>"
        + charts.whiskers(found.recall, "recall of spans")
        + _table("type", ("recall",), rows, count=True)
    )


def _table(
    head: str,
    columns: Sequence[str],
    rows: Mapping[str, Mapping[str, Estimate]],
    count: bool = False,
) -> str:
    names = [head, *columns, *(["spans"] if count else [])]
    lines = ["<tr>" + "".join(f"<th>{escape(name)}</th>" for name in names) + "</tr>"]
    for name, row in rows.items():
        cells = "".join(f"<td>{_shown(row.get(column))}</td>" for column in columns)
        if count:
            cells += f"<td>{next(iter(row.values())).n}</td>"
        kind = ' class="ours"' if name == OURS else ""
        lines.append(f"<tr{kind}><td>{escape(name)}</td>{cells}</tr>")
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _plain(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{cells}</tr>{body}</table></div>'


def _shown(found: Estimate | None) -> str:
    if found is None or found.value != found.value:
        return "-"
    digits = 6 if 0 < abs(found.high) < 0.01 else 3
    value = f"{found.value:.{digits}f}"
    if found.low == found.high == found.value or found.low != found.low:
        return value
    return f"{value} <small>[{found.low:.{digits}f}, {found.high:.{digits}f}]</small>"
