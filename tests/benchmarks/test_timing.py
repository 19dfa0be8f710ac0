import numpy as np

from scale_vae_keras.benchmarks.speed import timing


def test_functions_take_turns_after_a_call_each():
    clock, calls = [0.0], []

    def run(name, seconds):
        calls.append(name)
        clock[0] += seconds * len(calls)

    runs = {"a": lambda: run("a", 1), "b": lambda: run("b", 2)}
    seconds = timing.interleaved(runs, 2, clock=lambda: clock[0])
    assert calls == ["a", "b"] * 3
    np.testing.assert_array_equal(seconds["a"], [3, 5])
    np.testing.assert_array_equal(seconds["b"], [8, 12])


def test_median_ratio_is_taken_within_rounds():
    ratio = timing.median_ratio(np.array([1.0, 10.0, 3.0]), np.array([2.0, 10.0, 1.0]))
    assert ratio == 1.0
