"""Gradient descent on posteriors that can be differentiated through."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from scale_vae_keras.layers.custom_gradient import custom_gradient
from scale_vae_keras.layers.posterior import Posterior

Objective = Callable[[tf.Tensor, Posterior, Sequence[tf.Tensor]], tf.Tensor]


class Refinement(NamedTuple):
    """How posteriors are refined.

    Attributes:
        steps: number of steps.
        learning_rate: learning rate, on the gradient of a sentence's own objective.
        momentum: share of the last update that is kept.
        clip_norm: limit of the norm of the gradient of a sentence's mean, and of its log variance.
    """

    steps: int
    learning_rate: float
    momentum: float
    clip_norm: float


def refine(
    objective: Objective, posterior: Posterior, weights: Sequence[tf.Tensor], settings: Refinement
) -> Posterior:
    """Refines each sentence's posterior by gradient descent with momentum.

    Gradients flow through the whole descent to the initial posterior and to `weights`. They are
    exact: going back, every step is recomputed and its second-order product taken by automatic
    differentiation, so that memory does not grow with the number of steps.

    Args:
        objective: gives each sentence's objective, `[batch]`, from the step's number, the
            posterior and `weights`; it reads nothing else that gradients should reach.
        posterior: mean and log variance, `[batch, latent]`.
        weights: what the objective depends on besides the posterior.
        settings: the descent.
    """
    steps, rate, momentum, clip_norm = settings
    if not steps:
        return posterior

    def gradient(step, current, weights):
        with tf.GradientTape() as tape:
            tape.watch(current)
            total = tf.reduce_sum(objective(step, Posterior(*current), weights))
        return [tf.clip_by_norm(g, clip_norm, axes=[1]) for g in tape.gradient(total, current)]

    @custom_gradient
    def descend(mean, log_var, *weights):
        def descent_step(step, current, velocity, visited):
            slopes = gradient(step, current, weights)
            visited = [v.write(step, c) for v, c in zip(visited, current, strict=True)]
            velocity = [momentum * v - g for v, g in zip(velocity, slopes, strict=True)]
            current = [c + rate * v for c, v in zip(current, velocity, strict=True)]
            return step + 1, current, velocity, visited

        start = [mean, log_var]
        _, final, _, visited = tf.while_loop(
            lambda step, *_: step < steps,
            descent_step,
            (
                0,
                start,
                [tf.zeros_like(part) for part in start],
                [tf.TensorArray(p.dtype, steps, element_shape=p.shape) for p in start],
            ),
        )
        visited = [array.stack() for array in visited]

        def backward(*upstream):
            def reverse_step(step, d_current, d_velocity, d_weights):
                current = [array[step] for array in visited]
                d_velocity = [v + rate * c for v, c in zip(d_velocity, d_current, strict=True)]
                with tf.GradientTape() as tape:
                    tape.watch([current, weights])
                    slopes = gradient(step, current, weights)
                products = tape.gradient(
                    slopes,
                    [*current, *weights],
                    output_gradients=[-v for v in d_velocity],
                    unconnected_gradients="zero",
                )
                products = [tf.convert_to_tensor(product) for product in products]
                return (
                    step - 1,
                    [c + p for c, p in zip(d_current, products[:2], strict=True)],
                    [momentum * v for v in d_velocity],
                    [w + p for w, p in zip(d_weights, products[2:], strict=True)],
                )

            zeros = [tf.zeros_like(part) for part in upstream]
            _, d_start, _, d_weights = tf.while_loop(
                lambda step, *_: step >= 0,
                reverse_step,
                (steps - 1, list(upstream), zeros, [tf.zeros_like(w) for w in weights]),
            )
            return [*d_start, *d_weights]

        return final, backward

    return Posterior(*descend(*posterior, *weights))
