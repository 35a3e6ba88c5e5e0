# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters, what happens to them, and what must hold in the end."""
import functools
import itertools
import os
import random
import re
import shutil
import subprocess

import disk
import etcd
import faults
import sandbox
import world as w

SPEC = """\
apiVersion: kubeseed/v1
kind: Cluster
name: sim
kubernetes:
  version: 1.20.2
  payload: debian
network:
  subnet: 192.168.4.0/24
endpoint:
  address: 192.168.4.20
"""

# What kubeadm is told of patches depends on its version. Debian's payload is that
# of one version.
OTHER = SPEC.replace("payload: debian", "payload: pkgs.k8s.io")
V1BETA3 = OTHER.replace("1.20.2", "1.29.3")
V1BETA4 = OTHER.replace("1.20.2", "1.34.2")
STACKED = "etcd:\n  mode: stacked\nnodes:\n"

MASTERS = """\
  - name: m{1..3}
    role: control-plane
    address: 192.168.4.31+
"""
WORKERS = """\
  - name: w{1..2}
    role: worker
    address: 192.168.4.41+
"""

TOPOLOGIES = {
    "founding": SPEC + "nodes:\n" + MASTERS + WORKERS,
    "stacked": SPEC + STACKED + MASTERS + WORKERS,
    "external": V1BETA4 + "  provider: haproxy\netcd:\n  mode: external\n"
    "nodes:\n" + """\
  - name: lb{1..2}
    role: load-balancer
    address: 192.168.4.21+
  - name: e{1..3}
    role: etcd
    address: 192.168.4.25+
  - name: m{1..2}
    role: control-plane
    address: 192.168.4.31+
  - name: w1
    role: worker
    address: 192.168.4.41
""",
    "one": V1BETA3 + "etcd:\n  mode: external\nnodes:\n" + """\
  - name: e1
    role: etcd
    address: 192.168.4.25
  - name: m1
    role: control-plane
    address: 192.168.4.31
  - name: w1
    role: worker
    address: 192.168.4.41
""",
    "five": SPEC + "etcd:\n  mode: stacked\nnodes:\n" +
    MASTERS.replace("3}", "5}"),
    # Seeds of three, then of five, for one cluster.
    "grown": (SPEC + "nodes:\n" + MASTERS,
              SPEC + "nodes:\n" + MASTERS.replace("3}", "5}")),
    "grown-stacked": (
        SPEC + "etcd:\n  mode: stacked\nnodes:\n" + MASTERS,
        SPEC + "etcd:\n  mode: stacked\nnodes:\n" +
        MASTERS.replace("m{1..3}", "m{4..5}").replace(".31+", ".34+") +
        MASTERS),
    # Members of etcd are learners first; and their order is another from 1.33.
    "learners": V1BETA3 + STACKED + MASTERS,
    "local": V1BETA4 + STACKED + MASTERS,
    "founding-five": SPEC + "nodes:\n" + MASTERS.replace("3}", "5}"),
    "copied": SPEC + "etcd:\n  mode: stacked\npki:\n  mode: copied\nnodes:\n" +
    MASTERS + WORKERS,
}


@functools.cache
def read_seeds(folder):
    """{node: its files and its user-data}"""
    return {medium[:-4]: sandbox.read_seed(f"{folder}/{medium}")
            for medium in sorted(os.listdir(folder))
            if medium.endswith(".iso")}


class Topology:
    """The seeds of one cluster, made by kubeseed itself."""

    earlier = seeds = None

    def __init__(self, name, kubeseed, mutate=None):
        self.name = name
        folder = f"{sandbox.BASE}/specs/{name}"
        specs = TOPOLOGIES[name]
        for i, spec in enumerate((specs,) if isinstance(specs, str) else specs):
            kept = f"{folder}/{i}"
            if not os.path.isdir(kept):
                os.makedirs(folder, exist_ok=True)
                with open(folder + "/sim.yaml", "w", encoding="utf-8") as f:
                    f.write(spec)
                subprocess.run([kubeseed, "-q", "seed", "sim.yaml"], check=True,
                               cwd=folder, stdin=subprocess.DEVNULL)
                shutil.copytree(folder + "/sim.cluster/seeds", kept)
            self.earlier, self.seeds = self.seeds, {
                node: (dict(files), data)
                for node, (files, data) in read_seeds(kept).items()}
        self.priority = {}
        for node, (files, _) in self.seeds.items():
            conf = files.get("/etc/keepalived/keepalived.conf")
            if conf:
                self.priority[node] = int(
                    re.search(rb"priority (\d+)", conf[1]).group(1))
            join = files.get("/etc/kubeseed/kubeadm-join.yaml")
            if join:
                self.token_secret = re.search(
                    rb'tlsBootstrapToken: *"[^.]*\.(.*)"', join[1]).group(1)
            if mutate:
                mutate(files)

    @staticmethod
    def note_join(world, node, cluster):
        """kubeadm is about to change etcd's membership: the scripts promise
        one at a time. (What the scripts add by themselves etcd judges: it may
        take it beside a member that runs and has not told its name yet.)"""
        for member in cluster.members.values():
            if not member.name and member.url != f"https://{node.address}:2380":
                world.violation(node, "an etcd member is added while another "
                                      "has not started")

    def joins(self, node):
        return "/etc/kubeseed/kubeadm-join.yaml" in self.seeds[node][0]

    def of_role(self, role):
        quoted = f"ROLE='{role}'".encode()
        return [n for n, (files, _) in self.seeds.items()
                if quoted in files["/etc/kubeseed/node.env"][1]]


