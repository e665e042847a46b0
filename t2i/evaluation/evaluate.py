"""evaluate: one subject, one reference, one measurer of features, one judge of captions."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2i.compute.strategy import local_strategy
from t2i.compute.versions import commit, versions
from t2i.config.metrics import METRICS
from t2i.errors import InputError
from t2i.evaluation import report
from t2i.evaluation.evidence import Evidence
from t2i.evaluation.measurers import Judge, Stamp, load_features, load_judge
from t2i.evaluation.measuring import locked
from t2i.evaluation.metrics.agreement import ClassList
from t2i.evaluation.pictures import RealPictures
from t2i.evaluation.report import Score, Scorecard
from t2i.evaluation.scores import Scores
from t2i.evaluation.subject import Sampling, Subject, open_subject
from t2i.files.disk import AnyPath
from t2i.files.weights import weights_sha256
from t2i.images.cropping import LARGEST_STORED
from t2i.pairs.digests import digest
from t2i.pairs.stored import OpenPairs
from t2i.progress import Progress
from t2i.runs.directory import Run, latest_step
from t2i.vision.networks import LITE_NETWORKS

# Of pixels, slow, and seldom wanted.
UNLESS_ASKED = ("parzen",)
# What a judge may have been trained on: as `splits` of an encoder's configuration.
JUDGES = (("train",), ("train", "val"))


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        data: pairs file.
        split: that the pictures are painted for and measured against.
        count: pictures painted.
        seed: of captions, latents and the captions that compete.
        metrics: by name; None for all that can be computed.
        features: Inception that measures pictures; None for the judge's image side.
        judge: text side of an encoder pair.
        classes: of ImageNet that pictures should be taken for; None asks for none.
        captions: of a real picture, for the mean of which one is painted.
    """

    data: Path
    split: str
    count: int
    seed: int
    metrics: tuple[str, ...] | None = None
    features: Path | None = None
    judge: Path | None = None
    classes: ClassList | None = None
    captions: int = 1

    def __post_init__(self) -> None:
        """Takes paths as texts too."""
        for name in ("data", "features", "judge"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else Path(value))


@dataclass(frozen=True, eq=False)
class Result:
    """What came of it.

    Attributes:
        tables: the numbers.
        left_out: why, for each metric that was not asked for by name and can't be computed.
        scores: whatever else was measured.
    """

    tables: list[Scorecard]
    left_out: dict[str, str]
    scores: Scores


def evaluate(
    path: AnyPath,
    request: Request,
    progress: Progress,
    computing: Progress,
    begun: Callable[[str], object] = lambda _: None,
) -> Result:
    """Measures a run or a folder of pictures; writes evaluation.json there.

    Args:
        path: of it.
        request: what to measure, and by what.
        progress: of the pictures that are looked at.
        computing: of the metrics.
        begun: called with the name of each when it begins.

    Raises:
        InputError: a file is wrong, the judge took part in training the run, a metric asked for
            by name can't be computed, or a number is not finite.
    """
    path = Path(path)
    report.require_replaceable(path)
    evidence = _gathered(path, request, progress)
    scores = Scores(evidence, request.seed, request.classes)
    with locked(evidence.cache):
        rows, left_out = _computed(scores, request.metrics, computing, begun)
    if not rows:
        raise InputError(f"{path}: {'; '.join(dict.fromkeys(left_out.values()))}")
    protocol = _protocol(path, request, evidence)
    tables = [Scorecard(stamp, protocol, tuple(numbers)) for stamp, numbers in rows.items()]
    report.write(path / report.NAME, tables)
    return Result(tables, left_out, scores)


