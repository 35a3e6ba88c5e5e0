# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold in the end."""
import os

import addons
import disk
import etcd
import keepalived
import own

MANIFESTS = "/etc/kubeseed/manifests/"


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
        if world.topology.own:
            check_own(node, kube)
        check_manifests(node, kube)
        addons.check(node, kube)
        check_console(node)
        check_log(node)
        check_secrets(node)
    check_holder(world)
    for ident, (_, expires) in kube.tokens.items():
        if expires - world.now > 3600 and not world.absent:
            report(None, f"the token {ident} is still there")


def check_manifests(node, kube):
    """All that the node's seed has are applied, one after the other, and gone."""
    texts = [content.decode() for path, (_, content) in sorted(node.files.items())
             if path.startswith(MANIFESTS)]
    times = [min(kube.applied.get(text, [0])) for text in texts]
    if 0 in times or times != sorted(times):
        node.world.violation(node, f"its manifests are applied at {times}")
    for path in node.root.walk(MANIFESTS[:-1]):
        node.world.violation(node, "a manifest is left in " + path)


def check_own(node, kube):
    """Where nobody joins: all objects are there, each control plane is told from a
    worker, and no node has the key of a CA."""
    for missing in sorted(own.objects(node) - kube.objects):
        node.world.violation(node, f"nobody has made {missing}")
    if node.role == "control-plane" and node.name not in kube.marked:
        node.world.violation(node, "it is not marked as a control plane")
    for path in node.root.walk("/etc"):
        if path.endswith("ca.key"):
            node.world.violation(node, "it has " + path)


def check_holder(world):
    """One has the endpoint's address, and all who learn of each other take
    part."""
    found = [node.name for node in keepalived.holders(world)]
    if len(found) != 1 and world.topology.priority and not world.blocked:
        world.violation(None, "the endpoint's address is held by " +
                        (" and ".join(found) or "nobody"))
    for node in world.nodes.values():
        if node.name in world.topology.priority and node.on and \
                node.name not in world.absent | world.apart and \
                keepalived.UNIT not in node.units:
            world.violation(node, "keepalived does not run")


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
    # Whoever is to be replaced next would wait for its lease to end.
    holder = cluster.key("kubeseed/joining")
    if holder is not None and not world.absent:
        world.violation(None, f"the turn to join is still that of {holder}")
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
                 "/etc/kubeseed/super-admin.conf",
                 "/etc/kubernetes/bootstrap-kubelet.conf",
                 "/var/lib/kubeseed/bootstrap-kubelet.conf",
                 "/var/lib/kubeseed/certificates",
                 "/var/lib/kubeseed/certificates.new",
                 "/var/lib/kubeseed/certificates.old",
                 "/run/kubeseed/admin.conf"):
        if node.exists(name):
            gone.append(name)
    secret = node.world.topology.token_secret
    for top in disk.DISK + ("run",) if secret else ():
        for path in node.root.walk("/" + top):
            if path not in gone and not node.root.is_link(path) and \
                    secret in node.root.read(path):
                gone.append(path)
    for path in gone:
        node.world.violation(node, "a secret is left in " + path)
