# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint's address: keepalived on the nodes that may hold it, which hear of
each other only as far as their files of peers say."""
import re

import node as n

UNIT = "keepalived.service"
SCRIPT = "/usr/lib/kubeseed/vip"
PEERS = "/etc/keepalived/peers.conf"
DROP_IN = "/etc/systemd/system/keepalived.service.d/kubeseed.conf"
BOTH = 15.0  # seconds in all for which two may have it, until the script has heard
BOTH_UNAWARE = 60.0  # until it looks, where one has no script


def run(node, args, then):
    """The script, as systemd or keepalived starts it."""
    def ended(actor):
        node.vip_asked = False
        then(actor.process.status)
    if node.vip_asked:
        return
    node.vip_asked = True
    # Not from within what another program does.
    node.world.after(0, node, lambda: node.world.run(n.Actor(
        node, ["/bin/sh", SCRIPT] + args, on_exit=ended)))


def start(node):
    """systemd does, when the script lets it; again when something has changed."""
    node.vip_wanted = True
    if node.world.now < node.online_at():  # After=network-online.target
        return node.world.after(node.online_at() - node.world.now, node,
                                lambda: start(node))
    if not node.exists(SCRIPT):
        return begin(node)

    def answered(status):
        if status == 0:
            begin(node)
        else:
            node.world.note(node, "keepalived may not start")
    return run(node, ["may-start"], answered)


def begin(node):
    node.units.add(UNIT)
    reload(node)


def reload(node):
    conf = node.read("/etc/keepalived/keepalived.conf") + node.read(PEERS)
    node.vip_priority = int(re.search(r"priority (\d+)", conf).group(1))
    node.told = set(re.findall(r"(?m)^ +([0-9.]+)$", conf))
    node.world.note(node, "keepalived tells " + " ".join(sorted(node.told)))
    node.world.bump()


def stop(node):
    node.units.discard(UNIT)
    node.world.bump()


def took(node):
    """It has the address, and keepalived says so to the script."""
    conf = node.read("/etc/keepalived/keepalived.conf")
    wanted = re.search('notify_master "(.*)"', conf)
    if not wanted or not node.exists(SCRIPT):
        return
    node.world.after(1, node, lambda: node.world.run(n.Actor(
        node, ["/bin/sh"] + wanted.group(1).split(), on_exit=lambda actor: None)))


def settled(node):
    """It runs where it is to: nobody waits for it, so that may be last."""
    return not node.vip_wanted or UNIT in node.units or \
        node.name in node.world.apart


def tick(node):
    """Some seconds after a change, and a few times more: an emulated machine does
    not ask for everything each time."""
    if not node.vip_wanted or everybody_tells(node.world) and UNIT in node.units:
        return  # there is nothing that it could find
    if not node.vip_looks:
        soon(node)
    node.vip_looks = 8


def soon(node):
    def look():
        node.vip_looks -= 1
        if node.vip_looks:
            soon(node)
        if UNIT not in node.units:
            if "Restart=always" in node.read(DROP_IN):
                start(node)
        elif node.exists(SCRIPT):
            # To wait between questions lasts until something changes.
            run(node, command(node) + ["once"], lambda status: None)
    node.world.after(node.world.rng.uniform(1, 15), node, look)


def command(node):
    conf = node.read("/etc/keepalived/keepalived.conf")
    script, *args = re.search('script "(.*)"', conf).group(1).split()
    assert script == SCRIPT
    return args


def everybody_tells(world):
    able = [n for n in world.nodes.values() if n.name in world.topology.priority]
    return all(other is node or other.address in node.told
               for node in able if UNIT in node.units for other in able)


def priority(world, node):
    """Of two with the same the higher address counts (RFC 3768, 6.4.3)."""
    healthy = world.proxy_runs(node) if node.role == "load-balancer" \
        else node.api()
    return node.vip_priority - (0 if healthy else 50), \
        [int(part) for part in node.address.split(".")]


def holders(world):
    """Who has the address: whoever hears of no better one."""
    able = [(priority(world, n), n) for n in world.nodes.values()
            if n.on and UNIT in n.units]
    if not world.blocked and not world.topology.earlier:
        best = max([rank for rank, _ in able], default=None)
        return [n for rank, n in able if rank == best]
    return [n for rank, n in able
            if not any(r > rank and tells(world, other, n)
                       for r, other in able)]


def tells(world, other, node):
    return node.address in other.told and world.reaches(other, node)


def tellers(world, node):
    """Addresses of the holders that node hears of."""
    return [other.address for other in holders(world)
            if other is not node and tells(world, other, node)]


def watch(world):
    """Two have it and could serve, though nothing is between them? For how long in
    all."""
    if not world.topology.earlier:
        return
    if world.both_since is not None:
        world.both_for += world.now - world.both_since
        world.both_since = None
        if world.both_for > world.both_most:
            world.both_for = 0.0
            world.violation(None, f"{world.both} have the endpoint's address")
    found = holders(world)
    for node in found:
        if node not in world.had:
            took(node)
    world.had = found
    # While no API server runs neither of them serves, and neither gives way.
    if len(found) > 1 and not world.blocked and \
            any(n.api() for n in world.nodes.values()):
        both = " and ".join(node.name for node in found)
        if both != world.both:
            world.note(None, f"{both} have the endpoint's address")
        world.both = both
        world.both_since = world.now
        world.after(world.both_most + 1, None, lambda: watch(world))
