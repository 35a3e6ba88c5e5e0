# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload's API server with a seed's arguments and files, and Debian's etcd:
whether secrets are encrypted in it, and who may ask."""
import base64
import contextlib
import glob
import http.server
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
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
PLUGINS = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: %s, apiServer: {admissionPlugins: {enable: [%s]}}}
network: {subnet: 192.168.4.0/24}
nodes: [{name: "m{1..3}"}]
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
    """What seeds of a spec with this word hold; the state is the same for all.
    Without a word it is the spec that is there."""

    def __init__(self, work, kubeseed, call, version, word):
        state, spec = work + "/state", work + "/spec.yaml"
        if word:
            with open(spec, "w", encoding="utf-8") as f:
                f.write(SPEC % (version, word))
        call(kubeseed, "-q", "-C", state, "seed", spec)
        self.state = state
        self.first, self.other, self.worker = (
            {entry["path"]: entry for entry in yaml.load(
                call("isoinfo", "-R", "-x", "/user-data", "-i",
                     "%s/seeds/%s.iso" % (state, node)), LOADER)["write_files"]}
            for node in ("m1", "m3", "w" if word else "w1"))
        text = self.first["/etc/kubeseed/kubeadm.yaml"]["content"]
        cluster = next(d for d in yaml.load_all(text, LOADER)
                       if d["kind"] == "ClusterConfiguration")["apiServer"]
        self.arguments = cluster.get("extraArgs", {})
        # {path: content} of what its pod sees
        self.mounted = {
            path: entry["content"] for path, entry in self.first.items()
            for volume in cluster.get("extraVolumes", [])
            if (path + "/").startswith(volume["mountPath"] + "/")}

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
            functions, end, _ = f.read().partition("\n# stdin is this script")
        if not end:
            raise RuntimeError("where do the functions of verify-node end?")
        said = subprocess.run(
            ["sh", "-c", functions + "\nurl=%s\nsecrets curl -sS\n" % ETCD],
            stdin=subprocess.DEVNULL, capture_output=True, check=True)
        return tuple(map(int, said.stdout.split()[-2:]))


def serve(work, root, seeds):
    """The API server of the image, told what the seed's pod would be."""
    pki = "%s/pki" % seeds.state
    for path, content in seeds.mounted.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w", encoding="utf-8") as f:
            f.write(content)
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
        *("--%s=%s" % pair for pair in seeds.arguments.items()))


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


class Gateway(http.server.BaseHTTPRequestHandler):
    """A webhook for tokens, as one before LDAP would be: it knows one."""

    asked = []  # in which versions

    def do_POST(self):
        review = json.loads(self.rfile.read(int(
            self.headers["Content-Length"])))
        self.asked.append(review["apiVersion"])
        known = review["spec"]["token"] == "a-token-of-ldap"
        review["status"] = {"authenticated": known}
        if known:
            review["status"]["user"] = {"username": "lea", "uid": "7",
                                        "groups": ["system:masters"]}
        answer = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def ask_by(token):
    return get("-k", "-o", "/dev/null", "-w", "%{http_code}", "-H",
               "Authorization: Bearer " + token, API + "/api/v1/namespaces")


def who_may_ask(seeds):
    """A token that was given, one that was made, one that the webhook knows, and
    one of nobody."""
    with open(seeds.state + "/pki/tokens.secret", encoding="utf-8") as f:
        made = f.read().split()[0]
    said = [ask_by(token) for token in (
        "a-static-token-of-ann", made, "a-token-of-ldap", "a-token-of-nobody")]
    # Bob is known, and has no right.
    faults = [] if said == ["200", "403", "200", "401"] else [repr(said)]
    asked = sorted(set(Gateway.asked))
    return faults + ([] if asked == ["authentication.k8s.io/v1"] else [
        "the webhook is asked in %r" % asked])


def post(clients, path, **what):
    """The status of HTTP."""
    said = clients.api(path, "-H", "Content-Type: application/json", "-d",
                       json.dumps(what), "-o", "/dev/null", "-w",
                       "%{http_code}")
    return said


def ports_faults(clients):
    """Services get ports of the spec's range alone."""
    said = [post(clients, "/api/v1/namespaces/default/services",
                 metadata={"name": "at-%d" % port},
                 spec={"type": "NodePort", "ports": [
                     {"port": 80, "nodePort": port}]})
            for port in (30500, 31500)]
    return [] if said == ["201", "422"] else ["services: %r" % said]


def events_faults(clients):
    """etcd forgets an event when the spec says."""
    at = {"kind": "Pod", "name": "a", "namespace": "default"}
    said = post(clients, "/api/v1/namespaces/default/events",
                metadata={"name": "a"}, involvedObject=at)
    key = base64.b64encode(b"/registry/events/default/a").decode()
    answer = json.loads(get("-d", json.dumps({"key": key}),
                            ETCD + "/v3/kv/range"))
    lease = answer.get("kvs", [{}])[0].get("lease")
    left = json.loads(get("-d", json.dumps({"ID": lease}),
                          ETCD + "/v3/lease/timetolive"))
    granted = int(left.get("grantedTTL", 0))
    # The API server shares a lease among the events of its first twentieth.
    return [] if 7200 <= granted <= 7200 * 1.06 else [
        "an event (%s) is kept for %d s" % (said, granted)]


