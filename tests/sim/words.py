# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell's words, and the Python that makes of them what they become when a
command runs. expand.py has what is called for it."""
import re

import expand
from ends import Unsupported

LITERAL, PARAMETER, COMMAND, ARITHMETIC = range(4)
STAR = object()  # in a pattern's outline


def is_name(text):
    return text.isidentifier() and text.isascii()


def is_special(text):
    return expand.SPECIAL.search(text) is not None


class Word:
    """parts: (kind, whether quoted, what)."""
    __slots__ = ("parts", "text")

    def __init__(self, parts):
        self.parts = parts
        self.text = None  # if it is the same at all times
        if all(p[0] == LITERAL for p in parts):
            self.text = "".join(p[2] for p in parts)

    @property
    def plain(self):
        """One field, the same at all times, whatever the files are."""
        return self.text is not None and bool(self.parts) and (
            self.text == "[" or not any(is_special(p[2]) for p in self.parts
                                        if not p[1]))

    @property
    def single(self):
        """One field, whatever its value is."""
        return self.plain or bool(self.parts) and all(
            p[1] and not is_all_arguments(p) or p[0] == ARITHMETIC
            for p in self.parts)

    @property
    def substitutes(self):
        """Are there commands in it, whose status may be asked for?"""
        return any(p[0] == COMMAND or p[0] == ARITHMETIC and p[2].substitutes or
                   p[0] == PARAMETER and p[2][2] is not None and
                   p[2][2].substitutes for p in self.parts)

    # What Python calls it

    def value(self, body):
        """A single text: neither split nor taken for files' names."""
        if self.text is not None:
            return repr(self.text)
        values = [part_value(body, p) for p in self.parts]
        if len(values) == 1:
            return values[0]
        if len(values) < 4:
            return f"({' + '.join(values)})"
        return f"''.join(({', '.join(values)}))"

    def fields(self, body):
        """The items of a list."""
        if not self.parts:
            return None
        if self.plain:
            return repr(self.text)
        if self.single:
            return self.value(body)
        if len(self.parts) == 1:
            kind, quoted, _ = self.parts[0]
            if is_all_arguments(self.parts[0]):
                return "*sh.args[1:]"
            if not quoted and kind != LITERAL:
                self.refuse_quotes()
                return f"*fields(sh, {self.value(body)})"
        if any(map(is_all_arguments, self.parts)):
            raise Unsupported('"$@" beside other text')
        parts = [f"({part_value(body, p)}, {p[1]}, {p[0] == LITERAL})"
                 for p in self.parts]
        return f"*split(sh, ({', '.join(parts)},))"

    def refuse_quotes(self):
        """What is quoted inside of ${name+...} would be split here."""
        kind, _, what = self.parts[0]
        if kind == PARAMETER and what[2] is not None and any(
                p[1] and (p[0] != LITERAL or " " in p[2]) for p in what[2].parts) and \
                what[1][-1] in "+-":
            raise Unsupported("quotes in ${" + what[0] + what[1] + "...}")

    def outline(self):
        """As a pattern: STARs and lists of parts that stand for themselves; None
        if there is more to it."""
        found = []
        for part in self.parts:
            kind, quoted, what = part
            if quoted:
                pieces = [[part]]
            elif kind != LITERAL or set("?[") & set(what):
                return None
            else:
                pieces = [STAR if text == "*" else [(LITERAL, True, text)]
                          for text in re.split(r"(\*)", what) if text]
            for piece in pieces:
                if found and STAR not in (piece, found[-1]):
                    found[-1] = found[-1] + piece
                else:
                    found.append(piece)
        return found

    def regex(self, body):
        if self.text is not None:
            return body.script.constant(expand.pattern(tuple(
                (p[2], p[1]) for p in self.parts)))
        parts = [f"({part_value(body, p)}, {p[1]})" for p in self.parts]
        return f"pattern(({', '.join(parts)},))"

    def matches(self, body):
        """Does it, as a pattern, match all of x?"""
        outline = self.outline()
        shape = [p is STAR for p in outline] if outline is not None else None
        plain = [Word(p).value(body) for p in outline or () if p is not STAR]
        if shape == []:
            return "x == ''"
        if shape == [True]:
            return "True"
        if shape == [False]:
            return f"x == {plain[0]}"
        if shape == [False, True]:
            return f"x.startswith({plain[0]})"
        if shape == [True, False]:
            return f"x.endswith({plain[0]})"
        if shape == [True, False, True]:
            return f"{plain[0]} in x"
        return f"{self.regex(body)}.fullmatch(x)"

    def stripped(self, body, op, value):
        """${value op pattern}"""
        outline = self.outline() or []
        # What is not the same at all times may be empty.
        plain = [Word(p).text for p in outline if p is not STAR]
        if len(plain) == 1 and plain[0]:
            text = repr(plain[0])
            shape = [p is STAR for p in outline]
            found = {
                "%": {(False,): f"{value}.removesuffix({text})",
                      (False, True): f"before_last({value}, {text})",
                      (True, False): f"{value}.removesuffix({text})"},
                "%%": {(False,): f"{value}.removesuffix({text})",
                       (False, True): f"{value}.partition({text})[0]"},
                "#": {(False,): f"{value}.removeprefix({text})",
                      (False, True): f"{value}.removeprefix({text})",
                      (True, False): f"after_first({value}, {text})"},
                "##": {(False,): f"{value}.removeprefix({text})",
                       (True, False): f"{value}.rpartition({text})[2]"},
            }[op].get(tuple(shape))
            if found:
                return found
        return f"strip({value}, {op!r}, {self.regex(body)})"


def is_all_arguments(part):
    return part[0] == PARAMETER and part[1] and part[2][0] == "@"


def part_value(body, part):
    kind, _, what = part
    if kind == LITERAL:
        return repr(what)
    if kind == COMMAND:
        return f"sh.substitute({body.script.function(what)})"
    if kind == ARITHMETIC:
        return arithmetic(body, what)
    return parameter(body, *what)


def arithmetic(body, word):
    if word.text is None:
        return f"calculate(sh, {word.value(body)})"
    text = re.sub(r"[A-Za-z_]\w*", r"number(sh, '\g<0>')", expand.checked(word.text))
    return f"str(int({text}))"


def parameter(body, name, op, word):
    """${name op word}"""
    if is_name(name):
        is_set, value = f"{name!r} in v", f"v[{name!r}]"
        full = f"v.get({name!r})"
    elif name.isdigit():
        is_set, value = f"len(sh.args) > {name}", f"sh.args[{name}]"
        full = f"({is_set} and {value})"
    else:
        is_set, value = "True", {
            "@": "' '.join(sh.args[1:])", "*": "' '.join(sh.args[1:])",
            "#": "str(len(sh.args) - 1)", "?": "str(sh.status)"}.get(name)
        full = value
        if value is None:
            raise Unsupported("$" + name)
    or_none = value if is_set == "True" else \
        f"({value} if {is_set} else unset(sh, {name!r}))"
    if op == "":
        return or_none
    if op == "length":
        return f"str(len({or_none}))"
    if op[0] in "%#":
        return word.stripped(body, op, or_none)
    other = word.value(body)
    if op == ":+":
        return f"({other} if {full} else '')"
    if op == "+":
        return f"({other} if {is_set} else '')"
    if op[-1] == "=":
        other = f"assign(sh, {name!r}, {other})"
    elif op[-1] == "?":
        other = f"missing(sh, {name!r}, {other})"
    if op[0] == ":":
        return f"({full} or {other})"
    return f"({value} if {is_set} else {other})"
