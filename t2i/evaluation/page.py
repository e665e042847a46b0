"""evaluation.html: the numbers, the pictures and the curves of a run on one page by itself."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from t2i.evaluation.evaluate import Result
from t2i.evaluation.report import (
    NAME,
    PAGE,
    PAGE_BEGINS,
    Scorecard,
    number,
    read,
    was_trained_on,
)
from t2i.evaluation.scores import Scores
from t2i.files.disk import replacing
from t2i.images.pixels import Pixels, as_picture
from t2i.models.catalogue import load_config, offered
from t2i.runs.curves import read_curves
from t2i.runs.directory import Run

_LEGEND = (
    '<p class="small">d/accuracy: the share, from 0 to 1, of real pictures with their own text, '
    "of real ones with another's, and of painted ones that the discriminator tells right. d/ and "
    "g/ else: terms of the losses of discriminator and generator.</p>"
)
_SHOWN = 8
_COLUMNS = 6
# How large a curve is drawn.
_WIDTH, _HEIGHT = 420, 140

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; }
td:first-child, th { white-space: nowrap; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr { border-bottom: 1px solid #ddd; } p.small, details { color: #666; font-size: .85rem; }
img { image-rendering: pixelated; display: block; }
figure { display: inline-block; margin: 0 .7rem .7rem 0; vertical-align: top; }
figcaption { font-size: .8rem; color: #444; }
.pair { display: flex; gap: 2px; } .row { display: flex; gap: 3px; align-items: center; }
.row span { width: 17rem; font-size: .85rem; }
"""


def write_page(path: Path, result: Result) -> Path:
    """Writes evaluation.html beside evaluation.json in `path`, and returns its name."""
    scores = result.scores
    parts = [
        f"<h1>{html.escape(path.name)}</h1>",
        *(_numbers(table) for table in read(path / NAME)),
        _left_out(result.left_out),
        _samples(scores),
        _curves(Run(path)),
        _neighbours(scores),
        _worst(scores),
    ]
    body = "\n".join(part for part in parts if part)
    page = (
        f"{PAGE_BEGINS}{html.escape(path.name)}: evaluation</title><style>{_STYLE}</style>\n"
        f"<body>\n{body}\n</body></html>\n"
    )
    out = path / PAGE
    with replacing(out) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
    return out


def _numbers(table: Scorecard) -> str:
    rows = []
    for row in table.rows:
        better = {"lower": "↓", "higher": "↑", "neither": ""}[row.better]
        settings = ", ".join(f"{key} {value}" for key, value in row.settings.items()).replace(
            "_", " "
        )
        estimate = row.estimate
        real = "" if row.real is None else number(row.real)
        doubt = f"<b>{html.escape(row.doubt)}</b><br>" if row.doubt else ""
        rows.append(
            f"<tr><td>{html.escape(row.metric)} {better}</td>"
            f'<td class="n"><b>{number(estimate.value)}</b></td>'
            f'<td class="n">{number(estimate.low)} to {number(estimate.high)}</td>'
            f'<td class="n">{real}</td><td><small>{doubt}{html.escape(settings)}</small></td></tr>'
        )
    facts = {"by": table.by.name, "weights": table.by.sha256, "resize": table.by.resize}
    protocol = "; ".join(f"{key}: {value}" for key, value in {**facts, **table.protocol}.items())
    return (
        f"<h2>By {html.escape(table.by.name)}</h2><p>{html.escape(_of_what(table))}</p>"
        '<table><tr><th></th><th class="n">value</th><th class="n">95 % interval</th>'
        f'<th class="n">real pictures</th><th></th></tr>{"".join(rows)}</table>'
        f"<details><summary>protocol</summary>{html.escape(protocol)}</details>"
    )


def _of_what(table: Scorecard) -> str:
    """Returns in words which pictures are measured beside which, and which were trained on."""
    protocol = table.protocol
    step = f" by step {protocol['step']:,} of the run" if protocol.get("step") else ""
    said = f"{protocol['generated']:,} pictures generated{step}, beside "
    said += f"{protocol['reference']:,} real ones of {protocol['split']}"
    if not protocol.get("trained_on"):
        return f"{said}."
    of = "are among those trained on" if was_trained_on(table) else "were not trained on"
    return f"{said}, which {of} (trained on: {protocol['trained_on']})."


