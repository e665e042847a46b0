"""The commands of `t2i` that measure."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2i.cli.command_line import FILE, FOLDER, goes_on
from t2i.cli.progress import Bars
from t2i.compute.backend import require_tensorflow
from t2i.config.metrics import METRICS
from t2i.errors import InputError
from t2i.files.disk import require_apart

if TYPE_CHECKING:
    from t2i.evaluation.evaluate import Request
    from t2i.evaluation.report import Scorecard


@click.command()
@click.argument("subject", type=FOLDER, metavar="RUN|IMAGES")
@click.option("--data", required=True, type=FILE, help="Pairs file with real pictures.")
@click.option(
    "--split",
    default="test",
    show_default=True,
    type=click.Choice(["train", "val", "test"]),
    help="Whose captions are painted, and whose pictures are the real ones.",
)
@click.option(
    "--judge",
    type=FILE,
    help="Encoder of `t2i-prep train-encoder --set seed=1` that did not train the GAN: judges "
    "captions and, without --features, pictures.",
)
@click.option(
    "--features",
    type=FILE,
    help="What measures pictures instead: efficientnet-lite0, -lite1 or -lite2, which are "
    "installed; a file of `t2i import-inception`; or InceptionV3 weights of keras.applications "
    "(.h5, without top).",
)
@click.option(
    "--metrics",
    metavar="NAME,NAME",
    help=f"Of {', '.join(METRICS)}.  [default: all that can be computed but parzen]",
)
@click.option(
    "--classes",
    metavar="NAME|FILE",
    help="What pictures should be taken for, for top1: birds, or a text file with an index of "
    "ImageNet a line; with --features of a network that tells them.",
)
@click.option(
    "--count",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="Pictures painted.",
)
@click.option(
    "--captions",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Captions of a real picture, for the mean of which each picture is painted.",
)
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="Of the captions, the latents, and the captions that compete.",
)
@click.option("--compare", type=FOLDER, metavar="RUN2", help="Measured too, and set beside.")
def evaluate(
    subject: Path,
    data: Path,
    split: str,
    judge: Path | None,
    features: Path | None,
    metrics: str | None,
    classes: str | None,
    count: int,
    captions: int,
    seed: int,
    compare: Path | None,
) -> None:
    """Measures the pictures of a run, or of a folder.

    RUN is a run directory; IMAGES is a folder of t2i generate. Writes evaluation.json and
    evaluation.html there, beside the results of other splits, seeds and measurers; every number
    with its protocol and a 95 % interval. Interrupted, the same command goes on where it stopped.

    \b
    Metrics, and their units:
      fid, fid64, kid   distances of features, squared; 0 is none; fid64 in
                        the 64 directions in which real pictures vary most
      is                from 1 to the number of classes
      manifold          precision, recall and coverage in %; density near 1
      top1              % of pictures that are taken for one of --classes
      variety           within a caption, over real pictures' of a class: 1
      diversity         mean distance of features within a caption
      copying           distance to training pictures, over real ones': 1
      r-precision       % of pictures whose caption is first of 100; --judge
      zero-shot         % of pictures whose class is first; --judge
      parzen            nats a picture
    """
    chosen = _metrics(metrics)
    _require_measurer(chosen, judge or features, data)
    _require_inputs(data, judge, features, subject, *([compare] if compare else []))
    require_tensorflow()
    from t2i.evaluation.evaluate import Request
    from t2i.evaluation.metrics.agreement import load_classes
    from t2i.evaluation.report import compared

    request = Request(
        data, split, count, seed, metrics=chosen, features=features, judge=judge,
        classes=load_classes(classes) if classes else None, captions=captions,
    )  # fmt: skip
    tables = _measured(subject, request)
    if compare:
        click.echo(compared(tables, _measured(compare, request), (str(subject), str(compare))))


def _require_inputs(data: Path, judge: Path | None, features: Path | None, *subjects: Path) -> None:
    """Raises InputError for what is cheap to check, before TensorFlow is there."""
    from t2i.files.weights import require_encoder
    from t2i.pairs.reading import read_header
    from t2i.runs.directory import require_there
    from t2i.vision.networks import require_features

    for path in subjects:
        require_there(path)
    if judge is not None:
        require_encoder(judge)
    if features is not None:
        require_features(features)
    read_header(data)


@click.command("import-inception")
@click.argument("checkpoint", type=FILE)
@click.option(
    "--out",
    default=Path("inception.keras"),
    show_default=True,
    type=FILE,
    help="File to write.",
)
def import_inception(checkpoint: Path, out: Path) -> None:
    """Converts the published FID Inception.

    CHECKPOINT is pt_inception-2015-12-05-6726825d.pth; --out is for `t2i evaluate --features`.
    """
    require_apart(out, checkpoint)
    require_tensorflow()
    from t2i.vision.inception import import_inception as convert

    published = convert(checkpoint, out)
    click.echo(
        f"{out}: FID Inception, "
        + ("the published weights" if published else "NOT the published weights (6726825d...)")
    )


def _require_measurer(chosen: tuple[str, ...] | None, measurer: Path | None, data: Path) -> None:
    """Raises InputError where nobody measures what is asked for."""
    if measurer is None and chosen != ("parzen",):
        raise InputError(
            "--judge: expected an encoder to judge by, got neither it nor --features; "
            f"train one with `t2i-prep train-encoder {data} --set seed=1 ...`"
        )


def _measured(path: Path, request: "Request") -> "list[Scorecard]":
    """Measures a run or a folder behind bars, and says what came of it."""
    from t2i.evaluation.evaluate import evaluate
    from t2i.evaluation.page import write_page
    from t2i.evaluation.report import as_text

    with goes_on(path), Bars("metric") as metrics_done, Bars("picture") as looked_at:
        result = evaluate(path, request, looked_at, metrics_done, metrics_done.note)
        write_page(path, result)
    for metric, reason in result.left_out.items():
        click.echo(f"left out {metric}: {reason}")
    click.echo("\n\n".join(as_text(table) for table in result.tables))
    click.echo(f"{path}: evaluation.json, evaluation.html")
    return result.tables


def _metrics(names: str | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    chosen = tuple(dict.fromkeys(name.strip() for name in names.split(",")))
    unknown = [name for name in chosen if name not in METRICS]
    if unknown:
        raise InputError(
            f"--metrics: expected names of {', '.join(METRICS)}, got {unknown[0]!r}; choose some"
        )
    return chosen
