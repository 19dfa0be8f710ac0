"""How well labels separate points."""

from collections.abc import Sequence

import numpy as np

from scale_vae_keras.categories import Categories
from scale_vae_keras.errors import InputError

_BLOCK_ROWS = 512
_BLOCK_ENTRIES = 2**23


def silhouette(points: np.ndarray, labels: Sequence[str]) -> float:
    """Mean silhouette coefficient of points that are grouped by their labels.

    Rousseeuw (1987): for each point `(b - a) / max(a, b)`, with a the mean Euclidean distance to
    the others of its label and b that to the nearest other label; 0 for a label's only point. It is
    1 for groups that are far apart for their width, near 0 for groups on top of each other, and
    negative where points are nearer to another group than to their own. The scale of the points
    does not matter. Memory is bounded whatever the number of points.

    Args:
        points: `[points, dimensions]`.
        labels: one per point.

    Raises:
        InputError: labels and points differ in number, or there are fewer than two labels.
    """
    points = np.asarray(points, np.float64)
    if len(points) != len(labels):
        raise InputError(f"{len(points)} points have {len(labels)} labels")
    _, group = np.unique(Categories.of(labels).codes, return_inverse=True)
    sizes = np.bincount(group)
    if len(sizes) < 2:
        raise InputError("a silhouette needs points of at least two labels")
    members = np.eye(len(sizes))[group]
    total = 0.0
    size = max(1, min(_BLOCK_ROWS, _BLOCK_ENTRIES // len(points)))
    for start in range(0, len(points), size):
        rows = slice(start, start + size)
        squares = sum(
            np.square(points[rows, d, None] - points[:, d]) for d in range(points.shape[1])
        )
        to_group = np.sqrt(squares) @ members
        own = members[rows] > 0
        within = to_group[own] / np.maximum(sizes[group[rows]] - 1, 1)
        nearest = np.where(own, np.inf, to_group / sizes).min(axis=1)
        scale = np.maximum(within, nearest)
        alone = (sizes[group[rows]] == 1) | (scale == 0)
        total += np.sum(np.where(alone, 0.0, (nearest - within) / np.where(alone, 1.0, scale)))
    return float(total / len(points))
