# SPDX-License-Identifier: GPL-3.0-or-later
"""What reads a seed's files, and how it is asked whether it takes them."""
import fnmatch
import re

KUBE_PKI = "/etc/kubernetes/pki/"


class Check:
    """One program's own check.

    files: patterns of the files that it reads; without one there is no check
    argv:  the command for one of these files
    must:  regular expressions for lines that it has to say
    quiet: the same for lines that it may say; all others are faults, so that a
           warning is one
    spoil: (pattern, replacement): a fault that the check has to notice
    """

    def __init__(self, name, files, argv, spoil, must=(), quiet=(),
                 outside=False):
        self.name = name
        self.files = files
        self.argv = argv
        self.spoil = spoil
        self.must = must
        self.quiet = quiet
        self.outside = outside  # a program of this machine, not of the node

    def jobs(self, paths):
        """{command: the files that it is about}"""
        jobs = {}
        for path in sorted(paths):
            if any(fnmatch.fnmatchcase(path, p) for p in self.files):
                jobs.setdefault(tuple(self.argv(path)), []).append(path)
        return jobs

    def faults(self, status, said):
        """What is wrong with an answer; empty: nothing."""
        lines = [line for line in said.splitlines() if line.strip()]
        faults = [line for line in lines if not any(
            re.search(known, line) for known in (*self.must, *self.quiet))]
        faults += ["it does not say: " + wanted for wanted in self.must
                   if not any(re.search(wanted, line) for line in lines)]
        if status != 0:
            faults += ["exit status %d" % status] + (lines if not faults else [])
        return faults


def unit_of(path):
    """A unit by itself or by a drop-in for it."""
    return re.sub(r"\.d/[^/]*$", "", path).rpartition("/")[2]


def certificate_argv(path):
    """openssl's own check, with the CA and the purpose that the name tells."""
    folder, _, name = path.rpartition("/")
    authorities = {"apiserver-etcd-client.crt": KUBE_PKI + "etcd/ca.crt",
                   "front-proxy-client.crt": KUBE_PKI + "front-proxy-ca.crt",
                   "kubelet.crt": KUBE_PKI + "ca.crt"}
    authority = authorities.get(name, folder + "/ca.crt")
    purposes = {"server.crt": "sslserver", "peer.crt": "sslserver",
                "apiserver.crt": "sslserver", "kubelet.crt": "sslserver",
                "admin.crt": "sslclient", "client.crt": "sslclient"}
    purpose = purposes.get(name)
    if name.endswith("-client.crt"):
        purpose = "sslclient"
    if name.endswith("ca.crt"):
        authority, purpose = path, "any"
    return ["openssl", "verify", "-x509_strict", "-check_ss_sig",
            "-purpose", purpose or "unknown", "-CAfile", authority, path]


def script_argv(path):
    """Who reads a script; all but one are the shell's."""
    if path.endswith("/approve-kubelets"):
        return ["python3", "-c",
                "import ast, sys; ast.parse(open(sys.argv[1]).read())", path]
    return ["sh", "-n", path]


def one(*argv):
    """A command with the path of the file as its last argument."""
    return lambda path: [*argv, path]


# It looks for itself in the list of nodes, and says what is wrong nowhere but in the
# log, unless it is told to.
COROSYNC = r"""
. /etc/kubeseed/node.env
hostname "$NODE"
mkdir -p /tmp
sed 's/to_stderr: no/to_stderr: yes/' /etc/corosync/corosync.conf >/tmp/corosync.conf
corosync -t -c /tmp/corosync.conf
"""

PACEMAKER = r"""
export CIB_file=/tmp/cib.xml
mkdir -p /tmp
for again in first second; do
  [ -e "$CIB_file" ] || cat >"$CIB_file" <<CIB
<cib crm_feature_set="3.0.0" validate-with="pacemaker-3.7" epoch="1" num_updates="0"
  admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/>
  </configuration><status/></cib>
CIB
  cibadmin --modify --allow-create --force --scope configuration --xml-file "$0"
done
cibadmin --query --xpath "//primitive[@id='endpoint']" >/dev/null
crm_verify -V --xml-file "$CIB_file"
rm "$CIB_file"
"""


