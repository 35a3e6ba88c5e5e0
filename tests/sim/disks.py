# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are lost and replaced by new ones with the old seed, and what
comes in between."""
import world as w
from moves import (boot_and_wait, boot_at_once, hand_over_keys,
                   handing_over_keys, others_go_on, renew_token, said)


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
    if node.role == "worker" and world.topology.joins(name):
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
    elif not (yield from others_go_on(world, node)):
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
    if not (yield from others_go_on(world, node)):
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


def remembered(world, late):
    """Stacked: two are there and the third was never on, when the founder's disk
    is lost. It comes back, meets the other one, and its power fails; then it is on
    with the one that is new. Nothing is founded beside the one with the data."""
    founder, new = world.nodes["m1"], world.nodes[late]
    keeper = next(n for n in world.nodes.values() if n.role == "control-plane"
                  and n not in (founder, new))
    yield from boot_and_wait(world, [founder, keeper])
    founder.power_off()
    founder.new_disk()
    founder.power_on()
    yield lambda: said(founder, "the first node to open the cluster") or \
        said(founder, "copy-certificates.sh")
    yield world.rng.uniform(0, 30)
    for one in (founder, keeper):
        one.power_off(world.lossy)
    yield 60
    founder.power_on()
    new.power_on()
    yield 7200
    for one in (founder, new):
        if one.etcd:
            world.violation(one, "etcd runs beside one with data")
    world.forms = False


def sent_again(world, name):
    """pki.mode copied: a member is sent the CAs once more, and its power fails while
    it does away with them."""
    yield from boot_at_once(world)
    node = world.nodes[name]
    hand_over_keys(world, node)
    yield lambda: node.exists("/var/lib/kubeseed/certificates.old")
    yield world.rng.uniform(0, 0.3)
    node.power_off(world.lossy)
    yield 20
    node.power_on()
    yield world.all_done


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


def all_replaced(world, _):
    """etcd has machines of its own, and all control planes get new disks at once:
    what etcd has is the cluster's."""
    yield from boot_at_once(world)
    masters = [n for n in world.nodes.values() if n.role == "control-plane"]
    for node in masters:
        node.power_off()
        node.new_disk()
    yield 60
    for node in masters:
        world.after(world.rng.choice((0, 60, 7200)), None, node.power_on)
    yield 7200
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
