# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that nobody founds or joins (kubernetes.bootstrapper): what runs there is
in their seed, and the first of them makes the cluster's first objects.

Named as what they are: the kubelet's taking of static pods, kubectl and the API's
rights are models, as all that surrounds the scripts.
"""
import functools

import addons
import sandbox

SEED = "/etc/kubeseed/processes/"
MANIFESTS = "/etc/kubernetes/manifests/"
UNITS = "/etc/systemd/system/"
OBJECTS = "/etc/kubeseed/objects/"
IMAGES = "registry.k8s.io"  # before the name of each image that the disk has
# What an API server does not start without.
API_FILES = ["/etc/kubernetes/pki/" + name for name in (
    "ca.crt", "front-proxy-ca.crt", "etcd/ca.crt", "sa.pub", "sa.key",
    "apiserver.crt", "apiserver.key", "apiserver-kubelet-client.crt",
    "apiserver-kubelet-client.key", "front-proxy-client.crt",
    "front-proxy-client.key", "apiserver-etcd-client.crt",
    "apiserver-etcd-client.key")]


def is_of(node):
    return bool(node.env.get("BOOTSTRAPPER"))


def by_units(node):
    """It runs what it runs as units: neither kubelet nor containerd is needed."""
    return node.env.get("BOOTSTRAPPER") == "systemd"


def seeds_of(node):
    """All it has had, whichever of them its files are from."""
    return node.seeds + [node.files]


@functools.lru_cache(maxsize=500)
def fitted(pod, emulated):
    """A static pod or a unit of a seed as it must be on the node."""
    lines = []
    for line in pod.decode().replace("@IMAGES@", IMAGES).splitlines():
        bare = line.lstrip(" ")
        if emulated and line.endswith(" #native"):
            continue
        if bare.startswith("#emulated "):
            if not emulated:
                continue
            line = line[:len(line) - len(bare)] + bare[len("#emulated "):]
        lines.append(line[:-len(" #native")] if line.endswith(" #native")
                     else line)
    return "".join(line + "\n" for line in lines).encode()


def is_whole(node, path, data):
    """It is what a seed of the node has there, or has for there."""
    if not is_of(node):
        return False
    source = SEED + path.rpartition("/")[2] \
        if path.startswith((MANIFESTS, UNITS)) else None
    for files in seeds_of(node):
        if path in files and files[path][1] == data:
            return True
        if source in files and fitted(files[source][1], node.emulated) == data:
            return True
    return False


def check_corrected(node):
    """It runs what its last seed has, and nothing else."""
    folder = UNITS if by_units(node) else MANIFESTS
    for path, (_, process) in node.files.items():
        if path.startswith(SEED) and fitted(process, node.emulated) != \
                node.root.contents(folder + path[len(SEED):]):
            node.world.violation(node, f"{path} is corrected, and what runs is not")


def runs_api(node):
    """Is there something that the kubelet or systemd makes an API server of, and can
    it run? Of what is not whole they might make anything."""
    if by_units(node):
        placed = [UNITS + unit for unit in sorted(node.units)
                  if SEED + unit in node.files]
    else:
        placed = [MANIFESTS + name for name in node.root.entries(MANIFESTS[:-1])
                  if not name.startswith(".")] \
            if node.root.is_folder(MANIFESTS[:-1]) else []
    for path in placed:
        if not is_whole(node, path, node.root.contents(path)):
            node.world.violation(node, f"{path} is not the seed's")
    found = [path for path in placed if "kube-apiserver." in path]
    return bool(found) and "--wrong=" not in node.read(found[0]) and \
        all(node.has(path) for path in API_FILES)


def parsed(text):
    return [(document["kind"], document["metadata"]["name"])
            for document in sandbox.parse(text) if document]


def objects(node):
    """All that its seed has."""
    return {found for path, (_, text) in node.files.items()
            if path.startswith(OBJECTS) for found in parsed(text)}


ADMINISTRATORS = "ClusterRoleBinding", "kubeadm:cluster-admins"


def may(node, kube, config):
    """Until 1.28 an administrator has all rights, from then on what the cluster
    gives him; the super-administrator always."""
    return int(node.env["VERSION"].split(".")[1]) < 29 or \
        config.endswith("super-admin.conf") or ADMINISTRATORS in kube.objects


def kubectl(world, actor, args, config):
    """As the administrator, at this node's API server."""
    node = actor.node
    if not is_whole(node, config, node.root.contents(config)):
        return 1, "", f"error: error loading config file \"{config}\": yaml: " \
            "control characters are not allowed"
    api = node.api()
    if not api:
        return 1, "", "The connection to the server was refused"
    kube = api.kube
    if not may(node, kube, config):
        return 1, "", "Error from server (Forbidden): the user may not"
    if addons.is_about(args):
        return addons.kubectl(world, node, kube.addons, args)
    if args[-3:] == ["get", "configmap", "kubeseed"]:
        if kube.cluster_info:
            return 0, "kubeseed   1      1d\n", ""
        return 1, "", "Error from server (NotFound): configmaps \"kubeseed\""
    if "label" in args:
        name = args[args.index("node") + 1]
        if name not in kube.nodes:
            return 1, "", f"Error from server (NotFound): nodes \"{name}\""
        if any(a.startswith("node-role.kubernetes.io/") for a in args):
            kube.marked.add(name)
            world.bump()
        return 0, f"node/{name} labeled\n", ""
    if args[-4:-1] == ["create", "configmap", "kubeseed"]:
        if kube.cluster_info:
            return 1, "", "error: failed to create configmap: configmaps " \
                "\"kubeseed\" already exists (AlreadyExists)"
        missing = objects(node) - kube.objects
        if missing:
            world.violation(node, f"all are said to be there, without {missing}")
        kube.cluster_info = True
        world.note(node, "the cluster is open")
        world.bump()
        return 0, "configmap/kubeseed created\n", ""
    if "create" in args and "-f" in args:
        return (yield from create(world, node, node.read(
            args[args.index("-f") + 1])))
    import programs  # pylint: disable=import-outside-toplevel,cyclic-import
    return programs.not_modelled(actor, "kubectl", args)


def create(world, node, text):
    """One object after the other; power may fail in between, the API server may go,
    and etcd may take too long for one."""
    out = err = ""
    for kind, name in parsed(text):
        yield world.delay(node, 0.05, 0.3)
        api = node.api()
        if not api:
            return 1, out, err + "The connection to the server was refused\n"
        if world.rng.random() < 0.03:
            err += "Error from server: etcdserver: request timed out\n"
            continue
        if (kind, name) in api.kube.objects:
            err += f"Error from server (AlreadyExists): \"{name}\"\n"
            continue
        api.kube.objects.add((kind, name))
        out += f"{kind.lower()}/{name} created\n"
        world.note(node, f"{kind} {name} created")
    if not out and not err:
        return 1, "", "error: no objects passed to create\n"
    world.bump()
    return int(err != ""), out, err
