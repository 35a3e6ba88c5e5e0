# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs whose effects reach beyond a node's files, but kubeadm.

Each is a generator: it yields how long it takes and returns its exit status,
its output and its error text.
"""
import base64
import datetime
import email.utils
import json
import re

import addons
import etcd
import keepalived
import own
import world as w

REFUSED, TIMEOUT = 7, 28


def not_modelled(actor, program, args):
    actor.node.world.violation(actor.node, "not modelled: " +
                               " ".join([program] + args))
    return 1, "", program + ": not modelled"


# The node itself

def sleep(world, node_actor, args, stdin):
    del world, node_actor, stdin
    yield w.Park(pause=float(args[0]))
    return 0, "", ""


def sync(world, actor, args, stdin):
    del args, stdin
    yield world.delay(actor.node, 0.05, 0.5) + actor.node.fsync
    actor.node.sync()
    return 0, "", ""


def flock(world, actor, args, stdin):
    """There is one lock, that of the bootstrap program. Who holds it holds it until
    its end, with all that it has started."""
    del stdin
    node = actor.node
    if args not in (["9"], ["-n", "9"]):
        return not_modelled(actor, "flock", args)
    while node.locked_by in node.actors and node.locked_by is not actor:
        if "-n" in args:
            return 1, "", ""
        yield w.Park()
    node.locked_by = actor
    return 0, "", ""


SKEW = {"clock-ahead": 20 * 365 * 86400, "clock-behind": -20 * 365 * 86400,
        "clock-slow": -3600}


def clock(world, node):
    """Seconds since 1970, as the node has it."""
    return int(node.env["SEED_TIME"]) + int(world.now + node.skew) + \
        SKEW.get(node.trouble, 0)


def date(world, actor, args, stdin):
    del stdin
    yield 0
    now = clock(world, actor.node)
    if "-d" in args:
        given = args[args.index("-d") + 1]
        if given == "+1 hour":
            now += 3600
        elif given.startswith("@"):
            now = int(given[1:])
        else:
            now = int(email.utils.parsedate_to_datetime(given).timestamp())
    if args[-1] == "+%s":
        return 0, f"{now}\n", ""
    when = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    form = next(a for a in args if a.startswith("+") and "%" in a)[1:]
    form = form.replace("%s", str(now)).replace("%F", "%Y-%m-%d")
    return 0, when.strftime(form) + "\n", ""


def df(world, actor, args, stdin):
    del world, args, stdin
    yield 0
    free = 90000 if actor.node.trouble == "disk-full" else 4000000
    return 0, f"  Avail\n{free}\n", ""


def ip(world, actor, args, stdin):
    del stdin
    node = actor.node
    yield 0
    if "neigh" in args:
        return 0, "".join(
            f"{n.address} lladdr {n.env['MAC']} REACHABLE\n"
            for n in world.nodes.values()
            if n is not node and n.on and world.connected(node, n)), ""
    if not node.is_online():
        return 0, "", ""
    held = [node.env["VIP"] + "/32"] if node in keepalived.holders(world) else []
    return 0, "".join(f"2: kube0    inet {address} brd + scope global kube0\n"
                      for address in [node.address + "/24"] + held), ""


STRANGER = "02:00:00:00:00:99"


def arping(world, actor, args, stdin):
    """Nobody answers but who holds the endpoint's address, and strangers."""
    del stdin
    node, address = actor.node, args[-1]
    yield 1
    macs = []
    if address == node.env["VIP"]:
        if node.trouble == "vip-taken":
            macs = [STRANGER]
        else:
            macs = [n.env["MAC"] for n in keepalived.holders(world)
                    if n is not node and world.connected(node, n)]
    elif node.trouble == "address-taken":
        macs = [STRANGER]
    if not macs:
        return 1, "", ""
    if "-c" in args:
        del macs[int(args[args.index("-c") + 1]):]
    return 0, "" if "-q" in args else "".join(
        f"Unicast reply from {address} [{mac}]  1ms\n" for mac in macs), ""


def ss(world, actor, args, stdin):
    del world, stdin
    yield 0
    if args[-1] != "sport = :6443":
        return not_modelled(actor, "ss", args)
    listens = actor.node.api_ready_at is not None
    return 0, "LISTEN 0 4096 *:6443 *:*\n" if listens else "", ""


