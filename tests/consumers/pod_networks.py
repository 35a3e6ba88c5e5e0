# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that run in pods: the payload's API server takes their manifests, each
field of them, and they say what their spec says. Nothing of them runs here."""
import base64
import contextlib
import glob
import json
import os
import re
import subprocess

import yaml

from api_server import ETCD, Clients, find_image, get, running, serve, unpack, \
    wait_for, API, LOADER, Seeds

FOLDER = "/etc/kubeseed/manifests/00-"
SPECS = {"flannel": "everything-flannel", "flannel-etcd": "everything-flannel-etcd",
         "calico": "calico", "canal": "canal"}
TOLD = "https://127.0.0.1:3379"  # an etcd that asks for certificates
KEY = "/coreos.com/network/config"


def names_of(text):
    """The objects of a manifest, as kubectl calls them."""
    return {"%s/%s" % (o["kind"].lower(), o["metadata"]["name"])
            for o in yaml.load_all(text, LOADER) if o}


def apply(kubectl, work, text):
    """(objects that were applied, what else it said)"""
    with open(work + "/manifest.yaml", "w", encoding="utf-8") as f:
        f.write(text)
    done = subprocess.run(
        [*kubectl, "apply", "--server-side", "--force-conflicts", "-f",
         work + "/manifest.yaml"], stdin=subprocess.DEVNULL,
        capture_output=True, check=False, text=True)
    applied = {re.sub(r"^(\w+)[^/]*", r"\1", line.split(" ")[0])
               for line in done.stdout.splitlines()}
    return applied, done.stderr.splitlines()


def object_of(kubectl, *argv):
    done = subprocess.run([*kubectl, "get", "-o", "json", *argv],
                          capture_output=True, check=True)
    return json.loads(done.stdout)


def containers(pods):
    spec = pods["spec"]["template"]["spec"]
    return spec["initContainers"] + spec["containers"]


def variables(container):
    return {e["name"]: e.get("value") for e in container.get("env", [])}


def flannel_faults(config, pods, wanted):
    faults = []
    net = json.loads(config["data"]["net-conf.json"])
    if net != wanted:
        faults.append("net-conf.json is %r" % net)
    args = [a for c in containers(pods) for a in c.get("args", [])]
    if "--iface=kube0" not in args:
        faults.append("the arguments are %r" % args)
    return faults


def check_flannel(kubectl):
    where = ["-n", "kube-flannel"]
    config = object_of(kubectl, *where, "configmap", "kube-flannel-cfg")
    pods = object_of(kubectl, *where, "daemonset", "kube-flannel-ds")
    json.loads(config["data"]["cni-conf.json"])
    images = {c["image"] for c in containers(pods)}
    # The spec names one of them with another tag than the table's.
    faults = [] if "ghcr.io/flannel-io/flannel:v0.27.4" in images else [
        "the images are %r" % sorted(images)]
    return faults + flannel_faults(config, pods, {
        "Network": "10.2.0.0/16", "EnableIPv6": True,
        "IPv6Network": "fd00:10:244::/56",
        "Backend": {"Type": "vxlan", "VNI": 42, "Port": 4789}})


def check_flannel_etcd(kubectl):
    where = ["-n", "kube-flannel"]
    config = object_of(kubectl, *where, "configmap", "kube-flannel-cfg")
    pods = object_of(kubectl, *where, "daemonset", "kube-flannel-ds")
    spec = pods["spec"]["template"]["spec"]
    args = [a for c in containers(pods) for a in c.get("args", [])]
    faults = ["the arguments lack " + wanted for wanted in (
        "--etcd-endpoints=https://192.168.4.31:2379,https://192.168.4.32:2379,"
        "https://192.168.4.33:2379",
        "--etcd-keyfile=/etc/kubeseed/flannel/client.key") if wanted not in args]
    if "--kube-subnet-mgr" in args or "net-conf.json" in config["data"]:
        faults.append("it asks the API server as well")
    if "/etc/kubeseed/flannel" not in [
            v.get("hostPath", {}).get("path") for v in spec["volumes"]]:
        faults.append("the keys are not there")
    return faults


def lay(state, folder, call):
    """The files of the first node's seed that are etcd's and flannel's."""
    for entry in yaml.load(call("isoinfo", "-R", "-x", "/user-data", "-i",
                                state + "/seeds/m1.iso"), LOADER)["write_files"]:
        path = entry["path"]
        if path.startswith(("/etc/etcd/pki/", "/etc/kubeseed/flannel/")) or \
                path.endswith("/steps-flannel.sh"):
            os.makedirs(folder + os.path.dirname(path), exist_ok=True)
            with open(folder + path, "w", encoding="utf-8") as f:
                f.write(entry["content"])


