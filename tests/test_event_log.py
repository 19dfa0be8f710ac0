import tensorflow as tf
from event_files import read_events, steps, values
from tensorboard.plugins.scalar.summary_v2 import scalar_pb

from scale_vae_keras.event_log import EventLog


def test_summaries_are_read_back(tmp_path):
    log = EventLog(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
    log.write(1, scalar_pb("loss", 3.0), scalar_pb("kl", 1.5))
    log.write(2, scalar_pb("loss", 2.0))
    events = read_events(tmp_path / "logs")
    assert steps(events) == {"scalars": {"loss": [1, 2], "kl": [1]}}
    assert values(events, "loss") == [3.0, 2.0]
    assert len(list((tmp_path / "logs").iterdir())) == 1


def test_tensorflows_own_class_of_summaries(tmp_path):
    summary = tf.compat.v1.Summary.FromString(scalar_pb("loss", 3.0).SerializeToString())
    EventLog(tmp_path).write(1, summary)
    assert values(read_events(tmp_path), "loss") == [3.0]


def test_what_an_interrupted_run_logged_of_later_epochs_is_forgotten(tmp_path):
    interrupted = EventLog(tmp_path)
    for epoch in (1, 2, 3):
        interrupted.write(epoch, scalar_pb("loss", float(epoch)))
    resumed = EventLog(tmp_path, finished=1)
    for epoch in (2, 3, 4):
        resumed.write(epoch, scalar_pb("loss", 10.0 * epoch))
    events = read_events(tmp_path)
    assert steps(events) == {"scalars": {"loss": [1, 2, 3, 4]}}
    assert values(events, "loss") == [1.0, 20.0, 30.0, 40.0]


def test_a_file_that_was_cut_off_hides_nothing_of_the_next(tmp_path):
    EventLog(tmp_path).write(1, scalar_pb("loss", 1.0))
    [path] = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b"\x20\0\0")
    EventLog(tmp_path, finished=1).write(2, scalar_pb("loss", 2.0))
    assert values(read_events(tmp_path), "loss") == [1.0, 2.0]
