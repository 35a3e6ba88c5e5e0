# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes' scripts run: a private root folder for each node.

The simulator lives in a mount namespace of its own (`run` sees to that) with a
tmpfs on /mnt, so nothing that happens here is seen outside, and all of it is
gone when the simulator ends, however it ends.
"""
import ctypes
import errno
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import yaml

import disk

BASE = "/mnt"
CHANNEL = 200  # fake.c knows it as well
# Between two calls of fakes a script works for milliseconds, also on a machine
# that has much else to do.
STUCK_AFTER = 120  # s

# What the scripts use of a Debian, as it is ...
TOOLS = """awk base64 cat chmod cmp cp cut dirname env find grep head install
ln ls mkdir mktemp mv paste rm rmdir sed sh sha256sum shred sort tail tar touch tr
wc""".split()
# ... and what is asked of the simulated world.
FAKES = """arping ctr curl date df etcdctl flock ip kubeadm kubectl openssl sleep
ss ssh sync systemctl timeout""".split()

LIBC = ctypes.CDLL(None, use_errno=True)
MS_BIND = 4096
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def mount(source, target, kind=None, flags=0):
    def text(s):
        return s.encode() if s else None
    if LIBC.mount(text(source), text(target), text(kind), flags, None) != 0:
        raise OSError(ctypes.get_errno(), "mount on " + target)


def make_base(fake):
    """The programs and libraries of all roots, once. Copies: even a script
    that overwrites /bin/sh does no harm."""
    mount("tmpfs", BASE, "tmpfs")
    tools = BASE + "/tools"
    os.mkdir(tools)
    libraries = set()
    for tool in TOOLS:
        real = os.path.realpath(shutil.which(tool))
        shutil.copy(real, os.path.join(tools, tool))
        listing = subprocess.run(["ldd", real], text=True, check=False,
                                 capture_output=True).stdout
        libraries.update(word for word in listing.split()
                         if word.startswith("/"))
    for fake_name in FAKES:
        shutil.copy(fake, os.path.join(tools, fake_name))
    for library in libraries:
        target = BASE + "/libraries" + library
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(library, target)


@functools.lru_cache(maxsize=64)
def parse(text):
    """The documents of a YAML file."""
    return list(yaml.load_all(text, LOADER))


def read_seed(medium):
    """The write_files of a seed: {path: (mode, bytes)}, and the user-data."""
    text = subprocess.run(["isoinfo", "-R", "-x", "/user-data", "-i", medium],
                          check=True, capture_output=True).stdout
    files = {}
    for entry in yaml.load(text, LOADER)["write_files"]:
        files[entry["path"]] = (int(entry["permissions"], 8),
                                entry["content"].encode())
    return files, text


class Root:
    """One node's root folder; used for one run after the other."""

    def __init__(self, path):
        self.path = path
        for folder in disk.FOLDERS:
            os.makedirs(os.path.join(path, folder), exist_ok=True)
        for link, target in (("bin", "usr/bin"), ("sbin", "usr/bin"),
                             ("usr/sbin", "bin")):
            os.symlink(target, os.path.join(path, link))
        for name in os.listdir(BASE + "/tools"):
            os.link(f"{BASE}/tools/{name}", f"{path}/usr/bin/{name}")
        for folder, _, names in os.walk(BASE + "/libraries"):
            inside = path + folder[len(BASE + "/libraries"):]
            os.makedirs(inside, exist_ok=True)
            for name in names:
                os.link(f"{folder}/{name}", f"{inside}/{name}")
        for program in disk.PROGRAMS:
            self.write(program, b"", 0o755)
        open(path + "/dev/null", "w", encoding="ascii").close()
        mount("/dev/null", path + "/dev/null", flags=MS_BIND)
        os.mkfifo(path + "/dev/console")
        self.console = os.open(path + "/dev/console",
                               os.O_RDWR | os.O_NONBLOCK)
        self.seen = set()
        self.uptime = os.open(path + "/proc/uptime",
                              os.O_RDWR | os.O_CREAT, 0o644)

    # Files; disk.Root says what each does.

    def read(self, name):
        with open(self.path + name, "rb") as f:
            return f.read()

    def contents(self, name):
        try:
            return self.read(name)
        except OSError:
            return None

    def size(self, name):
        return os.stat(self.path + name).st_size

    def mode(self, name):
        return os.stat(self.path + name).st_mode & 0o7777

    def exists(self, name):
        return os.path.lexists(self.path + name)

    def is_folder(self, name):
        return os.path.isdir(self.path + name)

    def is_link(self, name):
        return os.path.islink(self.path + name)

    def link_target(self, name):
        return os.readlink(self.path + name)

    def entries(self, name):
        return sorted(os.listdir(self.path + name))

    def walk(self, top):
        for folder, folders, names in os.walk(self.path + top):
            folders.sort()
            for name in sorted(names):
                yield os.path.join(folder, name)[len(self.path):]

    def make_folders(self, name):
        os.makedirs(self.path + name, exist_ok=True)

    def write(self, name, data, mode):
        path = self.path + name
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, mode)

    def symlink(self, target, name):
        os.symlink(target, self.path + name)

    def unlink(self, name):
        os.unlink(self.path + name)

    def remove_tree(self, name):
        shutil.rmtree(self.path + name, ignore_errors=True)

    def remove_trees(self, *names):
        for name in names:
            self.remove_tree(name)

    def glance(self, name):
        try:
            if not self.is_folder(name):
                return self.read(name)
            names = self.entries(name)
            if name.startswith("/etc/kubernetes/"):
                return [(n, self.read(f"{name}/{n}")) for n in names]
            return names
        except OSError:
            return None

    @property
    def edits(self):
        """Nobody counts them: at each look there may be more."""
        return object()

    new_disk = disk.Root.new_disk
    clear_run = disk.Root.clear_run

    def changed(self):
        """The paths that may be otherwise than before: all, and those that
        are gone."""
        now = {path for top in disk.DISK for path in self.walk("/" + top)}
        found, self.seen = now | self.seen, now
        return found

    def start(self, argv, stdin=None):
        return Process(self, argv, stdin)

    # The machine

    def drain_console(self):
        try:
            return os.read(self.console, 1 << 16).decode("utf-8", "replace")
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return ""
            raise

    def set_uptime(self, seconds):
        os.pwrite(self.uptime, b"%-40s\n" % (b"%.2f 0.00" % seconds), 0)


