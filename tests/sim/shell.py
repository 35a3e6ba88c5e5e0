# SPDX-License-Identifier: GPL-3.0-or-later
"""A small POSIX shell in the simulator's own process: the tree of a script, and
how each of its commands runs.

What costs in simulated runs is exec. Here none is needed: files are disk.py's,
tools are tools.py's, and a program of the simulated world is a call of its
model. It does what dash does, for what the scripts use; `run --both` runs the
same with dash and the real tools and compares.

Strings are bytes as latin-1, as all programs see them under LC_ALL=C. What
stands for a process is a Shell; a subshell is a copy of it. The stages of a
pipeline run one after the other.
"""
import re

import disk
import tools

LITERAL, PARAMETER, COMMAND, ARITHMETIC = range(4)


class Unsupported(Exception):
    """The scripts use something that is not known here."""


class Exit(Exception):
    """The shell ends."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Return(Exit):
    """A function ends."""


class LoopControl(Exception):
    def __init__(self, again):
        super().__init__(again)
        self.again = again


def is_name(text):
    return text.isidentifier() and text.isascii()


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
        self.exported = set(variables)
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
        copy.exported = set(self.exported)
        copy.functions = dict(self.functions)
        copy.fds = list(self.fds)
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

    def run_forked(self, tree):
        """In a shell that is this one already, or a copy of it."""
        try:
            return tree.run(self)
        except Exit as end:
            return end.status

    def check(self, status):
        """`set -e` ends the shell here."""
        self.status = status
        if status and self.errexit and not self.tested:
            raise Exit(status)
        return status

    # Words

    def parameter(self, name):
        """Its value, or None if it is not set."""
        value = self.variables.get(name)
        if value is not None:
            return value
        if name.isdigit():
            number = int(name)
            return self.args[number] if number < len(self.args) else None
        if name in ("@", "*"):
            return " ".join(self.args[1:])
        if name == "#":
            return str(len(self.args) - 1)
        if name == "?":
            return str(self.status)
        if name in ("$", "!", "-"):
            raise Unsupported("$" + name)
        return None

    def expand(self, part):
        kind, _, what = part
        if kind == LITERAL:
            return what
        if kind == COMMAND:
            return self.substitute(what)
        if kind == ARITHMETIC:
            return str(self.arithmetic(self.one(what)))
        name, op, word = what
        value = self.parameter(name)
        if op == "":
            if value is None:
                return self.unset(name)
            return value
        if op == "length":
            return str(len(self.unset(name) if value is None else value))
        if op in ("%", "%%", "#", "##"):
            if value is None:
                return self.unset(name)
            return strip(value, op, self.pattern(word))
        if op[0] == ":" and value == "":
            value = None
        if op[-1] == "+":
            return "" if value is None else self.one(word)
        if value is not None:
            return value
        if op[-1] == "-":
            return self.one(word)
        if op[-1] == "=":
            value = self.variables[name] = self.one(word)
            return value
        self.complain(f"{self.args[0]}: {name}: {self.one(word)}")
        raise Exit(2)

    def unset(self, name):
        if self.nounset and name not in ("@", "*"):
            self.complain(f"{self.args[0]}: {name}: parameter not set")
            raise Exit(2)
        return ""

    def substitute(self, tree):
        copy = self.fork()
        output = Output()
        copy.fds[1] = output
        copy.tested = 0
        self.substituted = copy.run_forked(tree)
        return output.text().rstrip("\n")

    def arithmetic(self, text):
        def number(match):
            value = self.parameter(match.group()) or "0"
            return str(int(value, 0))
        text = re.sub(r"[A-Za-z_]\w*", number, text).replace("/", "//")
        if not re.fullmatch(r"[\d\s+*/%()<>=!&|-]*", text):
            raise Unsupported(f"$(({text}))")
        try:
            return int(eval(text, {}))  # pylint: disable=eval-used
        except SyntaxError:
            raise Unsupported(f"$(({text}))") from None

    def one(self, word):
        """As a single text: neither split nor taken for files' names."""
        if word.text is not None:
            return word.text
        return "".join([self.expand(p) for p in word.parts])

    def pattern(self, word):
        """As what matches all of a text."""
        if word.text is not None:
            if word.regex is None:
                word.regex = compile_pattern(
                    tuple((p[2], p[1]) for p in word.parts))
            return word.regex
        return compile_pattern(tuple(
            (self.expand(p), p[1]) for p in word.parts))

    def fields(self, words):
        found = []
        for word in words:
            if word.plain:
                found.append(word.text)
            elif word.single:
                found.append(self.expand(word.parts[0]))
            else:
                self.split(word, found)
        return found

    def split(self, word, found):
        field = None  # list of (text, quoted) of the one that is being made

        def end():
            nonlocal field
            if field is not None:
                found.extend(self.glob(field))
            field = None
        for part in word.parts:
            kind, quoted, what = part
            if kind == PARAMETER and what[0] == "@" and quoted:
                for i, arg in enumerate(self.args[1:]):
                    if i:
                        end()
                    field = (field or []) + [(arg, True)]
                continue
            value = self.expand(part)
            if quoted or kind == LITERAL:
                field = (field or []) + [(value, quoted)]
                continue
            ifs = self.variables.get("IFS", " \t\n")
            if ifs.strip():
                raise Unsupported(f"IFS={ifs!r}")
            if value[:1] and value[0] in ifs:
                end()
            pieces = value.split() if ifs else [value]
            for i, piece in enumerate(pieces):
                if i:
                    end()
                field = (field or []) + [(piece, False)]
            if value and value[-1] in ifs:
                end()
        end()

    def glob(self, field):
        if not any(c in "*?[" for text, quoted in field if not quoted
                   for c in text):
            return ["".join([t for t, _ in field])]
        chunks = [("", True)]
        places = [chunks]  # the components of the path
        for text, quoted in field:
            first, *others = text.split("/")
            places[-1].append((first, quoted))
            for other in others:
                places.append([(other, quoted)])
        matches = [""]
        for place in places:
            plain = "".join(t for t, _ in place)
            if not any(c in "*?[" for t, q in place if not q for c in t):
                matches = [m + plain + "/" for m in matches]
                continue
            regex = compile_pattern(tuple(place))
            further = []
            for match in matches:
                folder = self.path(match or ".")
                if not self.root.is_folder(folder):
                    continue
                further += [match + name + "/"
                            for name in self.root.entries(folder)
                            if regex.fullmatch(name) and
                            (name[0] != "." or plain[0] == ".")]
            matches = further
        matches = [m[:-1] for m in matches if self.root.exists(
            self.path(m[:-1] or "/"))]
        return matches or ["".join([t for t, _ in field])]