# What happens. Each is a generator of what to wait for.

def boot(world, order, gaps):
    """One after the other; the last gap is that before the second."""
    when = 0.0
    for name, gap in zip(order, gaps):
        when += gap
        world.after(when, None, world.nodes[name].power_on)
    yield world.all_done


def switch_all_on(world):
    for node in world.nodes.values():
        world.after(world.rng.uniform(0, 3), None, node.power_on)


def boot_at_once(world):
    switch_all_on(world)
    yield world.all_done


def random_gap(world):
    """From seconds to hours."""
    return world.rng.choice((1, 10, 60, 600, 3600, 6 * 3600)) * \
        world.rng.uniform(0.5, 1.5)


def boot_and_wait(world, nodes):
    """Only these; what does not depend on the others must come about."""
    for node in nodes:
        world.after(world.rng.uniform(0, 30), None, node.power_on)
    yield lambda: all(reported(n, "ready", "done") for n in nodes)


def reported(node, step, state):
    """On its console, since it was last switched on."""
    return any((item["step"], item["state"]) == (step, state)
               for when, item in node.console if when > node.boot_time)


def boot_orders(masters, rest):
    """All of them. What is no control plane is told apart by its role alone:
    machines of one role keep their order, and with more than two such machines
    they come together."""
    if len(rest) > 2:
        for order in itertools.permutations(masters):
            for where in range(len(order) + 1):
                yield order[:where] + tuple(rest) + order[where:]
        return
    for order in itertools.permutations(masters + rest):
        if [n for n in order if n in rest] == rest:
            yield order


def in_order(world, order):
    order = order.split(",")
    yield from boot(world, order,
                    [0] + [random_gap(world) for _ in order[1:]])


def at_once(world, _):
    world.in_turn = True
    yield from boot_at_once(world)


def cut_after_line(world, what):
    """The power of one node fails when a line is on its console."""
    name, step, state = what.split(",")
    node = world.nodes[name]
    node.cut = w.Cut(line=(step, state), off=world.rng.choice((20, 300, 7200)),
                     lossy=world.lossy)
    yield from boot_at_once(world)
    if node.cut:
        raise w.Failure(f"the line {what} never came")


def cut_at_point(world, what):
    name, point = what.split(",")
    node = world.nodes[name]
    node.cut = w.Cut(
        point=int(point), off=world.rng.choice((20, 300, 7200)),
        lossy=world.lossy)
    yield from boot_at_once(world)
    if node.cut:  # its life was shorter
        node.cut = None
        node.power_off(world.lossy)
        yield 20
        node.power_on()
        yield world.all_done


def last_cut(world, name):
    """The last node to join loses its power at about the time at which the
    cluster sees that nobody is missing."""
    node = world.nodes[name]
    first = world.nodes["m1"]
    for other in world.nodes.values():
        if other is not node:
            other.power_on()
    yield lambda: said(first, "nodes to have joined")
    node.power_on()
    yield lambda: world.endpoint() and \
        world.endpoint().kube.nodes.get(name) == node.disk
    # What it has joined with is not on the disk yet, or it is and nobody knows.
    yield world.rng.uniform(0, world.rng.choice((4, 40)))
    node.power_off(True)
    yield 7200
    node.power_on()
    yield world.all_done


def random_cuts(world, count):
    """Of any nodes, at any times, while they assemble."""
    for _ in range(int(count)):
        node = world.rng.choice(list(world.nodes.values()))
        off = world.rng.choice((5, 30, 300, 3000)) * world.rng.uniform(.5, 1.5)

        def cut(node=node, off=off):
            if node.on:
                node.power_off(world.lossy)
                world.after(off, None, node.power_on)
        world.after(world.rng.uniform(30, 1500), None, cut)
    order = list(world.nodes)
    world.rng.shuffle(order)
    yield from boot(world, order,
                    [world.rng.choice((0, 0, 30, 300)) for _ in order])
    yield 4000  # any cut still to come
    yield world.all_done