def timeout(world, actor, args, stdin):
    """bash's way to ask whether a port takes connections; socat's to hear who has
    the endpoint's address."""
    del stdin
    if args[1] == "socat":
        yield float(args[0])
        return 124, "".join(address + "\n" for address in keepalived.tellers(
            world, actor.node)), ""
    found = re.fullmatch(r"exec 3<>'/dev/tcp/([0-9.]+)/([0-9]+)'", args[-1])
    if args[1:3] != ["bash", "-c"] or not found:
        return not_modelled(actor, "timeout", args)
    yield world.delay(actor.node, 0.02, 0.1)
    address, port = found.groups()
    peer = world.by_address(address)
    if address == actor.node.env["VIP"]:
        peer = world.holder(actor.node)
    if not peer or not world.connected(actor.node, peer):
        yield 3 if world.rng.random() < 0.5 else float(args[0])
        return 124, "", ""
    return 0 if world.listens(peer, port) else 1, "", ""


def systemctl(world, actor, args, stdin):
    del stdin
    yield world.delay(actor.node, 0.05, 0.5)
    unit = args[-1]
    if args[0] == "start":
        actor.node.start_unit(unit)
        return 0, "", ""
    if args[0] == "stop":
        actor.node.stop_unit(unit)
        return 0, "", ""
    if args[0] == "reload" and unit == keepalived.UNIT:
        keepalived.reload(actor.node)
        return 0, "", ""
    if args[0] == "restart" and unit == keepalived.UNIT:
        keepalived.stop(actor.node)
        keepalived.start(actor.node)
        return 0, "", ""
    if args[0] == "is-active":
        return (0 if unit in actor.node.units else 3), "", ""
    if args == ["daemon-reload"]:
        return 0, "", ""
    if args[0] == "try-restart" and unit == "kube-apiserver.service":
        actor.node.api_ready_at = None
    if args[0] == "try-restart":
        actor.node.world.bump()
        return 0, "", ""
    if args == ["restart", "containerd.service"]:
        actor.node.restart_runtime()
        return 0, "", ""
    if args == ["show", "-p", "NRestarts", "--value", "etcd.service"]:
        return 0, f"{etcd.restarts(actor.node)}\n", ""
    return not_modelled(actor, "systemctl", args)


def openssl(world, actor, args, stdin):
    """Keys of the simulation are "key ID", their certificates "cert ID"."""
    del stdin
    yield world.delay(actor.node, 0.01, 0.1)
    name = args[args.index("-in") + 1]
    if not name.startswith("/"):
        name = "/var/lib/kubeseed/certificates/" + name
    text = actor.node.read(name).partition("\n")[2].partition("\n")[0]
    kind, _, ident = text.partition(" ")
    if kind not in ("key", "cert"):
        return 1, "", "unable to load " + name
    return 0, f"-----BEGIN IT-----\npublic {ident}\n-----END KEY-----\n", ""


NO_INOTIFY = "failed to create CRI service: failed to create cni conf monitor " \
    "for default: failed to create fsnotify watcher: too many open files"


def ctr(world, actor, args, stdin):
    """The images that containerd has, and what it says of its CRI plugin; the text is
    that of containerd 1.6."""
    del stdin
    yield 0
    node = actor.node
    if node.runtime_killed_at is not None:
        return 1, "", "ctr: failed to dial"
    if args == ["-n", "k8s.io", "images", "ls", "-q"]:
        return 0, f"{own.IMAGES}/coredns:1.8.4\n" + "".join(
            f"{own.IMAGES}/kube-{name}:v{node.env['VERSION']}\n" for name in
            ("apiserver", "controller-manager", "proxy", "scheduler")), ""
    if args != ["--timeout", "20s", "plugins", "ls", "-d", "id==cri"]:
        return not_modelled(actor, "ctr", args)
    told = "Type:          io.containerd.grpc.v1\nID:            cri\n" \
        "Platforms:     linux/amd64\n"
    if node.runs_cri():
        return 0, told, ""
    # When somebody may look at it again.
    for seconds in (11, 21, 41, 81, 161, 301):
        world.after(seconds, None, world.bump)
    return 0, told + "Error:        \n               Code:        Unknown\n" \
        f"               Message:     {NO_INOTIFY}\n", ""


