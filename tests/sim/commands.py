# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of a script: its commands, and how each of them runs."""
import itertools

import ends
import shell
import tools


class Redirection:
    def __init__(self, fd, op, word):
        self.fd = fd
        self.op = op
        self.word = word
        self.mark = None
        self.literal = False

    def apply(self, sh):
        if self.op == "<<":
            sh.fds[self.fd] = shell.Input(sh.one(self.word))
            return
        target = sh.one(self.word)
        if self.op in (">&", "<&"):
            sh.fds[self.fd] = sh.fds[int(target)]
            return
        sh.fds[self.fd] = open_file(sh, target, self.op)


def open_file(sh, name, op):
    path = sh.path(name)
    root = sh.root
    if path == "/dev/null":
        return shell.Input() if op == "<" else shell.Null
    if path == "/proc/uptime" and op == "<":
        return shell.Input(root.uptime.decode())
    if path == "/dev/console" and op != "<":
        return shell.ToConsole(root)
    if op == "<":
        return shell.Input(root.read(path).decode("latin-1"))
    file = root.open(path, 0o666 & ~sh.umask)
    if op == ">":
        file.data = b""
    return shell.ToFile(root, file)


def redirect(sh, redirections):
    """False if a file cannot be opened; then it has been said."""
    for redirection in redirections:
        try:
            redirection.apply(sh)
        except OSError as e:
            verb = "open" if redirection.op == "<" else "create"
            why = {"No such file or directory":
                   "No such file" if verb == "open" else
                   "Directory nonexistent"}.get(e.strerror, e.strerror)
            name = sh.one(redirection.word)
            sh.complain(f"{sh.args[0]}: cannot {verb} {name}: {why}")
            return False
    return True


class Simple:
    def __init__(self, assignments, words, redirections):
        self.assignments = assignments
        self.words = words
        self.redirections = redirections

    def run(self, sh):
        sh.substituted = 0
        args = sh.fields(self.words)
        if not args:
            return self.assign(sh)
        saved = None
        if self.redirections:
            saved = list(sh.fds)
            if not redirect(sh, self.redirections):
                sh.fds = saved
                return sh.check(2)
        try:
            function = sh.functions.get(args[0])
            if function:
                status = call(sh, function, args)
            else:
                status = self.program(sh, args)
        except OSError as e:  # of what is written to
            sh.complain(f"{args[0]}: write error: {e.strerror}")
            status = 1
        finally:
            if saved and not (args[0] == "exec" and len(args) == 1):
                sh.fds = saved
        return sh.check(status)

    def assign(self, sh):
        for name, word in self.assignments:
            sh.variables[name] = sh.one(word)
        status = sh.substituted
        if self.redirections:
            saved = list(sh.fds)
            if not redirect(sh, self.redirections):
                status = 2
            sh.fds = saved
        return sh.check(status)

    def program(self, sh, args):
        builtin = tools.BUILTINS.get(args[0])
        if not self.assignments:
            return builtin(sh, args) if builtin else shell.execute(sh, args)
        before = {name: sh.variables.get(name) for name, _ in self.assignments}
        for name, word in self.assignments:
            sh.variables[name] = sh.one(word)
        try:
            return builtin(sh, args) if builtin else shell.execute(sh, args)
        finally:
            for name, value in before.items():
                if value is None:
                    del sh.variables[name]
                else:
                    sh.variables[name] = value


def call(sh, function, args):
    saved, sh.args = sh.args, [sh.args[0]] + args[1:]
    try:
        return function.run(sh)
    except ends.Return as end:
        return end.status
    finally:
        sh.args = saved


class Sequence:
    def __init__(self, commands):
        self.commands = []
        for alike, group in itertools.groupby(commands, Definitions.takes):
            self.commands += [Definitions(list(group))] if alike else group

    def run(self, sh):
        status = 0
        for command in self.commands:
            status = command.run(sh)
        return status


