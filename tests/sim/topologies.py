# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters that are simulated, and their seeds."""
import functools
import os
import re
import shutil
import subprocess

import sandbox

SPEC = """\
apiVersion: kubeseed/v1
kind: Cluster
name: sim
kubernetes:
  version: 1.20.2
  payload: debian
network:
  subnet: 192.168.4.0/24
endpoint:
  address: 192.168.4.20
"""

# What kubeadm is told of patches depends on its version. Debian's payload is that
# of one version.
OTHER = SPEC.replace("payload: debian", "payload: pkgs.k8s.io")

V1BETA3 = OTHER.replace("1.20.2", "1.29.3")

# etcd 3.5 without learners: a member that has no quorum tells no membership.
V1_27 = OTHER.replace("1.20.2", "1.27.16")

V1BETA4 = OTHER.replace("1.20.2", "1.34.2")

STACKED = "etcd:\n  mode: stacked\nnodes:\n"

MASTERS = """\
  - name: m{1..3}
    role: control-plane
    address: 192.168.4.31+
"""

WORKERS = """\
  - name: w{1..2}
    role: worker
    address: 192.168.4.41+
"""

BALANCED = V1BETA4 + """\
  provider: haproxy
etcd:
  mode: external
nodes:
  - name: e1
    role: etcd
    address: 192.168.4.25
"""

BALANCERS = """\
  - name: lb{1..2}
    role: load-balancer
    address: 192.168.4.21+
"""

# In order, and the second one not at once.
MANIFESTS = {
    "kinds.yaml": "apiVersion: v1\nkind: CustomResourceDefinition\n",
    "own.yaml": "apiVersion: v1\nkind: Own\n",
    "more.yaml": "apiVersion: v1\nkind: Namespace\n",
}

ONE_MASTER = """\
  - name: m1
    role: control-plane
    address: 192.168.4.31
"""

# Bootstrappers by which nobody founds and nobody joins: the word of the spec, and
# how their topologies are called.
OWN = {"static-pods": "static", "systemd": "units"}


def own(spec, word):
    return spec.replace("kubernetes:\n", f"kubernetes:\n  bootstrapper: {word}\n")


TOPOLOGIES = {
    "founding": SPEC + "nodes:\n" + MASTERS + WORKERS,
    "stacked": SPEC + STACKED + MASTERS + WORKERS,
    "external": V1BETA4 + "  provider: haproxy\netcd:\n  mode: external\n"
    "nodes:\n" + """\
  - name: lb{1..2}
    role: load-balancer
    address: 192.168.4.21+
  - name: e{1..3}
    role: etcd
    address: 192.168.4.25+
  - name: m{1..2}
    role: control-plane
    address: 192.168.4.31+
  - name: w1
    role: worker
    address: 192.168.4.41
""",
    "one": V1BETA3 + "pki: {renewal: automatic}\n" + f"manifests: [{', '.join(MANIFESTS)}]\n" +
    "addons: [local-volumes]\n" +
    "etcd:\n  mode: external\nnodes:\n" + """\
  - name: e1
    role: etcd
    address: 192.168.4.25
  - name: m1
    role: control-plane
    address: 192.168.4.31
  - name: w1
    role: worker
    address: 192.168.4.41
""",
    "five": SPEC + "etcd:\n  mode: stacked\nnodes:\n" +
    MASTERS.replace("3}", "5}"),
    "three-external": V1BETA4 + "etcd:\n  mode: external\nnodes:\n" + """\
  - name: e1
    role: etcd
    address: 192.168.4.25
""" + MASTERS,
    # Seeds of three, then of five, for one cluster.
    "grown": (SPEC + "nodes:\n" + MASTERS,
              SPEC + "nodes:\n" + MASTERS.replace("3}", "5}")),
    "grown-stacked": (
        SPEC + "etcd:\n  mode: stacked\nnodes:\n" + MASTERS,
        SPEC + "etcd:\n  mode: stacked\nnodes:\n" +
        MASTERS.replace("m{1..3}", "m{4..5}").replace(".31+", ".34+") +
        MASTERS),
    # Balancers that do not know the third one, and etcd on machines of its own.
    "grown-external": (BALANCED + BALANCERS + ONE_MASTER,
                       BALANCED + BALANCERS.replace("2}", "3}") + ONE_MASTER),
    # Members of etcd are learners first; and their order is another from 1.33.
    "learners": V1BETA3 + STACKED + MASTERS,
    "local": V1BETA4 + STACKED + MASTERS,
    "founding-five": SPEC + "nodes:\n" + MASTERS.replace("3}", "5}"),
    "copied": V1_27 + "etcd:\n  mode: stacked\npki:\n  mode: copied\nnodes:\n" +
    MASTERS + WORKERS,
}

