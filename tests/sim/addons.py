# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the cluster besides: the objects of its manifests, the ConfigMap that
says what has been applied, and what kubectl does to both."""
import json

import sandbox

FOLDER = "/etc/kubeseed/addons/"
LIST = "/etc/kubeseed/addons.list"
LABEL = "kubeseed/addon"
RECORD = "kubeseed-addons"


class Addons:
    """What the API server has of them."""

    def __init__(self):
        self.record = None  # {name: state} of the ConfigMap, when it is there
        self.objects = {}  # (kind, name): the add-on by its label
        self.applied = 0  # how often a manifest was


def parsed(text):
    return {(o["kind"], o["metadata"]["name"]): o["metadata"]["labels"][LABEL]
            for o in sandbox.parse(text) if o}


def is_about(args):
    return any(a == RECORD or a.startswith((FOLDER, LABEL)) for a in args)


def kubectl(world, node, addons, args):
    """One call of the step's, after its time has passed."""
    def done(said=""):
        world.bump()
        return 0, said, ""
    if "delete" in args:
        name = args[args.index("-l") + 1].partition("=")[2]
        addons.objects = {o: addon for o, addon in addons.objects.items()
                          if addon != name}
        return done("deleted\n")
    if "create" in args:
        if addons.record is not None:
            return 1, "", "Error from server (AlreadyExists)"
        addons.record = {}
        return done("created\n")
    if "patch" in args:
        if addons.record is None:
            return 1, "", "Error from server (NotFound)"
        for name, state in json.loads(args[-1])["data"].items():
            addons.record[name] = state
            if state is None:
                del addons.record[name]
        return done("patched\n")
    if "configmap" in args:
        return 0, "".join(f"{name} {state}\n" for name, state in
                          sorted((addons.record or {}).items())), ""
    objects = parsed(node.read(args[args.index("-f") + 1]))
    if "get" in args:
        if set(objects) - set(addons.objects):
            return 1, "", "Error from server (NotFound)"
        return 0, "found\n", ""
    addons.objects.update(objects)
    addons.applied += 1
    world.note(node, "add-on applied")
    return done("serverside-applied\n")


def rows(node):
    """(add-on, file) of its list, as it is on its disk."""
    return [line.split(" ") for line in node.read(LIST).splitlines()]


def check(node, kube):
    """In the end there is what the list says, and the record says so."""
    if LIST not in node.files or node.name in node.world.absent:
        return
    wanted = {}
    for _, path in rows(node):
        wanted.update(parsed(node.read(path)))
    found = kube.addons
    if found.objects != wanted:
        node.world.violation(node, f"of add-ons there are {found.objects}")
    names = {name for name, _ in rows(node)}
    record = found.record or {}
    if set(record) != names or not all(
            state.startswith("applied ") for state in record.values()):
        node.world.violation(node, f"the record of add-ons is {record}")
