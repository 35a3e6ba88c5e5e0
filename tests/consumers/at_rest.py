# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether secrets are encrypted in etcd, by what a seed has: the payload's API
server writes them, Debian's etcd is read behind its back."""
import base64
import contextlib
import glob
import json
import os
import re
import subprocess
import tarfile
import time

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CONFIG = "/etc/kubeseed/encryption.yaml"
PLAIN = "the words that nobody shall read"
ETCD = "http://127.0.0.1:2379"
API = "https://127.0.0.1:6443"
SPEC = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: %s, encryptionAtRest: %s}
network: {subnet: 192.168.4.0/24}
nodes: [{name: "m{1..3}"}, {name: w, role: worker}]
"""


def unpack(image, folder):
    """The layers of an image, which lies in an OCI archive."""
    with tarfile.open(image) as archive:
        def blob(digest):
            return archive.extractfile("./blobs/" + digest.replace(":", "/"))
        index = json.load(archive.extractfile("./index.json"))
        manifest = json.load(blob(index["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=blob(layer["digest"])) as files:
                files.extractall(folder)
    return folder


def find_image(payload):
    found = glob.glob(payload + "/images/kube-apiserver*.tar")
    return found[0] if found else None


def get(*argv):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *argv],
                          capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def wait_for(what, seconds, answer):
    end = time.monotonic() + seconds
    while not answer():
        if time.monotonic() > end:
            raise RuntimeError("%s does not answer" % what)
        time.sleep(0.2)


@contextlib.contextmanager
def running(log, *argv):
    with open(log, "wb") as out, subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


class Seeds:
    """What seeds of a spec with this word hold; the state is the same for all."""

    def __init__(self, work, kubeseed, call, version, word):
        state, spec = work + "/state", work + "/spec.yaml"
        with open(spec, "w", encoding="utf-8") as f:
            f.write(SPEC % (version, word))
        call(kubeseed, "-q", "-C", state, "seed", spec)
        self.state = state
        self.first, self.other, self.worker = (
            {entry["path"]: entry for entry in yaml.load(
                call("isoinfo", "-R", "-x", "/user-data", "-i",
                     "%s/seeds/%s.iso" % (state, node)), LOADER)["write_files"]}
            for node in ("m1", "m3", "w"))

    def arguments(self):
        """Those of the spec for the API server."""
        text = self.first["/etc/kubeseed/kubeadm.yaml"]["content"]
        cluster = next(d for d in yaml.load_all(text, LOADER)
                       if d["kind"] == "ClusterConfiguration")
        volumes = cluster["apiServer"].get("extraVolumes", [])
        args = cluster["apiServer"].get("extraArgs", {})
        for name, value in args.items():
            if value.startswith("/") and not any(
                    v["mountPath"] == value for v in volumes):
                raise RuntimeError("its pod does not see --" + name)
        return args

    def faults(self):
        """Who has the keys."""
        own, other = self.first.get(CONFIG), self.other.get(CONFIG)
        if own != other:
            return ["the control planes' files differ"]
        if own and own["permissions"] != "0600":
            return ["mode %s" % own["permissions"]]
        if any("encryption" in path for path in self.worker):
            return ["a worker has it"]
        return []


class Clients:
    """What is asked of an API server, and of etcd."""

    def __init__(self, pki, verify_node):
        self.admin = ["-k", "--cert", pki + "/admin.crt", "--key",
                      pki + "/admin.key"]
        self.verify_node = verify_node

    def api(self, path, *more):
        return get(*self.admin, *more, API + path)

    def write(self, name):
        secret = {"apiVersion": "v1", "kind": "Secret",
                  "metadata": {"name": name}, "stringData": {"words": PLAIN}}
        return self.api("/api/v1/namespaces/default/secrets", "-H",
                        "Content-Type: application/json", "-d",
                        json.dumps(secret))

    def read(self, name):
        data = json.loads(self.api(
            "/api/v1/namespaces/default/secrets/" + name)).get("data", {})
        return base64.b64decode(data.get("words", "")).decode()

    def raw(self, name):
        """The bytes in etcd."""
        key = base64.b64encode(
            b"/registry/secrets/default/" + name.encode()).decode()
        answer = json.loads(get("-d", json.dumps({"key": key}),
                                ETCD + "/v3/kv/range"))
        return base64.b64decode(answer["kvs"][0]["value"])

    def verify(self):
        """What scripts/verify-node counts: (secrets, encrypted ones)."""
        with open(self.verify_node, encoding="utf-8") as f:
            script = re.sub(r"(?ms)^set \+e\n.*", "", f.read())
        said = subprocess.run(
            ["sh", "-c", script + "\nurl=%s\nsecrets curl -sS\n" % ETCD],
            stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return tuple(map(int, said.stdout.split()[-2:]))


def serve(work, root, seeds):
    """The API server of the image, told what the seed's pod would be."""
    pki = "%s/pki" % seeds.state
    os.makedirs(root + "/etc/kubeseed", exist_ok=True)
    with open(root + CONFIG, "w", encoding="utf-8") as f:
        f.write(seeds.first.get(CONFIG, {"content": ""})["content"])
    os.makedirs(root + "/pki", exist_ok=True)
    for name in ("ca.crt", "sa.pub", "sa.key"):
        with open("%s/%s" % (pki, name), "rb") as old, \
                open(root + "/pki/" + name, "wb") as new:
            new.write(old.read())
    binary = glob.glob(root + "/**/kube-apiserver", recursive=True)[0]
    return running(
        work + "/apiserver.log", "chroot", root, binary[len(root):],
        "--etcd-servers=" + ETCD, "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", "--cert-dir=/certs",
        "--client-ca-file=/pki/ca.crt", "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-key-file=/pki/sa.pub",
        "--service-account-signing-key-file=/pki/sa.key",
        "--service-account-issuer=https://kubernetes",
        *("--%s=%s" % pair for pair in seeds.arguments().items()))


