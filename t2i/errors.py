"""The one error a user is meant to see."""


class InputError(Exception):
    """The user's input is wrong; the message is complete in itself.

    A message reads `place: what is expected, got value; what to do`. The command
    line prints it as one line and exits with code 1. Mistakes of the programmer
    are other exceptions, and keep their tracebacks.
    """
