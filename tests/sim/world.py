# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated world: virtual time, the nodes, and what runs on them by
itself (systemd units, the kubelet and its static pods).

One event at a time. While a node's script runs, nothing else does; it runs
until it calls a fake (fake.c), whose model in programs.py or kubeadm.py says
how much time passes. So a run is a function of its seed number.

A script that polls would make a run as long as the wait is. So a `sleep` lasts
until something in the world has changed (`bump`), in whole multiples of the
pause asked for: the polls that are left out could not have seen anything new.
"""
import base64
import hashlib
import heapq
import json
import math
import os
import random
import shutil

import etcd
import kubeadm
import programs
import sandbox

HOUR = 3600.0


class Failure(Exception):
    """The run cannot go on."""


class Park:
    """Yielded by a model: sleep until the world has changed."""

    def __init__(self, pause=0.0, deadline=None):
        self.pause = pause
        self.deadline = deadline


class Kube:
    """What the API server keeps in etcd."""

    def __init__(self):
        self.config = False  # kubeadm-config
        self.cluster_info = False
        self.ca = None
        self.tokens = {}  # id: (secret, when it expires)
        self.nodes = {}  # name: number of the disk that registered it
        self.marked = set()  # as control-plane nodes

    def token_is_known(self, token, now):
        ident, _, secret = token.partition(".")
        known = self.tokens.get(ident)
        return bool(known) and known[0] == secret and now < known[1]


class Actor:
    """A script that runs on a node: bootstrap, or what ssh started."""

    def __init__(self, node, argv, stdin=None, on_exit=None):
        self.node = node
        self.on_exit = on_exit
        self.model = None  # of the fake it waits for
        self.seen = 0  # the world's version when its last sleep ended
        self.parked = 0  # counts, so that a wake-up knows if it is stale
        self.process = sandbox.Process(node.root, argv, stdin)


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
        self.env = dict(
            line.split("=", 1) for line in
            self.files["/etc/kubeseed/node.env"][1].decode().splitlines()
            if "=" in line and not line.startswith("#"))
        self.env = {k: v.strip("'") for k, v in self.env.items()}
        self.address = self.env["ADDRESS"]
        self.role = self.env["ROLE"]
        self.root = root
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
        self.trouble = ""  # what is wrong with the machine or its network
        self.synced = {}
        self._power_fields()

    def _power_fields(self):
        self.units = set()
        self.actors = []
        self.etcd = None
        self.etcd_trouble = ""
        self.kubelet = False
        self.joining_since = None  # kubeadm join of a control plane
        self.api_ready_at = None  # None while no API server runs
        self.pods_pending = set()
        self.done = False
        self.sshd = False
        self.boot_time = self.down_since = self.world.now
        self.ticking = False

    # Files

    def path(self, name):
        return self.root.path + name

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8") as f:
                return f.read()
        except OSError:
            return ""

    def has(self, name):
        """There, and not empty."""
        try:
            return os.stat(self.path(name)).st_size > 0
        except OSError:
            return False

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def write(self, name, text, mode=0o600):
        """Atomically, without a sync: as kubeadm and the kubelet do."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)

    def remove(self, name):
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            pass

    def tree(self):
        """{path: (identity, path on the host)} of the files on the disk."""
        found = {}
        for top in sandbox.DISK:
            for folder, _, names in os.walk(self.path("/" + top)):
                if "/var/lib/etcd/member" in folder:
                    continue  # etcd syncs its own
                for name in names:
                    path = os.path.join(folder, name)
                    s = os.lstat(path)
                    found[path] = (s.st_ino, s.st_size, s.st_mtime_ns,
                                   s.st_mode)
        return found

    def sync(self):
        if not self.world.lossy:
            return
        now = self.tree()
        for path, identity in now.items():
            old = self.synced.get(path)
            if old and old[0] == identity:
                continue
            if os.path.islink(path):
                content = None
            else:
                with open(path, "rb") as f:
                    content = f.read()
            self.synced[path] = (identity, content)
        for path in set(self.synced) - set(now):
            del self.synced[path]

    def lose_unsynced(self):
        """What ext4 may do to files that no sync has covered: all is as at
        the last commit, or names are there and data is not."""
        rng = self.world.rng
        now = self.tree()
        changed = sorted(p for p, identity in now.items()
                         if self.synced.get(p, (None,))[0] != identity)
        back = rng.random() < 0.5
        for path in changed:
            old = self.synced.get(path)
            if os.path.islink(path):
                if back and not old:
                    os.unlink(path)
            elif back and old and old[1] is not None:
                with open(path, "wb") as f:
                    f.write(old[1])
            elif back and not old:
                os.unlink(path)
            elif not back and rng.random() < 0.6 and not old:
                os.truncate(path, 0)
        if back:
            for path in sorted(set(self.synced) - set(now)):
                content = self.synced[path][1]
                if content is None or not os.path.isdir(os.path.dirname(path)):
                    continue
                with open(path, "wb") as f:
                    f.write(content)
                os.chmod(path, self.synced[path][0][3] & 0o7777)
        self.synced = {}
        self.sync()
        if not self.has_identity():
            self.joins = 0  # who has lost it must join again

    # Power

    def new_disk(self):
        self.disk += 1
        self.joins = 0
        self.root.new_disk()
        self.synced = {}
        self.sync()

    def instance_id(self):
        """kubeseed's end with a digest of the seed's content."""
        return hashlib.sha256(repr(sorted(self.files.items())).encode()
                              ).hexdigest()[:8]

    def lay_seed(self):
        """What cloud-init does at a boot."""
        if self.exists("/etc/cloud/cloud-init.disabled"):
            return
        copies = f"/var/lib/cloud/instances/{self.instance_id()}/"
        # cloud-init.service in the image: until it is noted, anew.
        noted = "/var/lib/cloud/data/instance-id"
        if self.read(noted) != self.read("/var/lib/kubeseed/seed"):
            shutil.rmtree(self.path("/var/lib/cloud"), ignore_errors=True)
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
        # When its network card has its address (`ip` in programs.py).
        world.after(70 * self.speed, self, world.bump)

    def _booted(self):
        if self.emulated:  # kubeseed-emulated.service in the image
            os.makedirs(self.path("/run/kubeseed/emulated"), exist_ok=True)
        self.lay_seed()
        self.sshd = True  # ssh.service comes after cloud-init.service
        wants = self.path("/etc/systemd/system/multi-user.target.wants")
        for unit in sorted(os.listdir(wants)):
            self.start_unit(unit)
        if self.has("/usr/lib/kubeseed/bootstrap"):
            self.start_bootstrap()

    def start_bootstrap(self):
        self.world.run(Actor(self, ["/bin/sh", "/usr/lib/kubeseed/bootstrap"],
                             on_exit=self._bootstrap_ended))

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
        text = self.rest + self.root.drain_console()
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
    watched = None

    def watch(self):
        """The script has run: has it changed what others look at?"""
        seen = []
        for name in self.WATCHED:
            try:
                seen.append(os.stat(self.path(name)).st_mtime_ns)
            except OSError:
                seen.append(0)
        if seen != self.watched:
            self.watched = seen
            self.world.bump()

    def start_unit(self, unit):
        if unit == "etcd.service":
            if not etcd.unit_config(self):
                return  # its condition does not hold
            self.units.discard("etcd-empty.service")  # Conflicts=
        if unit not in self.units:
            self.units.add(unit)
            self.world.bump()

    def stop_unit(self, unit):
        self.units.discard(unit)
        if unit == "etcd.service":
            etcd.stop(self)
        self.world.bump()

    def has_identity(self):
        """The kubelet's own kubeconfig works."""
        text = self.read("/etc/kubernetes/kubelet.conf")
        return bool(text) and (
            "embedded" in text or
            self.has("/var/lib/kubelet/pki/kubelet-client-current.pem"))

    def tick(self):
        """The units' and the kubelet's loops, once; again after a change."""
        self.ticking = False
        if "etcd.service" in self.units and not self.etcd:
            config = etcd.unit_config(self)
            if config:
                etcd.start(self.world, self, config, True)
        if "kubelet.service" in self.units:
            self._tick_kubelet()
        if self.kubelet:
            self._tick_pods()
            self._register()
        etcd.settle(self.world)

    def _tick_kubelet(self):
        world = self.world
        was = self.kubelet
        # Without its flags a kubelet of 1.20 looks for Docker, and ends.
        self.kubelet = (self.has("/var/lib/kubelet/config.yaml") and
                        self.has("/var/lib/kubelet/kubeadm-flags.env") and
                        self.has_identity())
        if self.kubelet != was:
            world.bump()
        pem = "/var/lib/kubelet/pki/kubelet-client-current.pem"
        if self.kubelet:
            if not self.has(pem):
                self.write(pem, "pem")
            return
        token = self.read("/etc/kubernetes/bootstrap-kubelet.conf")
        if not token or not self.has("/var/lib/kubelet/config.yaml"):
            return
        api = world.endpoint()
        if not api or not api.kube.token_is_known(token.strip(), world.now):
            return
        # TLS bootstrap: the certificate first, then the file that names it.
        if "bootstrap" in self.pods_pending:
            return
        self.pods_pending.add("bootstrap")

        def certificate():
            if self.reached_cut():
                return
            self.write(pem, "pem")
            world.after(world.delay(self, 0.1, 1), self, kubeconfig)

        def kubeconfig():
            if self.reached_cut():
                return
            self.pods_pending.discard("bootstrap")
            self.joins += 1
            self.write("/etc/kubernetes/kubelet.conf", "pem")
            world.bump()
        world.after(world.delay(self, 1, 8), self, certificate)

    def _tick_pods(self):
        world = self.world
        manifests = "/etc/kubernetes/manifests/"

        def soon(name, start):
            if name not in self.pods_pending:
                self.pods_pending.add(name)
                world.after(world.delay(self, 3, 15), self,
                            lambda: (self.pods_pending.discard(name),
                                     start()))

        def start_etcd():
            config = etcd.pod_config(self)
            if config and not self.etcd:
                etcd.start(world, self, config, False)

        def start_api():
            if self.api_ready_at is None and self.api_cluster():
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
        if self.has(manifests + "kube-apiserver.yaml"):
            if self.api_ready_at is None and self.api_cluster():
                soon("api", start_api)

    def api_cluster(self):
        """The etcd this node's API server keeps its data in."""
        if self.env["ETCD_MODE"] != "external":
            return self.etcd[0] if self.etcd else None
        urls = self.env["ETCD_ASK"] + "," + self.env["ETCD_PEERS"]
        for node in self.world.nodes.values():
            if node.etcd and f"https://{node.address}:2379" in urls:
                return node.etcd[0]
        return None

    def api(self):
        """The cluster this node's API server serves, if it is ready."""
        if self.api_ready_at is None or self.world.now < self.api_ready_at:
            return None
        cluster = self.api_cluster()
        if not cluster or not cluster.has_quorum():
            return None
        if not cluster.kube:
            cluster.kube = Kube()
        return cluster

    def _register(self):
        api = self.world.endpoint()
        if api and api.kube.nodes.get(self.name) != self.disk:
            api.kube.nodes[self.name] = self.disk
            self.world.note(self, "registered")
            self.world.bump()