def add_key(state, provider, name):
    """As the manual tells how keys are changed: the new one goes first."""
    key = base64.b64encode(os.urandom(32)).decode()
    path = state + "/pki/encryption.secret"
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+",
              encoding="utf-8") as f:
        old = f.read()
        f.seek(0)
        f.write("%s %s %s\n%s" % (provider, name, key, old))


def stored(clients, name, begin):
    """What is wrong with the secret of that name, as the two have it."""
    raw = clients.raw(name)
    faults = []
    if begin and not raw.startswith(begin):
        faults.append("etcd has %r" % raw[:40])
    if begin and PLAIN.encode() in raw:
        faults.append("it can be read in etcd")
    if not begin and PLAIN.encode() not in raw:
        faults.append("without encryption it is not found in etcd")
    if clients.read(name) != PLAIN:
        faults.append("the API server does not give it back")
    return faults


def look(clients, word, key, written):
    """Writes a secret by this word's first key; all of before can be read."""
    wait_for("the API server", 90, lambda: clients.api("/readyz") == "ok")
    wait_for("the namespace", 60, lambda: '"NotFound"' not in
             clients.api("/api/v1/namespaces/default"))
    said = clients.write("by-" + word)
    if '"Secret"' not in said:
        return ["it is not taken: " + said]
    begin = b"" if word == "none" else \
        ("k8s:enc:%s:v1:%s:" % (word, key)).encode()
    written["by-" + word] = begin
    faults = []
    for name, first in written.items():
        faults += ["%s: %s" % (name, f) for f in stored(clients, name, first)]
    encrypted = sum(1 for first in written.values() if first)
    counted = clients.verify()
    if counted != (len(written), encrypted):
        faults.append("verify-node counts %r" % (counted,))
    return faults


def check(work, root, payload, version, kubeseed, call, top, count):
    """No encryption, and then each provider with what was before."""
    os.makedirs(work)
    call("ip", "link", "set", "lo", "up")
    place = unpack(find_image(payload), work + "/image")
    etcd = running(work + "/etcd.log", root + "/usr/bin/etcd", "--data-dir",
                   work + "/etcd", "--listen-client-urls", ETCD,
                   "--advertise-client-urls", ETCD, "--unsafe-no-fsync")
    written = {}
    words = ("none", "aescbc", "aesgcm", "secretbox")
    with etcd:
        wait_for("etcd", 30, lambda: '"true"' in get(ETCD + "/health"))
        for n, word in enumerate(words):
            if n > 0:
                add_key(work + "/state", word, "key%d" % n)
            seeds = Seeds(work, kubeseed, call, version, word)
            clients = Clients(seeds.state + "/pki",
                              top + "/scripts/verify-node")
            with serve(work, place, seeds) as process:
                try:
                    faults = seeds.faults() + look(clients, word, "key%d" % n,
                                                   written)
                except RuntimeError as e:
                    with open(work + "/apiserver.log", "rb") as log:
                        faults = [str(e)] + log.read().decode(
                            errors="replace").splitlines()[-20:]
                process.kill()
            count.add("secrets in etcd", "encryptionAtRest: " + word, faults)
