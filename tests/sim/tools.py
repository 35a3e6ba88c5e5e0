# SPDX-License-Identifier: GPL-3.0-or-later
"""The builtins of shell.py, and the programs that only work on a node's files,
with what the scripts use of them. An option that is not known ends the run:
nothing is done otherwise than the real program would."""
import functools
import json
import operator
import posixpath
import re
import shutil

import ends
import filters
import shell


@functools.cache
def exists(name):
    return shutil.which(name) is not None


def options(args, flags, valued=""):
    """args without its name: {option: value or True}, and the operands, both only
    to be read."""
    return known_options(tuple(args), flags, valued)


@functools.lru_cache(maxsize=5000)
def known_options(args, flags, valued):
    found, rest = {}, list(args[1:])
    while rest and rest[0][:1] == "-" and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        for i, letter in enumerate(word[1:], 1):
            if letter in valued:
                found[letter] = word[i + 1:] or rest.pop(0)
                break
            if letter not in flags:
                raise ends.Unsupported(" ".join(args))
            found[letter] = True
    return found, rest


def failed(sh, args, what, error):
    sh.complain(f"{args[0]}: {what}: {error.strerror}")
    return 1


# Builtins

def true(sh, args):
    del sh, args
    return 0


def false(sh, args):
    del sh, args
    return 1


def cd(sh, args):
    path = sh.path(args[1])
    if not sh.root.is_folder(path):
        sh.complain(f"{sh.args[0]}: cd: can't cd to {args[1]}")
        return 2
    sh.cwd = path
    return 0


ESCAPE = re.compile(r"\\(\\|[abcefnrtv]|0?[0-7]{1,3})")
NAMED = {"\\": "\\", "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b",
         "f": "\f", "v": "\v", "e": "\x1b"}


def unescape(text):
    def one(match):
        what = match.group(1)
        return NAMED[what] if what in NAMED else chr(int(what, 8) & 255)
    return ESCAPE.sub(one, text) if "\\" in text else text


def echo(sh, args):
    words = args[1:]
    end_of_line = "\n"
    if words[:1] == ["-n"]:
        end_of_line = ""
        del words[0]
    sh.fds[1].write(unescape(" ".join(words)) + end_of_line)
    return 0


@functools.lru_cache(maxsize=500)
def pieces_of(form):
    """What printf's first argument is made of: as Python has it, and texts."""
    pieces = re.findall(r"%[^%sdi]*[%sdi]|[^%]+", form)
    if "".join(pieces) != form:
        raise ends.Unsupported("printf " + form)
    return [p if p[0] == "%" else unescape(p) for p in pieces]


def printf(sh, args):
    form, values = args[1], args[2:]
    out = []
    pieces = pieces_of(form)
    while True:
        took = False
        for piece in pieces:
            if piece == "%%":
                out.append("%")
            elif piece[0] == "%":
                took = True
                value = values.pop(0) if values else ""
                out.append(piece % (value if piece[-1] == "s"
                                    else int(value or "0")))
            else:
                out.append(piece)
        if not values or not took:
            break
    sh.fds[1].write("".join(out))
    return 0


def read(sh, args):
    found, names = options(args, "r")
    line = sh.fds[0].line()
    text = line[:-1] if line.endswith("\n") else line
    if "r" not in found and "\\" in text:
        raise ends.Unsupported("read without -r")
    ifs = sh.variables.get("IFS", " \t\n")
    if ifs.strip() or not names:
        raise ends.Unsupported(" ".join(args))
    if ifs:
        values = text.strip(ifs).split(None, len(names) - 1)
    else:
        values = [text]
    for i, name in enumerate(names):
        sh.variables[name] = values[i] if i < len(values) else ""
    return int(not line.endswith("\n"))