for _word, _name in OWN.items():
    # One whose administrator has no rights before the first objects give them, and
    # whose node looks for its images; and one of neither.
    TOPOLOGIES[_name] = own(V1BETA4, _word) + "nodes:\n" + MASTERS + \
        WORKERS.replace("2}", "1}")
TOPOLOGIES["static-external"] = own(
    TOPOLOGIES["external"].replace(V1BETA4, SPEC), "static-pods")


@functools.cache
def read_seeds(folder):
    """{node: its files and its user-data}"""
    return {medium[:-4]: sandbox.read_seed(f"{folder}/{medium}")
            for medium in sorted(os.listdir(folder))
            if medium.endswith(".iso")}


def of_one_time(files):
    """As seeds that were made at one moment, whenever that was: some scripts look at
    their clock, and a run is to be the same whenever it is made."""
    mode, env = files["/etc/kubeseed/node.env"]
    return {**files, "/etc/kubeseed/node.env": (mode, re.sub(
        rb"SEED_TIME='\d+'", b"SEED_TIME='1800000000'", env))}


class Topology:
    """The seeds of one cluster, made by kubeseed itself."""

    earlier = seeds = token_secret = None

    def __init__(self, name, kubeseed, mutate=None):
        self.name = name
        folder = f"{sandbox.BASE}/specs/{name}"
        specs = TOPOLOGIES[name]
        for i, spec in enumerate((specs,) if isinstance(specs, str) else specs):
            kept = f"{folder}/{i}"
            if not os.path.isdir(kept):
                os.makedirs(folder, exist_ok=True)
                for file, text in {"sim.yaml": spec, **MANIFESTS}.items():
                    with open(f"{folder}/{file}", "w", encoding="utf-8") as f:
                        f.write(text)
                subprocess.run([kubeseed, "-q", "seed", "sim.yaml"], check=True,
                               cwd=folder, stdin=subprocess.DEVNULL)
                shutil.copytree(folder + "/sim.cluster/seeds", kept)
            self.earlier, self.seeds = self.seeds, {
                node: (of_one_time(files), data)
                for node, (files, data) in read_seeds(kept).items()}
        self.priority = {}
        for node, (files, _) in self.seeds.items():
            conf = files.get("/etc/keepalived/keepalived.conf")
            if conf:
                self.priority[node] = int(
                    re.search(rb"priority (\d+)", conf[1]).group(1))
            join = files.get("/etc/kubeseed/kubeadm-join.yaml")
            if join:
                self.token_secret = re.search(
                    rb'tlsBootstrapToken: *"[^.]*\.(.*)"', join[1]).group(1)
        if mutate:
            for files, _ in [*self.seeds.values(), *(self.earlier or {}).values()]:
                mutate(files)

    @staticmethod
    def note_join(world, node, cluster):
        """kubeadm is about to change etcd's membership: the scripts promise
        one at a time. (What the scripts add by themselves etcd judges: it may
        take it beside a member that runs and has not told its name yet.)"""
        for member in cluster.members.values():
            if not member.name and member.url != f"https://{node.address}:2380":
                world.violation(node, "an etcd member is added while another "
                                      "has not started")

    def joins(self, node):
        return "/etc/kubeseed/kubeadm-join.yaml" in self.seeds[node][0]

    @property
    def own(self):
        """Does nobody found or join?"""
        return not any(self.joins(node) for node in self.seeds)

    def of_role(self, role):
        quoted = f"ROLE='{role}'".encode()
        return [n for n, (files, _) in self.seeds.items()
                if quoted in files["/etc/kubeseed/node.env"][1]]