def twice(world, name):
    """The bootstrap program is started a second time on a node."""
    node = world.nodes[name]

    def again():
        if node.on and node.actors:
            node.start_bootstrap()
    for _ in range(3):
        world.after(world.rng.uniform(100, 900), None, again)
    yield from boot_at_once(world)


def off_and_on(world, _):
    """The whole cluster, in the midst of its assembly and after it."""
    world.after(world.rng.uniform(60, 900), None,
                lambda: [n.power_off(world.lossy)
                         for n in world.nodes.values()])
    yield from boot_and_return(world)
    for node in world.nodes.values():
        node.power_off(world.lossy)
    yield world.rng.choice((60, 86400))
    yield from boot_at_once(world)


def boot_and_return(world):
    switch_all_on(world)
    yield 950
    yield from boot_at_once(world)


def said(node, words):
    """On its console, since it was last switched on."""
    return any(words in item.get("message", "")
               for when, item in node.console if when > node.boot_time)


def renew_token(world, node):
    """What `kubeseed seed NODE` does while the cluster runs."""
    kube = world.endpoint().kube
    token = re.search(rb'tlsBootstrapToken: *"(.*)"',
                      node.files["/etc/kubeseed/kubeadm-join.yaml"][1])
    ident, _, secret = token.group(1).decode().partition(".")
    kube.tokens[ident] = (secret, world.now + 3600)
    world.bump()


def hand_over_keys(world, node):
    """pki.mode copied: nobody but a person can know that a node with a new
    disk is not a stranger."""
    source = world.nodes["m2" if node.name == "m1" else "m1"]
    world.run(w.Actor(source, ["/bin/sh", "/root/bin/copy-certificates.sh",
                               node.name], on_exit=lambda actor: None))


def disk_lost(world, name):
    """A member comes back with a new disk and its old seed."""
    yield from boot_at_once(world)
    node = world.nodes[name]
    node.power_off()
    node.new_disk()
    yield world.rng.choice((5, 60, 86400))
    node.power_on()
    if node.env["PKI_MODE"] == "copied":
        yield lambda: said(node, "copy-certificates.sh")
        hand_over_keys(world, node)
    if node.role == "worker":
        yield lambda: said(node, "valid bootstrap token")
        yield 3600
        if node.done:
            raise w.Failure("it joined with a deleted token")
        renew_token(world, node)
    yield world.all_done


def disk_lost_in_the_dark(world, name):
    """All lose their power, one of them its disk as well; they come back in any
    order, hours apart or at once."""
    yield from boot_at_once(world)
    for node in world.nodes.values():
        node.power_off()
    world.nodes[name].new_disk()
    yield 60
    order = list(world.nodes)
    world.rng.shuffle(order)
    when = 0
    for node in order:
        when += world.rng.choice((0, 0, 5, 60, 3600))
        world.after(when, None, world.nodes[node].power_on)
    yield from handing_over_keys(world, world.nodes[name])


def disk_lost_early(world, name):
    """The founder's disk, before a second control plane has joined."""
    late = [n for n in world.nodes.values()
            if n.role == "control-plane" and n.name != name]
    node = world.nodes[name]
    for other in world.nodes.values():
        if other not in late:
            other.power_on()
    # With a stacked etcd they are on, and wait their turn.
    if node.env["ETCD_MODE"] == "stacked" or "etcd.service" in node.units or \
            "/etc/default/etcd" in node.files:
        for other in late:
            other.power_on()
    yield lambda: world.endpoint() and world.endpoint().kube.cluster_info
    if node.env["PKI_MODE"] == "copied":
        yield lambda: any(other.has("/etc/kubernetes/pki/ca.crt")
                          for other in late)
    node.power_off()
    # They may stay on, with what they know of the first cluster.
    if world.rng.random() < 0.5:
        for other in late:
            other.power_off()
    node.new_disk()
    yield 60
    for other in world.nodes.values():
        if not other.on:
            other.power_on()
    if any("/etc/default/etcd" in n.files and
           not n.has("/var/lib/etcd/member/wal/data.json") for n in late):
        # Two have founded. The third has no proof that it may help.
        yield lambda: world.all_done() or said(
            node, "most of its members are needed")
        yield 7200
        world.forms = world.all_done()
        return
    yield from handing_over_keys(world, node)


def handing_over_keys(world, node):
    """A person runs copy-certificates.sh whenever the node asks for it."""
    while not world.all_done():
        yield lambda: said(node, "copy-certificates.sh") or world.all_done()
        if not world.all_done():
            hand_over_keys(world, node)
            yield 120


