# SPDX-License-Identifier: GPL-3.0-or-later
"""A script that runs in the simulator's own process; what sandbox.Process is
for one that dash runs."""
import functools

import greenlet

import disk
import sandbox
import shell
import syntax
import writer


@functools.lru_cache(maxsize=500)
def parse(data):
    return writer.Script().compile(syntax.parse(data.decode("latin-1")))


def as_bytes(text):
    return text if text.isascii() else text.encode().decode("latin-1")


class Process:
    """It runs until it asks for a program of the simulated world."""
    programs = frozenset(sandbox.FAKES)
    parse = staticmethod(parse)

    def __init__(self, root, argv, stdin=None):
        self.root = root
        self.status = None
        self.reply = ()
        self.outside = None
        self.greenlet = greenlet.greenlet(self._main)
        self.reply = (argv, stdin)

    def _main(self, argv, stdin):
        log = shell.ToFile(self.root,
                           self.root.open("/run/process.log", 0o600))
        fds = [shell.Input((stdin or b"").decode("latin-1")), log, log]
        self.status = shell.script(
            self, argv[1:], self.root.read(argv[1]),
            {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin"}, fds, "/", 0o022)

    def ask(self, args, stdin):
        """Called by the script: (status, output, error text)."""
        status, out, err = self.outside.switch((args, stdin))
        return status, as_bytes(out), as_bytes(err)

    def next_request(self):
        """(arguments, stdin), or None when it has ended."""
        self.outside = greenlet.getcurrent()
        request = self.greenlet.switch(*self.reply)
        if self.greenlet.dead:
            return None
        args, stdin = request
        if not "".join(args).isascii():
            args = [a.encode("latin-1").decode() for a in args]
        return args, stdin.encode("latin-1")

    def answer(self, status, out="", err=""):
        self.reply = ((status, out, err),)

    def kill(self):
        if self.status is None:
            self.status = -9
            self.outside = greenlet.getcurrent()
            self.greenlet.throw(greenlet.GreenletExit)


class Root(disk.Root):
    def start(self, argv, stdin=None):
        return Process(self, argv, stdin)
