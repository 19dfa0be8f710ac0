"""The one exception for anything that the caller can put right."""


class InputError(ValueError):
    """Bad input: the message is one line that says what is wrong and what to do.

    The command line prints it as `error: ...` and exits with status 2.
    """
