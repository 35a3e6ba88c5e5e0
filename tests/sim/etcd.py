# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd as the scripts meet it: membership and quorum.

Members on one network; what fails are nodes, not links. Raft itself is not
modelled: a cluster with a quorum works, one without does not.
"""
import functools
import hashlib
import json
import shlex

import sandbox
import yaml

DATA = "/var/lib/etcd/member/wal/data.json"
JOINED = "/var/lib/kubeseed/etcd-has-joined"  # etcd-start.conf
MAY_START = "/run/kubeseed/etcd-may-start"


class Member:
    def __init__(self, ident, name, url):
        self.ident = ident
        self.name = name  # "" until an added member has started
        self.url = url
        self.ran = False  # has had data on a disk
        self.published = False  # has told the cluster its client address
        self.node = None  # where it runs, if it does
        self.serves = False  # clients: once there was a quorum since its start
        self.ready_at = 0.0  # when it will have what the others have
        self.view = "[]"  # what it knows of the members, as its last quorum did


class Cluster:
    def __init__(self, ident, initial):
        self.ident = ident
        self.members = {}
        self.pending = []  # additions a leader without a quorum holds
        self.kube = None
        for name, url in initial:
            member = Member(member_id(ident, url), name, url)
            self.members[member.ident] = member

    def running(self):
        return [m for m in self.members.values() if m.node]

    def has_quorum(self):
        return len(self.running()) * 2 > len(self.members)

    def by_url(self, url):
        for member in self.members.values():
            if member.url == url:
                return member
        return None

    def may_add(self):
        """etcd's strict reconfiguration check: enough have started, and all
        are connected."""
        started = sum(1 for m in self.members.values() if m.name)
        members = len(self.members) + 1
        if len(self.running()) < len(self.members):
            return False
        return (started == 1 and members == 2) or started >= members // 2 + 1

    def add(self, world, url):
        ident = member_id(self.ident, f"{url} {world.now} {world.rng.random()}")
        self.members[ident] = Member(ident, "", url)
        world.note(None, f"etcd member {ident} added for {url}")
        world.bump()
        return ident

    def listing(self):
        return "".join(
            f"{m.ident}, {'started' if m.name else 'unstarted'}, {m.name}, "
            f"{m.url}, {m.url.replace('2380', '2379') if m.published else ''}"
            ", false\n" for m in self.members.values())


    def members_json(self):
        """What the port for peers tells, with a quorum and without."""
        def one(m):
            found = {"id": int(m.ident, 16), "peerURLs": [m.url]}
            if m.name:
                found["name"] = m.name
            if m.published:
                found["clientURLs"] = [m.url.replace("2380", "2379")]
            return found
        return json.dumps([one(m) for m in self.members.values()],
                          separators=(",", ":")) + "\n"


def member_id(cluster, text):
    return hashlib.sha256(f"{cluster} {text}".encode()).hexdigest()[:16]


def settle(world):
    """What a quorum brings about by itself."""
    for cluster in world.etcds.values():
        if not cluster.has_quorum():
            continue
        for member in cluster.running():
            if world.now < member.ready_at:
                continue
            if not member.serves:
                member.serves = True
                world.bump()
            if not member.published:
                member.name = member.node.name
                member.published = True
                if "etcd.service" in member.node.units:
                    member.node.write(JOINED, "")
                    member.node.sync()
                world.bump()
            member.view = cluster.members_json()
        # One at a time: an addition may itself cost the quorum.
        while cluster.pending and cluster.has_quorum():
            url = cluster.pending.pop(0)
            if not cluster.by_url(url):
                cluster.add(world, url)


@functools.lru_cache(maxsize=500)
def shell_variables(text):
    return dict(word.split("=", 1) for line in text.splitlines()
                for word in shlex.split(line, comments=True) if "=" in word)


def unit_config(node):
    """None while etcd-start.conf does not let it start."""
    if not node.has(DATA) and not node.exists(MAY_START):
        return None
    values = shell_variables(node.read("/etc/default/etcd"))
    if "ETCD_INITIAL_CLUSTER" not in values:
        return None
    return {"initial": values["ETCD_INITIAL_CLUSTER"],
            "state": values["ETCD_INITIAL_CLUSTER_STATE"],
            "token": values["ETCD_INITIAL_CLUSTER_TOKEN"]}


def pod_config(node):
    try:
        pod = sandbox.parse(node.read("/etc/kubernetes/manifests/etcd.yaml"))
        command = pod[0]["spec"]["containers"][0]["command"]
    except (yaml.YAMLError, TypeError, KeyError, IndexError):
        return None
    values = dict(a[2:].split("=", 1) for a in command if a.startswith("--"))
    return {"initial": values["initial-cluster"],
            "state": values.get("initial-cluster-state", "new"),
            "token": "etcd-cluster"}


def start(world, node, config, unit):
    """One attempt to start etcd on node. A failed one is made again, by
    systemd or the kubelet, for ever."""
    prefix = "/etc/etcd/pki/" if unit else "/etc/kubernetes/pki/etcd/"
    for name in ("ca.crt", "server.crt", "server.key", "peer.crt", "peer.key"):
        if not node.has(prefix + name):
            return fail(world, node, f"no {prefix}{name}")
    initial = [tuple(item.split("=", 1))
               for item in config["initial"].split(",")]
    url = f"https://{node.address}:2380"
    if node.has(DATA):
        data = json.loads(node.read(DATA))
        cluster = world.etcds[data["cluster"]]
        member = cluster.members.get(data["member"])
        if not member:
            return fail(world, node, "removed from the cluster for good")
    elif config["state"] == "new":
        # A cluster of one with kubeadm's constant token: each is its own.
        own = "" if unit else f" {node.name} {node.disk} {world.now}"
        ident = hashlib.sha256(
            (config["initial"] + config["token"] + own).encode()
        ).hexdigest()[:16]
        cluster = world.etcds.get(ident)
        if not cluster:
            cluster = world.etcds[ident] = Cluster(ident, initial)
            world.note(node, f"etcd cluster {ident} founded")
        member = cluster.by_url(url)
        # As those who run know it.
        if any(url.replace("2380", "2379") in m.view
               for m in cluster.running()):
            node.write("/var/lib/etcd/member/snap/db", "db")
            return fail(world, node, "member has already been bootstrapped")
        if not member or member.ident != member_id(ident, url):
            world.violation(node, "etcd was founded anew although its member "
                                  "had been replaced")
            return False
    else:
        others = [p for p in world.nodes.values()
                  if p.etcd and p is not node
                  and f"https://{p.address}:2380" in dict(initial).values()]
        if not others:
            return fail(world, node, "no peer tells the membership")
        cluster = others[0].etcd[0]
        if sorted(u for _, u in initial) != sorted(
                m.url for m in cluster.members.values()):
            return fail(world, node, "the membership is not the one given")
        member = cluster.by_url(url)
    if not node.has(DATA):
        if member.ran:
            world.violation(node, "an etcd member came back under its old "
                                  "identity without its data")
        member.ran = True
        member.view = Cluster(cluster.ident, initial).members_json()
        node.write(DATA, json.dumps({"cluster": cluster.ident,
                                     "member": member.ident}))
    member.node = node
    member.serves = False
    member.ready_at = world.now + world.delay(node, 0.2, 5)
    world.after(member.ready_at - world.now, node, world.bump)
    node.etcd = (cluster, member)
    world.note(node, f"etcd runs as member {member.ident}")
    world.bump()
    return True


def fail(world, node, why):
    if node.etcd_trouble != why:
        node.etcd_trouble = why
        world.note(node, "etcd does not start: " + why)
    return False


def stop(node):
    if node.etcd:
        node.etcd[1].node = None
        node.etcd = None