# The API

def curl(world, actor, args, stdin):
    node = actor.node
    url = args[-1]
    if url.startswith("http://"):
        return (yield from _curl_empty(world, actor, args))
    if not url.startswith("https://"):
        url = next(a for a in args if a.startswith("https://"))
    limit = float(args[args.index("--max-time") + 1])
    yield world.delay(node, 0.02, 0.3)
    for option in ("--cacert", "--cert", "--key"):
        if option in args and not node.has(args[args.index(option) + 1]):
            return 77 if option == "--cacert" else 58, "", "bad certificate"
    host, _, path = url[len("https://"):].partition("/")
    address, _, port = host.partition(":")
    if address == node.env["VIP"]:
        return (yield from _curl_endpoint(world, actor, args, path, stdin,
                                          limit))
    peer = node if address == "127.0.0.1" else world.by_address(address)
    if not peer or not world.connected(node, peer):
        yield limit
        return TIMEOUT, "", ""
    if port == "2380" and path == "members":
        if peer.etcd:
            return 0, etcd.members_json(peer.etcd), ""
        if "etcd-empty.service" in peer.units:
            return 0, peer.read("/run/kubeseed/etcd-members"), ""
        return REFUSED, "", ""
    if port == "2379":
        if not peer.etcd:
            return REFUSED, "", ""
        if not peer.etcd.serves:
            yield limit
            return TIMEOUT, "", ""
        if path == "v3/kv/range":
            return 0, living_servers(world, peer.etcd), ""
        if path != "health":
            return 0, "", ""
        health = "true" if peer.etcd.has_quorum() and \
            not peer.etcd.learner else "false"
        return 0, '{"health":"%s"}' % health, ""
    if port == "6443" and path == "api/v1/nodes/" + node.name:
        api = peer.api()
        if not api:
            return REFUSED, "", ""
        known = node.has_identity() and node.name in api.kube.nodes
        return 0 if known else 22, "", ""
    if port == "6443":
        if peer.role == "load-balancer":
            behind = world.proxy_runs(peer) and \
                any(n.api() for n in world.nodes.values())
            return 0 if behind else REFUSED, "", ""
        if peer.api():
            return 0, "", ""
        return (REFUSED if peer.api_ready_at is None else 22), "", ""
    return not_modelled(actor, "curl", args)


def living_servers(world, member):
    """The keys that API servers have in etcd as long as they live."""
    keys = [base64.b64encode(b"/registry/masterleases/" + n.address.encode())
            for n in world.nodes.values()
            if n.api() and n.api().cluster == member.cluster]
    return json.dumps({"header": {"raft_term": "2"}, "kvs": [
        {"key": key.decode(), "version": "1"} for key in keys],
                       "count": str(len(keys))}, separators=(",", ":"))


def _curl_empty(world, actor, args):
    """etcd-empty where etcd will be a stacked one."""
    yield world.delay(actor.node, 0.02, 0.3)
    found = re.fullmatch(r"http://([0-9.]+):2380/", args[-1])
    if not found:
        return not_modelled(actor, "curl", args)
    peer = world.by_address(found.group(1))
    if not peer or not world.connected(actor.node, peer):
        yield float(args[args.index("--max-time") + 1])
        return TIMEOUT, "", ""
    if "etcd-empty.service" in peer.units and not peer.etcd:
        return 0, peer.read("/run/kubeseed/etcd-members"), ""
    return REFUSED, "", ""