def disk_lost_and_cut(world, what):
    """Its power fails as well while it comes back."""
    name, point = what.split(",")
    node = world.nodes[name]

    def cut_later():
        node.cut = w.Cut(point=node.points + int(point), off=20, lossy=True)
    yield from boot_at_once(world)
    node.power_off()
    node.new_disk()
    yield 60
    cut_later()
    node.power_on()
    yield from handing_over_keys(world, node)


# What is wrong with a machine: what its console says then.
TROUBLES = {"clock-ahead": "waiting for the clock; set it",
            "clock-behind": "waiting for the clock; set it",
            "disk-full": "87 MiB are free in /var/lib, 512 are needed",
            "no-card": "is the network card with the MAC address",
            "address-taken": "machine with the MAC address 02:00:00:00:00:99",
            "vip-taken": "it has the MAC address 02:00:00:00:00:99"}


def trouble(world, what):
    """Something is wrong with a machine until somebody mends it."""
    name, kind = what.split(",")
    node = world.nodes[name]
    node.trouble = kind
    switch_all_on(world)
    yield lambda: said(node, TROUBLES[kind])
    yield 3600
    if node.done:
        raise w.Failure("it went on although it was not mended")
    node.trouble = ""
    world.bump()
    yield world.all_done


def with_address(files, right, wrong):
    """A seed in which one address has become another."""
    return {path: (mode, text.replace(right.encode(), wrong.encode()))
            for path, (mode, text) in files.items()}


def etcd_nodes(world):
    return [n for n in world.nodes.values() if "/etc/default/etcd" in n.files]


def until_corrected(world):
    """How long a person takes; at once, so that what is not synced is lost, or
    long enough for everything to wait."""
    return world.rng.uniform(0, 20) if world.lossy else 3600


def wrong_peer(world, name):
    """A seed has a wrong address of another member of etcd: its node says so,
    and joins what the others have founded. Later it gets a corrected one."""
    node = world.nodes[name]
    peer = next(n for n in etcd_nodes(world) if n is not node)
    right = node.files
    node.files = with_address(right, peer.address, "192.168.4.99")
    switch_all_on(world)
    yield lambda: said(node, "no answer from 192.168.4.99") or node.done
    yield until_corrected(world)
    if not world.lossy and not (node.etcd and node.etcd.has_quorum()):
        raise w.Failure("it did not join what the others founded")
    node.power_off(world.lossy)
    node.files = right
    yield 10
    node.power_on()
    yield world.all_done


def wrong_seeds(world, name):
    """Two of three members have wrong addresses of each other, so no two seeds
    are of the same founding until they are corrected."""
    one, two = [n for n in etcd_nodes(world) if n.name != name]
    right = one.files, two.files
    one.files = with_address(right[0], two.address, "192.168.4.99")
    two.files = with_address(right[1], one.address, "192.168.4.98")
    switch_all_on(world)
    yield lambda: said(one, "no answer from 192.168.4.99") and \
        said(two, "no answer from 192.168.4.98")
    yield until_corrected(world)
    if one.etcd and one.etcd.has_quorum():
        raise w.Failure("a quorum of seeds that differ")
    for node in (one, two):
        node.power_off(world.lossy)
    one.files, two.files = right
    yield 10
    for node in (one, two):
        node.power_on()
    yield world.all_done


def moved(world, name):
    """The others' seeds have a wrong address of a member of etcd, which comes
    last or with them."""
    node = world.nodes[name]
    for other in world.nodes.values():
        if other is not node:
            other.files = with_address(other.files, node.address,
                                       "192.168.4.99")
    yield from boot_at_once(world)


def corrected(world, name):
    """Two agree on a wrong address of the third; one has founded etcd when the
    other loses its power. Then all get corrected seeds."""
    pair = [n for n in etcd_nodes(world) if n.name != name]
    right = {node: node.files for node in pair}
    for node in pair:
        node.files = with_address(node.files, world.nodes[name].address,
                                  "192.168.4.99")
        node.power_on()
    yield lambda: any(n.etcd for n in pair)
    one, two = sorted(pair, key=lambda n: not n.etcd)
    if two.etcd:
        raise w.Failure("both at once")
    two.power_off(world.lossy)
    yield until_corrected(world)
    one.power_off(world.lossy)
    for node in pair:
        node.files = right[node]
    yield 10
    yield from boot_at_once(world)


def others_have_quorum(world, node):
    return all(n.etcd and n.etcd.serves for n in etcd_nodes(world)
               if n is not node)


