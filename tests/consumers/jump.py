# SPDX-License-Identifier: GPL-3.0-or-later
"""A jump host: `kubeseed ssh` to a node behind it, with OpenSSH's own client and
servers, which have the seeds' keys and certificates."""
import os
import subprocess

import yaml

from api_server import LOADER, wait_for

ADDRESSES = ("192.168.4.61", "192.168.4.32")
SPEC = """apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: 1.20.2, payload: debian}
network: {subnet: 192.168.4.0/24}
nodes:
  - {name: m1, address: 192.168.4.61}
  - {name: busybox, role: jump, address: 192.168.4.32}
"""


def place_user(place, data):
    """The spec's first user, as cloud-init makes it."""
    user = next(u for u in yaml.load(data, LOADER)["users"]
                if isinstance(u, dict))
    status, said = place.run(["useradd", "-m", "-s", "/bin/sh", user["name"]])
    if status != 0:
        raise RuntimeError(said)
    # No password, and not locked.
    place.run(["usermod", "-p", "*", user["name"]])
    folder = "/home/%s/.ssh" % user["name"]
    os.makedirs(place.path + folder)
    with open(place.path + folder + "/authorized_keys", "w", encoding="utf-8") as f:
        f.write("\n".join(user["ssh_authorized_keys"]) + "\n")
    place.run(["chown", "-R", user["name"] + ":", folder])
    place.run(["chmod", "-R", "go=", folder])


def serve(place, address, log):
    os.makedirs(place.path + "/run/sshd", exist_ok=True)
    with open(log, "wb") as out:
        return subprocess.Popen(
            ["chroot", place.path, "/usr/sbin/sshd", "-D", "-e", "-o",
             "ListenAddress=" + address, "-o", "UsePAM=no", "-o",
             "LogLevel=VERBOSE", "-o", "PidFile=none"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def login(kubeseed, work, *argv):
    done = subprocess.run([kubeseed, "ssh", "-C", work + "/state",
                           work + "/spec.yaml", *argv], check=False, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    return done.returncode, done.stdout + done.stderr


def faults_of(kubeseed, work, logs, servers):
    status, said = login(kubeseed, work, "m1", "--", "echo", "here-is", "m1")
    faults = [] if status == 0 and "here-is m1" in said else [said] + [
        read(log) for log in logs.values()]
    if read(logs["busybox"]).count("Accepted publickey") != 1 or \
            read(logs["m1"]).count("Accepted publickey") != 1:
        faults.append("it is no way by the jump host")
    # Another machine at the node's address is not believed, whoever leads there.
    servers["m1"].terminate()
    servers["m1"].wait()
    return faults


def check(work, kubeseed, call, read_node, place_of, count):
    os.makedirs(work)
    call("ip", "link", "set", "lo", "up")
    for address in ADDRESSES:
        call("ip", "address", "add", address + "/32", "dev", "lo")
    with open(work + "/spec.yaml", "w", encoding="utf-8") as f:
        f.write(SPEC)
    call(kubeseed, "-q", "-C", work + "/state", "seed", work + "/spec.yaml")
    servers, logs = {}, {}
    try:
        for name, address in zip(("m1", "busybox"), ADDRESSES):
            files = read_node("jump", None, "%s/state/seeds/%s.iso" % (
                work, name)).files
            place = place_of(files)
            place_user(place, files["/seed/user-data"][1])
            logs[name] = "%s/%s.log" % (work, name)
            servers[name] = serve(place, address, logs[name])
        wait_for("sshd", 60, lambda: all("Server listening" in read(log)
                                         for log in logs.values()))
        faults = faults_of(kubeseed, work, logs, servers)
        # The jump host's own server, with its key, at the node's address.
        other = "%s/other.log" % work
        servers["other"] = serve(place, "192.168.4.61", other)
        wait_for("sshd", 60, lambda: "Server listening" in read(other))
        status, said = login(kubeseed, work, "m1", "--", "true")
        if status == 0 or "Host key verification failed" not in said:
            faults.append("another host is taken for m1: " + said)
    finally:
        for server in servers.values():
            server.kill()
        for address in ADDRESSES:
            call("ip", "address", "del", address + "/32", "dev", "lo")
    count.add("ssh", "a node behind a jump host", faults)
