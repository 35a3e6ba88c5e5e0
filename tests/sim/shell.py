# SPDX-License-Identifier: GPL-3.0-or-later
"""A small POSIX shell in the simulator's own process.

What costs in simulated runs is exec. Here none is needed: files are disk.py's,
tools are tools.py's, and a program of the simulated world is a call of its
model. It does what dash does, for what the scripts use; `run --both` runs the
same with dash and the real tools and compares.

Strings are bytes as latin-1, as all programs see them under LC_ALL=C. What
stands for a process is a Shell; a subshell is a copy of it. The stages of a
pipeline run one after the other.
"""
import disk
import tools
from ends import Exit, Unsupported


# Inputs and outputs

class Input:
    def __init__(self, data=""):
        self.data = data
        self.at = 0

    def read(self):
        text, self.at = self.data[self.at:], len(self.data)
        return text

    def line(self):
        end = self.data.find("\n", self.at) + 1 or len(self.data)
        text, self.at = self.data[self.at:end], end
        return text


class Output:
    """What a pipe or a substitution takes."""

    def __init__(self):
        self.found = []

    def write(self, text):
        self.found.append(text)

    def text(self):
        return "".join(self.found)


class Null:
    @staticmethod
    def write(text):
        pass


class ToFile:
    def __init__(self, root, file):
        self.root = root
        self.file = file

    def write(self, text):
        self.root.grow(self.file, text.encode("latin-1"))


class ToConsole:
    def __init__(self, root):
        self.root = root

    def write(self, text):
        self.root.console += text.encode("latin-1")


class Shell:
    # pylint: disable=too-many-instance-attributes
    def __init__(self, process, args, variables, fds, cwd="/", umask=0o022):
        self.process = process  # answers for programs of the simulated world
        self.root = process.root
        self.args = args  # with $0
        self.variables = variables
        # Made anew when they change: copies share them.
        self.exported = frozenset(variables)
        self.functions = {}
        self.fds = fds
        self.cwd = cwd
        self.umask = umask
        self.errexit = self.nounset = False
        self.tested = 0  # how many conditions are around: no errexit in them
        self.status = 0
        self.substituted = 0  # status of the last $( ) of this command

    def fork(self):
        copy = Shell.__new__(Shell)
        copy.__dict__.update(self.__dict__)
        copy.variables = dict(self.variables)
        return copy

    def path(self, name):
        if not name:
            raise disk.error(2, name)
        return disk.clean(name if name[0] == "/" else f"{self.cwd}/{name}")

    def complain(self, text):
        try:
            self.fds[2].write(text + "\n")
        except OSError:
            pass

    def run_forked(self, function):
        """In a shell that is this one already, or a copy of it."""
        try:
            return function(self)
        except Exit as end:
            return end.status

    def substitute(self, function):
        copy = self.fork()
        output = Output()
        copy.fds = [self.fds[0], output, *self.fds[2:]]
        copy.tested = 0
        self.substituted = copy.run_forked(function)
        return output.text().rstrip("\n")


def execute(sh, args):
    """A program: of the simulated world, a tool, or a script by its path."""
    name = args[0]
    if name in sh.process.programs:
        stdin = sh.fds[0].read() if name == "ssh" or "-" in args or "txn" in args \
            else ""
        status, out, err = sh.process.ask(args, stdin)
        if out:
            sh.fds[1].write(out)
        if err:
            sh.fds[2].write(err)
        return status
    if "/" in name:
        return execute_script(sh, args)
    tool = tools.TOOLS.get(name)
    if tool:
        return tool(sh, args)
    if tools.exists(name):
        raise Unsupported(" ".join(args))
    sh.complain(f"{sh.args[0]}: {name}: not found")
    return 127


def execute_script(sh, args):
    try:
        path = sh.path(args[0])
        data = sh.root.read(path)
    except OSError:
        sh.complain(f"{sh.args[0]}: {args[0]}: not found")
        return 127
    if not sh.root.mode(path) & 0o100:
        sh.complain(f"{sh.args[0]}: {args[0]}: Permission denied")
        return 126
    if not data.startswith(b"#!/bin/sh\n"):
        raise Unsupported(args[0] + " is no script")
    return script(sh.process, args, data,
                  {n: sh.variables[n] for n in sh.exported
                   if n in sh.variables},
                  list(sh.fds), sh.cwd, sh.umask)


def script(process, args, data, variables, fds, cwd, umask):
    """A process of its own."""
    sh = Shell(process, args, variables, fds, cwd, umask)
    return sh.run_forked(process.parse(data))
