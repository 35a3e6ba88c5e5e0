# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a cluster besides power cuts: nodes that never come, links
that fail, clocks, disks and programs. Each is a generator of what to wait for,
like those of scenarios.py."""
import etcd


def switch_on(world, names):
    for name in names:
        world.after(world.rng.uniform(0, 3), None, world.nodes[name].power_on)


def served(node):
    """It is what it is to be, since it was last switched on."""
    return node.on and any(
        item["step"] == "ready" and item["state"] == "done"
        for when, item in node.console if when > node.boot_time)


def the_others_serve(world):
    """The first node's last step waits for all; that it is ready comes
    before."""
    return all(served(n) for n in world.nodes.values()
               if n.name not in world.absent)


def never_comes(world, name):
    """A machine is never switched on: the others are what they are to be."""
    world.absent = {name}
    switch_on(world, set_of(world, name))
    yield lambda: the_others_serve(world)


def set_of(world, name):
    return [n for n in world.nodes if n != name]


def leaves(world, name):
    """One is switched off for good once the cluster is open and each member
    of etcd has been there: two of three are no more than they must be."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    yield lambda: world.endpoint() and world.endpoint().kube.cluster_info and \
        all(n.etcd and n.etcd.serves for n in world.nodes.values()
            if "/etc/default/etcd" in n.files)
    if node.env["ETCD_MODE"] == "stacked" and node.role == "control-plane":
        yield lambda: the_others_serve(world)  # it among them
    yield world.rng.uniform(0, 300)
    world.absent = {name}
    node.power_off()
    # Those that were on keep what they have, those that join get it.
    yield 7200
    yield lambda: the_others_serve(world)


def partition(world, what):
    """A node does not hear the others for a while, or they do not hear it, or
    both."""
    name, kind = what.split(",")
    switch_on(world, world.nodes)
    for _ in range(3):
        yield world.rng.uniform(60, 400)
        sides = [name], set_of(world, name)
        if kind == "hears-nobody":
            sides = sides[1], sides[0]
        world.partition(*sides, one_way=kind != "alone")
        world.note(None, f"{name} is cut off: {kind}")
        yield world.rng.choice((10, 100, 1000))
        world.heal()
        world.note(None, "the network is whole")
    yield world.all_done


def killed(world, _):
    """Programs end at any time, and are started again."""
    switch_on(world, world.nodes)
    for _ in range(12):
        yield world.rng.uniform(20, 120)
        node = world.rng.choice(list(world.nodes.values()))
        if not node.on:
            continue
        if world.rng.random() < 0.5:
            etcd.stop(node)
        else:
            node.api_ready_at = None
        world.note(node, "programs are killed")
        world.bump()
    yield 300  # until they are back
    yield world.all_done


def slow_disk(world, name):
    """One whose disk takes its time for every sync."""
    world.nodes[name].fsync = 30.0
    switch_on(world, world.nodes)
    yield world.all_done


def clocks(world, _):
    """They differ, by as much as the scripts let pass."""
    for node in world.nodes.values():
        node.skew = world.rng.uniform(-145, 145)
    switch_on(world, world.nodes)
    yield world.all_done


def disk_fills(world, name):
    """Something fills the disk while the node joins, until somebody makes
    room. cloud-init has done its part by then."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    yield lambda: node.sshd
    yield world.rng.uniform(60, 500)
    node.root.room = world.rng.randint(0, 4000)
    yield world.rng.choice((60, 600, 3600))
    node.root.room = None
    world.note(node, "somebody has made room")
    world.bump()
    yield world.all_done


SCENARIOS = {"never-comes": never_comes, "leaves": leaves, "partition": partition,
             "killed": killed, "slow-disk": slow_disk, "clocks": clocks,
             "disk-fills": disk_fills}


def jobs(nodes, masters, number):
    """(scenario, argument, lossy) of every run."""
    # Nobody does the first one's part.
    others = [n for n in nodes if n != masters[0]]
    if len(masters) > 1:
        for name in others:
            yield "never-comes", name, False
            yield "leaves", name, False
    for name in nodes:
        for kind in ("alone", "hears-nobody", "is-not-heard"):
            yield "partition", f"{name},{kind}", False
        yield "slow-disk", name, False
        for _ in range(number):
            yield "disk-fills", name, False
    for i in range(number * 2):
        yield "killed", str(i), False
        yield "clocks", str(i), False
