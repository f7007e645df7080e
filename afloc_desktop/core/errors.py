"""What can go wrong, as values a reader understands: what happened and what to do.

`ValueError` and `TypeError` mean a defect of ours and are never caught; every `AflocError` is
meant for the person in front of the screen.
"""


class AflocError(Exception):
    """Something the user can understand and act on.

    Attributes:
        reason: What happened, one sentence, no patient data.
        remedy: What to do about it, one sentence.
    """

    def __init__(self, reason: str, *, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.reason} {self.remedy}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders: keyword-only arguments do not survive the default pickling."""
        return _rebuild, (type(self), self.reason, self.remedy)


def _rebuild(kind: type[AflocError], reason: str, remedy: str) -> AflocError:
    return kind(reason, remedy=remedy)


class InputError(AflocError):
    """A file or folder the user gave cannot be used."""


class UnreadableFile(InputError):
    """The bytes cannot be read or are not what they claim to be."""


class UnsupportedImage(InputError):
    """The file is sound, but holds nothing this application can show or localize in."""


class InconsistentStudy(InputError):
    """Objects that belong together contradict each other."""


class BundleError(AflocError):
    """A model bundle cannot be used."""


class BundleMissing(BundleError):
    """No such bundle, or one of its files is absent."""


class BundleCorrupt(BundleError):
    """A file of the bundle is not the one its manifest names."""


class BundleIncompatible(BundleError):
    """The bundle is whole, but written for another version of this application."""


class SelfTestFailed(BundleError):
    """The bundle loads, but does not compute what its maker saw."""


class InferenceError(AflocError):
    """The model could not be run."""


class ExportError(AflocError):
    """A result could not be written."""


class WouldOverwrite(ExportError):
    """The target exists and overwriting was not asked for."""


class InvalidObject(ExportError):
    """What was written does not pass its own check."""


class SettingsError(AflocError):
    """The settings file cannot be used."""


class PluginError(AflocError):
    """A plugin cannot be used."""


class DatasetError(AflocError):
    """Training data cannot be used."""


class CheckpointError(AflocError):
    """A training checkpoint cannot be used."""


class Cancelled(Exception):
    """The work was stopped on request."""