class World:
    def __init__(self, topology, number, roots, lossy=False):
        self.rng = random.Random(
            hashlib.sha256(f"{topology.name} {number}".encode()).digest())
        self.topology = topology
        self.now = 0.0
        self.version = 1
        self.heap = []
        self.order = 0
        self.trace = []
        self.violations = []
        self.parked = {}  # actor: (park, since)
        self.etcds = {}
        self.lossy = lossy
        self.in_turn = False  # nothing keeps a control plane from its turn
        self.slow_adds = 0.4  # how many of kubeadm's additions time out
        self.script = None
        self.waiting_for = None
        self.nodes = {}
        for (name, seed), root in zip(topology.seeds.items(), roots):
            self.nodes[name] = Node(self, name, seed, root)

    # Time

    def delay(self, node, low, high):
        return self.rng.uniform(low, high) * node.speed

    def after(self, delay, node, action):
        self.order += 1
        heapq.heappush(self.heap, (self.now + delay, self.order, node,
                                   node.generation if node else 0, action))


    def bump(self):
        """Something has changed that others may be waiting for."""
        self.version += 1
        for node in self.nodes.values():
            if node.on and not node.ticking:
                node.ticking = True
                self.after(self.delay(node, 0.5, 3), node, node.tick)
        for actor in list(self.parked):
            self._wake(actor)

    def _wake(self, actor):
        park, since = self.parked.pop(actor)
        delay = 0.1
        if park.pause:
            waited = self.now - since
            delay = max(1, math.ceil(waited / park.pause)) * park.pause - waited
        actor.parked += 1
        self.after(delay, actor.node, lambda: self._resume(actor))

    def _resume(self, actor):
        actor.seen = self.version
        self.run(actor)

    def _park(self, actor, park):
        actor.parked += 1
        self.parked[actor] = (park, self.now)
        number = actor.parked
        if park.pause:
            # What it waits for may have come since it last looked.
            if actor.seen != self.version:
                self._wake(actor)
        elif park.deadline is not None:
            def too_late():
                if self.parked.get(actor) and actor.parked == number:
                    del self.parked[actor]
                    self.run(actor)
            self.after(max(0, park.deadline - self.now), actor.node, too_late)

    # Actors

    def run(self, actor):
        """Until it has to wait."""
        node = actor.node
        if actor.model is None:
            node.actors.append(actor)
            if not self._request(actor):
                return
        while True:
            if node.reached_cut():
                return
            try:
                step = next(actor.model)
            except StopIteration as end:
                if not node.on or actor not in node.actors:
                    return
                node.root.set_uptime(self.now - node.boot_time)
                actor.process.answer(*end.value)
                if not self._request(actor):
                    return
                continue
            if isinstance(step, Park):
                self._park(actor, step)
                return
            if step > 0:
                self.after(step, node, lambda: self.run(actor))
                return

    def _request(self, actor):
        node = actor.node
        node.root.set_uptime(self.now - node.boot_time)
        request = actor.process.next_request()
        node.read_console()
        node.watch()
        if request is None:
            node.actors.remove(actor)
            if not node.reached_cut():
                actor.on_exit(actor)
            return False
        argv, stdin = request
        model = kubeadm.run if argv[0] == "kubeadm" else \
            getattr(programs, argv[0])
        if argv[0] not in ("sleep", "sync", "date", "df", "ip"):
            self.note(node, "  " + " ".join(argv)[:200])
        actor.model = model(self, actor, argv[1:], stdin)
        return True

    # Facts

    def note(self, node, text):
        self.trace.append(f"{self.now:9.1f} {node.name if node else '-':12} "
                          f"{text}")

    def violation(self, node, text):
        self.note(node, "VIOLATION " + text)
        self.violations.append(f"{node.name if node else 'world'}: {text}")

    def holder(self):
        """The node that has the endpoint's address."""
        best = None
        for node in self.nodes.values():
            if "keepalived.service" not in node.units:
                continue
            healthy = self._proxy(node) if node.role == "load-balancer" \
                else node.api()
            priority = self.topology.priority[node.name] - \
                (0 if healthy else 50)
            if best is None or priority > best[0]:
                best = (priority, node)
        return best[1] if best else None

    def endpoint(self):
        """The cluster that answers at the endpoint, if one does."""
        holder = self.holder()
        if not holder or holder.role == "control-plane":
            return holder.api() if holder else None
        if self._proxy(holder):
            for node in self.nodes.values():
                if node.role == "control-plane" and node.api():
                    return node.api()
        return None

    def listens(self, node, port):
        if port == "2379":
            return node.etcd is not None
        if port == "10250":
            return node.kubelet
        if port == "22":
            return True
        return self._proxy(node) or node.api_ready_at is not None

    @staticmethod
    def _proxy(node):
        return node.env["PROXY"] + ".service" in node.units

    def node_is_ready(self, kube, name):
        """As the API tells it: a node is missed 40 s after it went."""
        if name not in kube.nodes:
            return False
        node = self.nodes[name]
        if node.kubelet and kube.nodes[name] == node.disk:
            return True
        return not node.on and self.now - node.down_since < 40

    def by_address(self, address):
        for node in self.nodes.values():
            if node.address == address:
                return node
        return None

    def all_done(self):
        return all(n.on and n.done for n in self.nodes.values())

    # The run

    def play(self, script):
        """script: a generator that yields conditions to wait for, or delays.
        Ends when it does."""
        self.script = script
        self._continue_script()
        idle = 0
        steps = 0
        while self.script:
            steps += 1
            if steps > 60000:
                raise Failure("it never ends")
            if not self.heap:
                # Nobody has anything new to see; look again all the same,
                # in case the model of what is new has a hole.
                idle += 1
                if idle > 3 or not self.parked:
                    raise Failure("it is stuck")
                self.now += 600
                for actor in list(self.parked):
                    self._wake(actor)
                continue
            when, _, node, generation, action = heapq.heappop(self.heap)
            if node and generation != node.generation:
                continue
            version = self.version
            self.now = max(self.now, when)
            action()
            if self.version != version:
                idle = 0
            if self.script and callable(self.waiting_for) and \
                    self.waiting_for():
                self._continue_script()

    def _continue_script(self):
        try:
            self.waiting_for = next(self.script)
        except StopIteration:
            self.script = None
            return
        if not callable(self.waiting_for):
            self.after(self.waiting_for, None, self._continue_script)
            self.waiting_for = None
        elif self.waiting_for():
            self._continue_script()

    def end(self):
        for node in self.nodes.values():
            for actor in node.actors:
                actor.process.kill()
            node.actors = []
            node.root.drain_console()


def secret_of(node, name="/etc/kubeseed/discovery.conf"):
    """The CA in a kubeconfig."""
    for line in node.read(name).splitlines():
        if "certificate-authority-data:" in line:
            return base64.b64decode(line.split(":", 1)[1].strip().strip('"'))
    return b""
