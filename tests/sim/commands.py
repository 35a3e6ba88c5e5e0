# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of a script: its commands, and the Python that each of them becomes
(writer.py). `calls` tells whether what runs may be another function, or what runs
in a copy of the shell."""
import itertools

import tools
from ends import Unsupported

# What a function cannot stand in for, or none of the scripts' does.
FIXED = frozenset((":", "true", "false", "[", "test", "return", "exit", "break",
                   "continue", "set", "shift", "export", "unset", "exec", "."))
COMPARED = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">",
            "-ge": ">="}


class Redirection:
    def __init__(self, fd, op, word):
        self.fd = fd
        self.op = op
        self.word = word
        self.mark = None
        self.literal = False

    def value(self, body):
        return f"({self.fd}, {self.op!r}, {self.word.value(body)})"


def redirections(body, found):
    return f"({', '.join([r.value(body) for r in found])},)"


class Simple:
    def __init__(self, assignments, words, redirected):
        self.assignments = assignments
        self.words = words
        self.redirections = redirected
        plain = words and words[0].plain
        self.name = words[0].text if plain else None
        self.calls = bool(words) and self.name not in FIXED or self.name == "."

    def write(self, body):
        if not self.words:
            self.write_assignments(body)
        elif not self.redirections and not self.assignments and \
                self.name in ENDS:
            ENDS[self.name](body, self.words)
        else:
            self.write_command(body)
            body.check()

    def write_assignments(self, body):
        substitutes = any(word.substitutes for _, word in self.assignments)
        if substitutes:
            body.line("sh.substituted = 0")
        for name, word in self.assignments:
            body.line(f"v[{name!r}] = {word.value(body)}")
        body.line("s = sh.substituted" if substitutes else "s = 0")
        if self.redirections:
            saved = body.save_files()
            body.line("if not redirect(sh, "
                      f"{redirections(body, self.redirections)}): s = 2")
            body.line(f"sh.fds = {saved}")
        body.check()

    def write_command(self, body):
        condition = None
        if not self.assignments and self.name in ("[", "test"):
            condition = test(body, self.words)
        if condition is None:
            items = [word.fields(body) for word in self.words]
            body.line(f"a = [{', '.join([i for i in items if i])}]")
        if not self.redirections:
            self.write_run(body, condition)
            return
        saved = body.save_files()
        with body.block("if redirect(sh, "
                        f"{redirections(body, self.redirections)}):"):
            self.write_run(body, condition)
        body.line("else: s = 2")
        if self.name != "exec" or len(self.words) > 1:
            body.line(f"sh.fds = {saved}")

    def write_run(self, body, condition):
        if condition is not None:
            body.line(f"s = {condition}")
            return
        if self.assignments:
            values = ", ".join(f"{name!r}: {word.value(body)}"
                               for name, word in self.assignments)
            body.line(f"s = with_variables(sh, {{{values}}}, a)")
            return
        if self.name is None:
            body.line("s = command(sh, a)")
            return
        run = f"BUILTINS[{self.name!r}]" if self.name in tools.BUILTINS \
            else "execute"
        with body.block("try:"):
            if self.name in FIXED:
                body.line(f"s = {run}(sh, a)")
            else:
                body.line(f"f = sh.functions.get({self.name!r})")
                body.line(f"s = call(sh, f, a) if f else {run}(sh, a)")
        body.line("except OSError as e: s = not_written(sh, a, e)")


# Commands that are Python themselves

def write_return(body, words):
    body.line(f"return {number(body, words)}")


def write_exit(body, words):
    body.line(f"raise Exit({number(body, words)})")


def number(body, words):
    if len(words) == 1:
        return "sh.status"
    if len(words) > 2:
        raise Unsupported(words[0].text + " with more than a number")
    if words[1].single:
        return f"int({words[1].value(body)})"
    return f"int([{words[1].fields(body)}, sh.status][0])"


def write_break(body, words):
    if len(words) > 1 or not body.loops:
        raise Unsupported(f"{words[0].text} of more than the loop around it")
    body.line(f"{body.loops[-1]} = 0")
    body.line(words[0].text)


def write_true(body, words):
    # What its words do when they are expanded.
    for word in words[1:]:
        if word.text is None:
            body.line(word.value(body) if word.single else
                      f"[{word.fields(body)}]")
    body.status("0")


def write_false(body, words):
    del words
    body.status("1")
    body.check()


def write_test(body, words):
    condition = test(body, words)
    if condition is None:
        items = [word.fields(body) for word in words]
        body.line(f"a = [{', '.join([i for i in items if i])}]")
        condition = "BUILTINS['['](sh, a)"
    body.line(f"s = {condition}")
    body.check()


ENDS = {"return": write_return, "exit": write_exit, "break": write_break,
        "continue": write_break, ":": write_true, "true": write_true,
        "false": write_false, "[": write_test, "test": write_test}


def test(body, words):
    """The Python of its status, if the words are as many whatever they are."""
    name = words[0].text
    words = list(words[1:])
    if not all(word.single for word in words):
        return None
    if name == "[" and (not words or words.pop().text != "]"):
        return None
    yes, no = "0", "1"
    if len(words) > 1 and words[0].text == "!":
        yes, no = no, yes
        del words[0]
    texts = [word.text for word in words]
    values = [word.value(body) for word in words]
    if len(words) == 2 and texts[0] == "-n":
        condition = f"{values[1]} != ''"
    elif len(words) == 2 and texts[0] == "-z":
        condition = f"{values[1]} == ''"
    elif len(words) == 2 and texts[0] is not None:
        condition = f"test_one(sh, {values[0]}, {values[1]})"
    elif len(words) == 3 and texts[1] in ("=", "!="):
        op = "==" if texts[1] == "=" else "!="
        condition = f"{values[0]} {op} {values[2]}"
    elif len(words) == 3 and texts[1] in COMPARED and yes == "0":
        return f"compare(sh, {name!r}, {values[0]}, {texts[1]!r}, {values[2]})"
    else:
        return None
    return f"{yes} if {condition} else {no}"


# Commands that hold others

def is_definition(command):
    """A function, or an assignment of what is the same at all times: most of what
    the scripts begin with."""
    return isinstance(command, Function) or (
        isinstance(command, Simple) and not command.words and
        not command.redirections and
        all(word.text is not None for _, word in command.assignments))


class Sequence:
    def __init__(self, commands):
        self.commands = commands
        self.calls = any(c.calls for c in commands)

    def write(self, body):
        if not self.commands:
            body.status("0")
        for alike, group in itertools.groupby(self.commands, is_definition):
            group = list(group)
            if alike:
                define(body, group)
                continue
            for command in group:
                command.write(body)


def define(body, commands):
    functions = {c.name: body.script.function(c.body)
                 for c in commands if isinstance(c, Function)}
    variables = {name: word.text for c in commands if isinstance(c, Simple)
                 for name, word in c.assignments}
    if functions:
        body.line(f"sh.functions = sh.functions | {body.script.table(functions)}")
    if variables:
        body.line(f"v.update({variables!r})")
    body.status("0")


class Function:
    calls = False

    def __init__(self, name, body):
        self.name = name
        self.body = body
        if name in FIXED:
            raise Unsupported(f"a function of the name {name}")

    def write(self, body):
        define(body, [self])


class Pipeline:
    calls = True

    def __init__(self, commands):
        self.commands = commands

    def write(self, body):
        stages = [body.script.function(c) for c in self.commands]
        body.line(f"s = pipeline(sh, ({', '.join(stages)}))")
        body.check()


class AndOr:
    """Commands, and between them whether the next one runs when the one before
    has succeeded."""

    def __init__(self, commands, ands):
        self.commands = commands
        self.ands = ands
        self.calls = any(c.calls for c in commands)

    def write(self, body):
        *conditions, last = self.commands
        with body.condition(conditions):
            conditions[0].write(body)
            for is_and, command in zip(self.ands, conditions[1:]):
                with body.block("if not s:" if is_and else "if s:"):
                    command.write(body)
        with body.block("if not s:" if self.ands[-1] else "if s:"):
            last.write(body)


class Not:
    def __init__(self, command):
        self.command = command
        self.calls = command.calls

    def write(self, body):
        with body.condition([self.command]):
            self.command.write(body)
        body.status("0 if s else 1")


class If:
    def __init__(self, condition, then, otherwise):
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
        self.calls = condition.calls or then.calls or \
            otherwise is not None and otherwise.calls

    def write(self, body):
        with body.condition([self.condition]):
            self.condition.write(body)
        with body.block("if not s:"):
            self.then.write(body)
        with body.block("else:"):
            if self.otherwise:
                self.otherwise.write(body)
            else:
                body.status("0")


class Loop:
    """What for, while and until have in common: the status of the last round."""
    body = None

    def write_round(self, body, status):
        body.loops.append(status)
        self.body.write(body)
        body.line(f"{status} = s")
        body.loops.pop()


class While(Loop):
    def __init__(self, condition, until, body):
        self.condition = condition
        self.until = until
        self.body = body
        self.calls = condition.calls or body.calls

    def write(self, body):
        status = body.script.name("r")
        body.line(f"{status} = 0")
        with body.block("while True:"):
            body.loops.append(status)
            with body.condition([self.condition]):
                self.condition.write(body)
            body.loops.pop()
            body.line(f"if {'not ' * self.until}s: break")
            self.write_round(body, status)
        body.status(status)


class For(Loop):
    def __init__(self, name, words, body):
        self.name = name
        self.words = words
        self.body = body
        self.calls = body.calls

    def write(self, body):
        status = body.script.name("r")
        items = "sh.args[1:]"
        if self.words is not None:
            found = [word.fields(body) for word in self.words]
            items = f"[{', '.join([i for i in found if i])}]"
        body.line(f"{status} = 0")
        with body.block(f"for v[{self.name!r}] in {items}:"):
            self.write_round(body, status)
        body.status(status)


class Case:
    def __init__(self, subject, choices):
        self.subject = subject
        self.choices = choices
        self.calls = any(body.calls for _, body in choices)

    def write(self, body):
        body.line(f"x = {self.subject.value(body)}")
        word = "if"
        for patterns, choice in self.choices:
            matches = " or ".join([p.matches(body) for p in patterns])
            with body.block(f"{word} {matches}:"):
                choice.write(body)
            word = "elif"
        with body.block("else:" if self.choices else "if True:"):
            body.status("0")


class Subshell:
    calls = True

    def __init__(self, body):
        self.body = body

    def write(self, body):
        body.line(
            f"s = sh.fork().run_forked({body.script.function(self.body)})")
        body.check()


class Redirected:
    def __init__(self, command, redirected):
        self.command = command
        self.redirections = redirected
        self.calls = command.calls

    def write(self, body):
        saved = body.save_files()
        with body.block("if redirect(sh, "
                        f"{redirections(body, self.redirections)}):"):
            with body.block("try:"):
                self.command.write(body)
            body.line(f"finally: sh.fds = {saved}")
        with body.block("else:"):
            body.line(f"sh.fds = {saved}")
            body.line("s = 2")
            body.check()