def set_(sh, args):
    words = args[1:]
    while words and words[0][:1] in ("-", "+") and words[0] != "--":
        word = words.pop(0)
        for letter in word[1:]:
            if letter == "e":
                sh.errexit = word[0] == "-"
            elif letter == "u":
                sh.nounset = word[0] == "-"
            else:
                raise ends.Unsupported("set " + word)
    if words:
        sh.args = [sh.args[0]] + words[words[0] == "--":]
    return 0


def shift(sh, args):
    number = int(args[1]) if len(args) > 1 else 1
    if number > len(sh.args) - 1:
        sh.complain(f"{sh.args[0]}: shift: can't shift that many")
        raise ends.Exit(2)
    sh.args = [sh.args[0]] + sh.args[1 + number:]
    return 0


def export(sh, args):
    for word in args[1:]:
        name, is_set, value = word.partition("=")
        sh.exported |= {name}
        if is_set:
            sh.variables[name] = value
    return 0


def unset(sh, args):
    for name in args[1:]:
        sh.variables.pop(name, None)
    return 0


def umask(sh, args):
    sh.umask = int(args[1], 8)
    return 0


def exec_(sh, args):
    if len(args) > 1:
        raise ends.Exit(shell.execute(sh, args[1:]))
    return 0


def command(sh, args):
    """No function, whatever its name."""
    builtin = BUILTINS.get(args[1])
    return builtin(sh, args[1:]) if builtin else shell.execute(sh, args[1:])


def source(sh, args):
    try:
        data = sh.root.read(sh.path(args[1]))
    except OSError:
        sh.complain(f"{sh.args[0]}: .: cannot open {args[1]}: No such file")
        raise ends.Exit(2) from None
    return sh.process.parse(data)(sh)


COMPARE = {"-eq": operator.eq, "-ne": operator.ne, "-lt": operator.lt,
           "-le": operator.le, "-gt": operator.gt, "-ge": operator.ge}


def test(sh, args):
    words = args[1:]
    if args[0] == "[":
        if words.pop() != "]":
            raise ends.Unsupported(" ".join(args))
    if words[:1] == ["!"] and len(words) > 1:
        return int(test(sh, ["test"] + words[1:]) == 0)
    if not words:
        return 1
    if len(words) == 1:
        return int(words[0] == "")
    if len(words) == 2:
        return int(not test_one(sh, *words))
    if len(words) != 3:
        raise ends.Unsupported(" ".join(args))
    left, op, right = words
    if op in ("=", "!="):
        return int((left == right) != (op == "="))
    return test_numbers(sh, args[0], left, op, right)


def test_numbers(sh, name, left, op, right):
    try:
        a, b = int(left), int(right)
    except ValueError as e:
        wrong = re.search("'(.*)'", str(e)).group(1)
        sh.complain(f"{sh.args[0]}: {name}: Illegal number: {wrong}")
        return 2
    try:
        return int(not COMPARE[op](a, b))
    except KeyError:
        raise ends.Unsupported(f"{name} {op}") from None


def test_one(sh, op, word):
    if op == "-n":
        return word != ""
    if op == "-z":
        return word == ""
    if not word:
        return False
    path, root = sh.path(word), sh.root
    if op == "-d":
        return root.is_folder(path)
    if op in ("-L", "-h"):
        return root.is_link(path)
    file = root.at(path)
    if op == "-e":
        return file is not None or root.is_folder(path)
    if op == "-f":
        return file is not None
    if op == "-s":
        return root.is_folder(path) or file is not None and file.data != b""
    if op == "-x":
        return root.is_folder(path) or \
            file is not None and file.mode & 0o100 != 0
    raise ends.Unsupported("test " + op)


# What is Python itself (commands.py) is not among them.
BUILTINS = {":": true, "true": true, "false": false, "command": command,
            "cd": cd, "echo": echo, "printf": printf, "read": read,
            "set": set_, "shift": shift, "export": export, "unset": unset,
            "umask": umask, "exec": exec_, ".": source, "test": test,
            "[": test}


# Files

