# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd as the scripts meet it: how it starts, and what it tells. raft.py is how
its members agree."""
import functools
import hashlib
import json
import shlex

import raft
import sandbox
import yaml

DATA = "/var/lib/etcd/member/wal/data.json"
JOINED = "/var/lib/kubeseed/etcd-has-joined"  # etcd-start.conf
MAY_START = "/run/kubeseed/etcd-may-start"


def member_id(cluster, text):
    return hashlib.sha256(f"{cluster} {text}".encode()).hexdigest()[:16]


# What it is told

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


# How it starts

def start(world, node, config, unit):
    """One attempt to start etcd on node. A failed one is made again, by
    systemd or the kubelet, for ever."""
    prefix = "/etc/etcd/pki/" if unit else "/etc/kubernetes/pki/etcd/"
    for name in ("ca.crt", "server.crt", "server.key", "peer.crt", "peer.key"):
        if not node.has(prefix + name):
            return fail(world, node, f"no {prefix}{name}")
    if node.has(DATA):
        try:
            wal = world.raft.wals[json.loads(node.read(DATA))]
        except (ValueError, IndexError):
            return ends(world, node, "its WAL is corrupt", unit)
        if any(wal.ident in s.wal.removed for s in world.raft.servers
               if s.cluster == wal.cluster):
            return ends(world, node, "removed from the cluster for good", unit)
    else:
        initial = [tuple(item.split("=", 1))
                   for item in config["initial"].split(",")]
        wal = (found if config["state"] == "new" else join)(
            world, node, initial, config["token"])
        if not wal:
            return False
        wal.node = node
        node.write(DATA, str(len(world.raft.wals)))
        world.raft.wals.append(wal)
    node.etcd = raft.Server(world.raft, node, wal)
    # Until then it runs, and has not what the others have.
    lag = world.delay(node, 0.2, 5) + node.fsync
    node.etcd.ready_at += lag
    world.after(lag, node, world.bump)
    world.raft.servers.append(node.etcd)
    world.note(node, f"etcd runs as member {wal.ident}")
    world.bump()
    return True


def found(world, node, initial, token):
    url = f"https://{node.address}:2380"
    names = ",".join(sorted(f"{n}={u}" for n, u in initial))
    cluster = member_id(names, token)
    ident = member_id(cluster, url)
    for peer in world.raft.servers:
        if peer.cluster == cluster and world.reaches(node, peer.node) and \
                ident in peer.members and peer.members[ident].client:
            node.write("/var/lib/etcd/member/snap/db", "db")
            return fail(world, node, "member has already been bootstrapped")
        if peer.cluster != cluster and world.reaches(node, peer.node) and \
                len(peer.node.seeds) == 1 and \
                (peer.node.name, f"https://{peer.node.address}:2380") in initial:
            world.violation(node, "etcd is founded with other members than "
                            + peer.node.name + " has founded it with")
    earlier = [w for w in world.raft.wals if w.cluster == cluster]
    if any(ident in w.removed for w in earlier):
        world.violation(node, "etcd was founded anew although its member "
                              "had been replaced")
    # The last of them all may: it is kubeadm's first member, with its one name.
    if any(w.ident == ident and len(w.log) > w.bootstrap for w in earlier) and \
            not all(w.gone for w in earlier):
        world.violation(node, "an etcd member came back under its old "
                              "identity without its data")
    if not earlier:
        world.note(node, f"etcd cluster {cluster} founded")
    return raft.Wal(cluster, ident, [
        (member_id(cluster, u), n, u, False) for n, u in sorted(initial)])


def join(world, node, initial, _):
    url = f"https://{node.address}:2380"
    known = dict((u, n) for n, u in initial)
    peers = [p for p in world.raft.servers if p.node is not node and
             world.reaches(node, p.node) and
             f"https://{p.node.address}:2380" in known]
    if not peers:
        return fail(world, node, "no peer tells the membership")
    if sorted(known) != sorted(m.url for m in peers[0].members.values()):
        return fail(world, node, "the membership is not the one given")
    if url not in known:  # told by a member that was behind
        return fail(world, node, "it is not in the membership")
    ident = peers[0].by_url(url).ident
    if any(w.ident == ident and len(w.log) > w.bootstrap
           for w in world.raft.wals):
        world.violation(node, "an etcd member came back under its old "
                              "identity without its data")
    wal = raft.Wal(peers[0].cluster, ident, [])
    wal.apply_all(peers[0].members.values())
    return wal


def fail(world, node, why):
    if node.etcd_trouble != why:
        node.etcd_trouble = why
        world.note(node, "etcd does not start: " + why)
    return None


def ends(world, node, why, unit):
    """As fail; whoever started it does so again and again, and counts that."""
    if not node.etcd_ends_since:
        node.etcd_ends_since = world.now
    elif unit:
        return fail(world, node, why)
    if not unit:
        number = int(world.now - node.etcd_ends_since) // 60
        node.write(f"/var/log/pods/kube-system_etcd-{node.name}_0/etcd/"
                   f"{number}.log", why)
        if number < 40:
            world.after(61, node, world.bump)
    return fail(world, node, why)


def restarts(node):
    if not node.etcd_ends_since:
        return 0
    node.world.after(40, node, node.world.bump)  # somebody wants to know
    return int(node.world.now - node.etcd_ends_since) // 8


def damage(node):
    """What a cut or a full disk has left etcd cannot read."""
    node.root.write(DATA, b"half", 0o600)


def stop(node):
    if node.etcd:
        node.world.raft.servers.remove(node.etcd)
        node.etcd.leading = False
        node.etcd = None
        node.world.bump()


# How its membership changes

def may_add(server, learner=False):
    """etcd's strict reconfiguration check: enough have started, and all who
    vote are connected."""
    leader = server.leader()
    voters = leader.wal.voters()
    there = [s.ident for s in leader.running()]
    if any(v not in there for v in voters):
        return False
    started = sum(1 for v in voters if leader.members[v].name)
    members = len(voters) + 1
    return learner or (started == 1 and members == 2) or \
        started >= members // 2 + 1


def add(world, server, url, learner=False):
    """The new member's id, or None if it could not be committed."""
    ident = member_id(server.cluster, f"{url} {len(world.raft.added)}")
    world.raft.added.append(ident)
    world.note(None, f"etcd member {ident} added for {url}")
    return ident if server.propose("add", (ident, "", url, learner)) else None


