#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A gateway between the networks of a cluster: control plane, worker, load balancer and
# jump host are each in another one, two of them VLANs on one of its cards. The gateway
# is switched on last, and later its power fails.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/gateway.yaml
ASK=$PWD/tests/bin/ask-network
VIP=192.168.4.20
cat >"$SPEC" <<'SPEC'
apiVersion: kubeseed/v1
kind: Cluster
name: gateway
kubernetes: {version: 1.20.2, payload: debian}
image: {debian: 12, disk: 8G}
network:
  domain: kube.demo
  subnet: 192.168.1.0/24
  gateway: 192.168.1.254
  dns: [192.168.1.1]
  cni: vxlan
  subnets:
    - {subnet: 192.168.2.128/25, gateway: 192.168.2.254}
    - {subnet: 192.168.4.0/27, gateway: 192.168.4.30}
    - {subnet: 192.168.4.32/27, gateway: 192.168.4.62}
    - {subnet: 192.168.4.128/25, gateway: 192.168.4.254}
endpoint: {address: 192.168.4.20, provider: haproxy}
gateway:
  wan: wan
  dhcp:
    - {first: 192.168.1.100, last: 192.168.1.250}
    - {interface: node, first: 192.168.2.200, last: 192.168.2.250}
nodes:
  - name: gate-node01
    role: gateway
    address: 192.168.1.1
    moreAddresses: [192.168.1.254]
    interfaces:
      - {name: wan, mac: 52:54:00:a5:00:01, address: 203.0.113.2/24, gateway: 203.0.113.1}
      - {name: node, mac: 52:54:00:a5:00:02, address: 192.168.2.129/25,
         moreAddresses: [192.168.2.254]}
      - {name: dmz, mac: 52:54:00:a5:00:03}
      - {name: floating, vlan: 41, link: dmz, address: 192.168.4.1/27,
         moreAddresses: [192.168.4.30]}
      - {name: jump, vlan: 42, link: dmz, address: 192.168.4.33/27,
         moreAddresses: [192.168.4.62]}
      - {name: hapx, vlan: 43, link: dmz, address: 192.168.4.129/25,
         moreAddresses: [192.168.4.254]}
  - {name: busybox, role: jump, address: 192.168.4.34, memory: 512M}
  - name: hapx-node01
    role: load-balancer
    address: 192.168.4.131
    memory: 1G
    interfaces: [{name: floating, vlan: 41, address: 192.168.4.21/27}]
  - {name: kube-mast01, role: control-plane, address: 192.168.1.31, memory: 3G}
  - {name: kube-node01, role: worker, address: 192.168.2.131, memory: 2G}
SPEC

# What is beyond the gateway: an address on the wire of its card that leads out, where
# each is told who asks.
answer_outside() {
  bridge gate-node01 ip addr replace 203.0.113.1/24 dev net-cb007100-24 || return
  bridge gate-node01 ip link set lo up
  bridge gate-node01 ip route replace 192.168.0.0/16 via 203.0.113.2
  # Its own process, so that it can be ended.
  nsenter -t "$(cat "$STATE/run/gate-node01.pid")" -n "$ASK" serve 8000 &
  outside=$!
}

# It says so to whoever connects, and reads nothing.
seen_outside_as() { # NODE ADDRESS
  equals "$2" on "$1" "timeout 5 bash -c 'cat </dev/tcp/203.0.113.1/8000'"
}

# A machine that is no node, on the network of that bridge.
stranger_is_told() { # BRIDGE WORDS
  unshare -n sleep 60 &
  stranger=$!
  launcher=$(cat "$STATE/run/gate-node01.pid")
  within 5 differ "$stranger" "$$"
  nsenter -t "$launcher" -n ip link add stranger type veth \
    peer name eth0 netns "$stranger" &&
    nsenter -t "$launcher" -n ip link set stranger up master "$1" &&
    nsenter -t "$stranger" -n ip link set eth0 up &&
    nsenter -t "$stranger" -n "$ASK" dhcp eth0 >"$WORK/told"
  told=$?
  kill "$stranger"
  cat "$WORK/told"
  [ "$told" -eq 0 ] && grep -qxE "$2" "$WORK/told"
}

differ() { # PID PID: they are in different networks
  [ "$(readlink "/proc/$1/ns/net")" != "$(readlink "/proc/$2/ns/net")" ]
}

# By ssh to the jump host, and from there on; both show their certificates.
through_jump_host() { # NODE COMMAND...
  node=$1
  shift
  ssh -F "$STATE/ssh_config" -o "HostName=$node.kube.demo" -o Port=22 \
    -o "ProxyCommand=ssh -F '$STATE/ssh_config' busybox -W %h:%p" "$node" "$@"
}

has_names() { # NODE
  on "$1" "for name in gate-node01 busybox hapx-node01 kube-mast01 kube-node01; do
    getent -s dns hosts \$name.kube.demo
  done" | awk '{ print $1 }' | paste -s -d ' ' | tee /dev/stderr |
    grep -qx '192.168.1.1 192.168.4.34 192.168.4.131 192.168.1.31 192.168.2.131'
}

outside=
trap '[ -z "$outside" ] || kill $outside' EXIT
must "all but the gateway are switched on" \
  ks up --no-wait busybox hapx-node01 kube-mast01 kube-node01
check "the control plane waits for the way to its endpoint" within 200 \
  in_step kube-mast01 kubeadm-init
must "the gateway comes, and all are ready" ks up
echo "$(seconds_on) s from power-on until the last was ready"
must "somebody answers outside" answer_outside
check "the cluster is what the spec says" ks verify --wait 300
check "the endpoint's address is on a VLAN" on hapx-node01 \
  "ip -4 -o addr show dev floating | grep -w $VIP"
check "each node finds the others' names" has_names kube-node01
check "so does the jump host" has_names busybox
check "who goes out has the gateway's address there" seen_outside_as kube-mast01 203.0.113.2
check "from the networks behind VLANs as well" seen_outside_as busybox 203.0.113.2
check "nobody comes in from outside" not bridge gate-node01 \
  curl -sk --max-time 3 https://192.168.1.31:6443/readyz
check "nor asks names there" not bridge gate-node01 "$ASK" dns 203.0.113.2 kube-mast01.kube.demo
check "a machine without an address gets one" stranger_is_told kubeseed0 \
  "192.168.1.(1[0-9][0-9]|2[0-4][0-9]|250) 255.255.255.0 192.168.1.255 router 192.168.1.254 dns 192.168.1.1 .*"
check "and another network's there, with its broadcast address" \
  stranger_is_told net-c0a80280-25 \
  "192.168.2.2[0-5][0-9] 255.255.255.128 192.168.2.255 router 192.168.2.129 dns 192.168.2.129 .*"
check "through the jump host one comes to the others" equals kube-mast01 \
  through_jump_host kube-mast01 uname -n
check "who is a stranger to the cluster's SSH CA is told" not \
  through_jump_host kube-mast01 -o HostKeyAlias=stranger uname -n

kill "$outside"
outside=
must "power cut of the gateway" cut_power gate-node01
check "nobody finds a name" not has_names kube-node01
must "it comes back" ks up
must "somebody answers outside" answer_outside
check "the cluster is what the spec says again" ks verify --wait 300
check "each node finds the others' names again" has_names kube-node01
check "and the way out" seen_outside_as kube-node01 203.0.113.2
check "the machines are switched off" ks down --now
finish