class Stuck(Exception):
    """A script neither calls a fake nor ends."""


def describe_processes(session):
    """What the processes of a session wait for, for someone to find out why.
    /proc is that of the PID namespace outside ours."""
    found = []
    for pid in [p for p in os.listdir("/proc") if p.isdigit()]:
        def read(name, pid=pid):
            with open(f"/proc/{pid}/{name}", encoding="utf-8",
                      errors="replace") as f:
                return f.read()
        try:
            inside = re.search(r"^NSsid:.*\t(\d+)$", read("status"), re.M)
            if inside and int(inside.group(1)) == session:
                found.append(f"{read('cmdline')!r} is in {read('wchan')} "
                             f"({read('syscall').strip()})")
        except OSError:
            continue  # it has just ended
    return "; ".join(found) or "none of its processes is left"


class Process:
    """A program that runs in a root, and the channel to its fakes."""

    def __init__(self, root, argv, stdin=None):
        self.channel, inside = socket.socketpair(socket.AF_UNIX,
                                                 socket.SOCK_SEQPACKET)
        self.channel.settimeout(STUCK_AFTER)
        self.status = None
        data = None
        if stdin is not None:
            data = os.memfd_create("stdin")
            os.write(data, stdin)
            os.lseek(data, 0, os.SEEK_SET)
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._child(root, argv, inside, data)
        inside.close()
        if data is not None:
            os.close(data)

    @staticmethod
    def _child(root, argv, inside, data):
        try:
            os.setsid()
            os.dup2(inside.fileno(), CHANNEL, inheritable=True)
            os.chroot(root.path)
            os.chdir("/")
            os.umask(0o022)
            null = os.open("/dev/null", os.O_RDWR)
            log = os.open("/run/process.log",
                          os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(null if data is None else data, 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.closerange(3, CHANNEL)
            os.closerange(CHANNEL + 1, CHANNEL + 200)
            os.execve(argv[0], argv, {"HOME": "/root",
                                      "PATH": "/usr/sbin:/usr/bin"})
        finally:
            os._exit(127)

    def answer(self, status, out="", err=""):
        self.channel.send(b"%d\0%s\0%s\0" % (status, out.encode(),
                                              err.encode()))

    def next_request(self):
        """(arguments, stdin), or None when every process of it has ended."""
        try:
            data = self.channel.recv(1 << 18)
        except TimeoutError:
            raise Stuck(describe_processes(self.pid)) from None
        if not data:
            self._reap()
            return None
        arguments, _, stdin = data.partition(b"\0\1\0")
        return arguments.decode().split("\0"), stdin

    def _reap(self):
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(
                os.waitpid(self.pid, 0)[1])
        self.channel.close()

    def kill(self):
        """As a power cut does: at once, with all its children."""
        if self.status is None:
            os.killpg(self.pid, signal.SIGKILL)
            try:
                while self.channel.recv(1 << 18):
                    pass
            except ConnectionResetError:
                pass
            self._reap()
