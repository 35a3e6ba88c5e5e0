# SPDX-License-Identifier: GPL-3.0-or-later
"""A real kubeadm that is to join, and an API server that answers nobody without a
name: it waits for ever, until the node's script has given it the token; then it goes
on."""
import base64
import http.server
import json
import re
import ssl
import threading

SPEC = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: %s}
network: {subnet: 192.168.4.0/24}
nodes: [{name: m1}, {name: w1, role: worker}]
"""
CONF = "/etc/kubeseed/discovery.conf"
REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "NotFound"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):  # pylint: disable=arguments-differ
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        known = "Authorization" in self.headers
        code = 401 if not known else 403 if "cluster-info" in self.path else 404
        self.server.asked.append((self.path.split("?")[0].split("/")[-1], code))
        body = json.dumps({"kind": "Status", "apiVersion": "v1", "code": code,
                           "status": "Failure", "message": "no",
                           "reason": REASONS[code]}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve(work, call):
    """The server, and its certificate."""
    call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
         work + "/tls.key", "-out", work + "/tls.crt", "-days", "2", "-subj", "/CN=api",
         "-addext", "subjectAltName=IP:127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(work + "/tls.crt", work + "/tls.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(work + "/tls.crt", "rb") as f:
        return server, f.read()


def joins(place, server):
    """What kubeadm asks for within some seconds, and what it says."""
    server.asked.clear()
    _, said = place.run(["timeout", "12", "kubeadm", "join", "--config",
               "/etc/kubeseed/kubeadm-join.yaml", "--skip-phases", "preflight"])
    return set(server.asked), said.splitlines()


def introduce(place, top, call):
    """What the node's scripts do, in its folder."""
    text = ""
    for script in ("common", "kubernetes"):
        with open("%s/scripts/steps-%s.sh" % (top, script), encoding="utf-8") as f:
            text += f.read().replace("/etc/kubeseed/", place.path + "/etc/kubeseed/")
    call("sh", "-euc", text + "\nintroduce_kubeadm")


def check(work, top, version, kubeseed, call, read_node, make_place, count):
    """make_place(files): a root with this version's kubeadm."""
    call("ip", "link", "set", "lo", "up")
    with open(work + "/discovery.yaml", "w", encoding="utf-8") as f:
        f.write(SPEC % version)
    call(kubeseed, "-q", "-C", work + "/discovery", "seed", work + "/discovery.yaml")
    files = dict(read_node("discovery", version,
                           work + "/discovery/seeds/w1.iso").files)
    server, ca = serve(work, call)
    mode, conf = files[CONF]
    conf = re.sub(rb"(certificate-authority-data: ).*",
                  rb"\1" + base64.b64encode(ca), conf)
    conf = re.sub(rb"(server: ).*", rb"\1https://127.0.0.1:%d" % server.server_port,
                  conf)
    files[CONF] = (mode, conf)
    place = make_place(files)
    name = "kubeadm %s where nobody is answered without a name" % version
    found, said = joins(place, server)
    count.add("kubeadm's discovery", name + ": it waits",
              [] if found == {("cluster-info", 401)} else [repr(found)] + said)
    introduce(place, top, call)
    found, said = joins(place, server)
    count.add("kubeadm's discovery", name + ": it goes on",
              [] if found == {("cluster-info", 403), ("kubeadm-config", 404)}
              else [repr(found)] + said)
    server.shutdown()
