# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a cluster besides power cuts: nodes that never come, links
that fail, clocks, disks and programs. Each is a generator of what to wait for,
like those of power.py."""
import itertools

import etcd
import keepalived
from moves import boot_at_once


def switch_on(world, names):
    for name in names:
        world.after(world.rng.uniform(0, 3), None, world.nodes[name].power_on)


def served(node):
    """It is what it is to be, since it was last switched on."""
    return node.on and keepalived.settled(node) and any(
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
    if "kubeadm-init" in node.env["STEPS"]:  # which nobody does in its place
        yield lambda: any(n.api() for n in world.nodes.values() if n is not node)
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
    """Programs end at any time, and are started again: etcd, the API server, the
    kubelet, containerd, keepalived, and the bootstrap program with what it runs."""
    switch_on(world, world.nodes)
    for _ in range(12):
        yield world.rng.uniform(20, 120)
        node = world.rng.choice(list(world.nodes.values()))
        if not node.on:
            continue
        what = world.rng.randrange(6)
        if what == 5:
            node.kill_runtime(world.rng.choice((5, 20, 120)),
                              with_pods=world.rng.random() < 0.5)
        elif what == 4 and keepalived.UNIT in node.units:
            keepalived.stop(node)
        elif what == 3 and "kubelet.service" in node.units:
            node.stop_unit("kubelet.service")
            world.after(10, node, lambda n=node: n.start_unit("kubelet.service"))
        elif what == 0:
            etcd.stop(node)
        elif what == 1:
            node.api_ready_at = None
        elif what == 2:
            node.kill_bootstrap()
        world.note(node, "programs are killed")
        world.bump()
    yield 300  # until they are back
    yield world.all_done


def runtime_killed(world, name):
    """containerd ends just when kubeadm begins, or what is in its place, and is
    back after a while."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    yield lambda: said(node, "kubeadm init") or said(node, "kubeadm join") or \
        world.topology.own and any(item["step"] == "pod-network" and
                                   item["state"] == "done"
                                   for _, item in node.console)
    node.kill_runtime(world.rng.choice((5, 20, 300)),
                      with_pods=world.rng.random() < 0.5)
    yield world.all_done


def without_cri(world, name):
    """containerd starts without what the kubelet asks it by, for want of inotify
    instances, and has it when it has been started again a few times; at the first boot
    or at a later one."""
    node = world.nodes[name]
    if world.rng.random() < 0.3:
        yield from boot_at_once(world)
        node.power_off()
        yield 60
    node.no_cri = world.rng.choice((1, 1, 2, 8))
    switch_on(world, world.nodes)
    yield world.all_done
    if not said(node, "too many open files; it is started again"):
        world.violation(node, "it does not say that containerd has no CRI")


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


def given_up(world, name):
    """The disk of a stacked member is full just when its etcd is to start; the
    others remove it, where they can, and join. Hours later there is room."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    yield lambda: node.sshd and \
        node.has("/etc/kubernetes/manifests/etcd.yaml")
    node.root.room = 0
    yield 7200
    node.root.room = None
    world.note(node, "somebody has made room")
    world.bump()
    yield world.all_done


def closed(world, code):
    """Strangers are told nothing any more as soon as the first node has opened the
    cluster: the others join by what their seeds have, and keep nothing of it."""
    switch_on(world, world.nodes)
    yield lambda: world.endpoint() and world.endpoint().kube.cluster_info
    world.endpoint().kube.closed = int(code)
    world.bump()
    yield world.all_done


def members(world):
    return [n for n in world.nodes.values()
            if "/etc/default/etcd" in n.files or
            n.env["ETCD_MODE"] == "stacked" and n.role == "control-plane"]


def switch_off(world, nodes, lossy=False):
    for node in nodes:
        node.power_off(lossy)


def said(node, words):
    return any(words in item.get("message", "") for _, item in node.console)


def damaged(world, name):
    """A power cut leaves a member of etcd with data that it cannot start with.
    Sometimes its power fails again while it joins anew."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    yield lambda: all(n.etcd and n.etcd.serves and not n.etcd.learner
                      for n in members(world))
    yield world.rng.choice((0, 0, 60, 600))
    node.power_off(world.lossy)
    etcd.damage(node)
    yield world.rng.choice((5, 600))
    node.power_on()
    # Unless its identity is lost too: then it joins anew as a whole.
    yield lambda: said(node, "etcd cannot start with its data") or \
        world.all_done()
    if world.rng.random() < 0.5:
        yield world.rng.uniform(0, 60)
        node.power_off(world.lossy)
        yield 20
        node.power_on()
    yield world.all_done
    kept = [path for path in node.root.walk("/var/lib/kubeseed")
            if path.startswith("/var/lib/kubeseed/etcd-damaged-")]
    if said(node, "etcd cannot start with its data") and not kept:
        world.violation(node, "the damaged data is not kept")


def made_here(node):
    """What kubeadm and the kubelet have written, but no CA."""
    found = list(node.root.walk("/etc/kubernetes")) + \
        list(node.root.walk("/var/lib/kubelet"))
    return [path for path in sorted(found) if path not in node.files and not (
        node.role == "control-plane" and
        path.rpartition("/")[2].split(".")[0] in ("ca", "front-proxy-ca", "sa"))
            and path.rpartition(".")[2] in ("crt", "key", "pem", "conf", "yaml",
                                            "env")]


