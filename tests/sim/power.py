# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders in which machines are switched on, and power cuts."""
import itertools

import world as w
from moves import (boot, boot_and_return, boot_and_wait, boot_at_once,
                   random_gap, reported, said, switch_all_on)


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


SUPER_ADMIN = "/etc/kubeseed/super-admin.conf"


def cut_while_shredding(world, name):
    """Where nobody joins: the power of a control plane fails when it does away with
    the kubeconfig of the first hour. It may be there again, whole or overwritten."""
    node = world.nodes[name]
    switch_all_on(world)
    yield lambda: node.exists("/var/lib/kubeseed/steps/control-plane") and \
        not node.exists(SUPER_ADMIN)
    node.power_off(True)
    yield 20
    yield from boot_at_once(world)


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
    yield lambda: not node.actors  # the second one may be slower


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


def absent(world, name):
    """One control plane is not there; the others do not wait for it. It comes
    hours later."""
    node = world.nodes[name]
    yield from boot_and_wait(world, [n for n in world.nodes.values()
                                     if n is not node])
    yield 7200
    node.power_on()
    yield world.all_done


def first_absent(world, name):
    """The first node comes days after the others: nothing is begun without it,
    or by another one."""
    others = [n for n in world.nodes.values() if n.name != name]
    for node in others:
        world.after(random_gap(world), None, node.power_on)
    yield 3 * 86400
    for node in others:
        if reported(node, "kubeadm-join", "done"):
            world.violation(node, "it has joined nobody")
    yield from boot_at_once(world)


def forgotten(world, _):
    """The first node has opened the cluster, and what it wrote is not on its disk
    yet, when all lose their power. Another one has joined by then."""
    first = world.nodes["m1"]
    others = [n for n in world.nodes.values()
              if n.role == "control-plane" and n is not first]
    switch_all_on(world)
    yield lambda: world.endpoint() and world.endpoint().kube.cluster_info
    first.fsync = 7200.0
    yield lambda: any(n.kubelet for n in others)
    yield world.rng.choice((0, 20, 120)) * world.rng.random()
    for node in world.nodes.values():
        node.power_off(True)
    first.fsync = 0.0
    yield 60
    yield from boot_at_once(world)