def _curl_endpoint(world, actor, args, path, stdin, limit):
    node = actor.node
    cluster = world.endpoint(node)
    if not cluster:
        if world.rng.random() < 0.2:
            yield limit
        return REFUSED, "000" if "-w" in args else "", ""
    if "-sfk" not in args and cluster.kube.ca and \
            node.read("/etc/kubeseed/ca.crt").encode() != cluster.kube.ca:
        return 60, "", "certificate of an unknown authority"
    if path == "api" and "-D" in args:
        holder = next(n for n in world.nodes.values() if n.api() is cluster)
        return 0, "HTTP/2 403\r\ndate: " + email.utils.formatdate(
            clock(world, holder), usegmt=True) + "\r\n\r\n", ""
    if path == "api":
        token = re.search(rb"Bearer ([^\"]*)", stdin).group(1).decode()
        known = cluster.kube.token_is_known(token, world.now)
        return 0, "403" if known else "401", ""
    if path == "api/v1/nodes/" + node.name:
        ready = node.has_identity() and \
            world.node_is_ready(cluster.kube, node.name)
        return 0, ('{"conditions": [\n  {"type": "Ready",\n   "status": "%s"}]}'
                   % ready), ""
    if path == "readyz":
        return 0, "", ""
    if path.endswith("configmaps/kubeadm-config"):
        token = re.search(rb"Bearer ([^\"]*)", stdin).group(1).decode()
        known = cluster.kube.token_is_known(token, world.now)
        return 0, "200" if known and cluster.kube.cluster_info else "401", ""
    if path.endswith("cluster-info") and cluster.kube.closed:
        return 22, str(cluster.kube.closed), ""
    if path.endswith("cluster-info"):
        if cluster.kube.cluster_info:
            return 0, "{}", ""
        return 22, "", ""
    return not_modelled(actor, "curl", args)


def field(text, name):
    return re.search(name + r'"?: "([^"]*)"', text).group(1)


def set_expiry(world, node, text, ident, secret):
    expires = datetime.datetime.strptime(
        field(text, "expiration"), "%Y-%m-%dT%H:%M:%SZ").replace(
            tzinfo=datetime.timezone.utc).timestamp()
    world.endpoint(node).kube.tokens[ident] = (
        secret, expires - int(node.env["SEED_TIME"]))
    for hours in (6, 24):  # when somebody may look at it again
        world.after(hours * 3600 + 1, None, world.bump)
    world.note(node, "token renewed")
    world.bump()


def apply(world, node, kube, text):
    """A manifest. Of a kind that another one brings there are objects only when
    an API server has seen to that."""
    if not text.strip():
        return 1, "", "error: no objects passed to apply"
    if "kind: CustomResourceDefinition" in text and not kube.kinds:
        kube.kinds = world.now
    if "kind: Own" in text and not 0 < kube.kinds < world.now - 3:
        return 1, "", "error: no matches for kind Own"
    if "kind: Wrong" in text:
        return 1, "", "error: no matches for kind Wrong"
    kube.applied.setdefault(text, []).append(world.now)
    world.note(node, "manifest applied")
    world.bump()
    return 0, "serverside-applied\n", ""


def kubectl(world, actor, args, stdin):
    node = actor.node
    yield world.delay(node, 0.5, 3)
    config = args[args.index("--kubeconfig") + 1]
    if not node.has(config) or (config.endswith("kubelet.conf") and
                                not node.has_identity()):
        return 1, "", "error: no usable " + config
    if own.is_of(node):
        return (yield from own.kubectl(world, actor, args, config))
    cluster = world.endpoint(node)
    if not cluster:
        yield world.delay(node, 1, 10)
        return 1, "", "The connection to the server was refused"
    kube = cluster.kube
    if addons.is_about(args):
        return addons.kubectl(world, node, kube.addons, args)
    if "get" in args and "nodes" in args:
        return 0, "".join(
            f"{name}   "
            f"{'Ready' if world.node_is_ready(kube, name) else 'NotReady'}   "
            f"{'control-plane,master' if name in kube.marked else '<none>'}   "
            "1d   v1\n" for name in sorted(kube.nodes)), ""
    if "delete" in args:
        ident = args[-1][len("bootstrap-token-"):]
        if kube.tokens.pop(ident, None):
            world.note(node, "token deleted")
            world.bump()
        return 0, "", ""
    if "patch" in args:
        known = kube.tokens.get(args[args.index("secret") + 1][
            len("bootstrap-token-"):])
        # Kubernetes deletes one that has ended.
        if not known or known[1] <= world.now:
            return 1, "", "Error from server (NotFound)"
        set_expiry(world, node, args[-1].replace('":"', '": "'),
                   args[args.index("secret") + 1][len("bootstrap-token-"):],
                   known[0])
        return 0, "", ""
    if "apply" in args and args[args.index("-f") + 1] != "-":
        return apply(world, node, kube, node.read(args[args.index("-f") + 1]))
    if "apply" in args:
        text = stdin.decode()
        set_expiry(world, node, text, field(text, "token-id"),
                   field(text, "token-secret"))
        return 0, "", ""
    return not_modelled(actor, "kubectl", args)