class Pipeline:
    def __init__(self, commands):
        self.commands = commands

    def run(self, sh):
        data = sh.fds[0]
        for command in self.commands[:-1]:
            copy = sh.fork()
            copy.fds[0] = data
            copy.fds[1] = output = shell.Output()
            copy.run_forked(command)
            data = shell.Input(output.text())
        copy = sh.fork()
        copy.fds[0] = data
        return sh.check(copy.run_forked(self.commands[-1]))


class Tested:
    """A condition's commands do not end a shell with `set -e`."""
    @staticmethod
    def run(sh, command):
        sh.tested += 1
        try:
            return command.run(sh)
        finally:
            sh.tested -= 1


class AndOr:
    def __init__(self, is_and, left, right):
        self.is_and = is_and
        self.left = left
        self.right = right

    def run(self, sh):
        status = Tested.run(sh, self.left)
        if (status == 0) == self.is_and:
            return self.right.run(sh)
        return status


class Not:
    def __init__(self, command):
        self.command = command

    def run(self, sh):
        sh.status = int(Tested.run(sh, self.command) == 0)
        return sh.status


class If:
    def __init__(self, condition, then, otherwise):
        self.condition = condition
        self.then = then
        self.otherwise = otherwise

    def run(self, sh):
        if Tested.run(sh, self.condition) == 0:
            return self.then.run(sh)
        if self.otherwise:
            return self.otherwise.run(sh)
        sh.status = 0
        return 0


class While:
    def __init__(self, condition, until, body):
        self.condition = condition
        self.until = until
        self.body = body

    def run(self, sh):
        status = 0
        try:
            while (Tested.run(sh, self.condition) != 0) == self.until:
                status = self.round(sh)
        except ends.LoopControl:
            pass
        sh.status = status
        return status

    def round(self, sh):
        try:
            return self.body.run(sh)
        except ends.LoopControl as control:
            if not control.again:
                raise
            return 0


class For:
    def __init__(self, name, words, body):
        self.name = name
        self.words = words
        self.body = body

    def run(self, sh):
        status = 0
        items = sh.args[1:] if self.words is None else sh.fields(self.words)
        for item in items:
            sh.variables[self.name] = item
            try:
                status = self.body.run(sh)
            except ends.LoopControl as control:
                status = 0
                if not control.again:
                    break
        sh.status = status
        return status


class Case:
    def __init__(self, subject, choices):
        self.subject = subject
        self.choices = choices

    def run(self, sh):
        subject = sh.one(self.subject)
        for patterns, body in self.choices:
            for pattern in patterns:
                if sh.pattern(pattern).fullmatch(subject):
                    return body.run(sh)
        sh.status = 0
        return 0


class Subshell:
    def __init__(self, body):
        self.body = body

    def run(self, sh):
        return sh.check(sh.fork().run_forked(self.body))


class Function:
    def __init__(self, name, body):
        self.name = name
        self.body = body

    def run(self, sh):
        sh.functions = {**sh.functions, self.name: self.body}
        sh.status = 0
        return 0


class Definitions:
    """Several functions, or assignments of what is the same at all times, one
    after the other: most of what the scripts begin with."""

    def __init__(self, commands):
        self.functions = {c.name: c.body for c in commands
                          if isinstance(c, Function)}
        self.variables = {name: word.text for c in commands
                          if isinstance(c, Simple)
                          for name, word in c.assignments}

    @staticmethod
    def takes(command):
        return isinstance(command, Function) or (
            isinstance(command, Simple) and not command.words and
            not command.redirections and
            all(word.text is not None for _, word in command.assignments))

    def run(self, sh):
        if self.functions:
            sh.functions = {**sh.functions, **self.functions}
        sh.variables.update(self.variables)
        sh.substituted = sh.status = 0
        return 0


class Redirected:
    def __init__(self, command, redirections):
        self.command = command
        self.redirections = redirections

    def run(self, sh):
        saved = list(sh.fds)
        try:
            if not redirect(sh, self.redirections):
                return sh.check(2)
            return self.command.run(sh)
        finally:
            sh.fds = saved
