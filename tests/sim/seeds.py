# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a machine or with its seed, until somebody mends it; seeds
of a spec that has changed; days that pass."""
import re

import addons
import keepalived
import own
import world as w
from moves import (boot_and_wait, boot_at_once, etcd_nodes, lay_earlier,
                   renew_token, reported, said, steps_of, switch_all_on,
                   until_corrected, with_address)

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


def overwritten(world, name):
    """As a wrong peer, and the power fails while the corrected seed is laid down
    over the wrong one: of each file there is the one, the other, or some of both."""
    node = world.nodes[name]
    peer = next(n for n in etcd_nodes(world) if n is not node)
    right = node.files
    node.files = with_address(right, peer.address, "192.168.4.99")
    switch_all_on(world)
    yield lambda: said(node, "no answer from 192.168.4.99") or node.done
    node.power_off(True)
    node.files = right
    for _ in range(2):
        yield 10
        node.power_on()
        yield lambda: node.sshd  # it comes after cloud-init
        yield world.rng.uniform(0, 0.5)  # or it is synced and noted
        node.power_off(True)
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


def corrected_manifest(world, name):
    """A manifest that no API server takes, or one that is not what was meant, is
    corrected: before the node is a member, when others have been applied."""
    node = world.nodes[name]
    right = node.files
    old, new = world.rng.choice((("kind: Own", "kind: Wrong"),
                                 ("kind: Namespace", "kind: Other")))
    node.files = with_address(right, old, new)
    # As kubeseed makes it of another text.
    node.files = with_address(node.files, right_digest(right, old), "0" * 64)
    switch_all_on(world)
    yield lambda: said(node, "no matches for kind Wrong") or \
        reported(node, "manifests", "done")
    node.power_off(world.lossy)
    # Of a node that is a member no seed is read any more.
    if not node.exists("/etc/cloud/cloud-init.disabled"):
        node.files = right
    yield 10
    node.power_on()
    yield world.all_done
    again = [text for text, times in world.endpoint().kube.applied.items()
             if len(times) > 1]
    if again and not world.lossy:
        raise w.Failure(f"applied once more: {again}")


def addons_looked_at(world, name):
    """The first node starts again: nothing has changed, then an object is gone,
    then its list is empty."""
    node = world.nodes[name]
    switch_all_on(world)
    yield world.all_done
    found = world.endpoint().kube.addons

    def again():
        node.power_off(world.lossy)
        yield 10
        node.power_on()
        yield world.all_done

    applied = found.applied
    yield from again()
    if found.applied != applied:
        raise w.Failure("what is there was applied once more")
    del found.objects[world.rng.choice(sorted(found.objects))]
    yield from again()
    addons.check(node, world.endpoint().kube)
    node.power_off(world.lossy)
    node.root.write(addons.LIST, b"", 0o644)
    node.power_on()
    yield world.all_done


def corrected_own(world, name):
    """Where nobody joins: the API server of a node's seed cannot start, and
    kube-proxy is not as it should be. They are corrected before the node is a
    member."""
    node = world.nodes[name]
    right = node.files
    node.files = with_address(right, "--secure-port=", "--wrong=")
    node.files = with_address(node.files, "--config=/etc/kubernetes/kube-proxy.yaml",
                              "--config=/etc/kubernetes/wrong.yaml")
    switch_all_on(world)
    yield lambda: said(node, "this node's API server")
    yield until_corrected(world)
    if node.api() or node.done:
        raise w.Failure("it runs what cannot run")
    node.power_off(world.lossy)
    node.files = right
    yield 10
    node.power_on()
    yield world.all_done
    own.check_corrected(node)


def right_digest(files, text):
    path = next(path for path, (_, content) in files.items()
                if path.startswith("/etc/kubeseed/manifests/") and
                text.encode() in content)
    return re.search(f"^(.*) {path}$",
                     files["/etc/kubeseed/manifests.list"][1].decode(),
                     re.MULTILINE).group(1)


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
    for node in keepalived.holders(world):
        if node.name not in world.topology.earlier:
            world.violation(node, "it has the endpoint's address, and those that "
                                  "do not know it are off")
    yield from boot_at_once(world)
    yield 200  # until the old ones know the new ones


def grown_live(world, what):
    """The earlier ones run when the new ones come; or all have been off. In a
    seed of an earlier version they know the peers of their spec for ever."""
    old = [world.nodes[n] for n in world.topology.earlier]
    new = [n for n in world.nodes.values() if n not in old]
    right = {node: node.files for node in old}
    lay_earlier(world, old)
    if "unaware" in what:
        world.both_most = keepalived.BOTH_UNAWARE
    if "unaware" in what or not world.topology.joins(new[0].name):
        world.apart = {n.name for n in new}
        for node in old if "unaware" in what else ():
            node.files = {path: file for path, file in node.files.items()
                          if path not in (keepalived.SCRIPT,
                                                 keepalived.DROP_IN)}
    yield from boot_and_wait(world, old)
    if "new-first" in what:
        for node in old:
            node.power_off()
        yield 60
    for node in new:
        node.power_on()
    yield world.rng.choice((60, 600))
    yield from boot_at_once(world)
    for node in old:
        node.files = right[node]
    yield 300
    for node in world.nodes.values():
        node.power_off()
    yield 60
    for node in world.rng.sample(new + old, len(new + old)):
        world.after(world.rng.choice((0, 30, 300)), None, node.power_on)
    yield 400
    yield from boot_at_once(world)
    yield 300
    wanted = world.rng.choice([n for n in world.nodes.values()
                               if n in keepalived.holders(world)])
    wanted.power_off()
    yield 300
    if "unaware" not in what and len(keepalived.holders(world)) != 1:
        world.violation(None, "nobody takes the endpoint's address over")
    wanted.power_on()
    yield world.all_done
    yield 300


def grown_returns(world, _):
    """A new load balancer alone has the address: those that do not know it have lost
    their power. One that returns is told, and tells it, before it takes part. Then the power
    of who has it fails."""
    old = [world.nodes[n] for n in world.topology.earlier]
    balancers = [n for n in old if n.role == "load-balancer"]
    new, = [n for n in world.nodes.values() if n not in old]
    lay_earlier(world, old)
    world.apart = {new.name}
    yield from boot_and_wait(world, old)
    yield from boot_and_wait(world, [new])
    for node in balancers:
        node.power_off(world.lossy)
    yield lambda: keepalived.holders(world) == [new]
    yield 60
    world.both_most = 5
    for node in world.rng.sample(balancers, len(balancers)):
        world.after(world.rng.choice((0, 30, 300)), None, node.power_on)
    yield 600
    yield world.all_done
    yield 300
    if keepalived.holders(world) == [new]:
        world.violation(new, "it keeps the address from better ones")
    if not any(keepalived.tells(world, node, new) for node in balancers):
        world.violation(new, "nobody tells it who has the address")
    # Of those that are left, one may not know the other.
    world.both_most = keepalived.BOTH
    first, = keepalived.holders(world)
    first.power_off()
    yield 300
    first.power_on()
    yield world.all_done
    yield 300


def grown_before(world, _):
    """The cluster of the earlier seeds has never been on."""
    yield from boot_at_once(world)


def mixed(world, what):
    """Some of them still have their earlier seeds, and may come first. They join
    the others, or take the nodes that are new for strangers until somebody sees
    that. With disks that lose what was not synced the power of some fails."""
    names, _, first = what.partition(",")
    old = [world.nodes[name] for name in names.split("+")]
    right = {node: node.files for node in old}
    lay_earlier(world, old)

    def complains(node):
        return said(node, "it has the MAC address")
    if first:
        for node in old:
            node.power_on()
        yield 600
    switch_all_on(world)
    for node in world.rng.sample(list(world.nodes.values()), 2) \
            if world.lossy else ():
        world.after(world.rng.uniform(60, 900), None,
                    lambda n=node: n.power_off(True))
        world.after(1000, None, node.power_on)
    if world.lossy:
        yield 1000
    yield lambda: any(complains(node) for node in old) or all(
        n in old or reported(n, "ready", "done") for n in world.nodes.values())
    yield 7200
    for node in old:
        if not node.done and not complains(node):
            raise w.Failure(f"{node.name} neither joins nor says why")
        if not node.done:
            node.power_off(world.lossy)
            node.files = right[node]
            node.env["STEPS"] = steps_of(node)
            yield 10
            node.power_on()
    yield world.all_done
    yield 200