def behind(world, what):
    """A member of etcd has started and does not have yet what the others wrote,
    when the power fails and another one's disk is lost; these two come back
    first. It comes late, or its power had failed while it founded with them."""
    name, lost, late = what.split(",")
    node, victim = world.nodes[name], world.nodes[lost]
    for other in world.nodes.values():
        if other is not node or not late:
            other.power_on()
    if not late:
        # One that is gone between its promise and theirs is waited for: what it
        # knows an empty disk cannot know.
        members = [n for n in world.nodes.values()
                   if "/etc/default/etcd" in n.files]
        yield lambda: node.etcd and all(
            n.etcd or n.has("/var/lib/kubeseed/etcd-founding") for n in members)
        node.power_off(world.lossy)
    if late and name != "m1":
        yield lambda: victim.etcd and victim.etcd.kube and \
            victim.etcd.kube.cluster_info
    else:
        limit = world.now + 3600
        world.after(3600, None, world.bump)
        yield lambda: world.now >= limit or others_have_quorum(world, node)
        if not others_have_quorum(world, node):  # they wait for it
            yield from boot_at_once(world)
            return
    node.power_on()
    yield lambda: node.etcd
    for other in world.nodes.values():
        other.power_off(world.lossy)
    victim.new_disk()
    yield 60
    node.power_on()
    victim.power_on()
    yield world.rng.choice((60, 600, 7200))
    yield from boot_at_once(world)


def promised(world, what):
    """A member of etcd has promised to found with the others' disks when its
    power fails, and they do without it. Then one of those disks is lost, and
    these two, of which neither has data, come back first."""
    name, lost = what.split(",")
    node, victim = world.nodes[name], world.nodes[lost]
    node.power_on()
    yield 60
    for other in world.nodes.values():
        other.power_on()
    yield lambda: node.etcd or node.has("/var/lib/kubeseed/etcd-founding")
    if node.etcd:  # the others have founded before
        yield world.all_done
        return
    node.power_off()
    limit = world.now + 3600
    world.after(3600, None, world.bump)
    yield lambda: world.now >= limit or others_have_quorum(world, node)
    if not others_have_quorum(world, node):  # they wait for it
        yield from boot_at_once(world)
        return
    yield world.rng.uniform(0, 600)
    for other in world.nodes.values():
        other.power_off()
    victim.new_disk()
    yield 60
    node.power_on()
    victim.power_on()
    yield world.rng.choice((600, 7200))
    yield from boot_at_once(world)


def absent(world, name):
    """One control plane is not there; the others do not wait for it. It comes
    hours later."""
    node = world.nodes[name]
    yield from boot_and_wait(world, [n for n in world.nodes.values()
                                     if n is not node])
    yield 7200
    node.power_on()
    yield world.all_done


def token_lives(world, name):
    """A node is missing for days, and then for good, as far as the spec can
    tell. Until then the token lets it in, but not without the first node."""
    node, first = world.nodes[name], world.nodes["m1"]
    first.files = with_address(first.files, "JOIN_DAYS='30'", "JOIN_DAYS='6'")
    yield from boot_and_wait(world, [n for n in world.nodes.values()
                                     if n is not node])
    kube = world.endpoint().kube

    def lives():
        return any(expires > world.now for _, expires in kube.tokens.values())
    for _ in range(2):
        yield 86400
        if not lives():
            raise w.Failure("the token has ended, and a node is missing")
    if world.lossy:
        first.power_off()
        yield 90000
        if lives():
            raise w.Failure("the token lives without the first node")
        first.power_on()
        yield lambda: said(first, "the token has ended")
    yield 6 * 86400
    if lives():
        raise w.Failure("the token lives longer than the spec allows")
    node.power_on()
    yield lambda: said(node, "valid bootstrap token")
    renew_token(world, node)
    yield world.all_done


def slow_clock(world, name):
    """Long after the others a new disk comes, with a clock that is an hour
    behind."""
    yield from boot_at_once(world)
    node = world.nodes[name]
    node.power_off()
    node.new_disk()
    node.trouble = "clock-slow"
    yield 86400
    node.power_on()
    yield lambda: said(node, "clock to be that of the others")
    yield 3600
    node.trouble = ""
    world.bump()
    yield world.all_done