CHECKS = [
    Check("haproxy -c", ["/etc/haproxy/haproxy.cfg"],
          one("haproxy", "-c", "-f"), ("leastconn", "leastcon"),
          quiet=["^Configuration file is valid$"]),
    Check("nginx -t", ["/etc/nginx/nginx.conf"], one("nginx", "-t", "-c"),
          ("least_conn;", "least_con;"),
          quiet=["syntax is ok$", "test is successful$"]),
    Check("nginx -t of health", ["/etc/kubeseed/health-proxy.conf"],
          one("nginx", "-t", "-c"),
          ("proxy_ssl_verify on", "proxy_ssl_verify maybe"),
          quiet=["syntax is ok$", "test is successful$"]),
    Check("keepalived -t", ["/etc/keepalived/keepalived.conf"],
          one("keepalived", "-t", "-f"), ("advert_int", "advert_interval")),
    Check("corosync -t", ["/etc/corosync/*"],
          lambda _: ["unshare", "-u", "sh", "-euc", COROSYNC],
          ("aes256", "aes257"), must=["exiting normally$"]),
    # cibadmin, on a file in the place of the cluster, as the first boot has it.
    Check("crm_verify", ["/etc/kubeseed/pacemaker.xml"],
          lambda path: ["sh", "-euc", PACEMAKER, path],
          ('kind="Mandatory"', 'kind="Always"')),
    Check("sshd -t", ["/etc/ssh/sshd_config.d/*.conf", "/etc/ssh/*key*"],
          lambda _: ["sshd", "-t"], ("HostKey", "HostKeys")),
    Check("nft -c", ["/etc/nftables.conf"], one("nft", "-c", "-f"),
          ("table", "tab1e")),
    # To it many a wrong word is a name, so that this is one of its own.
    Check("dnsmasq --test", ["/etc/dnsmasq.d/*.conf"], one("dnsmasq", "--test", "-C"),
          ("no-resolv", "no-resolve"), quiet=["^dnsmasq: syntax check OK.$"]),
    # A misspelt key is only a warning.
    Check("systemd-analyze verify",
          ["/etc/systemd/system/*.service", "/etc/systemd/system/*.timer",
           "/etc/systemd/system/*.service.d/*.conf",
           "/etc/kubeseed/processes/*.service"],
          lambda path: ["systemd-analyze", "verify", "--man=no",
                        path if "/processes/" in path else unit_of(path)],
          ("RestartSec=", "RestartSecs=")),
    Check("sh -n", ["/usr/lib/kubeseed/*", "/etc/kubeseed/*.env",
                    "/etc/default/etcd"], script_argv, ("\n", "\nif\n")),
    Check("openssl verify", ["*.crt"], certificate_argv,
          ("[^\n](?=[^-]{12}\n-----END)",
           lambda m: "B" if m[0] != "B" else "C"),
          quiet=[": OK$"]),
    Check("ssh-keygen -L", ["/etc/ssh/*-cert.pub"],
          one("ssh-keygen", "-L", "-f"), ("AAAA(?=[A-Za-z0-9+/]*=* )", "AAAB"),
          must=["Type: ssh-ed25519-cert-v01@openssh.com host certificate"],
          quiet=["."]),
    Check("ssh-keygen -y", ["/etc/ssh/*_key"], one("ssh-keygen", "-y", "-f"),
          ("b3BlbnNzaC1r", "b3BlbnNzaC1s"), must=["^ssh-ed25519 "]),
    Check("ssh -G", ["/workstation/ssh_config"],
          lambda path: ["ssh", "-G", "-F", path, "somewhere"],
          ("HostKeyAlias|User", "Whatever"), must=["^userknownhostsfile "],
          quiet=["."]),
    Check("isoinfo", ["/seed.iso"], one("isoinfo", "-d", "-i"),
          ("cidata|CIDATA", "cidada"),
          must=["^Volume id: (cidata|CIDATA)$", "^Joliet .* found$",
                "^Rock Ridge .* found$"], quiet=["."], outside=True),
    Check("blkid", ["/seed.iso"], one("blkid", "-p"), ("\0c\0i\0d", "\0c\0i\0c"),
          must=['LABEL="cidata".* TYPE="iso9660"'], outside=True),
]

