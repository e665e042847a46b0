"""Who updates the weights of a GAN: an Adam for each player, on one schedule."""

from collections.abc import Sequence
from typing import Any

from t2i.compute.kernels.adam import FusedAdam
from t2i.config.run import RunConfig
from t2i.models.schedule import Schedule


def optimizers(
    config: RunConfig, steps_per_epoch: int, generating: Sequence[Any], judging: Sequence[Any]
) -> tuple[FusedAdam, FusedAdam]:
    """Returns Adam of G's and of D's variables, its state built.

    Args:
        config: with the rates, and how long they last.
        steps_per_epoch: steps that a schedule calls an epoch.
        generating: variables of G.
        judging: variables of D, whose rate is `discriminator_ratio` times G's.
    """
    adam, steps = config.optimizer, config.training.epochs * steps_per_epoch

    def of(variables: Sequence[Any], ratio: float) -> FusedAdam:
        schedule = Schedule(adam, steps_per_epoch, steps, ratio)
        optimizer = FusedAdam(
            schedule, beta_1=adam.beta_1, beta_2=adam.beta_2, epsilon=adam.epsilon
        )
        optimizer.build(variables)
        return optimizer

    return of(generating, 1.0), of(judging, adam.discriminator_ratio)