def admission_faults(clients):
    """A plugin that is on changes pods, and one that is off no claims."""
    post(clients, "/api/v1/namespaces/default/serviceaccounts",
         metadata={"name": "own"})
    account = {"serviceAccountName": "own",
               "automountServiceAccountToken": False}
    made = clients.api(
        "/api/v1/namespaces/default/pods?dryRun=All", "-H",
        "Content-Type: application/json", "-d", json.dumps(
            {"metadata": {"name": "a"}, "spec": {**account, "containers": [
                {"name": "a", "image": "a", "imagePullPolicy": "Never"}]}}))
    if '"Always"' not in made.replace('"restartPolicy": "Always"', ""):
        return ["AlwaysPullImages does nothing: " + made[:300]]
    return []


def settings_faults(seeds):
    clients = Clients(seeds.state + "/pki", None)
    wait_for("the API server", 90, lambda: clients.api("/readyz") == "ok")
    wait_for("the namespace", 60, lambda: '"NotFound"' not in
             clients.api("/api/v1/namespaces/default"))
    return who_may_ask(seeds) + ports_faults(clients) + \
        events_faults(clients) + admission_faults(clients)


def plugins_faults(work, place, version, kubeseed, top):
    """check knows the very plugins that the program does."""
    with open(top + "/builder/spec/settings.c", encoding="utf-8") as f:
        known = re.findall(r'{"([A-Z]\w+)", \d+, \d+}', f.read())
    binary = glob.glob(place + "/**/kube-apiserver", recursive=True)[0]
    said = subprocess.run(["chroot", place, binary[len(place):], "--help"],
                          capture_output=True, check=True).stdout.decode()
    listed = re.search(r"Comma-delimited list of admission plugins: ([\w, ]+)",
                       said)[1]
    names = [name for name in listed.split(", ") if name != "NodeRestriction"]
    with open(work + "/admission.yaml", "w", encoding="utf-8") as f:
        f.write(PLUGINS % (version, ", ".join(names)))
    done = subprocess.run([kubeseed, "check", work + "/admission.yaml"],
                          capture_output=True, check=False)
    told = [line for line in done.stderr.decode().splitlines()
            if "plugin" in line]
    for name in known:
        # What check takes and the program does not know.
        if name not in names and name != "NodeRestriction":
            with open(work + "/admission.yaml", "w", encoding="utf-8") as f:
                f.write(PLUGINS % (version, name))
            done = subprocess.run([kubeseed, "check", work + "/admission.yaml"],
                                  capture_output=True, check=False)
            if done.returncode == 0:
                told.append("check takes %s" % name)
    return told if len(names) > 20 else ["%d plugins" % len(names)]


def check_api_server(work, place, seeds, count):
    """The API server as the spec has it, and the webhook that it asks."""
    gateway = http.server.ThreadingHTTPServer(("127.0.0.1", 8099), Gateway)
    threading.Thread(target=gateway.serve_forever, daemon=True).start()
    with serve(work, place, seeds):
        try:
            faults = settings_faults(seeds)
        except RuntimeError as e:
            with open(work + "/apiserver.log", "rb") as log:
                faults = [str(e)] + log.read().decode(
                    errors="replace").splitlines()[-20:]
    gateway.shutdown()
    count.add("API server", "its settings, and who may ask", faults)


def check_settings(work, root, place, version, kubeseed, call, top, count):
    """What the spec of settings says, by an API server and etcd of its own."""
    os.makedirs(work)
    good = top + "/tests/specs/good/"
    for name in ("webhook.txt", "ann.token", "registries/ca.txt"):
        os.makedirs(os.path.dirname("%s/%s" % (work, name)), exist_ok=True)
        shutil.copyfile(good + name, "%s/%s" % (work, name))
    shutil.copyfile(good + "api-server-settings.yaml", work + "/spec.yaml")
    seeds = Seeds(work, kubeseed, call, version, None)
    with running(work + "/etcd.log", root + "/usr/bin/etcd", "--data-dir",
                 work + "/etcd", "--listen-client-urls", ETCD,
                 "--advertise-client-urls", ETCD, "--unsafe-no-fsync"):
        wait_for("etcd", 30, lambda: '"true"' in get(ETCD + "/health"))
        check_api_server(work, place, seeds, count)
    count.add("API server", "its plugins of admission", plugins_faults(
        work, place, version, kubeseed, top))


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
    check_settings(work + "/settings", root, place, version, kubeseed, call, top,
                   count)
