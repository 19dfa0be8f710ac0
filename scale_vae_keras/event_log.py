"""TensorBoard's event files."""

import io
import os
import socket
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class EventLog:
    """Appends summaries to an event file of its own, which is whole after every call.

    Nothing stays open in between. TensorBoard counts as steps whatever is given here; this package
    gives epochs, from 1 on. A log that goes on after `finished` epochs tells TensorBoard to forget
    what an interrupted run may have logged of later ones.

    Args:
        folder: the folder of the file, one of TensorBoard's runs; created if missing.
        finished: epochs that were finished before; None for a log beside others of the folder,
            of which nothing is to be forgotten.
    """

    def __init__(self, folder: str | os.PathLike, finished: int | None = 0):
        self.folder = Path(folder)
        self._finished = finished
        self._path = None

    def write(self, epoch: int, *summaries: Summary) -> None:
        """Appends summaries.

        Args:
            epoch: their step.
            *summaries: what TensorBoard's `*_pb` functions make, of its own class `Summary` or of
                TensorFlow's.
        """
        events = [
            Event(step=epoch, summary=Summary.FromString(summary.SerializeToString()))
            for summary in summaries
        ]
        if self._path is None:
            events = self._beginning() + events
        records = io.BytesIO()
        writer = RecordWriter(records)
        for event in events:
            event.wall_time = time.time()
            writer.write(event.SerializeToString())
        with self._path.open("ab") as file:
            file.write(records.getvalue())

    def _beginning(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        owner = f"{socket.gethostname()}.{os.getpid()}"
        self._path = self.folder / f"events.out.tfevents.{time.time():.6f}.{owner}"
        version = Event(file_version="brain.Event:2")
        if self._finished is None:
            return [version]
        start = SessionLog(status=SessionLog.START)
        return [version, Event(step=self._finished + 1, session_log=start)]