def founder_lost(world, name):
    """Stacked: a node has joined, its member of etcd has not, when the power
    fails and the founder's disk is lost; these two come back long before those
    that have the data. If they are no quorum any more, at least all say so and
    nothing is founded or deleted."""
    node, founder = world.nodes[name], world.nodes["m1"]
    others = [n for n in world.nodes.values() if n.role == "control-plane"
              and n not in (node, founder)]
    for one in world.nodes.values():
        if one is not node:
            one.power_on()
    yield lambda: all(n.etcd and n.etcd.serves for n in others)
    node.power_on()
    # From 1.33 on its identity comes after its member of etcd.
    yield lambda: node.has("/var/lib/kubelet/config.yaml")
    if node.etcd:
        raise w.Failure("its member was faster")
    for one in world.nodes.values():
        one.power_off(world.lossy)
    founder.new_disk()
    yield 60
    founder.power_on()
    node.power_on()
    yield 7200
    for one in world.nodes.values():
        one.power_on()
    if len(others) > 1:
        yield from handing_over_keys(world, founder)
        return
    world.forms = False
    yield 7200
    for one in (founder, node):
        if not said(one, "of which most members are needed") and \
                not said(one, "copy-certificates.sh"):
            raise w.Failure(f"{one.name} does not say what is missing")
    if len({s.cluster for s in world.raft.servers}) != 1 or \
            not others[0].etcd:
        raise w.Failure("the data of the only member is not kept")


def replaced_together(world, names):
    """Some members get new disks and come back at the same moment."""
    yield from boot_at_once(world)
    nodes = [world.nodes[n] for n in names.split(",")]
    for node in nodes:
        node.power_off()
        node.new_disk()
    yield 60
    world.in_turn = True
    for node in nodes:
        node.power_on()
    yield world.all_done


def left(world, name):
    """Its member of etcd has been added and does not run yet, when the power of
    a node fails for hours. The last node does not wait for it."""
    node = world.nodes[name]
    last = [n for n in world.nodes.values() if n is not node][-1]
    for other in world.nodes.values():
        if other is not last:
            other.power_on()
    yield lambda: said(world.nodes["m1"], "kubeadm init")
    node.power_off()
    yield from boot_and_wait(world, [n for n in world.nodes.values()
                                     if n not in (node, last)])
    node.power_on()

    def half_added():
        found = world.endpoint()
        member = found and found.by_url(f"https://{node.address}:2380")
        return member and not member.name
    yield half_added
    node.power_off(world.lossy)
    yield from boot_and_wait(world, [last])
    node.power_on()
    yield world.all_done


def lay_earlier(world, nodes):
    for node in nodes:
        node.files = world.topology.earlier[node.name][0]
        node.env["STEPS"] = steps_of(node)


def steps_of(node):
    return re.search(rb"STEPS='(.*)'", node.files["/etc/kubeseed/node.env"][1]
                     ).group(1).decode()


def grown(world, late):
    """Three were seeded, of which two have been on; then all are seeded again,
    as five. The founded ones are off while the others come."""
    old = [world.nodes[n] for n in world.topology.earlier if n != late]
    right = {node: node.files for node in old}
    lay_earlier(world, old)
    yield from boot_and_wait(world, old)
    for node in old:
        node.power_off()
        node.files = right[node]
    yield 60
    yield from without(world, old)


def grown_alone(world, _):
    """As grown; the only one that founded had no others yet. It is not the
    first any more."""
    old = [world.nodes[n] for n in world.topology.earlier]
    right = {node: node.files for node in old}
    lay_earlier(world, old)
    for node in old:
        node.power_on()
    yield lambda: world.endpoint() and world.endpoint().kube.cluster_info
    for node in old:
        node.power_off()
        node.files = right[node]
        node.env["STEPS"] = steps_of(node)
        if node is not old[0]:
            node.new_disk()
    yield 60
    yield from without(world, old[:1])


def without(world, old):
    new = [n for n in world.nodes.values() if n not in old]
    for node in new:
        node.power_on()
    yield 7200
    if any(reported(n, "etcd", "done") or said(n, "kubeadm init")
           for n in new):
        raise w.Failure("they did without those that have the data")
    yield from boot_at_once(world)


def grown_before(world, _):
    """The cluster of the earlier seeds has never been on."""
    yield from boot_at_once(world)


def mixed(world, name):
    """One of them still has its earlier seed. It joins the others, or takes
    the nodes that are new for strangers until somebody sees that."""
    node = world.nodes[name]
    right = node.files
    lay_earlier(world, [node])
    switch_all_on(world)
    yield lambda: said(node, "it has the MAC address") or all(
        n is node or reported(n, "ready", "done")
        for n in world.nodes.values())
    yield 7200
    if not node.done and not said(node, "it has the MAC address"):
        raise w.Failure(f"{name} neither joins nor says why")
    if not node.done:
        node.power_off()
        node.files = right
        node.env["STEPS"] = steps_of(node)
        yield 10
        node.power_on()
    yield world.all_done