# What it tells

def listing(server):
    return "".join(
        f"{m.ident}, {'started' if m.name else 'unstarted'}, {m.name}, "
        f"{m.url}, {m.url.replace('2380', '2379') if m.client else ''}, "
        f"{'true' if m.learner else 'false'}\n"
        for m in server.members.values())


def members_json(server):
    """What the port for peers tells, with a quorum and without: what this
    member knows."""
    def one(m):
        told = {"id": int(m.ident, 16), "peerURLs": [m.url]}
        if m.learner:
            told["isLearner"] = True
        if m.name:
            told["name"] = m.name
        if m.client:
            told["clientURLs"] = [m.url.replace("2380", "2379")]
        return told
    return json.dumps([one(m) for m in server.members.values()],
                      separators=(",", ":")) + "\n"


def status(server, version):
    """`endpoint status` of one member; the columns are those of etcdctl."""
    leading = "true" if server.leading else "false"
    learner = "true" if server.learner else "false"
    wal = server.wal
    newer = "" if version < (3, 6) else "3.6.0, "
    size = "20 kB, " if version < (3, 6) else "20 kB, 16 kB, 20%, 8.6 GB, "
    return (f"https://{server.node.address}:2379, {server.ident}, "
            f"{version[0]}.{version[1]}.4, {newer}{size}{leading}, {learner}, "
            f"{wal.term}, {len(wal.log)}, {wal.applied}, \n")


def status_json(server):
    leader = server.leader()
    return {"Endpoint": f"https://{server.node.address}:2379", "Status": {
        "header": {"cluster_id": int(server.cluster, 16),
                   "member_id": int(server.ident, 16),
                   "raft_term": server.wal.term},
        "leader": int(leader.ident, 16) if leader else 0,
        "raftIndex": len(server.wal.log), "raftTerm": server.wal.term,
        "raftAppliedIndex": server.wal.applied,
        **({"isLearner": True} if server.learner else {})}}
