# SPDX-License-Identifier: GPL-3.0-or-later
"""kubeadm: what `init` and `join` do, phase by phase, as in 1.20; a power cut
may come between any two of their files.

What newer versions do otherwise and the scripts may meet goes by the node's
VERSION: how they are told of patches; from 1.29 on members of etcd are added as
learners and promoted; from 1.32 on an addition may be repeated (kubernetes pull
127491); from 1.33 on etcd is joined before the kubelet has its certificate, which
it asks of its own API server, in a phase of its own (pull 134106), which wants to
promote a member that votes already and gives up (as 1.34.9 and 1.36.2 do).
"""

import json
import os

import etcd
import programs
import sandbox
import world as w

PKI = "/etc/kubernetes/pki/"
MANIFESTS = "/etc/kubernetes/manifests/"


EMBEDDED = "users:\n- user:\n    client-key-data: embedded\n"


def pem(text):
    return f"-----BEGIN IT-----\n{text}\n-----END KEY-----\n"


class Refused(Exception):
    """kubeadm ends with an error."""


def run(world, actor, args, stdin):
    del stdin
    node = actor.node
    try:
        job = Kubeadm(world, node, args)
        if args[:4] == ["init", "phase", "certs", "all"]:
            yield from job.all_certificates()
        elif args[:3] == ["init", "phase", "certs"]:
            yield from job.etcd_client_certificate()
        elif args[:3] == ["init", "phase", "kubeconfig"]:
            yield from job.admin_kubeconfig()
        elif args[:3] == ["config", "images", "list"]:
            yield world.delay(node, 0.5, 2)
            return 0, "registry.k8s.io/etcd:3.4.13-0\n", ""
        elif args[0] == "init":
            yield from job.init()
        elif args[0] == "join":
            yield from job.join()
        else:
            return programs.not_modelled(actor, "kubeadm", args)
    except Refused as e:
        world.note(node, f"kubeadm {args[0]} failed: {e}")
        return 1, "", f"error execution phase: {e}\n"
    except OSError as e:
        return 1, "", f"error execution phase: {e.strerror}\n"
    return 0, "", ""


