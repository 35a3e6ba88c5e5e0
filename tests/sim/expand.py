# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Python of words calls when a command runs (words.py); sh is the shell.
"""
import functools
import re

from ends import Exit, Unsupported

SPECIAL = re.compile(r"[*?[]")  # what makes a pattern of a word
FIELD = re.compile(r"[^ \t\n]+")
BREAKS = re.compile(r"[*?[ \t\n]")  # what makes anything but one field of a text


# Values

def unset(sh, name):
    if sh.nounset:
        sh.complain(f"{sh.args[0]}: {name}: parameter not set")
        raise Exit(2)
    return ""


def missing(sh, name, text):
    sh.complain(f"{sh.args[0]}: {name}: {text}")
    raise Exit(2)


def assign(sh, name, text):
    sh.variables[name] = text
    return text


def before_last(text, end):
    return text.rpartition(end)[0] if end in text else text


def after_first(text, end):
    return text.partition(end)[2] if end in text else text


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


# Arithmetic

def number(sh, name):
    return int(sh.variables.get(name) or "0", 0)


@functools.lru_cache(maxsize=5000)
def checked(text):
    """As Python has it: the same, but for the division."""
    text = text.strip().replace("/", "//")
    if not re.fullmatch(r"[\w\s+*/%()<>=!&|-]+", text):
        raise Unsupported(f"$(({text}))")
    try:
        compile(text, "arithmetic", "eval")
    except SyntaxError:
        raise Unsupported(f"$(({text}))") from None
    return text


def calculate(sh, text):
    return str(int(eval(  # pylint: disable=eval-used
        re.sub(r"[A-Za-z_]\w*", lambda name: str(number(sh, name.group())),
               checked(text)), {})))


# Fields

def fields(sh, text):
    """What is not quoted becomes several words, or none."""
    if "IFS" in sh.variables:
        return split(sh, ((text, False, False),))
    found = FIELD.findall(text)
    if SPECIAL.search(text):
        return [f for piece in found for f in glob(sh, [(piece, False)])]
    return found


def split(sh, parts):
    """parts: (text, whether it is quoted, whether it is literal)."""
    ifs = sh.variables.get("IFS", " \t\n")
    if ifs.strip():
        raise Unsupported(f"IFS={ifs!r}")
    text = "".join([value for value, _, _ in parts])
    if text and not BREAKS.search(text):
        return [text]
    found = []
    field = []  # (text, whether quoted) of the one that is being made

    def end():
        nonlocal field
        if field:
            found.extend(glob(sh, field))
        field = []
    for value, quoted, literal in parts:
        if quoted or literal:
            field.append((value, quoted))
            continue
        if value[:1] and value[0] in ifs:
            end()
        for i, piece in enumerate(FIELD.findall(value) if ifs else [value]):
            if i:
                end()
            field.append((piece, False))
        if value and value[-1] in ifs:
            end()
    end()
    return found


def glob(sh, field):
    """The files that a word matches, or itself."""
    for special, (text, quoted) in enumerate(field):
        first = None if quoted else SPECIAL.search(text)
        if first:
            break
    else:
        return ["".join([t for t, _ in field])]
    # As far as no component of the path is a pattern.
    before = "".join([t for t, _ in field[:special]]) + text[:first.start()]
    begin, slash, name = before.rpartition("/")
    places = [[(name, True)]]  # the components that follow
    for text, quoted in [(text[first.start():], False), *field[special + 1:]]:
        first, *others = text.split("/")
        places[-1].append((first, quoted))
        for other in others:
            places.append([(other, quoted)])
    matches = [begin + slash]
    for place in places:
        plain = "".join(t for t, _ in place)
        if not any(SPECIAL.search(t) for t, quoted in place if not quoted):
            matches = [m + plain + "/" for m in matches]
            continue
        regex = pattern(tuple(place))
        further = []
        for match in matches:
            folder = sh.path(match or ".")
            if not sh.root.is_folder(folder):
                continue
            further += [match + name + "/" for name in sh.root.entries(folder)
                        if regex.fullmatch(name) and
                        (name[0] != "." or plain[0] == ".")]
        matches = further
    matches = [m[:-1] for m in matches
               if sh.root.exists(sh.path(m[:-1] or "/"))]
    return matches or ["".join([t for t, _ in field])]


# Patterns

@functools.lru_cache(maxsize=5000)
def pattern(chunks):
    """chunks: (text, whether it is quoted)."""
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
            i = bracket(chars, i, out)
    return re.compile("".join(out), re.S)


def bracket(chars, i, out):
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


NAMES = {f.__name__: f for f in (
    unset, missing, assign, before_last, after_first, strip, number, calculate,
    fields, split, pattern)}
