# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's files in memory: what sandbox.Root is with a kernel's file system,
and the two answer alike. Symbolic links are followed at the end of a path."""
import errno
import os
import posixpath

# What a Debian image has there already, as far as the scripts rely on it.
FOLDERS = """dev proc run tmp usr/bin etc/systemd/system/multi-user.target.wants
etc/cloud root var/log var/lib/etcd var/lib/kubelet/pki usr/lib/kubeseed
etc/kubernetes""".split()
# What a new disk replaces. The rest of a root is the same for all nodes.
DISK = ("etc", "root", "var", "usr/lib/kubeseed")
ON_DISK = tuple(f"/{folder}/" for folder in DISK)
# What an image has beside them, for who asks whether it is there.
PROGRAMS = [f"/usr/bin/kube-{name}" for name in (
    "apiserver", "controller-manager", "proxy", "scheduler")]
ACCOUNTS = {"/etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
            "/etc/group": b"root:x:0:\n"}


# os.strerror, which takes its time.
WORDS = {n: os.strerror(n) for n in errno.errorcode}


def error(number, path):
    return OSError(number, WORDS[number], path)


class File:
    __slots__ = ("path", "data", "mode", "link")

    def __init__(self, path, mode=0o644, link=None):
        self.path = path
        self.data = b""
        self.mode = mode
        self.link = link  # of a symbolic link: where it leads


def split(path):
    """(folder, name) of a clean path."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def clean(path):
    """An absolute path without its detours."""
    if "//" in path or "/." in path or path[-1] == "/":
        path = posixpath.normpath(path)
        return path[1:] if path.startswith("//") else path
    return path


