"""Flower's command line, as the operator of a SuperLink of `superlink`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fedras.errors import FedrasError
from fedras.flower.environment import settle

Entry = tuple[str, str | bytes]

TOKEN = "operator.token"  # noqa: S105 -- the name of the file


def home(state: Path) -> Path:
    """Return the Flower folder of the operator of the SuperLink in ``state``."""
    return state / "flower"


def call(state: Path, arguments: Sequence[str]) -> None:
    """Run ``flwr ARGUMENTS`` with the token of the SuperLink in ``state``; exits as it does.

    Raises
    ------
    FedrasError
        If the token cannot be read.
    """
    try:
        token = (state / TOKEN).read_text()
    except OSError as error:
        raise FedrasError(
            f"cannot read {state / TOKEN}: {error.strerror}; give the state of fedras superlink"
        ) from None
    settle()
    os.environ["FLWR_HOME"] = str(home(state).absolute())

    from flwr.cli.app import app  # noqa: PLC0415 -- reads the environment
    from flwr.cli.auth_plugin import NoOpCliAuthPlugin  # noqa: PLC0415
    from flwr.common.constant import ACCESS_TOKEN_KEY  # noqa: PLC0415

    def with_token(_: object, metadata: Sequence[Entry]) -> Sequence[Entry]:
        return [*metadata, (ACCESS_TOKEN_KEY, token)]

    setattr(NoOpCliAuthPlugin, "write_tokens_to_metadata", with_token)  # noqa: B010
    sys.argv = ["flwr", *arguments]
    app()
