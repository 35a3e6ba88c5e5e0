# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell's words: what they become when a command runs."""
import functools
import re

from ends import Exit, Unsupported

LITERAL, PARAMETER, COMMAND, ARITHMETIC = range(4)
SPECIAL = re.compile(r"[*?[]")  # what makes a pattern of a word
FIELD = re.compile(r"[^ \t\n]+")


def is_name(text):
    return text.isidentifier() and text.isascii()


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


class Expansion:
    """Of words, by a shell. It has root, args, variables, status and nounset."""

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
        value = self.variables.get(name)
        if value is None:
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

    def arithmetic(self, text):
        def number(match):
            value = self.parameter(match.group()) or "0"
            return str(int(value, 0))
        return calculate(re.sub(r"[A-Za-z_]\w*", number, text))

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
        if len(word.parts) == 1 and "IFS" not in self.variables:
            kind, quoted, what = word.parts[0]
            if not quoted and kind in (PARAMETER, COMMAND):
                pieces = FIELD.findall(self.expand(word.parts[0]))
                for piece in pieces:
                    if SPECIAL.search(piece):
                        found.extend(self.glob([(piece, False)]))
                    else:
                        found.append(piece)
                return
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
            pieces = FIELD.findall(value) if ifs else [value]
            for i, piece in enumerate(pieces):
                if i:
                    end()
                field = (field or []) + [(piece, False)]
            if value and value[-1] in ifs:
                end()
        end()

    def glob(self, field):
        if not any(not quoted and SPECIAL.search(text)
                   for text, quoted in field):
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


@functools.lru_cache(maxsize=5000)
def calculate(text):
    text = text.replace("/", "//")
    if not re.fullmatch(r"[\d\s+*/%()<>=!&|-]*", text):
        raise Unsupported(f"$(({text}))")
    try:
        return int(eval(text, {}))  # pylint: disable=eval-used
    except SyntaxError:
        raise Unsupported(f"$(({text}))") from None


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
