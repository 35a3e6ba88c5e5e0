# SPDX-License-Identifier: GPL-3.0-or-later
"""Add-ons: the payload's API server takes their manifests, each field of them; and
the step of the nodes' own script applies them, leaves them, applies again what is
gone, and removes what the spec has no more. None of their pods runs here."""
import json
import os
import subprocess

import yaml

from api_server import API, LOADER

FOLDER = "/etc/kubeseed/addons/"
SLOW = ("PersistentVolume", "CustomResourceDefinition", "Namespace")
LABEL = "kubeseed/addon"
RECORD = ["-n", "kube-system", "configmap", "kubeseed-addons"]
SPEC = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: %s, payload: ./payload}
network: {subnet: 192.168.4.0/24}
addons: %s
nodes: [{name: "m{1..3}"}, {name: "w{1..2}", role: worker}]
"""
# Of 1.20; and what has no release for that, but nothing in its manifests that an
# API server of 1.20 does not know.
OF_ANY = "local-volumes, ingress, metrics-server, headlamp, dashboard, guestbook, " \
    "kube-dns"
LATER = "{name: metallb, addresses: [192.168.4.200-192.168.4.220, fd00::/126]}"
# What bootstrap has, as far as the step needs it.
DRIVER = """set -e
step=addons recorded=%(work)s/recorded VERSION=%(version)s STEPS='%(steps)s'
mkdir -p "$recorded"
report() { echo "$1 ${2-}"; }
%(clean)s
. %(work)s/steps-kubernetes.sh
. %(work)s/steps-addons.sh
step_addons
"""


class Node:
    """The first node of a spec with some add-ons, and its step."""

    def __init__(self, work, kubectl, pki, version, kubeseed, call):
        self.work, self.kubectl, self.version = work, kubectl, version
        self.kubeseed, self.call = kubeseed, call
        os.makedirs(work)
        self.files = {}
        program, *options = kubectl
        self.path = os.path.dirname(program)
        call(program, "--kubeconfig", work + "/admin.conf", "config",
             "set-cluster", "c", "--server", API, "--insecure-skip-tls-verify")
        call(program, "--kubeconfig", work + "/admin.conf", "config",
             "set-credentials", "a", "--client-certificate", pki + "/admin.crt",
             "--client-key", pki + "/admin.key")
        call(program, "--kubeconfig", work + "/admin.conf", "config",
             "set-context", "x", "--cluster", "c", "--user", "a")
        call(program, "--kubeconfig", work + "/admin.conf", "config",
             "use-context", "x")
        self.options = options

    def seed(self, text):
        """Its seed is of this spec now, in place of any other."""
        state, spec = self.work + "/state", self.work + "/spec.yaml"
        with open(spec, "w", encoding="utf-8") as f:
            f.write(text)
        self.call(self.kubeseed, "-q", "-C", state, "seed", spec)
        self.files = {e["path"]: e["content"] for e in yaml.load(
            self.call("isoinfo", "-R", "-x", "/user-data", "-i",
                      state + "/seeds/m1.iso"), LOADER)["write_files"]}
        self.lay_down()

    def lay_down(self):
        for path, content in self.files.items():
            name = os.path.basename(path)
            if not (path.startswith("/etc/kubeseed/addons") or
                    name in ("steps-addons.sh", "steps-kubernetes.sh",
                             "bootstrap")):
                continue
            place = self.work + (path if path.startswith("/etc") else
                                 "/" + name)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as f:
                f.write(content.replace("/etc/kubernetes", self.work).replace(
                    "/etc/kubeseed", self.work + "/etc/kubeseed").replace(
                        "/run/kubeseed", self.work))

    def step(self, steps="addons"):
        """(exit status, what it said)"""
        with open(self.work + "/bootstrap", encoding="utf-8") as f:
            clean = f.read().partition("\nclean() {")[2].partition("\n}\n")[0]
        done = subprocess.run(
            ["sh", "-c", DRIVER % {"work": self.work, "version": self.version,
                                   "steps": steps,
                                   "clean": "clean() {" + clean + "\n}"}],
            env={"PATH": self.path + ":/usr/bin:/bin", "HOME": self.work},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, text=True)
        return done.returncode, done.stdout

    def manifests(self):
        """[(add-on, path, text)], in the order of applying."""
        return [(*line.split(" "), self.files[line.split(" ")[1]])
                for line in self.files["/etc/kubeseed/addons.list"].splitlines()]

    def get(self, *argv):
        done = subprocess.run([*self.kubectl, "get", "-o", "json", *argv],
                              capture_output=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def record(self):
        found = self.get(*RECORD)
        return found and found.get("data") or {}


def objects_of(text):
    return [o for o in yaml.load_all(text, LOADER) if o]


def name_of(o):
    where = o["metadata"].get("namespace")
    group = o["apiVersion"].partition("/")[0]
    kind = o["kind"] + ("." + group if "/" in o["apiVersion"] else "")
    return [kind, o["metadata"]["name"], *(["-n", where] if where else [])]


def missing(node, manifests):
    """Of the objects in the manifests: those that nobody has, or that are going."""
    gone = []
    for _, _, text in manifests:
        for o in objects_of(text):
            found = node.get(*name_of(o))
            if not found or found["metadata"].get("deletionTimestamp"):
                gone.append(" ".join(name_of(o)))
    return gone


def label_faults(manifests):
    return ["%s: %s has not the label" % (path, " ".join(name_of(o)))
            for addon, path, text in manifests for o in objects_of(text)
            if o["metadata"].get("labels", {}).get(LABEL) != addon]


def check_applied(node):
    """All is there when the step has run once."""
    status, said = node.step()
    faults = [said] if status != 0 or "wait add-on" not in said else []
    # With --server-side a field that there is not is an error.
    faults += ["nobody has " + o for o in missing(node, node.manifests())]
    names = {name for name, _, _ in node.manifests()}
    record = node.record()
    faults += ["the record of %s is %r" % (name, record.get(name))
               for name in sorted(names)
               if not record.get(name, "").startswith("applied ")]
    return faults + label_faults(node.manifests())


def check_left(node):
    """Nothing is applied once more."""
    status, said = node.step()
    return [said] if status != 0 or "apply" in said else []


def check_again(node):
    """One object of each add-on is gone, and comes again."""
    faults = []
    for _, _, text in node.manifests():
        # Some stay for a while, or as long as nobody takes away a finalizer.
        for one in [o for o in objects_of(text) if o["kind"] not in SLOW][-1:]:
            node.call(*node.kubectl, "delete", "--wait=false", *name_of(one))
    status, said = node.step()
    if status != 0:
        faults.append(said)
    return faults + ["nobody has " + o
                     for o in missing(node, node.manifests())]


def check_wrong(node):
    """What no API server takes is said, on the console and in the record; the
    others are there all the same, and it is tried again."""
    first, path, text = node.manifests()[0]
    node.files[path] = text.replace("\nkind: ", "\nkind: No", 1)
    node.lay_down()
    status, said = node.step()
    state = node.record().get(first, "")
    # Who is behind it in the first boot waits no longer after ten attempts.
    with open(node.work + "/addons.failed", "a", encoding="utf-8") as f:
        f.write("\n" * 8)
    last = node.step("addons tidy")
    node.files[path] = text
    node.lay_down()
    faults = [] if status == 1 and "no matches for kind" in said else [said]
    if last[0] != 0 or "goes on without the add-ons " + first not in last[1]:
        faults.append("at last: %d, %s" % last)
    if not state.startswith("failed: ") or "no matches for kind" not in state:
        faults.append("the record is %r" % state)
    return faults + check_applied(node)


def check_dropped(node, text):
    """The spec has none of them any more."""
    before = node.manifests()
    node.seed(text)
    status, said = node.step()
    faults = [] if status == 0 else [said]
    objects = sum(len(objects_of(text)) for _, _, text in before)
    left = objects - len(missing(node, before))
    if left:
        faults.append("%d of %d objects are left: %s" % (left, objects, said))
    if node.record():
        faults.append("the record is %r" % node.record())
    return faults + check_left(node)


def check_pool(node):
    """MetalLB has the addresses of the spec."""
    pool = node.get("-n", "metallb-system", "ipaddresspool", "kubeseed")
    found = pool["spec"]["addresses"]
    return [] if found == ["192.168.4.200-192.168.4.220", "fd00::/126"] else [
        "the pool has %r" % found]


def check_all(work, kubectl, pki, version, kubeseed, call, _top, count):
    node = Node(work + "/addons", kubectl, pki, version, kubeseed, call)
    node.seed(SPEC % (version, "[%s]" % OF_ANY))
    for what, faults in (
            ("add-ons are applied", check_applied),
            ("add-ons that are there are left alone", check_left),
            ("what is gone of an add-on comes again", check_again),
            ("an add-on that is not taken is said", check_wrong)):
        count.add("API server", what, faults(node))
    count.add("API server", "an add-on that the spec drops is removed",
              check_dropped(node, SPEC % (version, "[]")))
    node.seed(SPEC % ("1.34.2", "[%s]" % LATER))
    count.add("API server", "metallb is applied",
              check_applied(node) + check_pool(node))
    count.add("API server", "metallb is removed",
              check_dropped(node, SPEC % (version, "[]")))
