# SPDX-License-Identifier: GPL-3.0-or-later
"""What turns text into text (sed, awk, grep, ...) is the machine's own program.

What it said of the same text before is remembered, for later runs as well: in
a file that all of the simulator's processes add to, of which each reads what is
new when it misses something. A program of another day has another file.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess

import ends

# Options that take a value, and those that name the script, whose place is
# otherwise the first operand.
FILTERS = {"awk": ("Fv", ""), "base64": ("w", None), "cut": ("dfc", None),
           "grep": ("e", "e"), "head": ("nc", None), "sed": ("e", "e"),
           "sha256sum": ("", None),
           "sort": ("kt", None), "tail": ("nc", None), "tr": ("", "all"),
           "wc": ("", None)}
LARGEST = 30 << 20  # what is more begins anew
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
ONE_DATE = "Thu, 01 Jan 1970 00:00:00 GMT"


class Memory:
    """What programs said: {(arguments, text): (status, output, errors)}."""

    def __init__(self):
        self.known = {}
        self.file = None
        self.read_to = 0

    def open(self, folder):
        """From now on in a file there."""
        stamps = []
        for name in FILTERS:
            found = os.stat(shutil.which(name))
            stamps.append((name, found.st_size, found.st_mtime_ns))
        digest = hashlib.sha256(repr(stamps).encode()).hexdigest()[:12]
        path = f"{folder}/answers-{digest}"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        if os.path.exists(path) and os.path.getsize(path) > LARGEST:
            flags |= os.O_TRUNC
        self.file = os.open(path, flags, 0o644)

    def learn(self):
        """What others have added."""
        size = os.fstat(self.file).st_size
        if size <= self.read_to:
            return
        data = os.pread(self.file, size - self.read_to, self.read_to)
        whole = data.rfind(b"\n") + 1
        self.read_to += whole
        for line in data[:whole].splitlines():
            try:
                (args, text), answer = json.loads(line)
            except ValueError:
                continue  # its writer was ended
            self.known[tuple(args), text] = answer

    def answer(self, args, text):
        """What an API says has its time in it, another in each run. Programs look
        for its place: one stands for all, and is put back."""
        date = HTTP_DATE.search(text) if " GMT" in text else None
        if not date:
            return self.recall(args, text)
        status, out, err = self.recall(args, text.replace(date[0], ONE_DATE))
        return status, out.replace(ONE_DATE, date[0]), err

    def recall(self, args, text):
        key = tuple(args), text
        if key not in self.known and self.file is not None:
            self.learn()
        if key not in self.known:
            self.known[key] = ask(args, text)
            if self.file is not None:
                os.write(self.file, json.dumps(
                    [key, self.known[key]]).encode("ascii") + b"\n")
        return self.known[key]


def ask(args, text):
    done = subprocess.run(args, input=text.encode("latin-1"), check=False,
                          capture_output=True, env={"LC_ALL": "C",
                                                    "PATH": "/usr/bin:/bin"})
    return (done.returncode, done.stdout.decode("latin-1"),
            done.stderr.decode("latin-1"))


MEMORY = Memory()


def text_filter(sh, args):
    valued, names_script = FILTERS[args[0]]
    command, operands = [args[0]], []
    rest = iter(args[1:])
    scripted = names_script is None
    for word in rest:
        if word[:1] == "-" and len(word) > 1 and not operands:
            command.append(word)
            if word[1] in valued:
                scripted = scripted or word[1] == names_script
                if len(word) == 2:
                    command.append(next(rest))
        elif not scripted:
            command.append(word)
            scripted = names_script != "all"
        else:
            operands.append(word)
    if args[0] == "sed" and "-i" in command:
        return edit(sh, command, operands)
    if not operands:
        return filtered(sh, command, sh.fds[0].read())
    if len(operands) > 1:
        raise ends.Unsupported(" ".join(args))
    try:
        text = sh.root.read(sh.path(operands[0])).decode("latin-1")
    except OSError as e:
        said = "can't read " if args[0] == "sed" else ""
        sh.complain(f"{args[0]}: {said}{operands[0]}: {e.strerror}")
        return 1 if args[0] in ("head", "tail", "cut", "wc", "base64") else 2
    return filtered(sh, command, text)


def filtered(sh, command, text):
    status, out, err = MEMORY.answer(command, text)
    if out:
        sh.fds[1].write(out)
    if err:
        sh.fds[2].write(err)
    return status


def edit(sh, command, operands):
    """sed -i: a new file in the place of the old one."""
    command.remove("-i")
    for name in operands:
        path = sh.path(name)
        if sh.root.at(path) is None:
            sh.complain(f"sed: can't read {name}: No such file or directory")
            return 2
        old = sh.root.at(path)
        status, out, err = MEMORY.answer(command,
                                         old.data.decode("latin-1"))
        if status:
            sh.complain(err.rstrip("\n"))
            return status
        fresh = sh.root.open(path + ".new", old.mode)
        try:
            sh.root.grow(fresh, out.encode("latin-1"))
        except OSError as e:
            sh.root.unlink(path + ".new")
            sh.complain("sed: couldn't flush " + e.strerror)
            return 4
        sh.root.rename(path + ".new", path)
    return 0