def cat(sh, args):
    _, names = options(args, "")
    status = 0
    for name in names or ["-"]:
        try:
            sh.fds[1].write(sh.fds[0].read() if name == "-" else
                            sh.root.read(sh.path(name)).decode("latin-1"))
        except OSError as e:
            status = failed(sh, args, name if e.filename else "write error", e)
    return status


def cmp(sh, args):
    _, (one, two) = options(args, "s")
    try:
        return int(sh.root.read(sh.path(one)) != sh.root.read(sh.path(two)))
    except OSError:
        return 2


def destination(sh, name, source_name):
    path = sh.path(name)
    if sh.root.is_folder(path):
        return posixpath.join(path, posixpath.basename(source_name))
    return path


def cp(sh, args):
    _, (*sources, target) = options(args, "pa")
    for name in sources:
        try:
            data = sh.root.read(sh.path(name))
        except OSError as e:
            return failed(sh, args, f"cannot stat '{name}'", e)
        try:
            file = sh.root.open(destination(sh, target, name),
                                sh.root.mode(sh.path(name)) & ~sh.umask)
            file.data = b""
            sh.root.grow(file, data)
        except OSError as e:
            return failed(sh, args,
                          f"cannot create regular file '{target}'", e)
    return 0


def install(sh, args):
    found, names = options(args, "dD", "mog")
    mode = int(found.get("m", "0755"), 8)
    if "d" in found:
        for name in names:
            sh.root.make_folders(sh.path(name))
        return 0
    *sources, target = names
    for name in sources:
        try:
            data = sh.root.read(sh.path(name))
        except OSError as e:
            return failed(sh, args, f"cannot stat '{name}'", e)
        path = destination(sh, target, name)
        if "D" in found:
            sh.root.make_folders(posixpath.dirname(path))
        try:
            if sh.root.exists(path):
                sh.root.unlink(path)
            sh.root.grow(sh.root.open(path, mode), data)
        except OSError as e:
            return failed(sh, args,
                          f"cannot create regular file '{target}'", e)
    return 0


def ln(sh, args):
    found, (target, name) = options(args, "sfn")
    if "s" not in found:
        raise ends.Unsupported(" ".join(args))
    path = destination(sh, name, target)
    if "f" in found and path in sh.root.files:
        sh.root.unlink(path)
    try:
        sh.root.symlink(target, path)
    except OSError as e:
        return failed(sh, args, f"failed to create symbolic link '{name}'", e)
    return 0


def mkdir(sh, args):
    found, names = options(args, "p", "m")
    for name in names:
        try:
            if "p" in found:
                sh.root.make_folders(sh.path(name))
            else:
                sh.root.make_folder(sh.path(name))
        except OSError as e:
            return failed(sh, args, f"cannot create directory '{name}'", e)
    return 0


def mv(sh, args):
    _, (*sources, target) = options(args, "f")
    for name in sources:
        try:
            sh.root.rename(sh.path(name), destination(sh, target, name))
        except OSError as e:
            what = f"cannot stat '{name}'" if e.filename == sh.path(name) \
                else f"cannot move '{name}' to '{target}'"
            return failed(sh, args, what, e)
    return 0


def rm(sh, args):
    found, names = options(args, "rf")
    status = 0
    for name in names:
        path = sh.path(name)
        if "r" in found and sh.root.is_folder(path):
            sh.root.remove_tree(path)
            continue
        try:
            sh.root.unlink(path)
        except OSError as e:
            if "f" not in found or sh.root.is_folder(path):
                status = failed(sh, args, f"cannot remove '{name}'", e)
    return status


def rmdir(sh, args):
    _, names = options(args, "")
    for name in names:
        try:
            sh.root.entries(sh.path(name))
            sh.root.remove_folder(sh.path(name))
        except OSError as e:
            return failed(sh, args, f"failed to remove '{name}'", e)
    return 0


