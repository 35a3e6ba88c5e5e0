# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a cluster, of which scenarios are made: generators of what to
wait for, and what a person sees or does."""
import re

import world as w


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


def handing_over_keys(world, node):
    """A person runs copy-certificates.sh whenever the node asks for it."""
    while not world.all_done():
        yield lambda: said(node, "copy-certificates.sh") or world.all_done()
        if not world.all_done():
            hand_over_keys(world, node)
            yield 120


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


def others_have_quorum(world, node):
    return all(n.etcd and n.etcd.serves for n in etcd_nodes(world)
               if n is not node)


def others_go_on(world, node):
    """Whether the others of etcd serve without it within an hour, or wait for
    it."""
    limit = world.now + 3600
    world.after(3600, None, world.bump)
    yield lambda: world.now >= limit or others_have_quorum(world, node)
    return others_have_quorum(world, node)


def lay_earlier(world, nodes):
    for node in nodes:
        node.files = world.topology.earlier[node.name][0]
        node.env["STEPS"] = steps_of(node)


def steps_of(node):
    return re.search(rb"STEPS='(.*)'", node.files["/etc/kubeseed/node.env"][1]
                     ).group(1).decode()
