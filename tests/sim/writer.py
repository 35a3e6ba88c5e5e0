# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python that a script becomes. What costs in a simulated run is the shell: so
a script is not walked through but compiled, once.

Of a script, of each of its functions and of all that runs in a copy of the shell
there is one function of Python, with the shell as its argument and the status of
its last command as its result. In it:

    sh      the shell
    v       its variables
    s       the status of the last command, which `sh.status` is as well
    a, x    a command's words; what a `case` looks at
"""
import contextlib

import expand
import running
from ends import Exit


class Script:
    """All functions of one script."""

    def __init__(self):
        self.lines = []
        self.names = {**expand.NAMES, **running.NAMES, "Exit": Exit}
        self.count = 0

    def name(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def constant(self, value):
        name = self.name("k")
        self.names[name] = value
        return name

    def function(self, tree):
        """The name of one that runs tree."""
        body = Body(self)
        tree.write(body)
        name = self.name("f")
        self.lines += [f"def {name}(sh):", " v = sh.variables", " s = 0",
                       *body.lines, " return s"]
        return name

    def table(self, functions):
        """The name of a dict of functions; given are their names."""
        name = self.name("t")
        items = ", ".join(f"{n!r}: {f}" for n, f in functions.items())
        self.lines.append(f"{name} = {{{items}}}")
        return name

    def compile(self, tree):
        main = self.function(tree)
        text = "\n".join(self.lines)
        exec(compile(text, "script", "exec"),  # pylint: disable=exec-used
             self.names)
        return self.names[main]


class Body:
    """The inside of one function."""

    def __init__(self, script):
        self.script = script
        self.lines = []
        self.depth = 1
        self.loops = []  # what holds the status of each loop around
        self.tested = 0  # conditions around, in this function

    def line(self, text):
        self.lines.append(" " * self.depth + text)

    @contextlib.contextmanager
    def block(self, head):
        self.line(head)
        self.depth += 1
        yield
        self.depth -= 1

    @contextlib.contextmanager
    def condition(self, trees):
        """`set -e` ends nothing that is written in it, and what it calls sees
        that at run time."""
        calls = any(t.calls for t in trees)
        self.tested += 1
        if calls:
            self.line("sh.tested += 1")
            with self.block("try:"):
                yield
            self.line("finally: sh.tested -= 1")
        else:
            yield
        self.tested -= 1

    def save_files(self):
        """The name of what holds what is open now."""
        name = self.script.name("o")
        self.line(f"{name} = sh.fds")
        return name

    def status(self, text):
        self.line(f"s = sh.status = {text}")

    def check(self):
        """After a command: `set -e` may end the shell here."""
        self.line("sh.status = s")
        if not self.tested:
            self.line("if s and sh.errexit and not sh.tested: raise Exit(s)")
