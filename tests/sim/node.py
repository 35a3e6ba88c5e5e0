# SPDX-License-Identifier: GPL-3.0-or-later
"""One machine: its power, its disk, its console, and what runs on it by itself
(systemd units, the kubelet and its static pods)."""
import functools
import json
import re

import etcd
import keepalived
import kube
import loss
import own


# What whole files end with.
WHOLE = [(re.compile(kind), re.compile(end)) for kind, end in (
    (r"/pki/.*\.(crt|key|pub|pem)$", r"(?m)^-----END .*-----\n\Z"),
    (r"/etc/kubernetes/.*\.conf$", r"    (client-key.*|token): .*\n\Z"),
    (r"/etc/kubernetes/manifests/", r"(?m)^status: {}\n\Z"),
    (r"/kubelet/config\.yaml$", r"(?m)^volumeStatsAggPeriod: .*\n\Z"),
    (r"/kubeadm-flags\.env$", r'"\n\Z'))]


@functools.lru_cache(maxsize=5000)
def is_whole(name, data):
    if not data:
        return False
    for kind, end in WHOLE:
        if kind.search(name):
            return bool(end.search(data.decode("utf-8", "replace")))
    return True


PEM = "-----BEGIN IT-----\npem\n-----END KEY-----\n"


class Actor:
    """A script that runs on a node: bootstrap, or what ssh started."""

    def __init__(self, node, argv, stdin=None, on_exit=None):
        self.node = node
        self.on_exit = on_exit
        self.model = None  # of the fake it waits for
        self.seen = 0  # the world's version when its last sleep ended
        self.parked = 0  # counts, so that a wake-up knows if it is stale
        self.process = node.root.start(argv, stdin)


class Cut:
    """When the power fails: at the n-th point of a node's life, or after a
    line on its console."""

    def __init__(self, point=None, line=None, off=30.0, lossy=False, times=1):
        self.point = point
        self.line = line  # (step, state)
        self.off = off
        self.lossy = lossy
        self.times = times