def _left_out(reasons: dict[str, str]) -> str:
    if not reasons:
        return ""
    lines = "".join(f"<br>{html.escape(reason)}" for reason in reasons.values())
    return f'<p class="small">Left out:{lines}</p>'


def _samples(scores: Scores) -> str:
    subject, reference = scores.evidence.subject, scores.evidence.reference
    captions = reference.pairs.caption
    order = np.argsort(subject.varied_caption, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(subject.varied_caption[order])) + 1)
    chosen = [groups[i] for i in _spread(len(groups), _SHOWN)]
    owner = np.searchsorted(
        reference.pairs.caption_offset,
        [subject.varied_caption[rows[0]] for rows in chosen],
        side="right",
    ) - 1  # fmt: skip
    real = reference.at(owner)
    lines = []
    for rows, photograph in zip(chosen, real, strict=True):
        painted = subject.varied.at(rows[:_COLUMNS])
        pictures = "".join(map(_picture, painted))
        text = html.escape(captions[subject.varied_caption[rows[0]]])
        lines.append(f'<div class="row"><span>{text}</span>{_picture(photograph)}{pictures}</div>')
    return "<h2>Sentences, a real picture, and painted ones</h2>" + "".join(lines)


def _curves(run: Run) -> str:
    curves = read_curves(run, offered(load_config(run.config)).CURVES)
    drawn = [_curve(name, np.array(points, float)) for name, points in curves.items()]
    return f"<h2>Curves</h2>{_LEGEND}" + "".join(drawn) if drawn else ""


def _curve(name: str, points: npt.NDArray[np.float64]) -> str:
    points = points[_spread(len(points), 400)]
    low, high = points.min(axis=0), points.max(axis=0)
    share = (points - low) / np.where(high > low, high - low, 1.0)
    place = np.stack([share[:, 0] * _WIDTH, (1 - share[:, 1]) * _HEIGHT], axis=1)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    return (
        f'<figure><svg width="{_WIDTH}" height="{_HEIGHT + 4}" viewBox="0 -2 {_WIDTH} '
        f'{_HEIGHT + 4}"><polyline points="{line}" fill="none" stroke="#2a6" '
        f'stroke-width="1.5"/></svg><figcaption>{html.escape(name)}: {number(low[1])} to '
        f"{number(high[1])}, steps {low[0]:.0f} to {high[0]:.0f}</figcaption></figure>"
    )


def _neighbours(scores: Scores) -> str:
    """Returns the generated pictures that lie nearest to a training picture, beside it."""
    evidence = scores.evidence
    if scores.nearest_training is None:
        return ""
    row, distance = scores.nearest_training
    nearest = np.argsort(distance, kind="stable")[:_SHOWN]
    painted, learned = evidence.subject.pictures.at(nearest), evidence.training.at(row[nearest])
    figures = [
        f'<figure><div class="pair">{_picture(ours)}{_picture(theirs)}</div>'
        f"<figcaption>distance {number(float(apart))}</figcaption></figure>"
        for ours, theirs, apart in zip(painted, learned, distance[nearest], strict=True)
    ]
    return (
        "<h2>Nearest to the training pictures</h2><p>Painted on the left, the nearest training "
        f"picture on the right: copies would show.</p>{''.join(figures)}"
    )


def _worst(scores: Scores) -> str:
    """Returns the pictures whose own caption loses by most to another."""
    evidence = scores.evidence
    if scores.retrieved is None:
        return ""
    worst = np.argsort(scores.retrieved.margin, kind="stable")[:_SHOWN]
    captions = evidence.reference.pairs.caption
    return "<h2>Captions worst obeyed</h2>" + _figures(
        evidence.subject.pictures.at(worst),
        [captions[evidence.subject.caption[i]] for i in worst],
    )


def _figures(pictures: Iterable[Pixels], texts: Sequence[str]) -> str:
    return "".join(
        f'<div class="row"><span>{html.escape(text)}</span>{_picture(picture)}</div>'
        for picture, text in zip(pictures, texts, strict=True)
    )


def _picture(pixels: Pixels) -> str:
    file = io.BytesIO()
    as_picture(pixels).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    side = max(64, pixels.shape[0])
    return f'<img width="{side}" height="{side}" src="data:image/png;base64,{data}" alt="">'


def _spread(count: int, most: int) -> npt.NDArray[np.int64]:
    """Returns at most `most` places of `count`, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(most, count)).astype(np.int64))
