# SPDX-License-Identifier: GPL-3.0-or-later
"""What a power cut does to a disk: of every file its content as it was at some
time since the last sync, or a beginning of it."""
import os

# etcd syncs its own; put aside, it is there under the one name or the other.
APART = ("/var/lib/etcd/member", "/var/lib/kubeseed/etcd-damaged-")
# A folder that is renamed is renamed as a whole.
TOGETHER = ("/var/lib/kubeseed/certificates",)
SECTOR = 512  # bytes that a disk writes together
# shred(1) writes over a file, and on the disk, before its name goes.
SHREDDED = ("/etc/kubeseed/super-admin.conf",)
NEW = ".new"  # what scripts write and sync before it gets its name


class History:
    """What a disk held since the last sync, as far as somebody looked."""

    def __init__(self, root):
        self.root = root
        self.versions = {}  # path: [(time, content)], the first is synced
        self.time = 0
        # (folder, content) of what was synced under a name of its own, from which
        # it is renamed: it is there as a whole, or not at all.
        self.fresh = set()

    def state(self, path):
        """(mode, data), (0, where a link leads), or None."""
        if self.root.is_link(path):
            return 0, self.root.link_target(path)
        try:
            return self.root.mode(path), self.root.read(path)
        except OSError:
            return None

    def observe(self):
        """What has changed since the last time is a version of its own."""
        changed = False
        for path in self.root.changed():
            if path.startswith(APART):
                continue
            now = self.state(path)
            seen = self.versions.setdefault(path, [(0, None)])
            if seen[-1][1] != now:
                seen.append((self.time + 1, now))
                changed = True
        self.time += changed

    def begin(self):
        self.versions = {}
        self.sync()

    def sync(self):
        self.observe()
        for path, seen in list(self.versions.items()):
            last = seen[-1][1]
            if last is None:  # gone for good
                del self.versions[path]
            else:
                self.versions[path] = [(0, last)]
                if path.endswith(NEW):
                    self.fresh.add((os.path.dirname(path), last[1]))
        self.time = 0

    def lose(self, rng):
        """Half of the time all is as at one moment; else each file is as at a
        moment of its own, often the first or the last one, and may be torn."""
        self.observe()
        moment = rng.randint(0, self.time)
        apart = rng.random() < 0.5
        for path, seen in sorted(self.versions.items()):
            if len(seen) == 1:
                continue
            own = apart and not path.startswith(TOGETHER)
            at = rng.choice((0, rng.randint(0, self.time), self.time)) \
                if own else moment
            last = max(i for i, (when, _) in enumerate(seen) if when <= at)
            state = seen[last][1]
            if own and last and state and isinstance(state[1], bytes):
                before = seen[last - 1][1]
                whole = (os.path.dirname(path), state[1]) in self.fresh
                state = state[0], torn(rng, before and before[1], state[1],
                                       whole)
            if path in SHREDDED and state and not seen[-1][1] and \
                    rng.random() < 0.5:
                state = state[0], bytes(len(state[1]))
            self.put(path, state)
        # Not from nothing: a file that nobody touched is still there.
        self.sync()

    def put(self, path, state):
        if state == self.state(path):
            return
        if self.root.exists(path):
            self.root.unlink(path)
        if state is None:
            return
        mode, data = state
        if isinstance(data, bytes):
            self.root.write(path, data, mode)
        else:
            self.root.symlink(data, path)


def torn(rng, before, after, whole):
    """A file's name was there before its data was, or before all of it; one that
    is overwritten is empty first. What is appended comes after what was there."""
    if whole or before == after:
        return after
    if before and after.startswith(before):
        return after[:rng.randint(len(before), len(after))]
    if before and min(len(before), len(after)) > SECTOR and rng.random() < 0.4:
        return mixed(rng, before, after)
    if rng.random() < 0.6:
        end = rng.choice((0, rng.randint(0, len(after))))
        # Behind it nothing, or blocks that were never written.
        return after[:end] + bytes(rng.choice((0, len(after) - end)))
    return after


def mixed(rng, before, after):
    """Overwritten in place: of each sector what it held before or holds after, and
    the length of the one or the other."""
    found = b""
    for at in range(0, max(len(before), len(after)), SECTOR):
        old, new = (text[at:at + SECTOR].ljust(SECTOR, b"\0")
                    for text in (before, after))
        found += rng.choice((old, new))
    return found[:len(rng.choice((before, after)))]