class Node:
    # pylint: disable=too-many-instance-attributes
    def __init__(self, world, name, seed, root):
        self.world = world
        self.name = name
        self.files, self.user_data = seed
        self.seeds = []  # all it has had
        self.env = dict(
            line.split("=", 1) for line in
            self.files["/etc/kubeseed/node.env"][1].decode().splitlines()
            if "=" in line and not line.startswith("#"))
        self.env = {k: v.strip("'") for k, v in self.env.items()}
        self.address = self.env["ADDRESS"]
        self.role = self.env["ROLE"]
        self.root = root
        root.new_disk()  # nothing of an earlier run's, also while it was never on
        root.room = None
        self.speed = world.rng.choice((0.5, 1.0, 1.0, 2.0, 4.0))
        self.emulated = self.speed > 1  # what is slow runs without KVM
        self.disk = 0
        self.on = False
        self.generation = 0  # of power-ons: events of an earlier one are void
        self.points = 0
        self.cut = None
        self.console = []
        self.rest = ""
        self.joins = 0  # TLS bootstraps with this disk
        self.skew = 0.0  # of its clock, in seconds
        self.fsync = 0.0  # what every sync takes longer
        self.no_cri = 0  # how often after power on containerd starts without that
        self.trouble = ""  # what is wrong with the machine or its network
        self.history = loss.History(root) if world.lossy else None
        self._power_fields()

    def _power_fields(self):
        self.units = set()
        self.actors = []
        self.locked_by = None  # an actor, while it is among those
        self.etcd = None
        self.etcd_trouble = ""
        self.etcd_ends_since = 0.0  # always at once
        self.kubelet = False
        self.joining_since = None  # kubeadm join of a control plane
        self.api_ready_at = None  # None while no API server runs
        self.runtime_killed_at = None  # None while containerd runs
        self.cri_starts = 0  # how often it has started
        self.pods_pending = set()
        self.vip_wanted = self.vip_asked = False
        self.vip_looks = 0
        self.vip_priority = 0
        self.told = frozenset()  # whom keepalived tells that it has the address
        self.done = False
        self.sshd = False
        self.boot_time = self.down_since = self.world.now
        self.ticking = False

    # Files

    def read(self, name):
        return (self.root.contents(name) or b"").decode("utf-8", "replace")

    def has(self, name):
        """There, and whole, as far as its kind tells."""
        data = self.root.contents(name)
        return is_whole(name, data) or bool(data) and own.is_whole(self, name, data)

    def exists(self, name):
        return self.root.exists(name)

    def write(self, name, text, mode=0o600):
        """Atomically, without a sync: as kubeadm and the kubelet do."""
        self.root.write(name, text if isinstance(text, bytes)
                        else text.encode(), mode)

    def remove(self, name):
        if self.root.exists(name):
            self.root.unlink(name)

    def sync(self):
        if self.history:
            self.history.sync()

    def lose_unsynced(self):
        """What a file system may do to files that no sync has covered."""
        self.history.lose(self.world.rng)
        if not self.has_identity():
            self.joins = 0  # who has lost it must join again

    # Power

    def new_disk(self):
        self.disk += 1
        self.joins = 0
        self.world.raft.disk_gone(self)
        self.root.new_disk()
        # A random one for each reader; here one a disk will do.
        self.root.write("/proc/sys/kernel/random/uuid",
                        f"{self.name}-{self.disk}\n".encode(), 0o444)
        if self.history:
            self.history.begin()

    def instance_id(self):
        """kubeseed's end with a digest of the seed's content. Here it tells
        seeds apart, and is the same in every run."""
        if self.files not in self.seeds:
            self.seeds.append(self.files)
        return f"sim-{self.seeds.index(self.files)}"

    def lay_seed(self):
        """What cloud-init does at a boot."""
        if self.exists("/etc/cloud/cloud-init.disabled"):
            return
        copies = f"/var/lib/cloud/instances/{self.instance_id()}/"
        # cloud-init.service in the image: until it is noted, anew.
        noted, known = "/var/lib/cloud/data/instance-id", "/var/lib/kubeseed/seed"
        if not self.exists(known) or self.read(noted) != self.read(known):
            self.root.remove_tree("/var/lib/cloud")
        self.write(noted, self.instance_id())
        first = not self.exists(copies + "sem/config_write_files")
        for name in ("user-data.txt", "user-data.txt.i", "cloud-config.txt",
                     "obj.pkl"):
            self.write(copies + name, self.user_data)
        for name in ("instance-data-sensitive.json",
                     "combined-cloud-config.json"):
            self.write("/run/cloud-init/" + name, self.user_data)
        if first:
            for path, (mode, content) in self.files.items():
                self.write(path, content, mode)
            self.write(copies + "sem/config_write_files", "done")
        self.world.after(20 * self.speed, self, lambda: (
            self.write("/run/cloud-init/result.json", "{}"),
            self.world.bump()))

    def power_on(self):
        if self.on:
            return
        world = self.world
        if not self.disk:
            self.new_disk()
        self.generation += 1
        self._power_fields()
        self.on = True
        world.note(self, "power on")
        world.bump()
        world.after(self.world.delay(self, 20, 60), self, self._booted)
        world.after(self.online_at() - world.now, self, world.bump)

    def online_at(self):
        """When its network card has its address."""
        return self.boot_time + 70 * self.speed

    def is_online(self):
        return self.world.now >= self.online_at() and self.trouble != "no-card"

    def _booted(self):
        if self.emulated:  # kubeseed-emulated.service in the image
            self.root.make_folders("/run/kubeseed/emulated")
        self.lay_seed()
        self.sshd = True  # ssh.service comes after cloud-init.service
        wants = "/etc/systemd/system/multi-user.target.wants"
        for unit in self.root.entries(wants):
            self.start_unit(unit)
        if self.has("/usr/lib/kubeseed/bootstrap"):
            self.start_bootstrap()

    def start_bootstrap(self):
        self.world.run(Actor(self, ["/bin/sh", "/usr/lib/kubeseed/bootstrap"],
                             on_exit=self._bootstrap_ended))

    def kill_bootstrap(self):
        """With what it has started; systemd starts it again. What it has written
        stays, in /run as well."""
        for actor in [a for a in self.actors
                      if a.on_exit == self._bootstrap_ended]:
            self.actors.remove(actor)
            actor.process.kill()
            if actor.model:
                actor.model.close()
            self.world.parked.pop(actor, None)
            self.world.after(5, self, self.start_bootstrap)

    def kill_runtime(self, back_after, with_pods):
        """containerd. Its unit has KillMode=process: what runs in containers goes
        on, unless that is killed as well."""
        self.runtime_killed_at = self.world.now
        if with_pods:
            if not own.by_units(self):
                self.api_ready_at = None
            if "etcd.service" not in self.units:
                etcd.stop(self)

        def back():
            self.runtime_killed_at = None
            self.cri_starts += 1
            self.world.bump()
        self.world.after(31, self, self.world.bump)  # it is not Ready by then
        self.world.after(back_after, self, back)

    def restart_runtime(self):
        self.cri_starts += 1
        self.world.note(self, "containerd is started again")
        self.world.bump()

    def runs_cri(self):
        """containerd does, with what the kubelet asks it by."""
        return self.runtime_killed_at is None and self.cri_starts >= self.no_cri

    def runs_api_server(self):
        """Could it, if there was one?"""
        return self.runs_cri() or own.by_units(self)

    def runs_pods(self):
        """The kubelet is as if it was not there half a minute after containerd."""
        return self.kubelet and (self.runtime_killed_at is None or
                                 self.world.now - self.runtime_killed_at < 30)

    def _bootstrap_ended(self, actor):
        status = actor.process.status
        self.world.note(self, f"bootstrap ended with {status}")
        if status == 0:
            self.done = True
            self.world.bump()
        else:
            self.world.after(5, self, self.start_bootstrap)

    def power_off(self, lossy=False):
        if not self.on:
            return
        self.world.note(self, "power cut" + (", unsynced data lost" if lossy
                                             else ""))
        self.read_console()
        self.on = False
        self.generation += 1
        for actor in self.actors:
            actor.process.kill()
            if actor.model:
                actor.model.close()
            self.world.parked.pop(actor, None)
        etcd.stop(self)
        self._power_fields()
        if lossy:
            self.lose_unsynced()
        self.root.clear_run()
        # The cluster takes its time to notice.
        self.world.after(41, None, self.world.bump)
        self.world.bump()

    def reached_cut(self):
        """Called at every point where a power cut may come."""
        if self.history:
            self.history.observe()
        self.points += 1
        cut = self.cut
        if not cut or not (self.points == cut.point or (
                cut.line and cut.line in self.fresh_lines)):
            return False
        cut.times -= 1
        if cut.times <= 0:
            self.cut = None
        self.power_off(cut.lossy)
        self.world.after(cut.off, None, self.power_on)
        return True

    # Console

    fresh_lines = ()

    def read_console(self):
        self.fresh_lines = []
        text = self.root.drain_console()
        if not text:
            return
        text = self.rest + text
        *lines, self.rest = text.split("\n")
        fresh = []
        for line in lines:
            if not line.strip():
                continue
            try:
                if not line.startswith("@kubeseed "):
                    raise ValueError("it does not begin with '@kubeseed '")
                item = json.loads(line[len("@kubeseed "):])
                for key, kind in (("node", str), ("step", str),
                                  ("state", str), ("uptime", int)):
                    if not isinstance(item.get(key), kind):
                        raise ValueError(f"'{key}' is missing or wrong")
                if item["node"] != self.name:
                    raise ValueError("it names another node")
                if item.get("message", "").endswith((":)", "; )")) or \
                        "( " in item.get("message", ""):
                    raise ValueError("it lists nothing")
            except ValueError as e:
                self.world.violation(self, f"console line: {e}: {line}")
                continue
            self.console.append((self.world.now, item))
            fresh.append((item["step"], item["state"]))
            self.world.note(self, "%s %s %s" % (
                item["step"], item["state"], item.get("message", "")))
        self.fresh_lines = fresh

    # What runs by itself

    WATCHED = ("/etc/kubernetes/manifests", "/etc/kubernetes/kubelet.conf",
               "/etc/default/etcd", "/var/lib/kubeseed", "/run/kubeseed")
    watched = edits_seen = None

    def watch(self):
        """The script has run: has it changed what others look at?"""
        edits = self.root.edits
        if edits == self.edits_seen:
            return
        self.edits_seen = edits
        seen = [self.root.glance(name) for name in self.WATCHED]
        if seen != self.watched:
            self.watched = seen
            self.world.bump()

    def start_unit(self, unit):
        if unit == "etcd.service":
            if not etcd.unit_config(self):
                return  # its condition does not hold
            self.units.discard("etcd-empty.service")  # Conflicts=
        if unit == keepalived.UNIT:
            if unit not in self.units:
                keepalived.start(self)
            return
        if unit not in self.units:
            self.units.add(unit)
            self.world.bump()

    def stop_unit(self, unit):
        self.units.discard(unit)
        if unit == "etcd.service":
            self.etcd_ends_since = 0.0
            etcd.stop(self)
        self.world.bump()

    def has_identity(self):
        """The kubelet's own kubeconfig works."""
        text = self.read("/etc/kubernetes/kubelet.conf")
        return self.has("/etc/kubernetes/kubelet.conf") and (
            "embedded" in text or
            self.has("/var/lib/kubelet/pki/kubelet-client-current.pem"))

    def tick(self):
        """The units' and the kubelet's loops, once; again after a change."""
        self.ticking = False
        try:
            self._tick()
        except OSError as e:  # the disk is full
            self.world.note(self, f"a program fails: {e.strerror}")
            self.world.after(10, self, self.tick)

    def _tick(self):
        if "etcd.service" in self.units and not self.etcd:
            config = etcd.unit_config(self)
            if config:
                etcd.start(self.world, self, config, True)
        keepalived.tick(self)
        if "kubelet.service" in self.units:
            self._tick_kubelet()
        if self.kubelet or self.waits_locally() or own.by_units(self):
            self._tick_pods()
        if self.kubelet:
            self._register()
        self.world.raft.settle()

    def waits_locally(self):
        """From 1.33 on a control plane's kubelet asks the API server of its own
        node for its certificate, and runs it meanwhile."""
        return self.role == "control-plane" and \
            int(self.env["VERSION"].split(".")[1]) >= 33 and \
            "kubelet.service" in self.units and \
            self.has("/etc/kubernetes/bootstrap-kubelet.conf") and \
            self.has("/var/lib/kubelet/config.yaml") and \
            self.has("/var/lib/kubelet/kubeadm-flags.env")

    def _tick_kubelet(self):
        world = self.world
        was = self.kubelet
        # Without its flags a kubelet of 1.20 looks for Docker, and ends.
        self.kubelet = (self.has("/var/lib/kubelet/config.yaml") and
                        (own.is_of(self) or
                         self.has("/var/lib/kubelet/kubeadm-flags.env")) and
                        self.has_identity() and
                        # It ends where it cannot ask containerd at its start.
                        (was or self.runs_cri()))
        if self.kubelet != was:
            world.bump()
        pem = "/var/lib/kubelet/pki/kubelet-client-current.pem"
        if self.kubelet:
            if not self.has(pem):
                self.write(pem, PEM)
            return
        config = "/etc/kubernetes/bootstrap-kubelet.conf"
        token = self.read(config).rpartition("token: ")[2]
        if not self.has(config) or self.has_identity() or \
                not self.has("/var/lib/kubelet/config.yaml"):
            return
        api = self.api() if self.waits_locally() else world.endpoint(self)
        if not api or not api.kube.token_is_known(token.strip(), world.now):
            return
        # TLS bootstrap: the certificate first, then the file that names it.
        if "bootstrap" in self.pods_pending:
            return
        self.pods_pending.add("bootstrap")

        def certificate():
            if self.reached_cut():
                return
            if self.root.room is not None:
                world.after(10, self, certificate)
                return
            self.write(pem, PEM)
            world.after(world.delay(self, 0.1, 1), self, kubeconfig)

        def kubeconfig():
            if self.reached_cut():
                return
            if self.root.room is not None:
                world.after(10, self, kubeconfig)
                return
            self.pods_pending.discard("bootstrap")
            self.joins += 1
            self.write("/etc/kubernetes/kubelet.conf",
                       f"users:\n- user:\n    client-key: {pem}\n")
            world.bump()
        world.after(world.delay(self, 1, 8), self, certificate)

    def _tick_pods(self):
        world = self.world
        manifests = "/etc/kubernetes/manifests/"
        if self.root.exists(manifests + "etcd.yaml.new"):
            world.violation(self, "a pod is made of a file that is not done")

        def soon(name, start):
            if name not in self.pods_pending:
                self.pods_pending.add(name)
                world.after(world.delay(self, 3, 15), self,
                            lambda: (self.pods_pending.discard(name),
                                     start()))

        if not self.runs_api_server():
            return

        def start_etcd():
            config = etcd.pod_config(self)
            if config and not self.etcd and self.root.room is None and \
                    self.runs_cri():
                etcd.start(world, self, config, False)

        def start_api():
            if self.api_ready_at is None and self.api_cluster() and \
                    self.runs_api_server():
                self.api_ready_at = world.now + world.delay(self, 5, 30)
                world.after(self.api_ready_at - world.now, self, world.bump)

        if self.env["ETCD_MODE"] == "stacked" and \
                "etcd.service" not in self.units:
            if self.has(manifests + "etcd.yaml"):
                if not self.etcd:
                    soon("etcd", start_etcd)
            elif self.etcd:
                etcd.stop(self)
                world.note(self, "etcd's static pod is gone")
                world.bump()
        if own.runs_api(self) if own.is_of(self) else \
                self.has(manifests + "kube-apiserver.yaml"):
            if self.api_ready_at is None and self.api_cluster():
                soon("api", start_api)

    def etcd_ends(self, why):
        etcd.stop(self)
        etcd.fail(self.world, self, why)

    def etcd_serves(self):
        """systemd is told that it has started (etcd-start.conf)."""
        if "etcd.service" in self.units:
            try:
                self.write(etcd.JOINED, "")
                self.sync()
            except OSError:
                self.world.after(10, self, self.etcd_serves)

    def api_cluster(self):
        """The etcd this node's API server keeps its data in."""
        if self.env["ETCD_MODE"] != "external":
            return self.etcd
        urls = self.env["ETCD_ASK"] + "," + self.env["ETCD_PEERS"]
        for node in self.world.nodes.values():
            if node.etcd and node.etcd.has_quorum() and \
                    f"https://{node.address}:2379" in urls and \
                    self.world.connected(self, node):
                return node.etcd
        return None

    def api(self):
        """The cluster this node's API server serves, if it is ready."""
        if self.api_ready_at is None or self.world.now < self.api_ready_at:
            return None
        cluster = self.api_cluster()
        if not cluster or cluster.learner or not cluster.has_quorum():
            return None
        if not cluster.kube:
            cluster.kube = kube.Kube()
            if not cluster.kube:  # it cannot be written yet
                return None
        return cluster

    def kubelet_api(self):
        """The cluster that its kubelet talks to: by the endpoint, or where nobody
        joins a control plane's by its own API server."""
        if self.role == "control-plane" and own.is_of(self):
            return self.api()
        return self.world.endpoint(self)

    def _register(self):
        api = self.kubelet_api()
        if api and api.kube.nodes.get(self.name) != self.disk:
            api.kube.nodes[self.name] = self.disk
            self.world.note(self, "registered")
            self.world.bump()