def _gathered(path: Path, request: Request, progress: Progress) -> Evidence:
    """Opens the subject, its reference and what measures them, and sees that they fit."""
    data = OpenPairs(request.data)
    real = data.stored([request.split])
    strategy = local_strategy()
    judge = load_judge(request.judge, strategy) if request.judge else None
    measurer = judge.measurer if judge else None
    if request.features is not None:
        measurer = load_features(request.features, strategy)
    sampling = Sampling(request.count, request.seed, request.captions)
    subject = open_subject(path, data, real, sampling, strategy)
    if subject.size > data.header.image_size:
        raise InputError(
            f"{data.path}: expected pictures of at least {subject.size} pixels, got "
            f"{data.header.image_size}; prepare larger ones"
        )
    if data.header.image_size > LARGEST_STORED * subject.size:
        raise InputError(
            f"{data.path}: expected pictures of at most "
            f"{int(LARGEST_STORED * subject.size)} pixels for the {subject.size} of {path}, got "
            f"{data.header.image_size}, whose middles are pieces; prepare them as for training"
        )
    if measurer is not None:
        require_stranger(measurer.stamp.name, subject, "--features")
    if judge is not None and request.judge is not None:
        require_fair(judge, subject, data, request.judge)
    return Evidence(
        subject=subject,
        reference=RealPictures(real, subject.size),
        data=data,
        cache=path / "evaluation",
        progress=progress,
        measurer=measurer,
        pair=judge,
    )


def _protocol(path: Path, request: Request, evidence: Evidence) -> dict[str, Any]:
    """Returns all that the numbers depend on beside who measures."""
    subject, real, header = evidence.subject, evidence.reference.pairs, evidence.data.header
    return {
        "subject": str(path),
        "pictures": subject.pictures.fingerprint,
        "generator": subject.generator,
        "step": latest_step(Run(path).checkpoints) or None,
        # Of a folder nobody knows.
        "trained_on": " + ".join(subject.trained_on) if subject.embedder else "",
        "generated": len(subject.pictures),
        "reference": len(real.name),
        "split": request.split,
        "reference_set": f"middle {subject.size} of {header.image_size} pixels, not augmented",
        "data": header.source,
        "data_sha256": digest(real),
        "resolution": subject.size,
        "latents": subject.latents,
        "captions": subject.captions,
        "seed": request.seed,
        "interval": "95 %, over captions and latents, the reference as given",
        "commit": commit(),
        "versions": versions(),
    }


def require_fair(judge: Judge, subject: Subject, data: OpenPairs, path: Path) -> None:
    """Raises InputError when the judge trained the subject, or learned from other pictures."""
    for name in judge.vision:
        require_stranger(name, subject, str(path))
    again = "train one with `t2i-prep train-encoder --set seed=1`"
    judging = weights_sha256(judge.text.model)
    networks = subject.embedder.networks if subject.embedder else ()
    if any(weights_sha256(network) == judging for network in networks):
        raise InputError(
            f"{path}: expected an encoder that took no part in training "
            f"{subject.path}, got the run's own; {again}"
        )
    if all(judge.trained_on != digest(data.stored(splits)) for splits in JUDGES):
        raise InputError(
            f"{path}: expected an encoder trained on the train split of "
            f"{data.path}, or on train and val, got one trained on others; {again}"
        )


def require_stranger(name: str, subject: Subject, place: str) -> None:
    """Raises InputError when a network by that name took part in training the subject."""
    known = networks_in_training(subject)
    if name in known:
        others = ", ".join(other for other in LITE_NETWORKS if other not in known)
        raise InputError(
            f"{place}: expected a network that took no part in training {subject.path}, got "
            f"{name}; choose one of {others}"
        )


def networks_in_training(subject: Subject) -> set[str]:
    """Returns the networks of others that took part in training the subject, by name.

    Those that its discriminator looks through, and those that the text encoder was trained beside:
    a picture that pleases either pleases a judge that looks through the same.
    """
    return {*subject.vision, *(subject.embedder.vision if subject.embedder else ())}


def _computed(
    scores: Scores,
    asked: tuple[str, ...] | None,
    computing: Progress,
    begun: Callable[[str], object],
) -> tuple[dict[Stamp, list[Score]], dict[str, str]]:
    """Returns the rows of each measurer, and why the other metrics are left out."""
    rows: dict[Stamp, list[Score]] = {}
    left_out: dict[str, str] = {}
    wanted = asked or tuple(name for name in METRICS if name not in UNLESS_ASKED)
    for done, metric in enumerate(wanted):
        computing("metrics", done, len(wanted))
        begun(metric)
        try:
            stamp, measured = scores.by_name[metric]()
        except InputError as error:
            # What is not finite is a fault of the subject, and no reason to leave a number out.
            if asked or "expected finite" in str(error):
                raise
            left_out[metric] = str(error)
        else:
            rows.setdefault(stamp, []).extend(measured)
    begun("")
    computing("metrics", len(wanted), len(wanted))
    return rows, left_out
