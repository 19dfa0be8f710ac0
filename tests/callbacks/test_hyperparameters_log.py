from event_files import read_events
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import STATUS_SUCCESS

from scale_vae_keras.callbacks.hyperparameters_log import HyperparametersLog
from scale_vae_keras.event_log import EventLog


def test_settings_are_read_back(tmp_path):
    settings = {"rate": 0.5, "units": 3, "data": "x", "on": True, "none": None, "two": (1, 2)}
    callback = HyperparametersLog(EventLog(tmp_path), settings)
    callback.on_train_begin()
    callback.on_train_end()
    events = read_events(tmp_path)
    start, end = (
        events.SummaryMetadata(tag).plugin_data.content
        for tag in (metadata.SESSION_START_INFO_TAG, metadata.SESSION_END_INFO_TAG)
    )
    hparams = metadata.parse_session_start_info_plugin_data(start).hparams
    shown = {name: getattr(value, value.WhichOneof("kind")) for name, value in hparams.items()}
    assert shown == {"rate": 0.5, "units": 3.0, "data": "x", "on": True, "two": "(1, 2)"}
    assert metadata.parse_session_end_info_plugin_data(end).status == STATUS_SUCCESS
