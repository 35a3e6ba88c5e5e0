# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a script, or a part of it, before its last command."""


class Unsupported(Exception):
    """The scripts use something that is not known here."""


class Exit(Exception):
    """The shell ends."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status