SCENARIOS = {"mixed": mixed, "token": token_lives, "slow-clock": slow_clock,
             "absent": absent, "founder-lost": founder_lost, "left": left, "grown": grown,
             "grown-before": grown_before, "grown-alone": grown_alone, "replaced": replaced_together,
             "behind": behind, "promised": promised, "disk-lost-cut": disk_lost_and_cut,
             "disk-lost-dark": disk_lost_in_the_dark,
             "disk-lost-early": disk_lost_early,
             "order": in_order, "at-once": at_once, "line": cut_after_line,
             "point": cut_at_point, "last-cut": last_cut,
             "cuts": random_cuts, "twice": twice,
             "off-and-on": off_and_on, "disk-lost": disk_lost,
             "trouble": trouble, "wrong-peer": wrong_peer,
             "wrong-seeds": wrong_seeds, "moved": moved,
             "corrected": corrected}

SCENARIOS.update(faults.SCENARIOS)


# What must hold in the end.

def check(world):
    report = world.violation
    if not world.forms:
        return
    # One whose every disk was lost is not there any more.
    live = [c for c in world.etcds.values()
            if c.kube and c.kube.cluster_info and c.running()]
    if len(live) != 1:
        report(None, f"{len(live)} clusters")
        return
    cluster = live[0]
    for other in world.etcds.values():
        if other is not cluster and other.running():
            report(None, f"a second etcd {other.ident} runs")
    check_etcd(world, cluster)
    kube = cluster.kube
    for node in world.nodes.values():
        if node.name in world.absent:
            continue
        if node.role in ("control-plane", "worker"):
            if not world.node_is_ready(kube, node.name):
                report(node, "is not Ready")
            if node.joins > 1:
                report(node, f"joined {node.joins} times")
        if node.role == "control-plane" and not node.api():
            report(node, "its API server is not ready")
        check_console(node)
        check_log(node)
        check_secrets(node)
    for ident, (_, expires) in kube.tokens.items():
        if expires - world.now > 3600 and not world.absent:
            report(None, f"the token {ident} is still there")


def check_etcd(world, cluster):
    urls = []
    for node in world.nodes.values():
        member_here = "etcd.service" in node.units or (
            node.role == "control-plane" and
            node.env["ETCD_MODE"] == "stacked")
        if member_here:
            urls.append(f"https://{node.address}:2380")
    if not world.absent and \
            sorted(m.url for m in cluster.members.values()) != sorted(urls):
        world.violation(None, "the members of etcd are "
                        + etcd.listing(cluster).replace("\n", "; "))
    running = [s.ident for s in cluster.running()]
    for member in cluster.members.values():
        if member.ident not in running and not world.absent:
            world.violation(None, f"etcd member {member.name} is dead")


def check_console(node):
    """A cut may come between a step's record and its line."""
    done = [i["step"] for _, i in node.console if i["state"] == "done"]
    for step in node.env["STEPS"].split():
        if step in ("tidy", "copy-certificates") and node.world.absent:
            continue  # they wait for all
        if step not in done and \
                not node.exists("/var/lib/kubeseed/steps/" + step):
            node.world.violation(node, f"step {step} was never done")


def check_log(node):
    """What the scripts call and the simulator does not know."""
    for log in ("/var/log/kubeseed.log", "/run/process.log"):
        for line in node.read(log).splitlines():
            # etcd's answer about a member that somebody removed is no program.
            unknown = line.replace("etcdserver: member not found", "")
            if "not found" in unknown and "(NotFound)" not in line:
                node.world.violation(node, "in the log: " + line)


def check_secrets(node):
    """Nothing of the seed's secrets where the scripts wipe them, and the
    token's secret part nowhere."""
    gone = []
    for top in ("/var/lib/cloud", "/run/cloud-init"):
        gone += [path for path in node.root.walk(top)
                 if os.path.basename(path) not in (
                     "result.json", "config_write_files", "instance-id")]
    for name in ("/etc/kubeseed/kubeadm.yaml",
                 "/etc/kubeseed/kubeadm-join.yaml",
                 "/etc/kubernetes/bootstrap-kubelet.conf",
                 "/var/lib/kubeseed/certificates",
                 "/var/lib/kubeseed/certificates.old",
                 "/run/kubeseed/admin.conf"):
        if node.exists(name):
            gone.append(name)
    secret = node.world.topology.token_secret
    for top in disk.DISK + ("run",):
        for path in node.root.walk("/" + top):
            if path not in gone and not node.root.is_link(path) and \
                    secret in node.root.read(path):
                gone.append(path)
    for path in gone:
        node.world.violation(node, "a secret is left in " + path)


# All runs of a topology.

PKI_COPIED = b"PKI_MODE='copied'"


