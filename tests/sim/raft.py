# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd's members, each with its own log, term, commit index and membership.

What takes messages and milliseconds in raft happens here at once, whenever the
world has changed (`Raft.settle`); its rules are raft's. A leader is elected by
most voters of its own membership, none of whom has a newer log or a living
leader; what it writes is acknowledged when most voters have it; a membership
counts once it is committed. Two members talk if packets go both ways.

A client writes the next number to a register whenever something has changed and
reads it through every leader. A number that was acknowledged and is not there
ends the run; so does the register of a cluster that was founded anew.
"""


class Info:
    """A member as a membership has it."""
    __slots__ = ("ident", "name", "url", "client", "learner")

    def __init__(self, ident, name, url, learner=False):
        self.ident = ident
        self.name = name  # "" until an added member has started
        self.url = url
        self.client = False  # it has told its address for clients
        self.learner = learner


class Wal:
    """What a member has on its disk; etcd syncs it before it answers."""

    def __init__(self, cluster, ident, initial):
        self.cluster = cluster
        self.ident = ident
        self.term = 1 if initial else 0
        # The entries of a founding are committed beforehand.
        self.log = [(1, "add", m) for m in initial]
        self.bootstrap = len(self.log)
        self.commit = 0
        self.node = None  # whose disk it is on
        self.gone = False  # with that disk
        self.forget()
        self.advance(len(self.log))

    def forget(self):
        """As before any entry."""
        self.applied = 0
        self.known_voters = None
        self.members = {}
        self.removed = set()
        self.value = 0  # of the register
        self.kube = None
        self.keys = {}  # of others than Kubernetes: their value and lease

    def advance(self, commit):
        self.commit = max(self.commit, min(commit, len(self.log)))
        while self.applied < self.commit:
            _, kind, what = self.log[self.applied]
            self.applied += 1
            getattr(self, "apply_" + kind)(what)

    def apply_all(self, members):
        """What peers tell one that joins, before it has any entry."""
        for m in members:
            self.apply_add((m.ident, m.name, m.url, m.learner))

    def apply_add(self, what):
        ident, name, url, learner = what
        # Two additions under way of the same machine: the first one counts.
        if any(m.url == url for m in self.members.values()):
            return
        self.known_voters = None
        self.members[ident] = Info(ident, name, url, learner)

    def apply_remove(self, ident):
        self.known_voters = None
        self.members.pop(ident, None)
        self.removed.add(ident)

    def apply_promote(self, ident):
        if ident in self.members:
            self.known_voters = None
            self.members[ident].learner = False

    def apply_publish(self, what):
        ident, name = what
        if ident in self.members:
            self.members[ident].name = name
            self.members[ident].client = True

    def apply_put(self, value):
        self.value = value

    def apply_key(self, what):
        name, value, lease = what
        self.keys[name] = value, lease

    def apply_kube(self, kube):
        self.kube = self.kube or kube  # whoever is first makes it

    def apply_noop(self, _):
        pass

    def newest(self):
        return (self.log[-1][0] if self.log else 0), len(self.log)

    def voters(self):
        if self.known_voters is None:
            self.known_voters = [m.ident for m in self.members.values()
                                 if not m.learner]
        return self.known_voters

    def take(self, log):
        """Its log becomes the leader's. False if what was committed here is
        not in it."""
        kept = True
        if len(self.log) > len(log) or \
                self.log and self.log[-1] is not log[len(self.log) - 1]:
            same = 0
            while same < min(len(self.log), len(log)) and \
                    self.log[same] == log[same]:
                same += 1
            if same < self.commit:
                kept = False
                self.commit = 0
                self.forget()
            del self.log[same:]
        self.log.extend(log[len(self.log):])
        return kept


class Server:
    """A member that runs."""

    def __init__(self, raft, node, wal):
        self.raft = raft
        self.world = raft.world
        self.node = node
        self.wal = wal
        self.cluster = wal.cluster
        self.ident = wal.ident
        self.leading = False
        self.serves = False  # clients: once there was a quorum since its start
        self.ready_at = self.world.now  # when it has what the leader has

    @property
    def members(self):
        return self.wal.members

    @property
    def learner(self):
        info = self.members.get(self.ident)
        return bool(info) and info.learner

    def by_url(self, url):
        for info in self.members.values():
            if info.url == url:
                return info
        return None

    def leader(self):
        return self.raft.leader(self)

    def has_quorum(self):
        return self.leader() is not None

    def running(self):
        """The members in its view that run and that it reaches."""
        return [s for s in self.raft.peers(self) if s.ident in self.members]

    def key(self, name):
        """Its value; None when it is not there, or its lease has ended."""
        value, lease = (self.leader() or self).wal.keys.get(name, (None, None))
        if self.raft.leases.get(lease, 0) <= self.world.now:
            return None
        return value

    @property
    def kube(self):
        return (self.leader() or self).wal.kube

    @kube.setter
    def kube(self, kube):
        self.world.kubes.append(kube)
        self.propose("kube", kube)

    def propose(self, kind, what):
        """True once most have it. Without a quorum it may take effect later."""
        leader = self.leader()
        if not leader:
            return False
        leader.wal.log.append((leader.wal.term, kind, what))
        self.raft.replicate(leader)
        done = leader.wal.commit == len(leader.wal.log)
        self.raft.settle(True)
        return done

    def hold(self, kind, what):
        """A leader takes it that has just lost its quorum."""
        if not any(e[1:] == (kind, what) for e in self.wal.log):
            self.wal.log.append((self.wal.term, kind, what))


class Raft:
    def __init__(self, world):
        self.world = world
        self.servers = []
        self.acknowledged = 0
        self.wals = []  # of all disks there ever were
        self.added = []  # members
        self.granted = 0  # leases
        self.leases = {}  # id: when it ends
        self.settled = None  # the world's version that has been seen to
        self.settling = False

    def connected(self, a, b):
        # Who runs is on.
        return a is b or not self.world.blocked or \
            self.world.connected(a.node, b.node)

    def peers(self, server):
        """Who runs in the same cluster and is reached, itself among them."""
        return [s for s in self.servers if s.cluster == server.cluster and
                self.connected(s, server)]

    def quorate(self, server):
        voters = server.wal.voters()
        there = 0
        for s in self.servers:
            if s.ident in voters and s.cluster == server.cluster and \
                    (not self.world.blocked or self.connected(s, server)):
                there += 1
        return there * 2 > len(voters)

    def leader(self, server):
        for s in self.servers:
            if s.leading and s.cluster == server.cluster and \
                    server.ident in s.wal.members and \
                    self.connected(s, server) and self.quorate(s):
                return s
        return None

    def settle(self, proposed=False):
        """Whatever follows from the present state."""
        if self.settling or self.settled == self.world.version and not proposed:
            return
        self.settling = True
        before = None
        while before != self.state():
            before = self.state()
            for server in list(self.servers):
                if server.leading and not self.quorate(server):
                    server.leading = False
            for server in list(self.servers):
                if not self.leader(server):
                    self.elect(server)
            for server in list(self.servers):
                if server.leading:
                    self.replicate(server)
            for server in list(self.servers):
                self.serve(server)
        self.settling = False
        self.settled = self.world.version
        self.use_register()

    def state(self):
        return [(s, s.leading, s.serves, s.wal.commit, len(s.wal.log))
                for s in self.servers]

    def elect(self, server):
        voters = server.wal.voters()
        if server.ident not in voters:
            return
        granting = [s for s in self.peers(server) if s.ident in voters and
                    not self.leader(s) and
                    s.wal.newest() <= server.wal.newest()]
        if len(granting) * 2 <= len(voters):
            return
        term = 1 + max(s.wal.term for s in granting)
        for s in granting:
            s.wal.term = term
        server.leading = True
        server.wal.log.append((term, "noop", None))
        self.replicate(server)
        self.world.bump()

    def replicate(self, leader):
        wal = leader.wal
        there = [s for s in self.peers(leader) if s.ident in wal.members]
        for s in there:
            if s is leader or self.world.now < s.ready_at:
                continue
            s.leading = False
            s.wal.term = max(s.wal.term, wal.term)
            if not s.wal.take(wal.log):
                self.world.violation(s.node, "what etcd had committed is "
                                             "overwritten")
        voters = wal.voters()
        have = sorted((len(wal.log) if self.world.now >= s.ready_at
                       or s is leader else min(s.wal.commit, len(wal.log))
                       for s in there if s.ident in voters), reverse=True)
        most = len(voters) // 2
        if len(have) > most:
            number = have[most]
            if number > wal.commit and wal.log[number - 1][0] == wal.term:
                before = len(wal.members), len(wal.removed)
                wal.advance(number)
                if before != (len(wal.members), len(wal.removed)):
                    self.world.bump()
        for s in there:
            s.wal.advance(wal.commit if self.world.now >= s.ready_at else 0)
        for s in self.peers(leader):
            if s.ident in wal.removed:
                s.node.etcd_ends("removed from the cluster for good")

    def serve(self, server):
        """It has found a leader and tells the cluster of itself."""
        if server.serves or self.world.now < server.ready_at or \
                not server.has_quorum() or server.ident not in server.members:
            return
        server.serves = True
        if not server.members[server.ident].client:
            server.propose("publish", (server.ident, server.node.name))
        server.node.etcd_serves()
        self.world.bump()

    # The client

    def use_register(self):
        for server in self.servers:
            if not server.leading or not self.quorate(server) or \
                    server.wal.log[server.wal.commit - 1][0] != server.wal.term:
                continue
            if server.wal.value < self.acknowledged:
                self.world.violation(
                    server.node, "etcd has lost acknowledged data: "
                    f"{server.wal.value} is read, {self.acknowledged} was "
                    "written")
                self.acknowledged = server.wal.value
            value = self.acknowledged + 1
            server.wal.log.append((server.wal.term, "put", value))
            self.replicate(server)
            if server.wal.value == value:
                self.acknowledged = value

    def disk_gone(self, node):
        """With too many disks its data goes for good, whoever is right."""
        for wal in self.wals:
            if wal.node is node:
                wal.gone = True
        left = [w for w in self.wals if not w.gone]
        if not left:
            self.acknowledged = 0
        if not self.acknowledged:
            return
        voters = set(max(left, key=Wal.newest).voters())
        lost = voters - {w.ident for w in left} & {w.ident for w in self.wals}
        kept = any(e[1] == "put" and e[2] >= self.acknowledged
                   for w in left for e in w.log)
        if len(lost) * 2 >= len(voters) or not kept:
            self.world.note(node, "with this disk etcd's data is gone for good")
            self.acknowledged = 0
