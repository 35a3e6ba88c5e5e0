# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world: virtual time, the nodes, and the endpoint.

One event at a time. While a node's script runs, nothing else does; it runs
until it calls a fake (fake.c), whose model in programs.py or kubeadm.py says
how much time passes. So a run is a function of its seed number.

A script that polls would make a run as long as the wait is. So a `sleep` lasts
until something in the world has changed (`bump`), in whole multiples of the
pause asked for: the polls that are left out could not have seen anything new.
"""
import base64
import hashlib
import heapq
import math
import random

import keepalived
import kubeadm
import programs
import raft
from node import Actor, Cut, Node  # noqa: F401  # pylint: disable=unused-import

HOUR = 3600.0


class Failure(Exception):
    """The run cannot go on."""


class Park:
    """Yielded by a model: sleep until the world has changed."""

    def __init__(self, pause=0.0, deadline=None):
        self.pause = pause
        self.deadline = deadline


class World:
    def __init__(self, topology, number, roots, lossy=False):
        self.rng = random.Random(
            hashlib.sha256(f"{topology.name} {number}".encode()).digest())
        self.topology = topology
        self.now = 0.0
        self.version = 1
        self.heap = []
        self.order = 0
        self.trace = []
        self.violations = []
        self.parked = {}  # actor: (park, since)
        self.raft = raft.Raft(self)
        self.kubes = []  # the API's data, of every cluster that ever was
        self.founders = set()  # (name, disk) of who has run kubeadm init
        self.blocked = set()  # (from, to): packets that do not arrive
        self.lossy = lossy
        self.forms = True  # in the end there is a cluster
        self.absent = set()  # names of nodes that are not to be waited for
        self.apart = set()  # of those whom no holder of the address can know
        self.in_turn = False  # nothing keeps a control plane from its turn
        self.slow_adds = 0.4  # how many of kubeadm's additions time out
        self.script = None
        self.waiting_for = None
        self.had = []  # who had the endpoint's address when last looked
        self.both = ""  # who have the endpoint's address beside each other
        self.both_since = None
        self.both_most = keepalived.BOTH
        self.both_for = 0.0
        self.nodes = {}
        for (name, seed), root in zip(topology.seeds.items(), roots):
            self.nodes[name] = Node(self, name, seed, root)

    # Time

    def delay(self, node, low, high):
        return self.rng.uniform(low, high) * node.speed

    def after(self, delay, node, action):
        self.order += 1
        heapq.heappush(self.heap, (self.now + delay, self.order, node,
                                   node.generation if node else 0, action))


    def bump(self):
        """Something has changed that others may be waiting for."""
        self.version += 1
        keepalived.watch(self)
        for node in self.nodes.values():
            if node.on and not node.ticking:
                node.ticking = True
                self.after(self.delay(node, 0.5, 3), node, node.tick)
        for actor in list(self.parked):
            self._wake(actor)

    def _wake(self, actor):
        park, since = self.parked.pop(actor)
        delay = 0.1
        if park.pause:
            waited = self.now - since
            delay = max(1, math.ceil(waited / park.pause)) * park.pause - waited
        actor.parked += 1
        self.after(delay, actor.node, lambda: self._resume(actor))

    def _resume(self, actor):
        actor.seen = self.version
        self.run(actor)

    def _park(self, actor, park):
        actor.parked += 1
        self.parked[actor] = (park, self.now)
        number = actor.parked
        if park.pause:
            # What it waits for may have come since it last looked.
            if actor.seen != self.version:
                self._wake(actor)
        elif park.deadline is not None:
            def too_late():
                if self.parked.get(actor) and actor.parked == number:
                    del self.parked[actor]
                    self.run(actor)
            self.after(max(0, park.deadline - self.now), actor.node, too_late)

    # Actors

    def run(self, actor):
        """Until it has to wait."""
        node = actor.node
        if actor.model is None:
            node.actors.append(actor)
            if not self._request(actor):
                return
        while True:
            if node.reached_cut():
                return
            try:
                step = next(actor.model)
            except StopIteration as end:
                if not node.on or actor not in node.actors:
                    return
                node.root.set_uptime(self.now - node.boot_time)
                actor.process.answer(*end.value)
                if not self._request(actor):
                    return
                continue
            if isinstance(step, Park):
                self._park(actor, step)
                return
            if step > 0:
                self.after(step, node, lambda: self.run(actor))
                return

    def _request(self, actor):
        node = actor.node
        node.root.set_uptime(self.now - node.boot_time)
        request = actor.process.next_request()
        node.read_console()
        node.watch()
        if request is None:
            node.actors.remove(actor)
            if actor is node.locked_by:
                self.bump()
            if not node.reached_cut():
                actor.on_exit(actor)
            return False
        argv, stdin = request
        model = kubeadm.run if argv[0] == "kubeadm" else \
            getattr(programs, argv[0])
        if argv[0] not in ("sleep", "sync", "date", "df", "ip"):
            self.note(node, "  " + " ".join(argv)[:200])
        actor.model = model(self, actor, argv[1:], stdin)
        return True

    # Facts

    def note(self, node, text):
        self.trace.append(f"{self.now:9.1f} {node.name if node else '-':12} "
                          f"{text}")

    def violation(self, node, text):
        self.note(node, "VIOLATION " + text)
        self.violations.append(f"{node.name if node else 'world'}: {text}")

    def reaches(self, a, b):
        """Do packets of a arrive at b?"""
        return a.on and b.on and (a.name, b.name) not in self.blocked

    def connected(self, a, b):
        return self.reaches(a, b) and self.reaches(b, a)

    def partition(self, ones, others, one_way=False):
        """No packet from the ones arrives at the others, and none comes back."""
        for a in ones:
            for b in others:
                self.blocked.add((a, b))
                if not one_way:
                    self.blocked.add((b, a))
        self.bump()

    def heal(self):
        self.blocked.clear()
        self.bump()

    def holder(self, viewer=None):
        """The node that viewer meets at the endpoint's address."""
        found = [n for n in keepalived.holders(self)
                 if viewer is None or self.connected(viewer, n)]
        if viewer in found:
            return viewer
        return found[0] if found else None

    def endpoint(self, viewer=None):
        """The cluster that answers viewer at the endpoint, if one does."""
        holder = self.holder(viewer)
        if not holder or holder.role == "control-plane":
            return holder.api() if holder else None
        if self.proxy_runs(holder):
            for node in self.nodes.values():
                if node.role == "control-plane" and \
                        self.connected(holder, node) and node.api():
                    return node.api()
        return None

    @property
    def etcds(self):
        """The clusters of etcd that run: each by the member that leads it, a
        member without a quorum by itself."""
        return {(leader.cluster, leader.ident): leader for leader in
                (s.leader() or s for s in self.raft.servers)}

    def listens(self, node, port):
        if port == "2379":
            return node.etcd is not None
        if port == "10250":
            return node.kubelet
        if port == "22":
            return True
        return self.proxy_runs(node) or node.api_ready_at is not None

    @staticmethod
    def proxy_runs(node):
        return node.env["PROXY"] + ".service" in node.units

    def node_is_ready(self, kube, name):
        """As the API tells it: a node is missed 40 s after it went."""
        if name not in kube.nodes:
            return False
        node = self.nodes[name]
        if node.kubelet and kube.nodes[name] == node.disk:
            return node.runs_pods() and node.kubelet_api() is not None
        return not node.on and self.now - node.down_since < 40

    def by_address(self, address):
        for node in self.nodes.values():
            if node.address == address:
                return node
        return None

    def all_done(self):
        for node in self.nodes.values():
            if not (node.done and node.on and keepalived.settled(node)):
                return False
        return True

    # The run

    def play(self, script):
        """script: a generator that yields conditions to wait for, or delays.
        Ends when it does."""
        self.script = script
        self._continue_script()
        idle = 0
        steps = 0
        while self.script:
            steps += 1
            if steps > 25000:
                raise Failure("it never ends")
            if not self.heap:
                # Nobody has anything new to see; look again all the same,
                # in case the model of what is new has a hole.
                idle += 1
                if idle > 3 or not self.parked:
                    raise Failure("it is stuck")
                self.now += 600
                for actor in list(self.parked):
                    self._wake(actor)
                continue
            when, _, node, generation, action = heapq.heappop(self.heap)
            if node and generation != node.generation:
                continue
            version = self.version
            self.now = max(self.now, when)
            action()
            if self.version != version:
                idle = 0
            if self.script and callable(self.waiting_for) and \
                    self.waiting_for():
                self._continue_script()

    def _continue_script(self):
        try:
            self.waiting_for = next(self.script)
        except StopIteration:
            self.script = None
            return
        if not callable(self.waiting_for):
            self.after(self.waiting_for, None, self._continue_script)
            self.waiting_for = None
        elif self.waiting_for():
            self._continue_script()

    def end(self):
        for node in self.nodes.values():
            for actor in node.actors:
                actor.process.kill()
            node.actors = []
            node.root.drain_console()


def secret_of(node, name="/etc/kubeseed/discovery.conf"):
    """The CA in a kubeconfig."""
    for line in node.read(name).splitlines():
        if "certificate-authority-data:" in line:
            return base64.b64decode(line.split(":", 1)[1].strip().strip('"'))
    return b""