def jobs(topology, number, salt=""):
    """The names of all runs; number scales the random ones, another salt makes
    others of them."""
    name = topology.name
    nodes = list(topology.seeds)
    masters = topology.of_role("control-plane")
    rest = [n for n in nodes if n not in masters]
    points = random.Random(name + salt)
    copied = PKI_COPIED in topology.seeds[masters[0]][0][
        "/etc/kubeseed/node.env"][1]
    found = []
    if topology.earlier:
        found = [("grown", late, lossy) for late in list(topology.earlier)[-1:]
                 for lossy in (False, True) for _ in range(number // 4 + 1)]
        found += [("grown-before", "", False)]
        found += [("mixed", n, False) for n in topology.earlier]
        if name != "grown":
            found += [("grown-alone", str(i), False)
                      for i in range(number // 4 + 1)]
        return named(name, found, salt)
    if name == "founding-five":
        found = [("late", ",".join(points.sample(nodes[1:], 3)), False)
                 for _ in range(number + 1)]
        found += [("late", f"{never},m1,m2", False) for never in nodes[2:]]
        found += [("damaged", n, lossy) for n in nodes
                  for lossy in (False, True)]
        return named(name, found, salt)
    if name == "five":
        found = [("replaced", "m2,m4", False) for _ in range(number // 2 + 1)]
        found += [("absent", n, False) for n in nodes[1:]]
        found += [("left", n, lossy) for n in nodes[1:]
                  for lossy in (False, True)]
        found += [("founder-lost", n, lossy) for n in nodes[1:]
                  for lossy in (False, True)]
        found += [("at-once", str(i), False) for i in range(number // 4 + 1)]
        return named(name, found, salt)
    found += [("order", ",".join(order), False)
              for order in boot_orders(masters, rest)]
    found += [("order", ",".join(points.sample(nodes, len(nodes))), False)
              for _ in range(number) if len(rest) > 2]
    found += [("at-once", str(i), False) for i in range(number)]
    for node in nodes:
        env = topology.seeds[node][0]["/etc/kubeseed/node.env"][1].decode()
        steps = re.search("STEPS='(.*)'", env).group(1).split()
        for step in steps:
            for state in ("start", "done"):
                found.append(("line", f"{node},{step},{state}", True))
    found += [("cuts", str(1 + i % 6), i % 2 == 0) for i in range(number * 4)]
    # Lives are that long: workers end at 101 to 126, the others up to 227.
    found += [("point", f"{n},{points.randint(1, 220 if n in masters else 120)}",
               True) for n in nodes for _ in range(number)]
    found += [("last-cut", n, True) for n in (masters + rest)[1:]
              if topology.joins(n) and not copied for _ in range(number // 4)]
    found += [("twice", n, False) for n in masters + rest[-1:]]
    found += [("off-and-on", str(i), i % 2 == 0) for i in range(number // 4)]
    found += [("disk-lost", n, False) for n in masters + rest[-1:]]
    found += [("trouble", f"{n},{kind}", False)
              for kind in sorted(TROUBLES) for n in (nodes[0], nodes[-1])
              if kind != "vip-taken"]
    found += [("trouble", f"{n},vip-taken", False) for n in topology.priority]
    members = [n for n in nodes if "/etc/default/etcd" in topology.seeds[n][0]]
    if len(members) == 1:  # has no others that could be wrong or remember
        members = []
    found += [(scenario, n, lossy)
              for scenario in ("wrong-peer", "wrong-seeds", "moved",
                               "corrected") for n in members
              for lossy in (False, True)]
    found += [("behind", f"{one},{two},{late}", lossy)
              for one, two in itertools.permutations(members, 2)
              for late in ("late", "") for lossy in (False, True)]
    found += [("promised", f"{one},{two}", False)
              for one, two in itertools.permutations(members, 2)]
    found += [("disk-lost-dark", n, False) for n in nodes
              if n in masters or n in members
              for _ in range(number // 4 + 1)]
    found += [("disk-lost-early", n, False) for n in masters[:1]
              for _ in range(number // 4 + 1)]
    found += [("disk-lost-cut", f"{n},{points.randint(20, 120)}", True)
              for n in masters for _ in range(number)]
    found += [("absent", n, False) for n in masters[1:]]
    if not copied:
        found += [("token", n, lossy) for n in rest[-1:] if topology.joins(n)
                  for lossy in (False, True)]
        if len(masters) > 1:  # others to compare with
            found += [("slow-clock", n, False) for n in masters]
    if not members and len(masters) > 2:  # stacked
        found += [("founder-lost", n, lossy) for n in masters[1:]
                  for lossy in (False, True)]
    found += faults.jobs(nodes, masters, members, number)
    return named(name, found, salt)


def named(name, found, salt):
    return [f"{name}/{s}/{a}/{'lossy' if lossy else 'kept'}/{i}{salt}"
            for i, (s, a, lossy) in enumerate(found)]
