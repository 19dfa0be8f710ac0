"""What event files hold, as TensorBoard reads them."""

from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util


def read_events(folder):
    """One of TensorBoard's runs as its own server reads it, every event kept."""
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    return events


def steps(events):
    """Plugin -> tag -> steps."""
    found = {}
    for tag in events.Tags()["tensors"]:
        plugin = events.SummaryMetadata(tag).plugin_data.plugin_name
        found.setdefault(plugin, {})[tag] = [event.step for event in events.Tensors(tag)]
    return found


def values(events, tag):
    """The values of a tag, one a step."""
    return [tensor_util.make_ndarray(event.tensor_proto) for event in events.Tensors(tag)]
