# SPDX-License-Identifier: GPL-3.0-or-later
"""kubelet.servingCertificates and endpoint.healthPort with the payload's own programs:
what a kubelet asks for is approved on a control plane and signed by the controller
manager, and what somebody else asks for is not; nginx tells whether an API server is
well, and believes no other one."""
import base64
import json
import os
import subprocess

import yaml

from api_server import API, ETCD, LOADER, Clients, Seeds, find_image, get, \
    running, serve, unpack, wait_for

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
SIGNER = "kubernetes.io/kubelet-serving"
SPEC = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes:
  version: %s
  payload: debian
  kubelet: {servingCertificates: rotated}
network: {subnet: 192.168.4.0/24}
endpoint: {healthPort: 8080}
nodes:
  - {name: "m{1..3}", address: 192.168.4.31+}
  - {name: w1, role: worker, address: 192.168.4.41}
"""
NAMES = "DNS:w1,IP:192.168.4.41"


def read_seed(state, call, node):
    return {e["path"]: e["content"] for e in yaml.load(
        call("isoinfo", "-R", "-x", "/user-data", "-i",
             "%s/seeds/%s.iso" % (state, node)), LOADER)["write_files"]}


def new_request(work, node, names):
    """As a kubelet makes one, in PEM."""
    return subprocess.run(
        ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", work + "/own.key",
         "-subj", "/O=system:nodes/CN=system:node:" + node, "-addext",
         "subjectAltName=" + names], check=True, capture_output=True).stdout


def ask_for(clients, name, user, pem, usage="server auth"):
    """Asked as that node's kubelet; the rights to ask are another group's here, since
    this API server has no authorizer for nodes."""
    return clients.api(
        REQUESTS, "-H", "Content-Type: application/json", "-H",
        "Impersonate-User: " + user, "-H", "Impersonate-Group: system:nodes",
        "-H", "Impersonate-Group: system:masters", "-d", json.dumps({
            "metadata": {"name": name}, "spec": {
                "signerName": SIGNER, "request": base64.b64encode(pem).decode(),
                "usages": ["digital signature", "key encipherment", usage]}}))


def status_of(clients, name):
    return json.loads(clients.api("%s/%s" % (REQUESTS, name)))["status"]


def approver(work, top, files, pki, place):
    """The node's program, with its files here."""
    for name, text in (("kubelets", files["/etc/kubeseed/kubelets"]),
                       ("node.env", "ADDRESS='127.0.0.1'\n")):
        with open("%s/%s" % (work, name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(work + "/admin.conf", "w", encoding="utf-8") as f:
        for key, name in (("certificate", "crt"), ("key", "key")):
            with open("%s/admin.%s" % (pki, name), "rb") as data:
                f.write("    client-%s-data: %s\n" % (
                    key, base64.b64encode(data.read()).decode()))
    with open(top + "/scripts/approve-kubelets", encoding="utf-8") as f:
        text = f.read()
    for old, new in (("/etc/kubeseed/kubelets", work + "/kubelets"),
                     ("/etc/kubeseed/node.env", work + "/node.env"),
                     ("/etc/kubernetes/admin.conf", work + "/admin.conf"),
                     ('"/etc/kubernetes/pki/ca.crt"',
                      '"%s/certs/apiserver.crt"' % place)):
        text = text.replace(old, new)
    with open(work + "/approver", "w", encoding="utf-8") as f:
        f.write(text)
    return ["python3", "-I", work + "/approver", "once"]


def controller(work, payload, place, pki, files):
    """The controller manager with the seed's signing arguments, if it has some; by
    kubeadm's it signs with the same key."""
    os.makedirs(place + "/pki", exist_ok=True)
    for name in ("ca.crt", "ca.key", "admin.crt", "admin.key"):
        with open("%s/%s" % (pki, name), "rb") as old, \
                open("%s/pki/%s" % (place, name), "wb") as new:
            new.write(old.read())
    with open(place + "/conf", "w", encoding="utf-8") as f:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "a",
                   "clusters": [{"name": "a", "cluster": {
                       "server": API, "insecure-skip-tls-verify": True}}],
                   "users": [{"name": "a", "user": {
                       "client-certificate": "/pki/admin.crt",
                       "client-key": "/pki/admin.key"}}],
                   "contexts": [{"name": "a", "context": {
                       "cluster": "a", "user": "a"}}]}, f)
    binary = subprocess.run(["find", place, "-name", "kube-controller-manager"],
                            check=True, capture_output=True,
                            text=True).stdout.split()[0]
    flags = ["--cluster-signing-kubelet-%s-%s-file=/pki/ca.%s" % (who, what, name)
             for who in ("serving", "client")
             for what, name in (("cert", "crt"), ("key", "key"))]
    return running(work + "/controller.log", "chroot", place,
                   binary[len(place):], "--kubeconfig=/conf",
                   "--leader-elect=false", "--controllers=csrsigning",
                   "--cert-dir=/certs", "--bind-address=127.0.0.1", *flags)