def shred(sh, args):
    found, names = options(args, "u", "n")
    status = 0
    for name in names:
        file = sh.root.at(sh.path(name))
        if file is None:
            sh.complain(f"shred: {name}: failed to open for writing: "
                        "No such file or directory")
            status = 1
            continue
        if "u" in found:
            sh.root.unlink(sh.path(name))
    return status


def touch(sh, args):
    _, names = options(args, "")
    for name in names:
        sh.root.open(sh.path(name), 0o666 & ~sh.umask)
    return 0


def chmod(sh, args):
    _, (mode, *names) = options(args, "")
    for name in names:
        sh.root.at(sh.path(name)).mode = int(mode, 8)
    return 0


def find(sh, args):
    """find FOLDER TEST... [-delete | -exec COMMAND {} + | -print]"""
    top, rest = args[1], iter(args[2:])
    depth, tests, action = None, [], None
    for word in rest:
        if word == "-xdev":
            continue
        if word == "-maxdepth":
            depth = int(next(rest))
        elif word == "-type" and next(rest) == "f":
            tests.append(lambda path: not sh.root.is_link(path))
        elif word == "-size" and next(rest) == "0":
            tests.append(lambda path: sh.root.size(path) == 0)
        elif word in ("-delete", "-print"):
            action = word
        elif word == "-exec":
            action = list(rest)
        else:
            raise ends.Unsupported(" ".join(args))
    path = sh.path(top)
    if not sh.root.is_folder(path):
        sh.complain(f"find: '{top}': No such file or directory")
        return 1
    found = [p for p in sh.root.walk(path)
             if (depth is None or p.count("/") - path.count("/") <= depth)
             and all(t(p) for t in tests)]
    if action == "-delete":
        for file in found:
            sh.root.unlink(file)
    elif action in (None, "-print"):
        sh.fds[1].write("".join(p + "\n" for p in found))
    elif action[-2:] != ["{}", "+"]:
        raise ends.Unsupported(" ".join(args))
    elif found:
        return int(shell.execute(sh, action[:-2] + found) != 0)
    return 0


def tar(sh, args):
    """-C FOLDER with -cf - FILE..., or with -xf ARCHIVE FILE...: an archive of
    our own making."""
    words = [w for w in args[1:] if w != "--no-same-owner"]
    if words[0] != "-C" or words[2:4] != ["-cf", "-"] and words[2] != "-xf":
        raise ends.Unsupported(" ".join(args))
    folder, archive, names = sh.path(words[1]), words[3], words[4:]
    status = 0
    if words[2] == "-cf":
        found = {}
        for name in names:
            try:
                path = f"{folder}/{name}"
                found[name] = [sh.root.mode(path),
                               sh.root.read(path).decode("latin-1")]
            except OSError as e:
                status = 2
                failed(sh, args, f"{name}: Cannot stat", e)
        if status:
            sh.complain("tar: Exiting with failure status due to previous "
                        "errors")
        sh.fds[1].write("archive " + json.dumps(found))
        return status
    text = sh.root.read(sh.path(archive)).decode("latin-1")
    if not text.startswith("archive "):
        sh.complain("tar: This does not look like a tar archive\n"
                    "tar: Exiting with failure status due to previous errors")
        return 2
    found = json.loads(text[len("archive "):])
    for name in names:
        if name not in found:
            status = 2
            sh.complain(f"tar: {name}: Not found in archive")
            continue
        mode, data = found[name]
        sh.root.write(f"{folder}/{name}", data.encode("latin-1"),
                      mode & ~sh.umask)
    if status:
        sh.complain("tar: Exiting with failure status due to previous errors")
    return status


TOOLS = {"cat": cat, "cmp": cmp, "cp": cp, "install": install, "ln": ln,
         "mkdir": mkdir, "mv": mv, "rm": rm, "rmdir": rmdir, "shred": shred,
         "touch": touch, "chmod": chmod, "find": find, "tar": tar}
TOOLS.update(dict.fromkeys(filters.FILTERS, filters.text_filter))