# etcd

NO_ANSWER = 1, "", "Error: context deadline exceeded"


def etcd_version(node):
    """Of the etcd and etcdctl that come with the node's Kubernetes."""
    minor = int(node.env["VERSION"].split(".")[1])
    return (3, 4) if minor < 22 else (3, 5) if minor < 34 else (3, 6)


def etcdctl(world, actor, args, stdin):
    node = actor.node
    yield world.delay(node, 0.3, 1.5)
    options, words = {}, []
    rest = iter(args)
    for word in rest:
        if word in ("--keys-only", "--cluster", "--prefix", "--learner",
                    "--once", "--print-value-only"):
            options[word] = True
        elif word.startswith("-"):
            options[word] = next(rest)
        else:
            words.append(word)
    for option in ("--cacert", "--cert", "--key"):
        if not node.has(options[option]):
            return 1, "", f"Error: open {options[option]}: no such file"
    server = None
    for url in options["--endpoints"].split(","):
        peer = world.by_address(url[len("https://"):-len(":2379")])
        if peer and peer.etcd and peer.etcd.serves and \
                world.connected(node, peer):
            server = peer.etcd
            break
    if not server:
        yield 3 if world.rng.random() < 0.5 else 10
        return NO_ANSWER
    command = " ".join(words[:2])
    # What a member answers without asking the others.
    if command == "member list" and etcd_version(node) < (3, 5):
        return 0, etcd.listing(server), ""
    if command == "endpoint status":
        return etcd_status(world, node, server, options)
    if not server.has_quorum():
        yield 10
        # Without a quorum nothing is answered, but it may come back.
        if not server.node.etcd or not server.has_quorum():
            return NO_ANSWER
    if server.learner:
        return 1, "", "Error: etcdserver: rpc not supported for learner"
    if command == "member list":
        return 0, etcd.listing(server.leader()), ""
    if command == "get /":
        return 0, "", ""
    if command == "endpoint health":
        return 0, "is healthy\n", ""
    if words[0] == "move-leader":
        return move_leader(server, words[1])
    if words[:2] == ["get", "/registry/minions/"]:
        names = sorted(server.kube.nodes) if server.kube else []
        return 0, "".join(f"/registry/minions/{n}\n\n" for n in names), ""
    if command.startswith("get kubeseed/"):
        value = server.key(words[1])
        return 0, f"{value}\n" if value else "", ""
    if words[0] in ("lease", "txn"):
        return etcd_lease(world, actor, server, words, stdin)
    if words[:1] == ["member"]:
        return change_members(world, actor, server, words, options)
    return not_modelled(actor, "etcdctl", args)


def etcd_status(world, node, server, options):
    version = etcd_version(node)
    asked = [server]
    missing = ""
    if "--cluster" in options:
        if version >= (3, 5) and (server.learner or not server.has_quorum()):
            return NO_ANSWER
        asked = []
        for member in server.members.values():
            peer = world.by_address(member.url[len("https://"):-len(":2380")])
            if peer and peer.etcd and world.connected(node, peer):
                asked.append(peer.etcd)
            else:
                missing += "Failed to get the status of endpoint " \
                    f"{member.url.replace('2380', '2379')}\n"
    if options.get("-w") == "json":
        told = json.dumps([etcd.status_json(s) for s in asked],
                          separators=(",", ":")) + "\n"
    else:
        told = "".join(etcd.status(s, version) for s in asked)
    return int(missing != ""), told, missing


def move_leader(server, ident):
    """Only the leader can be told to."""
    if not server.leading:
        return 1, "", "Error: no leader endpoint given"
    for peer in server.running():
        if peer.ident == ident and peer.serves:
            server.leading = False
            peer.leading = True
            peer.wal.term = server.wal.term + 1
            peer.propose("noop", None)
    return 0, "Leadership transferred\n", ""


