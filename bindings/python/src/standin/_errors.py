"""The errors of this package."""


class StandinError(RuntimeError):
    """The server could not be started, or refused what was asked of it."""


class VerdictError(AssertionError):
    """Clients did not behave as the scenarios of their world expect. The message is the report of the drill."""
