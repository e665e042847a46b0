"""Metrics of a run while it trains, and the best generator by the first of them."""

import json
import shutil
import tempfile
from pathlib import Path

import tensorflow as tf

from t2i.compute.replicas import OnReplicas
from t2i.config.run import RunConfig
from t2i.errors import InputError
from t2i.evaluation.evaluate import require_fair, require_stranger
from t2i.evaluation.evidence import Evidence, Measured
from t2i.evaluation.measurers import load_features, load_judge
from t2i.evaluation.metrics.agreement import load_classes
from t2i.evaluation.pictures import Generator, RealPictures
from t2i.evaluation.report import Score
from t2i.evaluation.scores import Scores
from t2i.evaluation.subject import Sampling, Subject, painted
from t2i.files.disk import replacing
from t2i.files.weights import weights_sha256
from t2i.models.contract import Painting
from t2i.painting.painter import load_embedder
from t2i.pairs.stored import OpenPairs
from t2i.progress import silent
from t2i.runs.directory import Run
from t2i.runs.record import read_record
from t2i.vision.networks import is_network


def require_judge(config: RunConfig, judge: Path | None) -> None:
    """Raises InputError when a run is to be measured by nobody, or a judge has nothing to do."""
    if bool(config.training.evaluate_every) != (judge is not None):
        raise InputError(
            "--judge: expected an encoder where training.evaluate_every is not 0, and only there, "
            f"got {judge} and {config.training.evaluate_every}; give both or neither"
        )


class Monitor:
    """Measures the generator of a run, and keeps the best in `best/`, a run directory itself."""

    def __init__(
        self, run: Run, config: RunConfig, data: OpenPairs, judge: Path, painting: Painting
    ) -> None:
        """Measures the generator as it is, so that what can't be measured is told at once.

        Args:
            run: begun.
            config: of the run.
            data: pairs file.
            judge: encoder pair that measures, or the name of a vision network.
            painting: what paints; its weights are set before each measurement.

        Raises:
            InputError: the judge is no fair one, or a metric can't be computed.
        """
        self._run, self._config, self._data = run, config, data
        self._network, self._prior = painting
        # Of this process alone: the other workers wait at their next step.
        self._strategy = tf.distribute.get_strategy()
        self._judge = None if is_network(judge) else load_judge(judge, self._strategy)
        self._measurer = (
            self._judge.measurer if self._judge else load_features(judge, self._strategy)
        )
        wanted = config.training.evaluate_classes
        self._classes = load_classes(wanted) if wanted else None
        self._record = read_record(run)
        self._embedder = load_embedder(run, self._record, data)
        self._real = data.stored([config.training.evaluate_split])
        # Real pictures are measured once, and stay: their files lose their names alone.
        self._of_real: Measured = {}
        require_stranger(self._measurer.stamp.name, self._subject(), "--judge")
        if self._judge:
            require_fair(self._judge, self._subject(), data, judge)
        self._scores()

    def measure(self, step: int) -> dict[str, float]:
        """Returns the metrics by name, and keeps the generator where it is the best so far."""
        scores = self._scores()
        self._keep(step, scores[0])
        return {f"evaluation/{score.metric}": score.estimate.value for score in scores}

    def _subject(self) -> Subject:
        config = self._config
        generator = Generator(
            run=self._run.path,
            network=OnReplicas(self._network, self._strategy),
            sha256=weights_sha256(self._network),
            embedder=self._embedder,
            prior=self._prior,
            size=config.image_size,
            trained_on=tuple(config.training.splits),
            vision=tuple(self._record.vision),
        )
        return painted(generator, self._real, Sampling(config.training.evaluate_count, config.seed))

    def _scores(self) -> list[Score]:
        with tempfile.TemporaryDirectory() as cache:
            evidence = Evidence(
                subject=self._subject(),
                reference=RealPictures(self._real, self._config.image_size),
                data=self._data,
                cache=Path(cache),
                progress=silent,
                measurer=self._measurer,
                pair=self._judge,
                of_real=self._of_real,
            )
            scores = Scores(evidence, self._config.seed, self._classes)
            names = self._config.training.evaluate_metrics
            return [score for name in names for score in scores.by_name[name]()[1]]

    def _question(self) -> str:
        """Returns all that a value depends on beside the generator: what is comparable."""
        training = self._config.training
        return json.dumps(
            {
                "by": self._measurer.stamp.sha256,
                "split": training.evaluate_split,
                "count": training.evaluate_count,
                "classes": training.evaluate_classes,
            }
        )

    def _keep(self, step: int, score: Score) -> None:
        """Writes the generator to `best/` if no better one is there."""
        best = self._run.best
        note, asked = best.path / "best.json", best.path / "question.json"
        value, question = score.estimate.value, self._question()
        same = not asked.is_file() or asked.read_text(encoding="utf-8") == question
        old = _noted(note, score.metric) if same and note.is_file() else None
        if old is not None and not (value < old if score.better == "lower" else value > old):
            return
        with replacing(best.generator) as unfinished:
            self._network.save(unfinished)
        for ours, theirs in (
            (self._run.encoder, best.encoder),
            (self._run.record, best.record),
            (self._run.config, best.config),
        ):
            if ours.is_file():
                with replacing(theirs) as unfinished:
                    shutil.copyfile(ours, unfinished)
        with replacing(asked) as unfinished:
            unfinished.write_text(question, encoding="utf-8")
        with replacing(note) as unfinished:
            content = {"step": step, "metric": score.metric, "value": value}
            unfinished.write_text(json.dumps(content) + "\n", encoding="utf-8")


def _noted(path: Path, metric: str) -> float | None:
    """Returns the value of the best generator; None where another metric chose it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return float(content["value"]) if content["metric"] == metric else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected the value of the best generator, got none; remove it"
        ) from error