def change_members(world, actor, server, words, options):
    node = actor.node
    members = server.leader().members
    member = members.get(words[2])
    if words[1] == "add":
        url = options["--peer-urls"]
        if any(m.url == url for m in members.values()):
            return 1, "", "Error: etcdserver: Peer URLs already exists"
        learner = "--learner" in options
        if learner and any(m.learner for m in members.values()):
            return 1, "", "Error: etcdserver: too many learner members"
        if not etcd.may_add(server, learner):
            return 1, "", "Error: etcdserver: unhealthy cluster"
        if node.env["ETCD_MODE"] == "stacked":
            world.topology.note_join(world, node, server.leader())
        return 0, f"Member {etcd.add(world, server, url, learner)} added\n", ""
    if words[1] not in ("remove", "promote"):
        return not_modelled(actor, "etcdctl", words)
    if not member:
        return 1, "", "Error: etcdserver: member not found"
    runs = [s for s in world.raft.servers
            if s.ident == member.ident and s.node.on]
    if words[1] == "promote":
        if not member.learner:
            return 1, "", "Error: etcdserver: can only promote a learner member"
        if not runs or not runs[0].serves:
            return 1, "", "Error: etcdserver: can only promote a learner " \
                "member which is in sync with leader"
        server.propose("promote", member.ident)
        world.note(node, f"etcd member {member.ident} promoted")
    else:
        # A node may give up its own, where kubeadm has left it half joined. One
        # that has only just started serves nobody yet, and a learner that is cut
        # off has no vote.
        if any(s.node is not node and s.serves and
               (not s.learner or world.connected(node, s.node)) for s in runs):
            world.violation(node, "a running etcd member was removed")
        server.propose("remove", member.ident)
        world.note(node, f"etcd member {member.ident} removed")
    world.bump()
    return 0, "done\n", ""


def etcd_lease(world, actor, server, words, stdin):
    """Leases, and the one kind of transaction: a key is made that is not
    there."""
    leases = world.raft.leases
    if words[1:2] == ["grant"]:
        # No random one: what the tools make of it is remembered over runs.
        world.raft.granted += 1
        lease = f"{world.raft.granted:016x}"
        leases[lease] = world.now + int(words[2])
        world.after(int(words[2]), None, world.bump)
        return 0, f"lease {lease} granted with TTL({words[2]}s)\n", ""
    if words[1:2] == ["keep-alive"]:
        if leases.get(words[2], 0) <= world.now:
            return 1, "", "Error: lease not found"
        leases[words[2]] = world.now + 900
        world.after(900, None, world.bump)
        return 0, "", ""
    if words[1:2] == ["revoke"]:
        leases.pop(words[2], None)
        world.bump()
        return 0, "revoked\n", ""
    found = re.fullmatch(r'create\("(.*)"\) = "0"\n\nput --lease=(\w+) (\S+) '
                         r'"(.*)"\n\n\n', stdin.decode())
    if words != ["txn"] or not found or found.group(1) != found.group(3):
        return not_modelled(actor, "etcdctl", words + [stdin.decode()])
    if server.key(found.group(1)) is not None:
        return 0, "FAILURE\n", ""
    done = server.propose("key", (found.group(1), found.group(4), found.group(2)))
    world.bump()
    if not done:
        return NO_ANSWER
    return 0, "SUCCESS\n\nOK\n", ""


# pki.mode copied

def ssh(world, actor, args, stdin):
    node = actor.node
    yield world.delay(node, 0.3, 2)
    peer = world.by_address(args[-2].partition("@")[2])
    if not peer.sshd or not world.connected(node, peer):
        yield 10
        return 255, "", "ssh: connect: timed out"
    if not peer.exists("/usr/lib/kubeseed/receive-certificates"):
        return 255, "", "ssh: connection refused"
    generation = peer.generation
    ended = []
    session = w.Actor(peer, ["/bin/sh",
                             "/usr/lib/kubeseed/receive-certificates"],
                      stdin, ended.append)
    world.note(peer, "receives certificates")
    world.run(session)
    while not ended:
        if peer.generation != generation:
            yield 10
            return 255, "", "ssh: connection lost"
        yield 0.5
    world.bump()
    return session.process.status, "", ""
