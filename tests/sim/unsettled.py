# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of etcd that come and go while they found, at intervals like those of the
questions they ask each other, and disks that are lost, one as soon as all the others
know of the cluster. Nothing is founded beside what has data, and nothing that was
acknowledged is lost; in the end they agree. No other node is on."""
from moves import etcd_nodes, reported

KNOWS = ("/var/lib/kubeseed/etcd-founding", "/var/lib/kubeseed/cluster-seen",
         "/var/lib/etcd/member/wal/data.json")


def knows(node):
    """Its disk will not be taken for one that was never there."""
    return node.disk > 0 and any(node.has(path) for path in KNOWS)


def links(world, members):
    if world.blocked:
        world.heal()
        return
    one, other = world.rng.sample(members, 2)
    world.partition([one.name], [other.name], one_way=world.rng.random() < 0.5)
    world.note(one, f"does not reach {other.name}")


def power(world, node):
    if node.on:
        node.power_off(world.lossy)
    else:
        node.power_on()


def lose(world, members):
    """True when there was a disk to lose."""
    fit = [n for n in members if n.disk and
           all(knows(other) for other in members if other is not n)]
    if not fit:
        return False
    node = world.rng.choice(fit)
    node.power_off(world.lossy)
    node.new_disk()
    world.note(node, "its disk is lost")
    return True


def unsettled(world, _):
    """Which of them are on, and which disk is there, changes again and again."""
    members = etcd_nodes(world)
    world.forms = False
    lost = False
    for node in members:
        node.speed = 0.5  # what is of interest comes soon after they are on
    for node in world.rng.sample(members, world.rng.randint(1, len(members))):
        node.power_on()
    for _ in range(world.rng.randint(6, 24)):
        yield world.rng.choice((2, 20, 60, 200, 600)) * world.rng.random()
        what = world.rng.random()
        if what < 0.3 and lose(world, members):
            lost = True
        elif what < 0.4:
            links(world, members)
        else:
            power(world, world.rng.choice(members))
    world.heal()
    for node in members:
        node.power_on()
    if lost:
        # It may be that nobody can know what the lost one knew.
        limit = world.now + 6 * 3600
        world.after(6 * 3600, None, world.bump)
    yield lambda: all(reported(n, "ready", "done") for n in members) or \
        lost and world.now >= limit


SCENARIOS = {"unsettled": unsettled}


def jobs(number):
    for i in range(number):
        for lossy in (False, True):
            yield "unsettled", str(i), lossy
