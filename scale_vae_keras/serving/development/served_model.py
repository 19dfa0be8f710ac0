"""A model with its versions, as they come and go in its folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from grpc import StatusCode

from scale_vae_keras.errors import InputError
from scale_vae_keras.serving.development.request_error import RequestError, invalid
from scale_vae_keras.serving.development.servable import Servable
from scale_vae_keras.serving.versions import version_numbers


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


class ServedModel:
    """The newest versions in a folder.

    A version that cannot be loaded is left alone and the others go on. An old version goes when
    the new ones have been loaded; requests that run on it are finished. It comes back when the new
    ones are removed, and the last one stays even when the folder is gone.

    Args:
        name: of the model.
        directory: holds one folder a version, named by its number.
        labels: version numbers by label.
        versions: how many of the newest versions are served.

    Raises:
        InputError: no version in the folder can be loaded.
    """

    def __init__(
        self,
        name: str,
        directory: str | os.PathLike,
        labels: Mapping[str, int] | None = None,
        versions: int = 1,
    ):
        self.name = name
        self._directory = Path(directory).resolve()
        self._labels = dict(labels or {})
        self._versions = versions
        self._available: dict[int, Servable] = {}
        self._status: dict[int, VersionStatus] = {}
        if not self._directory.is_dir():
            raise InputError(f"there is no folder {directory}: export a model to it first")
        self.refresh()
        if not self._available:
            reasons = [f"{number}: {status.message}" for number, status in self._status.items()]
            raise InputError(
                f"no version in {directory} can be loaded: "
                f"{'; '.join(reasons) or 'export a model to it first'}"
            )

    def refresh(self) -> None:
        """Loads new versions and lets old ones go."""
        try:
            wanted = version_numbers(self._directory)[-self._versions :]
        except FileNotFoundError:
            wanted = []
        for number in wanted:
            if number not in self._available and not self._has_failed(number):
                self._load(number)
        if wanted and set(wanted) <= set(self._available):
            for number in set(self._available) - set(wanted):
                self._available.pop(number)
                self._status[number] = VersionStatus("END")

    def _has_failed(self, number: int) -> bool:
        return number in self._status and self._status[number].code != 0

    def _load(self, number: int) -> None:
        self._status[number] = VersionStatus("LOADING")
        try:
            self._available[number] = Servable(self._directory / str(number), number)
        except RequestError as error:
            self._status[number] = VersionStatus("END", error.code.value[0], error.message)
        else:
            self._status[number] = VersionStatus("AVAILABLE")

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