def told_faults(folder):
    """The step of the first boot, and what is in etcd then for flannel's client."""
    flannel = folder + "/etc/kubeseed/flannel"
    with open(flannel + "/endpoints", "w", encoding="ascii") as f:
        f.write("https://127.0.0.1:1,%s\n" % TOLD)  # the first one is off
    own = ["--cacert", flannel + "/ca.crt", "--cert", flannel + "/client.crt",
           "--key", flannel + "/client.key"]
    wait_for("etcd", 30, lambda: '"true"' in get(*own, TOLD + "/health"))
    done = subprocess.run(
        ["sh", "-euc", 'wait_for() { shift; "$@"; }; . "$0"; flannel=$1; step_flannel',
         folder + "/usr/lib/kubeseed/steps-flannel.sh", flannel],
        stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True)
    faults = [] if done.returncode == 0 else ["the step fails: " + done.stderr]
    said = get(*own, "-d", json.dumps({"key": base64.b64encode(
        KEY.encode()).decode()}), TOLD + "/v3/kv/range")
    found = [json.loads(base64.b64decode(o["value"]))
             for o in json.loads(said).get("kvs", [])]
    if found != [{"Network": "10.1.0.0/16",
                  "Backend": {"Type": "vxlan", "VNI": 1, "Port": 8472}}]:
        faults.append("in etcd is %r" % found)
    return faults


def check_told(work, root, kubeseed, call, top, count):
    """flannel's settings in an etcd that is founded by its members."""
    folder = work + "/told"
    os.makedirs(folder)
    with open(top + "/tests/specs/good/everything-flannel-etcd.yaml",
              encoding="utf-8") as f:
        text = f.read().replace("mode: stacked", "mode: founding")
    with open(folder + "/spec.yaml", "w", encoding="utf-8") as f:
        f.write(text)
    call(kubeseed, "-q", "-C", folder + "/state", "seed", folder + "/spec.yaml")
    lay(folder + "/state", folder, call)
    pki = folder + "/etc/etcd/pki/"
    with running(folder + "/etcd.log", root + "/usr/bin/etcd", "--data-dir",
                 folder + "/etcd", "--listen-client-urls", TOLD,
                 "--advertise-client-urls", TOLD, "--listen-peer-urls",
                 "http://127.0.0.1:3380", "--client-cert-auth",
                 "--trusted-ca-file", pki + "ca.crt", "--cert-file",
                 pki + "server.crt", "--key-file", pki + "server.key",
                 "--unsafe-no-fsync"):
        count.add("etcd", "flannel's settings, as the first node tells it",
                  told_faults(folder))


def check_calico(kubectl):
    where = ["-n", "kube-system"]
    config = object_of(kubectl, *where, "configmap", "calico-config")
    pods = object_of(kubectl, *where, "daemonset", "calico-node")
    # As the image's own program fills it in.
    text = config["data"]["cni_network_config"].replace("__CNI_MTU__", "1")
    plugin = json.loads(text)["plugins"][0]
    found = {}
    for container in containers(pods):
        found.update(variables(container))
    wanted = {"CALICO_IPV4POOL_CIDR": "10.244.0.0/16", "CNI_MTU": "8950",
              "CALICO_IPV6POOL_CIDR": "fd00:10:244::/56",
              "IP_AUTODETECTION_METHOD": "interface=kube0",
              "IP6_AUTODETECTION_METHOD": "interface=kube0",
              "FELIX_VXLANMTU": "8950", "FELIX_VXLANMTUV6": "8930",
              "FELIX_VXLANPORT": "8472", "FELIX_VXLANVNI": "1"}
    faults = ["%s is %r" % (name, found.get(name)) for name in wanted
              if found.get(name) != wanted[name]]
    if plugin["ipam"].get("assign_ipv6") != "true":
        faults.append("ipam is %r" % plugin["ipam"])
    return faults