def strip(value, op, regex):
    """${value op pattern}"""
    places = range(len(value) + 1)
    if op in ("%", "##"):
        places = reversed(places)
    for i in places:
        if op[0] == "%":
            if regex.fullmatch(value, i):
                return value[:i]
        elif regex.fullmatch(value, 0, i):
            return value[i:]
    return value


PATTERNS = {}


def compile_pattern(chunks):
    """chunks: (text, whether it is quoted)."""
    regex = PATTERNS.get(chunks)
    if regex:
        return regex
    chars = [(c, quoted) for text, quoted in chunks for c in text]
    out = []
    i = 0
    while i < len(chars):
        c, quoted = chars[i]
        i += 1
        if quoted or c not in "*?[":
            out.append(re.escape(c))
        elif c == "*":
            out.append(".*")
        elif c == "?":
            out.append(".")
        elif ("]", False) not in chars[i + 1:]:
            out.append(re.escape(c))
        else:
            i = compile_bracket(chars, i, out)
    regex = PATTERNS[chunks] = re.compile("".join(out), re.S)
    return regex


def compile_bracket(chars, i, out):
    inside = []
    begin = i
    while i < len(chars) and (i == begin or chars[i] != ("]", False)):
        c, quoted = chars[i]
        if c == "[" and not quoted:
            raise Unsupported("[[ in a pattern")
        if i == begin and c == "!" and not quoted:
            inside.append("^")
            begin += 1
        else:
            inside.append(c if c == "-" and not quoted else re.escape(c))
        i += 1
    out.append("[" + "".join(inside) + "]")
    return i + 1


class Word:
    """parts: (kind, whether quoted, what)."""
    __slots__ = ("parts", "text", "plain", "single", "regex")

    def __init__(self, parts):
        self.parts = parts
        self.regex = None
        self.text = None  # if it is the same at all times
        if all(p[0] == LITERAL for p in parts):
            self.text = "".join(p[2] for p in parts)
        # One field, whatever the files are.
        self.plain = self.text is not None and bool(parts) and (
            self.text == "[" or not any(c in "*?[" for p in parts if not p[1]
                                        for c in p[2]))
        # One field, whatever its value is.
        self.single = len(parts) == 1 and parts[0][1] and not (
            parts[0][0] == PARAMETER and parts[0][2][0] == "@")


class Redirection:
    def __init__(self, fd, op, word):
        self.fd = fd
        self.op = op
        self.word = word
        self.mark = None
        self.literal = False

    def apply(self, sh):
        if self.op == "<<":
            sh.fds[self.fd] = Input(sh.one(self.word))
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
        return Input() if op == "<" else Null
    if path == "/proc/uptime" and op == "<":
        return Input(root.uptime.decode())
    if path == "/dev/console" and op != "<":
        return ToConsole(root)
    if op == "<":
        return Input(root.read(path).decode("latin-1"))
    file = root.open(path, 0o666 & ~sh.umask)
    if op == ">":
        file.data = b""
    return ToFile(root, file)


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


# Commands

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
            return builtin(sh, args) if builtin else execute(sh, args)
        before = {name: sh.variables.get(name) for name, _ in self.assignments}
        for name, word in self.assignments:
            sh.variables[name] = sh.one(word)
        try:
            return builtin(sh, args) if builtin else execute(sh, args)
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
    except Return as end:
        return end.status
    finally:
        sh.args = saved


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


class Sequence:
    def __init__(self, commands):
        self.commands = commands

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
            copy.fds[1] = output = Output()
            copy.run_forked(command)
            data = Input(output.text())
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
        except LoopControl:
            pass
        sh.status = status
        return status

    def round(self, sh):
        try:
            return self.body.run(sh)
        except LoopControl as control:
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
            except LoopControl as control:
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
        sh.functions[self.name] = self.body
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