class Kubeadm:
    def __init__(self, world, node, args):
        self.world = world
        self.node = node
        self.args = args
        self.skip = set()
        if "--skip-phases" in args:
            self.skip = set(self.option("--skip-phases").split(","))
        self.config = {}
        self.minor = int(node.env["VERSION"].split(".")[1])
        if self.minor >= 36 and "control-plane-join/etcd" in self.skip:
            raise Refused("invalid phase name: control-plane-join/etcd")

    def option(self, name):
        return self.args[self.args.index(name) + 1]

    def take(self, low=0.1, high=2.0):
        """Time passes, and here a power cut may come."""
        return self.world.delay(self.node, low, high)

    def until(self, condition, limit, what):
        deadline = self.world.now + limit
        while not condition():
            if self.world.now >= deadline:
                raise Refused("timed out waiting for " + what)
            yield w.Park(deadline=deadline)

    def read_config(self):
        text = self.node.read(self.option("--config"))
        if not text.strip():
            raise Refused("unable to read " + self.option("--config"))
        self.config = {d["kind"]: d for d in sandbox.parse(text)}

    @property
    def kube(self):
        cluster = self.world.endpoint(self.node)
        return cluster.kube if cluster else None

    def api(self, what, limit=300):
        yield from self.until(lambda: self.kube is not None, limit,
                              f"the API server ({what})")
        return self.kube

    # Files

    def check_pair(self, name):
        """A CA: kept if there, else made. True if it was made."""
        node = self.node
        crt, key = PKI + name + ".crt", PKI + name + ".key"
        if name == "sa":
            crt = PKI + "sa.pub"
        if not node.exists(crt) and not node.exists(key):
            return True
        for path in (crt, key):
            if not node.has(path):
                raise Refused(f"couldn't load {path}")
        return False

    def make_ca(self, name):
        ident = f"{name} {self.node.name} {self.node.disk} " \
                f"{self.world.rng.random()}"
        crt = "sa.pub" if name == "sa" else name + ".crt"
        self.node.write(PKI + name + ".key", pem("key " + ident))
        yield self.take(0.01, 0.2)
        self.node.write(PKI + crt, pem(
            ("public " if name == "sa" else "cert ") + ident))

    def leaf(self, name, ca):
        node = self.node
        there = [node.exists(PKI + name + end) for end in (".crt", ".key")]
        if any(there):
            for end in (".crt", ".key"):
                if not node.has(PKI + name + end):
                    raise Refused(f"couldn't load {PKI}{name}{end}")
            return
        if not node.has(PKI + ca + ".key") or not node.has(PKI + ca + ".crt"):
            raise Refused(f"no {ca} to sign {name}")
        node.write(PKI + name + ".crt", pem("leaf"))
        yield self.take(0.01, 0.3)
        node.write(PKI + name + ".key", pem("leaf"))

    def certificates(self, external):
        node = self.node
        yield from self.leaf("apiserver", "ca")
        yield from self.leaf("apiserver-kubelet-client", "ca")
        yield from self.leaf("front-proxy-client", "front-proxy-ca")
        if external:
            for name in ("etcd/ca.crt", "apiserver-etcd-client.crt",
                         "apiserver-etcd-client.key"):
                if not node.has(PKI + name):
                    raise Refused("no " + PKI + name)
        else:
            for name in ("etcd/server", "etcd/peer", "etcd/healthcheck-client",
                         "apiserver-etcd-client"):
                yield from self.leaf(name, "etcd/ca")

    def kubeconfigs(self, names):
        for name in names:
            path = f"/etc/kubernetes/{name}.conf"
            if self.node.exists(path):
                if not self.node.has(path):
                    raise Refused(f"couldn't load {path}")
                continue
            if not self.node.has(PKI + "ca.key"):
                raise Refused("couldn't load " + PKI + "ca.key")
            self.node.write(path, EMBEDDED)
            yield self.take(0.01, 0.3)

    def control_plane(self):
        for name in ("kube-apiserver", "kube-controller-manager",
                     "kube-scheduler"):
            self.node.write(MANIFESTS + name + ".yaml", "kind: Pod\nstatus: {}\n")
            yield self.take(0.01, 0.1)

    def etcd_pod(self, initial, state):
        node = self.node
        # JSON is YAML.
        node.write(MANIFESTS + "etcd.yaml", "spec: " + json.dumps(
            {"containers": [{"command": [
                "etcd", f"--name={node.name}", f"--initial-cluster={initial}",
                f"--initial-cluster-state={state}"]}]}) + "\nstatus: {}\n")

    def preflight(self, also):
        """Versions before 1.24 are run without it, for want of crictl."""
        if "preflight" in self.skip:
            return
        node = self.node
        kind = "InitConfiguration" if self.args[0] == "init" else \
            "JoinConfiguration"
        ignored = {i.lower() for i in
                   self.config[kind].get("nodeRegistration", {}).get(
                       "ignorePreflightErrors", [])}
        faults = []
        if not node.runs_cri():
            faults.append("CRI")
        if node.kubelet:
            faults.append("Port-10250")
        for path in also:
            if node.exists(path):
                faults.append("FileAvailable-" + path.replace("/", "-"))
        if node.exists(MANIFESTS[:-1]) and self.args[0] == "join":
            faults.append("DirAvailable--etc-kubernetes-manifests")
        faults = [f for f in faults if f.lower() not in ignored]
        if faults and "all" not in ignored:
            raise Refused("preflight: " + ", ".join(faults))

    # Commands

    def all_certificates(self):
        yield self.take()
        self.read_config()
        external = "external" in self.config["ClusterConfiguration"]["etcd"]
        yield from self.cas_and_certificates(external)

    def cas_and_certificates(self, external):
        for name in ("ca", "front-proxy-ca", "sa") + (
                () if external else ("etcd/ca",)):
            if self.check_pair(name):
                yield from self.make_ca(name)
        yield from self.certificates(external)

    def etcd_client_certificate(self):
        yield self.take()
        yield from self.leaf("etcd/healthcheck-client", "etcd/ca")

    def admin_kubeconfig(self):
        yield self.take()
        if not self.node.has(PKI + "ca.key"):
            raise Refused("couldn't load " + PKI + "ca.key")
        self.node.write(self.option("--kubeconfig-dir") + "/admin.conf",
                        EMBEDDED)

    def refuse_second_cluster(self):
        """The invariant of them all: it is recorded, kubeadm would not see
        it. Who has begun with this disk goes on, and where nobody has an API
        server any more nothing else is left."""
        world, node = self.world, self.node
        if (node.name, node.disk) in world.founders:
            return
        world.founders.add((node.name, node.disk))
        for kube in world.kubes:
            others = [n for n, disk in kube.nodes.items()
                      if n != node.name and world.nodes[n].disk == disk and
                      world.nodes[n].role == "control-plane" and
                      world.nodes[n].has(MANIFESTS + "kube-apiserver.yaml")]
            if kube.cluster_info and others:
                world.violation(node, "kubeadm init while the cluster lives "
                                      "on " + ", ".join(others))

    def init(self):
        node, world = self.node, self.world
        yield self.take(0.5, 3)
        self.read_config()
        self.preflight([f"{MANIFESTS}{p}.yaml" for p in (
            "kube-apiserver", "kube-controller-manager", "kube-scheduler",
            "etcd")])
        self.refuse_second_cluster()
        self.check_patches()
        external = "external" in self.config["ClusterConfiguration"]["etcd"]
        yield from self.cas_and_certificates(external)
        yield self.take()
        yield from self.kubeconfigs(("admin", "kubelet", "controller-manager",
                                     "scheduler"))
        yield self.take()
        yield from self.kubelet_files()
        yield self.take()
        yield from self.control_plane()
        if not external:
            yield self.take()
            self.etcd_pod(f"{node.name}=https://{node.address}:2380", "new")
            world.bump()
        yield from self.api("wait-control-plane", 1200)
        yield self.take()
        kube = yield from self.api("upload-config")
        ca = node.read(PKI + "ca.crt").encode()
        if kube.ca and kube.ca != ca:
            world.violation(node, "a second CA for the same cluster")
        kube.ca = ca
        kube.config = True
        yield self.take()
        yield from self.until(
            lambda: self.kube and node.name in self.kube.nodes, 120,
            "the node to register (mark-control-plane)")
        self.kube.marked.add(node.name)
        world.bump()
        yield self.take()
        kube = yield from self.api("bootstrap-token")
        token = self.config["InitConfiguration"]["bootstrapTokens"][0]
        ident, _, secret = token["token"].partition(".")
        hours = int(token["ttl"].partition("h")[0]) if "h" in token["ttl"] \
            else float("inf")
        kube.tokens[ident] = (secret, world.now + hours * 3600)
        world.bump()
        yield self.take()
        kube = yield from self.api("cluster-info")
        kube.cluster_info = True
        world.note(node, "the cluster is open")
        world.bump()
        yield self.take()
        yield from self.api("addons")

    def kubelet_files(self):
        node = self.node
        node.write("/var/lib/kubelet/kubeadm-flags.env",
                   'KUBELET_KUBEADM_ARGS="flags"\n')
        yield self.take(0.01, 0.1)
        node.write("/var/lib/kubelet/config.yaml",
                   "kind: Kubelet\nvolumeStatsAggPeriod: 0s\n")
        yield self.take(0.1, 1)
        node.start_unit("kubelet.service")
        self.world.bump()

    def join(self):
        node, world = self.node, self.world
        yield self.take(0.5, 3)
        self.read_config()
        config = self.config["JoinConfiguration"]
        control_plane = "controlPlane" in config
        self.preflight([PKI + "ca.crt"] if not control_plane else [])
        if "preflight" not in self.skip and node.has(
                "/etc/kubernetes/kubelet.conf"):
            self.preflight(["/etc/kubernetes/kubelet.conf",
                            "/etc/kubernetes/bootstrap-kubelet.conf"])
        yield from self.discover()
        token = config["discovery"]["tlsBootstrapToken"]
        # Up to 1.30 a worker that is a member already asks nothing more.
        if control_plane or "kubelet-start" not in self.skip or \
                self.minor >= 31:
            kube = yield from self.api("kubeadm-config")
            if not kube.token_is_known(token, world.now):
                raise Refused("Unauthorized: the token is not known")
        stacked = node.env["ETCD_MODE"] == "stacked"
        if control_plane:
            self.note_turn()
            self.check_patches()
            yield from self.control_plane_prepare(stacked)
        local = control_plane and self.minor >= 33
        if "kubelet-start" not in self.skip:
            yield from self.kubelet_start(token)
            if not local:
                yield from self.kubelet_wait()
        if local and stacked and "etcd-join" not in self.skip:
            yield from self.join_etcd()
        if local and "kubelet-wait-bootstrap" not in self.skip:
            yield from self.kubelet_wait()
        if control_plane and "control-plane-join" not in self.skip:
            if stacked and not local and \
                    "control-plane-join/etcd" not in self.skip:
                yield from self.join_etcd()
            kube = yield from self.api("mark-control-plane", 120)
            kube.marked.add(node.name)
            world.bump()
            yield self.take()
        if local and "wait-control-plane" not in self.skip:
            yield from self.until(node.api, 240, "the control plane to start")

    def patches_folder(self):
        """By flag until 1.21, from 1.22 on by configuration; from 1.23 on that
        flag may not stand beside --config (kubernetes pull 104065)."""
        if int(self.node.env["VERSION"].split(".")[1]) < 22:
            return self.option("--experimental-patches")
        if any("patches" in a for a in self.args):
            raise Refused("can not mix '--config' with arguments [patches]")
        kind = self.args[0].capitalize() + "Configuration"
        if "patches" not in self.config[kind]:
            raise Refused("the simulator misses the folder of patches")
        return self.config[kind]["patches"]["directory"]

    def check_patches(self):
        """kubeadm ignores an empty patch without a word."""
        node = self.node
        folder = self.patches_folder()
        wanted = {}
        for source in [folder] + ["/etc/kubeseed/emulated"] * node.emulated:
            wanted.update((os.path.basename(path), content)
                          for path, (_, content) in node.files.items()
                          if os.path.dirname(path) == source)
        for name in sorted(set(wanted) | set(node.root.entries(folder))):
            if node.read(f"{folder}/{name}").encode() != wanted.get(name):
                self.world.violation(node, f"static pods get a wrong {name}")

    def note_turn(self):
        """Who comes later lets the one before it finish, for five minutes,
        unless neither etcd's members nor an emulated machine are a reason."""
        node, world = self.node, self.world
        if node.env["ETCD_MODE"] == "stacked":
            others = [n for n in world.nodes.values() if n is not node]
        elif node.emulated:
            others = [world.nodes[node.env["PREDECESSOR"]]]
        else:
            others = []
        for other in others:
            if world.in_turn and other.joining_since is not None and \
                    world.now - other.joining_since < 300 and not other.api():
                world.violation(node, f"joins beside {other.name}")
        node.joining_since = world.now

    def discover(self):
        ca = w.secret_of(self.node)
        if not ca:
            raise Refused("no CA in discovery.conf")

        def answers():
            kube = self.kube
            # 403 it takes for an answer, and 401 for none yet.
            return kube is not None and kube.cluster_info and (
                kube.closed != 401 or "token: " in self.node.read(
                    "/etc/kubeseed/discovery.conf"))
        yield from self.until(answers, 24 * w.HOUR, "cluster-info")
        yield self.take()
        kube = yield from self.api("cluster-info")
        if kube.ca != ca:
            raise Refused("x509: certificate signed by unknown authority")

    def control_plane_prepare(self, stacked):
        node = self.node
        needed = ["ca.crt", "ca.key", "sa.pub", "sa.key", "front-proxy-ca.crt",
                  "front-proxy-ca.key", "etcd/ca.crt"]
        if stacked:
            needed.append("etcd/ca.key")
        for name in needed:
            if not node.has(PKI + name):
                raise Refused("missing certificate " + PKI + name)
        yield from self.certificates(not stacked)
        yield self.take()
        yield from self.kubeconfigs(("admin", "controller-manager",
                                     "scheduler"))
        yield from self.control_plane()
        yield self.take()
        if stacked:
            yield from self.api("check-etcd", 120)

    def kubelet_start(self, token):
        node, world = self.node, self.world
        kube = yield from self.api("kubelet-start")
        if not kube.token_is_known(token, world.now):
            raise Refused("Unauthorized: the token is not known")
        if world.node_is_ready(kube, node.name):
            raise Refused(f"a Node with name '{node.name}' and status 'Ready' "
                          "already exists in the cluster")
        bootstrap = "/etc/kubernetes/bootstrap-kubelet.conf"
        node.write(bootstrap, f"users:\n- user:\n    token: {token}\n")
        if not node.exists(PKI + "ca.crt"):
            node.write(PKI + "ca.crt", w.secret_of(node))
        yield self.take(0.1, 1)
        yield from self.kubelet_files()

    def kubelet_wait(self):
        node = self.node
        try:
            yield from self.until(node.has_identity, 300,
                                  "the kubelet's TLS bootstrap")
        except Refused:
            node.remove("/etc/kubernetes/bootstrap-kubelet.conf")
            raise
        # Not when the power fails or it is killed: that is a GeneratorExit.
        node.remove("/etc/kubernetes/bootstrap-kubelet.conf")
        yield from self.until(
            lambda: self.kube and node.name in self.kube.nodes, 120,
            "the node to register")
        yield self.take()

    def etcd_server(self):
        """A member that answers, as kubeadm finds it through the API."""
        for peer in self.world.nodes.values():
            if peer.etcd and peer.etcd.serves and peer.etcd.has_quorum() and \
                    not peer.etcd.learner and \
                    self.world.connected(self.node, peer):
                return peer.etcd
        return None

    def join_etcd(self):
        """Until 1.31: two seconds for the answer, then it asks again, and what
        took effect meanwhile makes that fail for ever."""
        node, world = self.node, self.world
        yield from self.api("etcd endpoints", 120)
        url = f"https://{node.address}:2380"
        server = self.etcd_server()
        if server:
            world.topology.note_join(world, node, server)
        members = yield from self.add_member(url)
        initial = ",".join(
            f"{node.name if m.url == url else m.name or m.ident}={m.url}"
            for m in members)
        yield self.take(0.05, 0.5)
        if not node.has(MANIFESTS + "etcd.yaml"):
            self.etcd_pod(initial, "existing")
        world.bump()
        yield from self.until(lambda: node.etcd and node.etcd.has_quorum(), 40,
                              "etcd to be available")
        if self.minor >= 29:
            yield from self.promote(url)

    def add_member(self, url):
        node, world = self.node, self.world
        slow = world.rng.random() < world.slow_adds
        learner = self.minor >= 29
        for attempt in range(9):
            server = self.etcd_server()
            # Whoever is asked, the leader judges it.
            server = server and server.leader()
            if not server:
                if attempt == 0 and world.rng.random() < 0.3:
                    self.leave_proposal(url)
                yield 2 + 0.05 * 2 ** attempt
                continue
            if server.by_url(url):
                if self.minor >= 32:
                    return list(server.leader().members.values())
                raise Refused("etcdserver: Peer URLs already exists")
            if learner and any(m.learner for m in server.members.values()):
                # "too many learner members": tried again for two minutes.
                yield 5 + 2 ** attempt
                continue
            if not etcd.may_add(server, learner):
                yield 0.05 * 2 ** attempt
                continue
            yield world.rng.uniform(0.01, 1)
            if server.has_quorum() and not server.by_url(url):
                leader = server.leader()
                done = etcd.add(world, server, url, learner)
                if done and not slow:  # the answer has the new membership
                    return list(leader.members.values())
            yield 2
        raise Refused("etcdserver: request timed out")

    def promote(self, url):
        """Tried again while it has not what the leader has."""
        node, world = self.node, self.world
        deadline = world.now + 120
        while world.now < deadline:
            yield self.take(0.1, 1)
            server = self.etcd_server()
            member = server.by_url(url) if server else None
            if member and not member.learner and self.minor >= 33:
                yield 2
                continue
            if member and not member.learner:
                return
            if member and node.etcd and node.etcd.serves:
                server.propose("promote", member.ident)
                world.note(node, f"etcd member {member.ident} promoted")
                world.bump()
                return
            yield 2
        raise Refused("etcdserver: can only promote a learner member which is "
                      "in sync with leader")

    def leave_proposal(self, url):
        """A leader that has just lost its quorum may hold the addition."""
        for peer in self.world.nodes.values():
            if peer.etcd and peer.etcd.serves and not peer.etcd.by_url(url) \
                    and self.world.connected(self.node, peer):
                ident = etcd.member_id(peer.etcd.cluster, f"{url} held")
                peer.etcd.hold("add", (ident, "", url, self.minor >= 29))
                return