def requests_faults(work, top, clients, files, pki, place):
    """What a kubelet asks for is there; what others ask for waits."""
    wait_for("the API for requests", 60,
             lambda: '"CertificateSigningRequestList"' in clients.api(REQUESTS))
    own = new_request(work, "w1", NAMES)
    said = [ask_for(clients, "own", "system:node:w1", own),
            ask_for(clients, "for-another", "system:node:m1", own),
            ask_for(clients, "other-name", "system:node:w1", new_request(
                work, "w1", NAMES + ",DNS:kubernetes")),
            ask_for(clients, "client", "system:node:w1", own, "client auth")]
    faults = [s for s in said if '"CertificateSigningRequest"' not in s]
    done = subprocess.run(approver(work, top, files, pki, place),
                          capture_output=True, check=False, text=True)
    if done.returncode != 0 or "own: approved for w1" not in done.stdout:
        return faults + ["the approver says %s%s" % (done.stdout, done.stderr)]
    wait_for("the signer", 120, lambda: status_of(clients, "own").get("certificate"))
    for name in ("for-another", "other-name", "client"):
        if status_of(clients, name):
            faults.append("%s is not left alone" % name)
    with open(work + "/own.crt", "wb") as f:
        f.write(base64.b64decode(status_of(clients, "own")["certificate"]))
    shown = subprocess.run(
        ["openssl", "x509", "-in", work + "/own.crt", "-noout", "-subject",
         "-nameopt", "RFC2253", "-ext", "subjectAltName,extendedKeyUsage"],
        check=True, capture_output=True, text=True).stdout
    for part in ("CN=system:node:w1,O=system:nodes", "DNS:w1, IP Address:192.168.4.41",
                 "TLS Web Server Authentication"):
        if part not in shown:
            faults.append("it has no %s: %s" % (part, shown))
    checked = subprocess.run(["openssl", "verify", "-CAfile", pki + "/ca.crt",
                              "-purpose", "sslserver", work + "/own.crt"],
                             check=False, capture_output=True, text=True)
    return faults + ([] if checked.returncode == 0 else [checked.stderr])


def health_said(*argv):
    return get("-o", "/dev/null", "-w", "%{http_code}", *argv)


def nginx_faults(root, work, files, place):
    """Asked as the document does; with a certificate of another CA it has no answer."""
    conf = files["/etc/kubeseed/health-proxy.conf"].replace(
        "https://192.168.4.31:6443", API)
    faults = [] if API in conf else ["it does not ask the node's own API server"]
    subprocess.run(["cp", place + "/certs/apiserver.crt", root + "/own-ca.crt"],
                   check=True)
    with open(root + "/other-ca.crt", "wb") as f, \
            open(place + "/pki/ca.crt", "rb") as ca:
        f.write(ca.read())
    url = "http://127.0.0.1:8080"
    for name, wanted in (("own", ["200", "200", "403", "404", "200"]),
                         ("other", ["502", "502", "403", "404", "502"])):
        with open(root + "/health.conf", "w", encoding="utf-8") as f:
            f.write(conf.replace("/etc/kubernetes/pki/ca.crt",
                                 "/%s-ca.crt" % name))
        with running(work + "/nginx.log", "chroot", root, "/usr/sbin/nginx", "-e",
                     "stderr", "-c", "/health.conf", "-g",
                     "daemon off; pid /nginx.pid;") as process:
            wait_for("nginx", 60, lambda: health_said(url) == "404")
            said = [health_said("-H", "Host: kubernetes.default.svc.cluster.local",
                                url + "/healthz"),
                    health_said(url + "/readyz"),
                    health_said("-X", "POST", "-d", "", url + "/healthz"),
                    health_said(url + "/api/v1/secrets"),
                    health_said("-H", "Authorization: Bearer none", url + "/livez")]
            process.terminate()
            process.wait()
        if said != wanted:
            with open(work + "/nginx.log", encoding="utf-8") as f:
                faults.append("with the CA %s it says %r: %s" % (
                    name, said, f.read()[-800:]))
    return faults


def check(work, root, payload, version, kubeseed, call, top, place_of, count):
    """An API server, a controller manager, the approver; and nginx."""
    os.makedirs(work)
    call("ip", "link", "set", "lo", "up")
    place = unpack(find_image(payload), work + "/image")
    unpack(payload + "/images/kube-controller-manager.tar", place)
    with open(work + "/spec.yaml", "w", encoding="utf-8") as f:
        f.write(SPEC % version)
    seeds = Seeds(work, kubeseed, call, version, None)
    files, pki = read_seed(seeds.state, call, "m1"), seeds.state + "/pki"
    told = seeds.arguments.pop("kubelet-certificate-authority", None)
    clients = Clients(pki, top + "/scripts/verify-node")
    with running(work + "/etcd.log", root + "/usr/bin/etcd", "--data-dir",
                 work + "/etcd", "--listen-client-urls", ETCD,
                 "--advertise-client-urls", ETCD, "--unsafe-no-fsync"):
        wait_for("etcd", 30, lambda: '"true"' in get(ETCD + "/health"))
        with serve(work, place, seeds), \
                controller(work, payload, place, pki, files):
            wait_for("the API server", 90, lambda: clients.api("/readyz") == "ok")
            faults = requests_faults(work, top, clients, files, pki, place)
            if told != "/etc/kubernetes/pki/ca.crt":
                faults.append("the API server is told of the CA %s" % told)
            count.add("kubelets' certificates", "asked for, approved, signed", faults)
            count.add("nginx", "healthPort: whether the API server is well",
                      nginx_faults(place_of({}).path, work, files, place))