def torn(world, name):
    """Power fails in the midst of kubeadm's work, and of some files only a
    beginning is left."""
    node = world.nodes[name]
    switch_on(world, world.nodes)
    number = world.rng.randint(1, 10 if node.role == "control-plane" else 3)
    yield lambda: node.sshd and len(made_here(node)) >= number
    step = node.console[-1][1]["step"]
    node.power_off()
    for path in world.rng.sample(made_here(node), (number + 2) // 3):
        whole = node.root.read(path)
        node.root.write(path, whole[:world.rng.randint(1, len(whole) - 1)], 0o600)
    if not node.has_identity():
        node.joins = 0
    yield 60
    node.power_on()
    yield world.all_done
    # The step before makes all of its files anew.
    if step.startswith("kubeadm") and \
            not said(node, "is cut off and is made anew"):
        world.violation(node, "it does not say what is cut off")


def beside(world, what):
    """Two have founded, the third was never on. The disk of one is lost; the
    other's etcd runs, without a quorum, when the two with empty disks come:
    nothing is founded beside it."""
    late, lost = [world.nodes[n] for n in what.split(",")]
    keeper = next(n for n in members(world) if n not in (late, lost))
    switch_on(world, set_of(world, late.name))
    yield lambda: keeper.etcd and lost.etcd
    yield world.rng.uniform(0, 30)
    switch_off(world, world.nodes.values(), world.lossy)
    lost.new_disk()
    yield 60
    keeper.power_on()
    yield lambda: keeper.etcd
    for node in (late, lost):
        world.after(world.rng.uniform(0, 30), None, node.power_on)
    yield 7200
    for node in (late, lost):
        if node.etcd:
            world.violation(node, "etcd runs beside one with data")
        if not said(node, "etcd is founded without this disk by"):
            world.violation(node, "it does not say why it waits")
    world.forms = False


def gone(world, name):
    """The power of a member fails for good as soon as its etcd runs. The others
    do without it if they have seen who runs before it ran."""
    node = world.nodes[name]
    others = [n for n in members(world) if n is not node]
    switch_on(world, world.nodes)
    yield lambda: any(n.etcd for n in members(world))
    if all(f" {other.name}=" in n.read("/var/lib/kubeseed/etcd-saw")
           for n in others for other in members(world)
           if other.etcd and other is not n):
        node.power_off()
        world.absent = {name}
    if not world.absent:
        yield world.all_done
    yield lambda: the_others_serve(world)


def late(world, what):
    """One never comes, two come hours later; the others can do nothing alone."""
    never, *slow = what.split(",")
    world.absent = {never}
    early = [n for n in world.nodes if n != never and n not in slow]
    switch_on(world, early)
    yield 7200
    if any(n.etcd for n in world.nodes.values()):
        world.violation(None, "etcd was founded by two of five")
    for name in slow:
        world.nodes[name].power_on()
        yield world.rng.choice((0, 10, 60, 7200))
    yield lambda: the_others_serve(world)


def most_replaced(world, name):
    """etcd has machines of its own. A control plane never comes, and all others
    get new disks at once: what etcd has is the cluster's."""
    world.absent = {name}
    switch_on(world, set_of(world, name))
    yield lambda: the_others_serve(world)
    masters = [n for n in world.nodes.values()
               if n.role == "control-plane" and n.name != name]
    for node in masters:
        node.power_off()
        node.new_disk()
    yield 60
    switch_on(world, [n.name for n in masters])
    yield 7200
    yield lambda: the_others_serve(world)


SCENARIOS = {"most-replaced": most_replaced, "damaged": damaged, "torn": torn, "beside": beside, "gone": gone,
             "late": late, "never-comes": never_comes, "leaves": leaves,
             "partition": partition, "killed": killed,
             "runtime-killed": runtime_killed, "without-cri": without_cri,
             "slow-disk": slow_disk,
             "closed": closed, "clocks": clocks, "disk-fills": disk_fills, "given-up": given_up}


def jobs(nodes, masters, units, number):
    """(scenario, argument, lossy) of every run; units are the members of etcd
    that a seed knows."""
    for name in units or masters:
        for lossy in (False, True):
            for _ in range(number // 4 + 1):
                if len(units or masters) > 1:
                    yield "damaged", name, lossy
    for name in nodes:
        if not name.startswith(("lb", "e")):  # kubeadm runs there
            for _ in range(number // 3 + 1):
                yield "torn", name, False
    for late_one, lost in itertools.permutations(units, 2):
        for lossy in (False, True):
            yield "beside", f"{late_one},{lost}", lossy
    for name in units:
        if name != masters[0] and len(units) > 1:
            for _ in range(number // 4 + 1):
                yield "gone", name, False
    if len(masters) > 1:
        for name in nodes:
            if name != masters[0]:  # nobody does its part
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
    for name in masters[1:] if not units else ():
        yield "given-up", name, False
    for name in nodes:
        if not name.startswith(("lb", "e")):
            yield "runtime-killed", name, False
    for name in nodes:
        if not name.startswith(("lb", "e")):
            yield "without-cri", name, False