class Root:
    """All paths are absolute. Errors are those of the system."""

    def __init__(self):
        self.files = {}
        self.folders = {"/": set()}
        self.console = b""
        self.seconds = 0.0
        self.touched = set()  # since the last look at changed()
        # Counts what glance() may show, so that who looks need not look again.
        self.edits = 0
        self.room = None  # how many bytes the disk still takes, if that is known
        for folder in FOLDERS:
            self.make_folders("/" + folder)
        for program in PROGRAMS:
            self.write(program, b"", 0o755)

    # Names

    def at(self, path):
        """The file at path, its link followed; or None."""
        file = self.files.get(path)
        if file is not None and file.link is not None:
            return self.files.get(clean(
                file.link if file.link[0] == "/" else
                f"{split(path)[0]}/{file.link}"))
        return file

    def is_folder(self, path):
        return path in self.folders

    def exists(self, path):
        return path in self.files or path in self.folders

    def is_link(self, path):
        file = self.files.get(path)
        return file is not None and file.link is not None

    def entries(self, path):
        """The names in a folder, sorted."""
        try:
            return sorted(self.folders[path])
        except KeyError:
            raise error(errno.ENOTDIR if path in self.files else errno.ENOENT,
                        path) from None

    def make_folder(self, path):
        if self.exists(path):
            raise error(errno.EEXIST, path)
        self.add_name(path)
        self.folders[path] = set()

    def make_folders(self, path):
        if path in self.folders:
            return
        if path in self.files:
            raise error(errno.EEXIST, path)
        self.make_folders(split(path)[0])
        self.make_folder(path)

    def parent(self, path):
        folder, _ = split(path)
        try:
            return self.folders[folder]
        except KeyError:
            raise error(errno.ENOTDIR if folder in self.files
                        else errno.ENOENT, path) from None

    def add_name(self, path):
        self.parent(path).add(split(path)[1])
        self.edits += 1

    def drop_name(self, path):
        self.parent(path).discard(split(path)[1])
        self.edits += 1

    def unlink(self, path):
        if path in self.folders:
            raise error(errno.EISDIR, path)
        if path not in self.files:
            self.parent(path)
            raise error(errno.ENOENT, path)
        del self.files[path]
        self.touch(path)
        self.drop_name(path)

    def remove_folder(self, path):
        if self.folders[path]:
            raise error(errno.ENOTEMPTY, path)
        del self.folders[path]
        self.drop_name(path)

    def remove_tree(self, path):
        """Whatever is there, if anything is."""
        if path in self.folders:
            for name in self.entries(path):
                self.remove_tree(f"{path}/{name}")
            self.remove_folder(path)
        elif path in self.files:
            self.unlink(path)

    def rename(self, old, new):
        if old in self.files:
            if new in self.folders:
                raise error(errno.EISDIR, new)
            self.add_name(new)
            if old != new:
                self.move(self.files, old, new)
                self.drop_name(old)
            return
        if old not in self.folders:
            raise error(errno.ENOENT, old)
        if self.folders.get(new):
            raise error(errno.ENOTEMPTY, new)
        self.add_name(new)
        self.drop_name(old)
        for table in (self.files, self.folders):
            for path in [p for p in table
                         if p == old or p.startswith(old + "/")]:
                self.move(table, path, new + path[len(old):])

    def touch(self, path):
        self.touched.add(path)
        if path.startswith("/etc/"):
            self.edits += 1

    def move(self, table, old, new):
        thing = table[new] = table.pop(old)
        if table is self.files:
            thing.path = new
            self.touch(old)
            self.touch(new)

    def symlink(self, target, path):
        if self.exists(path):
            raise error(errno.EEXIST, path)
        self.add_name(path)
        self.files[path] = File(path, 0o777, target)
        self.touch(path)

    def link_target(self, path):
        return self.files[path].link

    def walk(self, top):
        """The paths of all that is no folder below top."""
        if top not in self.folders:
            return
        for name in self.entries(top):
            path = f"{top}/{name}"
            if path in self.folders:
                yield from self.walk(path)
            else:
                yield path

    # Contents

    def open(self, path, mode=0o644):
        """The file to write to, made if it is not there."""
        file = self.at(path)
        if file is None:
            if path in self.folders:
                raise error(errno.EISDIR, path)
            if self.is_link(path):
                raise error(errno.ENOENT, path)
            self.add_name(path)
            file = self.files[path] = File(path, mode)
        self.change(file)
        return file

    def change(self, file):
        self.touch(file.path)

    def read(self, path):
        file = self.at(path)
        if file is None:
            raise error(errno.EISDIR if path in self.folders else errno.ENOENT,
                        path)
        return file.data

    def contents(self, path):
        """Or None, if there are none."""
        file = self.at(path)
        return file and file.data

    def size(self, path):
        return len(self.read(path))

    def mode(self, path):
        file = self.at(path)
        if file is None:
            raise error(errno.ENOENT, path)
        return file.mode

    def grow(self, file, data):
        """Appends to it, as much as there is room."""
        self.change(file)
        if self.room is not None and file.path.startswith(ON_DISK):
            if len(data) > self.room:
                file.data += data[:self.room]
                self.room = 0
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.room -= len(data)
        file.data += data

    def write(self, path, data, mode):
        """A whole file, its folder made if need be."""
        self.make_folders(split(path)[0])
        file = self.open(path)
        file.data, file.mode = b"", mode
        self.grow(file, data)

    def changed(self):
        """The paths on the disk that may be otherwise than at the last call."""
        found = {p for p in self.touched if p.startswith(ON_DISK)}
        self.touched = set()
        return found

    def glance(self, path):
        """What somebody sees who looks now and then: the names in a folder, in
        /etc also what is in their files; or what is in a file."""
        try:
            if path not in self.folders:
                file = self.at(path)
                return file and file.data
            names = self.entries(path)
            if path.startswith("/etc/kubernetes/"):
                return [(n, self.read(f"{path}/{n}")) for n in names]
            return names
        except OSError:
            return None

    # The machine

    def remove_trees(self, *folders):
        """As remove_tree, for those that most of the files are in."""
        below = tuple(folder + "/" for folder in folders)
        gone = [path for path in self.files if path.startswith(below)]
        self.touched.update(gone)
        self.edits += 1
        for path in gone:
            del self.files[path]
        for path in [p for p in self.folders if p.startswith(below)]:
            del self.folders[path]
        for folder in folders:
            if folder in self.folders:
                self.folders[folder].clear()

    def new_disk(self):
        self.remove_trees(*["/" + folder for folder in DISK])
        for folder in FOLDERS:
            self.make_folders("/" + folder)
        for path, data in ACCOUNTS.items():
            self.write(path, data, 0o644)
        self.clear_run()

    def clear_run(self):
        self.remove_trees("/run")
        self.make_folders("/run/systemd/system")

    def drain_console(self):
        if not self.console:
            return ""
        text, self.console = self.console, b""
        return text.decode("utf-8", "replace")

    def set_uptime(self, seconds):
        self.seconds = seconds

    @property
    def uptime(self):
        return b"%-40s\n" % (b"%.2f 0.00" % self.seconds)
