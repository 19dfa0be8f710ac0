"""A model with its versions, as they come and go in its folder."""

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grpc import StatusCode

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.development.servable import Servable
from scale_vae_keras.serving.versions import version_folders
from scale_vae_keras.settings import whole_number

RETRY_SECONDS = 300
"""How long a failed version is retried, as by TensorFlow Serving."""

_LOG = logging.getLogger("scale_vae_keras.serving")


class VersionStatus(NamedTuple):
    """What became of a version.

    Attributes:
        state: `LOADING`, `AVAILABLE` or `END`, as in `ModelVersionStatus`.
        code: 0, or the number of the status that its loading failed with.
        message: why its loading failed.
    """

    state: str
    code: int = 0
    message: str = ""


class _Failure(NamedTuple):
    """A version that could not be loaded: what was in its folder, and when it failed first."""

    files: frozenset
    since: float


class ServedModel:
    """The newest versions in a folder.

    While a version cannot be loaded, the others stay in service. It is tried again when the files
    in its folder change, for five minutes from the first failure, and when it reappears after it
    was removed. An old version is unloaded once the new ones have been loaded; its running requests
    are finished. It comes back when the new ones are removed, and the last one stays even when the
    folder is gone. A version whose folder was removed is loaded anew when it reappears, since it
    may hold another model; TensorFlow Serving stays with the old one.

    Args:
        name: name of the model.
        directory: holds one folder per version, named by its number.
        labels: version numbers by label.
        versions: how many of the newest versions are served.

    Raises:
        InputError: no version in the folder can be loaded, the version of a label is not served,
            or the number of versions is below 1.
    """

    def __init__(
        self,
        name: str,
        directory: str | os.PathLike,
        labels: Mapping[str, int] | None = None,
        versions: int = 1,
    ):
        self.name = name
        self._directory = Path(os.path.abspath(directory))  # a link may lead elsewhere later
        self._labels = dict(labels or {})
        self._versions = whole_number("versions", versions, 1)
        self._available: dict[int, Servable] = {}
        self._status: dict[int, VersionStatus] = {}
        self._failures: dict[int, _Failure] = {}
        self._gone: set[int] = set()
        if not self._directory.is_dir():
            raise InputError(f"there is no folder {directory}: export a model to it first")
        self.refresh()
        if not self._available:
            reasons = [f"{number}: {status.message}" for number, status in self._status.items()]
            raise InputError(
                f"no version in {directory} can be loaded: "
                f"{'; '.join(reasons) or 'export a model to it first'}"
            )
        for label, number in self._labels.items():
            if number not in self._available:
                served = ", ".join(map(str, sorted(self._available)))
                raise InputError(
                    f"the label {label} is for version {number}, which is not among {served}: "
                    "give a version that is served, or a larger number of versions"
                )

    def refresh(self) -> None:
        """Loads new versions and lets old ones go."""
        try:
            folders = version_folders(self._directory)
        except FileNotFoundError:
            folders = {}
        except OSError as error:
            _LOG.warning("%s cannot be read: %s", self._directory, error.strerror)
            return
        for number in set(self._failures) - set(folders):
            del self._failures[number]
        self._gone |= set(self._available) - set(folders)
        wanted = list(folders)[-self._versions :]
        for number in wanted:
            if number not in self._available or number in self._gone:
                self._try_to_load(number, folders[number])
        if wanted and set(wanted) <= set(self._available):
            for number in set(self._available) - set(wanted):
                self._available.pop(number)
                self._status[number] = VersionStatus("END")

    def _try_to_load(self, number: int, folder: Path) -> None:
        files, now = _files(folder), time.monotonic()
        failure = self._failures.get(number)
        if failure and (failure.files == files or now > failure.since + RETRY_SECONDS):
            return
        serves_another = number in self._available
        if not serves_another:
            self._status[number] = VersionStatus("LOADING")
        try:
            self._available[number] = Servable(folder, number)
        except RequestError as error:
            self._failures[number] = _Failure(files, failure.since if failure else now)
            if not serves_another:
                self._status[number] = VersionStatus("END", error.code.value[0], error.message)
            _LOG.info("version %d cannot be loaded: %s", number, error.message)
        else:
            self._failures.pop(number, None)
            self._gone.discard(number)
            self._status[number] = VersionStatus("AVAILABLE")
            _LOG.info("version %d is served", number)

    def find(self, version: int | None = None, label: str | None = None) -> Servable:
        """The version with that number or label; the newest by default.

        Raises:
            RequestError: there is none.
        """
        available = dict(self._available)
        if label is not None:
            if label not in self._labels:
                raise invalid(f"Unrecognized servable version label: {label}")
            version = self._labels[label]
        if version is None:
            return available[max(available)]
        if version not in available:
            raise RequestError(
                StatusCode.NOT_FOUND,
                f"Servable not found for request: Specific({self.name}, {version})",
            )
        return available[version]

    def status(self, version: int | None = None) -> dict[int, VersionStatus]:
        """What became of one version, or of all, the newest first.

        Raises:
            RequestError: there is no such version.
        """
        if version is None:
            return dict(sorted(self._status.items(), reverse=True))
        if version not in self._status:
            raise RequestError(
                StatusCode.NOT_FOUND, f"Could not find version {version} of model {self.name}"
            )
        return {version: self._status[version]}


def _files(folder: Path) -> frozenset:
    """What tells whether the files of a version have changed."""
    inside = (
        Path(parent, name)
        for parent, folders, files in os.walk(folder)
        for name in (*folders, *files)
    )
    found = []
    for path in (folder, *inside):
        try:
            state = path.stat()
        except OSError:  # it went away while we looked
            continue
        found.append((path, state.st_size, state.st_mtime_ns))
    return frozenset(found)
