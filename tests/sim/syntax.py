# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell's grammar, as far as the nodes' scripts use it: text to a tree.

Commands are the classes of commands.py, which writer.py compiles. What is not known
here raises Unsupported: a script is never run otherwise than dash would run it.
"""
import commands
from ends import Unsupported
from words import (ARITHMETIC, COMMAND, LITERAL, PARAMETER, Word, is_name)

OPERATORS = ("&&", "||", ";;", ";", "&", "|", "(", ")", "\n")
REDIRECTIONS = ("<<-", "<<", "<&", ">&", ">>", "<", ">")
BLANK = " \t"
META = " \t\n;&|<>()"


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0
        self.heredocs = []  # those whose text begins after this line

    def fail(self, what):
        line = self.text.count("\n", 0, self.at) + 1
        raise Unsupported(f"line {line}: {what}")

    def program(self):
        tree = self.sequence(())
        if self.at < len(self.text):
            self.fail(f"unexpected {self.text[self.at:self.at + 20]!r}")
        return tree

    # Tokens

    def starts(self, what):
        return self.text.startswith(what, self.at)

    def blanks(self):
        text = self.text
        while self.at < len(text):
            if text[self.at] in BLANK:
                self.at += 1
            elif text.startswith("\\\n", self.at):
                self.at += 2
            elif text[self.at] == "#":
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            else:
                break

    def newlines(self):
        self.blanks()
        while self.starts("\n"):
            self.at += 1
            self.read_heredocs()
            self.blanks()

    def read_heredocs(self):
        for document in self.heredocs:
            end = self.at
            mark = document.mark + "\n"
            while not self.text.startswith(mark, end):
                end = self.text.index("\n", end) + 1
            body, self.at = self.text[self.at:end], end + len(mark)
            if document.literal:
                document.word = Word([(LITERAL, True, body)])
            else:
                inner = Parser(body)
                document.word = Word(inner.parts("heredoc"))
        self.heredocs = []

    def operator(self):
        """The one that comes next, if one does; it stays."""
        self.blanks()
        for op in OPERATORS:
            if self.starts(op):
                return op
        return None

    def take(self, op):
        if self.operator() != op:
            return False
        self.at += len(op)
        if op == "\n":
            self.read_heredocs()
        return True

    def reserved(self):
        """The plain word that comes next, if one does; it stays."""
        self.blanks()
        end = self.at
        while end < len(self.text) and self.text[end] not in META:
            end += 1
        return self.text[self.at:end]

    def expect(self, word):
        self.newlines()
        if self.reserved() != word:
            self.fail(f"'{word}' is missing")
        self.at += len(word)

    # Commands

    def sequence(self, ends):
        """A list, until one of the words or operators in ends."""
        found = []
        while True:
            self.newlines()
            if self.at >= len(self.text) or self.reserved() in ends or \
                    (self.operator() or "-") in ends:
                break
            found.append(self.and_or())
            if not (self.take(";") or self.operator() == "\n"):
                if self.operator() == "&":
                    self.fail("nothing runs in the background here")
                break
        self.newlines()
        return found[0] if len(found) == 1 else commands.Sequence(found)

    def and_or(self):
        found = [self.pipeline()]
        ands = []
        while self.operator() in ("&&", "||"):
            ands.append(self.operator() == "&&")
            self.at += 2
            self.newlines()
            found.append(self.pipeline())
        return commands.AndOr(found, ands) if ands else found[0]

    def pipeline(self):
        negated = self.reserved() == "!"
        if negated:
            self.at += 1
        found = [self.command()]
        while self.operator() == "|":
            self.at += 1
            self.newlines()
            found.append(self.command())
        tree = found[0] if len(found) == 1 else commands.Pipeline(found)
        return commands.Not(tree) if negated else tree

    def command(self):
        word = self.reserved()
        compound = {"if": self.if_, "while": self.while_, "until": self.while_,
                    "for": self.for_, "case": self.case, "{": self.group
                    }.get(word)
        if compound:
            self.at += len(word)
            return self.redirected(compound(word))
        if self.operator() == "(":
            self.at += 1
            tree = commands.Subshell(self.sequence((")",)))
            if not self.take(")"):
                self.fail("')' is missing")
            return self.redirected(tree)
        return self.simple()

    def redirected(self, tree):
        found = []
        while True:
            self.blanks()
            redirection = self.redirection()
            if not redirection:
                return commands.Redirected(tree, found) if found else tree
            found.append(redirection)

    def if_(self, _):
        condition = self.sequence(("then",))
        self.expect("then")
        then = self.sequence(("elif", "else", "fi"))
        word = self.reserved()
        self.at += len(word)
        otherwise = None
        if word == "elif":
            return commands.If(condition, then, self.if_(None))
        if word == "else":
            otherwise = self.sequence(("fi",))
            self.expect("fi")
        return commands.If(condition, then, otherwise)

    def body(self):
        self.expect("do")
        tree = self.sequence(("done",))
        self.expect("done")
        return tree

    def while_(self, word):
        condition = self.sequence(("do",))
        return commands.While(condition, word == "until", self.body())

    def for_(self, _):
        name = self.reserved()
        self.at += len(name)
        self.newlines()
        words = None
        if self.reserved() == "in":
            self.at += 2
            words = self.words()
        if not self.take(";"):
            self.newlines()
        return commands.For(name, words, self.body())

    def words(self):
        found = []
        while True:
            self.blanks()
            word = self.word()
            if word is None:
                return found
            found.append(word)

    def case(self, _):
        self.blanks()
        subject = self.word()
        self.expect("in")
        choices = []
        self.newlines()
        while self.reserved() != "esac":
            self.take("(")
            patterns = []
            while True:
                self.blanks()
                patterns.append(self.word())
                if not self.take("|"):
                    break
            if not self.take(")"):
                self.fail("')' is missing in case")
            choices.append((patterns, self.sequence((";;", "esac"))))
            self.take(";;")
            self.newlines()
        self.at += 4
        return commands.Case(subject, choices)

    def group(self, _):
        tree = self.sequence(("}",))
        self.expect("}")
        return tree

    def simple(self):
        assignments, words, redirections = [], [], []
        begin = self.at
        while True:
            self.blanks()
            redirection = self.redirection()
            if redirection:
                redirections.append(redirection)
                continue
            start = self.at
            word = self.word()
            if word is None:
                break
            if not words:
                name = self.text[start:self.at].partition("=")
                if name[1] and is_name(name[0]):
                    self.at = start + len(name[0]) + 1
                    value = Word([])
                    if self.at < len(self.text) and \
                            self.text[self.at] not in META:
                        value = self.word()
                    assignments.append((name[0], value))
                    continue
                if self.starts("()"):
                    self.at += 2
                    self.newlines()
                    return commands.Function(word.text, self.command())
            words.append(word)
        if not (assignments or words or redirections):
            self.at = begin
            self.fail(f"a command is missing at {self.text[self.at:][:20]!r}")
        return commands.Simple(assignments, words, redirections)

    def redirection(self):
        start = self.at
        fd = None
        if self.text[start:start + 1].isdigit() and \
                self.text[start + 1:start + 2] in ("<", ">"):
            fd = int(self.text[start])
            self.at += 1
        for op in REDIRECTIONS:
            if self.starts(op):
                break
        else:
            return None
        self.at += len(op)
        self.blanks()
        start = self.at
        word = self.word()
        if fd is None:
            fd = 0 if op[0] == "<" else 1
        found = commands.Redirection(fd, op, word)
        if op in ("<<", "<<-"):
            if op == "<<-":
                self.fail("<<-")
            found.mark = word.text
            found.literal = self.text[start] in "'\"\\"
            self.heredocs.append(found)
        return found

    # Words

    def word(self):
        begin = self.at
        parts = self.parts("word")
        return Word(parts) if self.at > begin else None

    def parts(self, mode):
        """mode: word; quoted, until '"'; brace and quoted-brace, until '}';
        arithmetic, until '))'; heredoc, until the end."""
        found = []
        text = self.text
        quoted = mode not in ("word", "brace")

        def add(literal, is_quoted):
            if found and found[-1][:2] == (LITERAL, is_quoted):
                literal = found.pop()[2] + literal
            found.append((LITERAL, is_quoted, literal))
        depth = 0
        while self.at < len(text):
            c = text[self.at]
            if mode == "word" and c in META or \
                    mode == "quoted" and c == '"' or \
                    mode in ("brace", "quoted-brace") and c == "}":
                return found
            if mode == "arithmetic" and c in "()":
                if c == ")" and not depth:
                    return found
                depth += 1 if c == "(" else -1
            self.at += 1
            if c == "\\":
                following = text[self.at:self.at + 1]
                self.at += 1
                if following == "\n":
                    continue
                if quoted and following not in '$`"\\' + \
                        ("}" if mode == "quoted-brace" else ""):
                    following = "\\" + following
                add(following, True)
            elif c == "'" and not quoted:
                end = text.index("'", self.at)
                add(text[self.at:end], True)
                self.at = end + 1
            elif c == '"' and mode != "heredoc":
                inner = self.parts("quoted")
                self.at += 1
                if not inner:
                    add("", True)
                for part in inner:
                    if part[0] == LITERAL:
                        add(part[2], True)
                    else:
                        found.append(part)
            elif c == "$":
                part = self.dollar(quoted)
                if part:
                    found.append(part)
                else:
                    add("$", quoted)
            elif c == "`":
                self.fail("`")
            else:
                add(c, quoted)
        return found

    def dollar(self, quoted):
        text = self.text
        if self.starts("(("):
            self.at += 2
            inner = Word(self.parts("arithmetic"))
            if not self.starts("))"):
                self.fail("'))' is missing")
            self.at += 2
            return (ARITHMETIC, quoted, inner)
        if self.starts("("):
            self.at += 1
            inner = self.sequence((")",))
            if not self.take(")"):
                self.fail("')' is missing")
            return (COMMAND, quoted, inner)
        if self.starts("{"):
            self.at += 1
            return self.braces(quoted)
        end = self.at
        if text[end:end + 1] and text[end] in "@*#?$!-0123456789":
            end += 1
        else:
            while end < len(text) and (text[end].isalnum() or
                                       text[end] == "_"):
                end += 1
        name, self.at = text[self.at:end], end
        return (PARAMETER, quoted, (name, "", None)) if name else None

    def braces(self, quoted):
        text = self.text
        if self.starts("#") and not self.starts("#}"):
            end = text.index("}", self.at)
            name, self.at = text[self.at + 1:end], end + 1
            return (PARAMETER, quoted, (name, "length", None))
        end = self.at + 1
        while text[end].isalnum() or text[end] == "_":
            end += 1
        name, self.at = text[self.at:end], end
        op = ""
        for known in ("%%", "##", ":-", ":+", ":=", ":?", "%", "#", "-", "+",
                      "=", "?"):
            if self.starts(known):
                op = known
                break
        self.at += len(op)
        # A pattern's quotes are its own, also within quotes.
        mode = "quoted-brace" if quoted and op[:1] not in ("%", "#") \
            else "brace"
        inner = Word(self.parts(mode))
        if not self.starts("}"):
            self.fail("'}' is missing")
        self.at += 1
        return (PARAMETER, quoted, (name, op, inner))


def parse(text):
    return Parser(text).program()
