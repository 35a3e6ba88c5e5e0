# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that come together, or one while another is being mended: cuts, a disk,
links, programs, slow disks, in any mixture. Each run has one of its own."""
import etcd
import world as w
from moves import random_gap, renew_token, said, switch_all_on


def cut(world, nodes, lossy):
    """The power of some fails, and is back after a while, of each when it will."""
    for node in nodes:
        if node.on:
            node.power_off(lossy)
        world.after(world.rng.choice((5, 20, 60, 300, 3600)) *
                    world.rng.uniform(0.5, 1.5), None, node.power_on)


def some(world):
    """One of the nodes, two, or all."""
    nodes = list(world.nodes.values())
    return world.rng.sample(nodes, world.rng.choice((1, 1, 1, 2, len(nodes))))


def cut_off(world):
    """A node hears nobody for a while, or is not heard, or both."""
    one = world.rng.choice(list(world.nodes))
    others = [n for n in world.nodes if n != one]
    sides = world.rng.choice((([one], others), (others, [one])))
    world.partition(*sides, one_way=world.rng.random() < 0.6)
    world.note(None, f"links of {one} fail")
    world.after(world.rng.choice((10, 60, 300, 1500)), None, world.heal)


def end_program(world):
    node = world.rng.choice(list(world.nodes.values()))
    if not node.on:
        return
    what = world.rng.choice(("etcd", "api", "bootstrap", "containerd", "pods"))
    world.note(node, f"{what} ends")
    if what == "etcd":
        etcd.stop(node)
    elif what == "api":
        node.api_ready_at = None
    elif what == "bootstrap":
        node.kill_bootstrap()
    elif node.runtime_killed_at is None:
        node.kill_runtime(world.rng.choice((5, 30, 120)), what == "pods")
    world.bump()


def slow(world):
    node = world.rng.choice(list(world.nodes.values()))
    node.fsync = world.rng.choice((5.0, 30.0))

    def mended():
        node.fsync = 0.0
    world.after(world.rng.choice((60, 900)), None, mended)


def fault(world):
    what = world.rng.choice(("cut", "cut", "link", "program", "slow"))
    if what == "cut":
        cut(world, some(world), world.lossy and world.rng.random() < 0.7)
    elif what == "link" and not world.blocked:
        cut_off(world)
    elif what == "program":
        end_program(world)
    elif what == "slow":
        slow(world)


def hand_over_keys(world, node):
    """From a member that is on, if there is one."""
    members = [n for n in world.nodes.values() if n is not node and n.sshd and
               n.has("/etc/kubernetes/pki/ca.key") and
               n.has("/etc/kubernetes/kubelet.conf")]
    if members:
        world.run(w.Actor(members[0], ["/bin/sh", "/root/bin/copy-certificates.sh",
                                       node.name], on_exit=lambda actor: None))


def helping(world, until):
    """What persons do when a console asks for it, until that is so."""
    since = world.now
    while not until():
        yield lambda: until() or any(
            said(n, "copy-certificates.sh") or said(n, "valid bootstrap token")
            for n in world.nodes.values() if n.on and not n.done)
        for node in world.nodes.values():
            if not node.on or node.done:
                continue
            if said(node, "copy-certificates.sh") and not node.has(
                    "/etc/kubernetes/pki/ca.crt"):
                hand_over_keys(world, node)
            if said(node, "valid bootstrap token") and world.endpoint() and \
                    world.endpoint().kube.cluster_info:
                renew_token(world, node)
        if not until():
            yield 120
        if world.now - since > 5 * 86400:
            return


def all_on_and_whole(world):
    return world.all_done() and not world.blocked


def combined(world, what):
    """While they assemble, and afterwards with a disk that is lost each time."""
    for node in world.nodes.values():
        world.after(world.rng.choice((0, 0, 0, random_gap(world))), None,
                    node.power_on)
    for _ in range(world.rng.randint(0, 6)):
        yield world.rng.uniform(0, world.rng.choice((60, 400, 2000)))
        fault(world)
    yield from helping(world, lambda: all_on_and_whole(world))
    switch_all_on(world)
    yield lambda: all_on_and_whole(world)
    for _ in range(int(what.partition(",")[0])):
        yield world.rng.choice((0, 60, 86400))
        node = world.rng.choice(list(world.nodes.values()))
        for other in world.nodes.values():
            if other is not node and world.rng.random() < 0.3:
                cut(world, [other], world.lossy)
        node.power_off()
        node.new_disk()
        world.after(world.rng.choice((5, 60, 1000)), None, node.power_on)
        for _ in range(world.rng.randint(0, 5)):
            yield world.rng.uniform(0, world.rng.choice((60, 400, 2000)))
            fault(world)
        yield from helping(world, lambda: all_on_and_whole(world))
        switch_all_on(world)
        yield lambda: all_on_and_whole(world)
    yield 300


SCENARIOS = {"combined": combined}


def jobs(number):
    for i in range(number):
        for lossy in (False, True):
            yield "combined", f"{1 + i % 3},{i}", lossy