def check_canal(kubectl):
    where = ["-n", "kube-system"]
    config = object_of(kubectl, *where, "configmap", "canal-config")
    pods = object_of(kubectl, *where, "daemonset", "canal")
    text = config["data"]["cni_network_config"].replace("__CNI_MTU__", "1")
    plugin = json.loads(text)["plugins"][0]
    faults = [] if plugin["ipam"]["subnet"] == "usePodCidr" else [
        "ipam is %r" % plugin["ipam"]]
    return faults + flannel_faults(config, pods, {
        "Network": "10.244.0.0/16", "Backend": {"Type": "host-gw"}})


def check_one(name, kubectl, work, manifests):
    faults = []
    for path, text in manifests:
        applied, said = apply(kubectl, work, text)
        missing = names_of(text) - applied
        faults += ["%s: %s is not taken" % (path, o) for o in sorted(missing)]
        faults += ["%s: %s" % (path, line) for line in said]
    return faults or globals()["check_" + name.replace("-", "_")](kubectl)


def read_manifests(state, call):
    """[(path, content)] of the first node's seed, in the order of applying."""
    files = {e["path"]: e["content"] for e in yaml.load(
        call("isoinfo", "-R", "-x", "/user-data", "-i",
             state + "/seeds/m1.iso"), LOADER)["write_files"]}
    return [(path, files[path]) for path in (
        line.split(" ", 1)[1]
        for line in files["/etc/kubeseed/manifests.list"].splitlines())
        if path.startswith(FOLDER)]


def check_all(work, kubectl, kubeseed, call, top, count):
    for name, spec in SPECS.items():
        state = "%s/%s" % (work, name)
        call(kubeseed, "-q", "-C", state, "seed",
             "%s/tests/specs/good/%s.yaml" % (top, spec))
        manifests = read_manifests(state, call)
        count.add("API server", "network.cni " + name,
                  check_one(name, kubectl, work, manifests))
        text = manifests[-1][1].replace("hostNetwork:", "hostNetwrk:", 1)
        said = apply(kubectl, work, text)[1]
        count.add("API server", "a fault in %s's manifest is noticed" % name,
                  [] if any("hostNetwrk" in line for line in said) else said)


@contextlib.contextmanager
def cluster(work, root, payload, version, kubeseed, call, top):
    """An API server, and how kubectl asks it as the administrator, whose
    certificate is in the second."""
    os.makedirs(work)
    call("ip", "link", "set", "lo", "up")
    place = unpack(find_image(payload), work + "/image")
    call("dpkg-deb", "-x", glob.glob(payload + "/debs/kubectl_*.deb")[0],
         work + "/kubectl")
    seeds = Seeds(work, kubeseed, call, version, "none")
    # As kubeadm has it.
    seeds.arguments = {**seeds.arguments, "allow-privileged": "true"}
    pki = seeds.state + "/pki"
    kubectl = [work + "/kubectl/usr/bin/kubectl", "--server", API,
               "--cache-dir", work + "/cache", "--insecure-skip-tls-verify",
               "--client-certificate", pki + "/admin.crt", "--client-key",
               pki + "/admin.key", "--request-timeout", "60s"]
    clients = Clients(pki, top + "/scripts/verify-node")
    with running(work + "/etcd.log", root + "/usr/bin/etcd", "--data-dir",
                 work + "/etcd", "--listen-client-urls", ETCD,
                 "--advertise-client-urls", ETCD, "--unsafe-no-fsync"), \
            serve(work, place, seeds):
        wait_for("etcd", 30, lambda: '"true"' in get(ETCD + "/health"))
        wait_for("the API server", 90, lambda: clients.api("/readyz") == "ok")
        wait_for("the namespace", 60, lambda: '"NotFound"' not in
                 clients.api("/api/v1/namespaces/kube-system"))
        yield kubectl, pki
