"""Directions in the space of codes along which an attribute of the text changes."""

from typing import NamedTuple

import numpy as np

from scale_vae_keras.errors import InputError
from scale_vae_keras.settings import real_number


def attribute_direction(codes_a: np.ndarray, codes_b: np.ndarray) -> np.ndarray:
    """The mean code of texts with an attribute less that of texts without it.

    In the space that the decoder reads, as Larsen et al. (2016) do for pictures and the MusicVAE
    for melodies (Roberts et al., 2018).

    Args:
        codes_a: codes of texts without the attribute, `[texts, latent]`.
        codes_b: codes of texts with it, `[texts, latent]`.

    Returns:
        The vector from a to b, float32 `[latent]`.

    Raises:
        InputError: there are no codes, they are not finite or their widths differ.

    Example:
        >>> attribute_direction(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([[4.0, 1.0]]))
        array([3., 0.], dtype=float32)
    """
    a, b = (np.asarray(codes, np.float64) for codes in (codes_a, codes_b))
    if a.ndim != 2 or b.ndim != 2 or not len(a) or not len(b) or a.shape[1] != b.shape[1]:
        raise InputError(
            f"codes have shapes {a.shape} and {b.shape}: give arrays [texts, latent] of at least "
            "one text each, of one width"
        )
    vector = b.mean(axis=0) - a.mean(axis=0)
    if not np.all(np.isfinite(vector)):
        raise InputError("a code is not finite: the model has diverged, train it again")
    return np.float32(vector)


def float_array(name: str, values: object) -> np.ndarray:
    """Numbers as a float32 array; what is too large for float32 becomes infinite.

    Args:
        name: what they are, for the error.
        values: the numbers.

    Raises:
        InputError: they are no numbers, or rows of different lengths.
    """
    try:
        with np.errstate(over="ignore"):
            if np.iscomplexobj(values):
                raise TypeError
            return np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be an array of numbers, got {values!r:.60}") from error


def code_array(codes: object) -> np.ndarray:
    """Codes as float32 `[texts, latent]`.

    Raises:
        InputError: they are something else.
    """
    codes = float_array("codes", codes)
    if codes.ndim != 2:
        raise InputError(f"codes have shape {codes.shape}: give an array [texts, latent]")
    return codes


def shifted(codes: np.ndarray, vector: np.ndarray, amount: float) -> np.ndarray:
    """Codes moved along a vector, float32 `[texts, latent]`.

    Args:
        codes: `[texts, latent]`.
        vector: `[latent]`.
        amount: how many times the vector is added; 0 leaves the codes where they are, a negative
            one moves them away.

    Raises:
        InputError: the codes are not `[texts, latent]`, the vector has another width, or it or the
            amount is not finite.
    """
    codes, vector = code_array(codes), float_array("the vector", vector)
    if vector.shape != codes.shape[1:]:
        raise InputError(
            f"the vector has shape {vector.shape}: give one number for each of the "
            f"{codes.shape[1]} dimensions of a code"
        )
    if not np.all(np.isfinite(vector)):
        raise InputError("the vector must be finite")
    amount = real_number("amount", amount)
    with np.errstate(over="ignore"):  # the decoder refuses what is too large
        return codes + np.float32(amount) * vector


class Parts(NamedTuple):
    """An attribute vector in two parts, which add up to it, float32 `[latent]`.

    Attributes:
        length: what the difference in length of the two sets explains.
        rest: the difference at equal length.

    Example:
        >>> a, b = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[3.0, 5.0], [4.0, 5.0]])
        >>> parts = length_parts(a, b, np.array([1, 2]), np.array([3, 4]))
        >>> shifted(a, parts.rest, 1.0)
        array([[1., 5.],
               [2., 5.]], dtype=float32)
    """

    length: np.ndarray
    rest: np.ndarray


def length_parts(
    codes_a: np.ndarray, codes_b: np.ndarray, lengths_a: np.ndarray, lengths_b: np.ndarray
) -> Parts:
    """Divides an attribute vector into what length explains and the rest.

    The code is regressed on the length within each of the two sets, with one slope u `[latent]` for
    both: u = sum (length - mean length of its set)(code - mean code of its set) / sum (length -
    mean length of its set)^2. The part of length is u (mean length of b - mean length of a), and
    the rest is the difference of the means adjusted to equal length, as in the analysis of
    covariance. Sets of one mean length have no part of length.

    Args:
        codes_a: codes of texts without the attribute, `[texts, latent]`.
        codes_b: codes of texts with it, `[texts, latent]`.
        lengths_a: number of tokens of each text of a.
        lengths_b: number of tokens of each text of b.

    Raises:
        InputError: as `attribute_direction`; the numbers of texts and lengths differ; or the
            sets differ in length and no text differs in length from the others of its set.

    Example:
        >>> a, b = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[3.0, 5.0], [4.0, 5.0]])
        >>> length_parts(a, b, np.array([1, 2]), np.array([3, 4]))
        Parts(length=array([2., 0.], dtype=float32), rest=array([0., 5.], dtype=float32))
    """
    whole = attribute_direction(codes_a, codes_b)
    cross, square = np.zeros(len(whole)), 0.0
    for codes, lengths in ((codes_a, lengths_a), (codes_b, lengths_b)):
        lengths = np.asarray(lengths, np.float64)
        if lengths.shape != (len(codes),):
            raise InputError(f"{len(codes)} texts have {len(lengths)} lengths: give one each")
        away = lengths - lengths.mean()
        cross += away @ (np.asarray(codes, np.float64) - np.mean(codes, axis=0, dtype=np.float64))
        square += float(away @ away)
    difference = np.mean(lengths_b) - np.mean(lengths_a)
    if not square and difference:
        raise InputError("all texts of a set have one length: nothing tells what length explains")
    length = np.float32(cross / square * difference if square else cross)
    return Parts(length, whole - length)
