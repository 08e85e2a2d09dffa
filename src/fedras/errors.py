"""The errors that users see: each is one line that says what, where and what to do."""


class FedrasError(Exception):
    """Something outside the program went wrong: a file, the disk, the network. Exit status 1."""

    exit_status = 1


class UsageError(FedrasError):
    """The request cannot be meant as it stands: an unknown name, an impossible option. Status 2."""

    exit_status = 2


class DataError(FedrasError):
    """A data set cannot be found or cannot be read. The message names the file and the line."""


class PayloadError(FedrasError):
    """Bytes that are not a payload of this run: damaged, hostile, or of another version.

    Attributes
    ----------
    reason
        What is wrong in one word, by which metrics count dropped uploads.
    """

    def __init__(self, message: str, reason: str = "malformed") -> None:
        super().__init__(message)
        self.reason = reason