# `kubeadm config validate` is there from 1.26 on; this reads and checks the
# same, and warns of keys that it does not know.
KUBEADM = Check("kubeadm config migrate", ["/etc/kubeseed/kubeadm*.yaml"],
                one("kubeadm", "config", "migrate", "--old-config"),
                ("kind: (Init|Join)Configuration", r"\g<0>\nunknown: 1"),
                quiet=["^(?![WEF][0-9]{4} )"])

# The program itself, with all that it is told and "--version" behind it: it ends
# when it has read them. Those of an emulated machine are in the same file.
TAKE_FLAGS = r"""
import json, os, re, subprocess, sys
path = sys.argv[1]
name = "kubelet" if "kubelet" in path else os.path.basename(path).split(".")[0]
flags = []
for line in open(path):
    found = re.fullmatch(r'\s+(?:#emulated )?(?:- )?("?--.*?"?)(?: \\)?\n', line)
    if found:
        flag = found[1]
        if flag.startswith('"'):
            flag = json.loads(flag)
        if path.endswith((".service", ".conf")):
            flag = flag.replace("%%", "%").replace("$$", "$")
        flags.append(flag)
if not flags:
    flags = ["--config=/etc/kubernetes/kube-proxy.yaml"]
done = subprocess.run(["/usr/bin/" + name, *flags, "--version"],
                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print(done.stdout)
sys.exit(done.returncode)
"""

FLAGS = Check("Kubernetes' programs take their flags",
              ["/etc/kubeseed/processes/*",
               "/etc/systemd/system/kubelet.service.d/50-kubeseed.conf"],
              lambda path: ["python3", "-c", TAKE_FLAGS, path],
              ("--(?=advertise-address|leader-elect=)", "--un"),
              must=["^Kubernetes v"],
              quiet=["^Flag --.* has been deprecated", "^ *$"])

# The node's own script, with what it has of others. The spec's payload knows where
# its images are from, so that no name is to be found or put in.
PATCH_PODS = """
set -e
processes=/etc/kubeseed/processes
fit_process() { cat "$processes/$1"; }
keep() { cat >"$1"; }
grep() { return 1; }
sed() { cat; }
mkdir -p /run/kubeseed
. /usr/lib/kubeseed/steps-static.sh
place_process kube-apiserver
place_process kube-scheduler
cat /etc/kubernetes/manifests/*.yaml
"""

POD_PATCHES = Check("a node patches its pods", ["/etc/kubeseed/patches/*"],
                    lambda _: ["sh", "-c", PATCH_PODS],
                    ("spec:", "spec: ["),
                    must=["^ +- --v=3$", "^ +cpu: 50m$",
                          "^ +- --advertise-address=", "^kind: Pod"],
                    quiet=["."])

APPLY_PATCHES = r"""
import os, re, subprocess, sys
os.chdir("/etc/kubeseed")
if not os.path.exists("kubeadm.yaml"):
    sys.exit()
config = open("kubeadm.yaml").read()
said = ""
for part in ("control-plane", "all"), ("etcd", "local"):
    if part[0] == "etcd" and "\n  local:" not in config:
        continue
    done = subprocess.run(
        ["kubeadm", "init", "phase", *part, "--config", "kubeadm.yaml"] + (
            [] if "\npatches:" in config else
            ["--experimental-patches", "patches"]),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said += done.stdout
    if done.returncode:
        sys.exit(said)
wanted = [name for name in os.listdir("patches")
          if not name.startswith(("kubelet", "coredns"))]
if said.count("Applied patch") != len(wanted):
    sys.exit(said + "not applied are some of %s" % wanted)
"""

# kubeadm passes over a file whose name it does not know, and says so in passing:
# all of what is there for static pods must be applied. Only the node that founds
# the cluster has all that it needs for that.
PATCHES = Check("kubeadm's patches", ["/etc/kubeseed/patches/*"],
                lambda _: ["python3", "-c", APPLY_PATCHES],
                ("spec:", "spec: ["))
