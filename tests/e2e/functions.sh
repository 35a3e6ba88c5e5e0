# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What the end-to-end tests share. A test sources this, sets SPEC and STATE,
# calls `check` for each thing it claims, and ends with `finish`.

KUBESEED=${KUBESEED:-build/kubeseed}
passed=0
failed=0

# check WHAT COMMAND...: one assertion; the output shows when it fails.
check() {
  what=$1
  shift
  if "$@" >"$WORK/check.out" 2>&1; then
    passed=$((passed + 1))
    echo "ok - $what"
  else
    failed=$((failed + 1))
    echo "not ok - $what"
    sed 's/^/    /' "$WORK/check.out"
  fi
}

# must WHAT COMMAND...: as check, but nothing after it makes sense without it.
must() {
  before=$failed
  check "$@"
  [ "$failed" -eq "$before" ] || finish
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# within SECONDS COMMAND...: polls until COMMAND succeeds.
within() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 3
  done
}

ks() {
  command=$1
  shift
  "$KUBESEED" "$command" -C "$STATE" "$SPEC" "$@"
}

# header NAME: the beginning of a test's own spec.
header() { # NAME
  cat <<SPEC
apiVersion: kubeseed/v1
kind: Cluster
name: $1
kubernetes: {version: 1.20.2, payload: debian}
image: {debian: 12, disk: 8G}
network: {domain: kube.demo, subnet: 192.168.4.0/24}
SPEC
}

# share_network STATE-FOLDER: the machines of this cluster are to be on the
# network of that one's, which has been on before.
share_network() {
  mkdir -p "$STATE/run" &&
    sed -n 's/^  "mcast": \([0-9]*\),$/{"mcast": \1}/p' \
      "$1/run/ports.json" >"$STATE/run/ports.json" &&
    test -s "$STATE/run/ports.json"
}

# says NODE TEXT: on its console.
says() {
  grep -qF "$2" "$STATE/logs/$1.console"
}

# on NODE SCRIPT: runs a shell script there as root.
on() {
  printf '%s\n' "$2" | ks ssh "$1" -- sudo sh -eu
}

# The kubectl of the payload. Run in a node it would cost that node more than
# what it asks for.
KUBECTL=$WORK/kubectl/usr/bin/kubectl
unpack_kubectl() {
  for deb in "${XDG_CACHE_HOME:-$HOME/.cache}"/kubeseed/payload/*/debs/kubectl_*; do
    dpkg-deb -x "$deb" "$WORK/kubectl" && return
  done
}

# kube ARGS...: kubectl, at the API server of KUBE_NODE.
kube() {
  [ -x "$KUBECTL" ] || unpack_kubectl || return
  "$KUBECTL" --kubeconfig "$STATE/qemu.conf" --request-timeout 60s \
    --context "${KUBE_NODE:-kube-mast01}" "$@"
}

# equals EXPECTED COMMAND...: the command's output is exactly that.
equals() {
  expected=$1
  shift
  actual=$("$@") || return 1
  echo "expected: $expected"
  echo "actual:   $actual"
  [ "$actual" = "$expected" ]
}

# Not given up for a slower one, be the host as busy as it may.
clock_is_cheap() { # NODE
  on "$1" "grep -Ex 'tsc|kvm-clock' \
    /sys/devices/system/clocksource/clocksource0/current_clocksource"
}

all_ready() { # COUNT
  [ "$(kube get nodes --no-headers | awk '$2 == "Ready"' | wc -l)" -eq "$1" ]
}

running_pods() { # COMPONENT
  kube get pods -n kube-system --no-headers | awk -v c="^$1-" \
    '$1 ~ c && $3 == "Running"' | wc -l
}

etcdctl_on() { # NODE ARGS...
  etcd_node=$1
  shift
  on "$etcd_node" "ETCDCTL_API=3 etcdctl --endpoints https://127.0.0.1:2379 \
    --dial-timeout 20s --command-timeout 60s \
    --cacert /etc/kubernetes/pki/etcd/ca.crt \
    --cert /etc/kubernetes/pki/apiserver-etcd-client.crt \
    --key /etc/kubernetes/pki/apiserver-etcd-client.key $*"
}

# How many members etcd lists as started; all of them must answer for
# themselves.
healthy_members() { # NODE
  etcdctl_on "$1" endpoint health --cluster >"$WORK/health" 2>&1 || return 1
  etcdctl_on "$1" member list | grep -c ', started, '
}

leaders() { # NODE
  etcdctl_on "$1" endpoint status --cluster |
    awk -F', ' '$5 == "true"' | wc -l
}

# holders VIP NODE...: how many of the nodes have the address.
holders() {
  vip=$1
  shift
  n=0
  for node in "$@"; do
    if on "$node" "ip -4 -o addr" | grep -q " $vip/"; then n=$((n + 1)); fi
  done
  echo "$n"
}

# step_reached NODE STEP STATE: as the node's console tells.
step_reached() {
  grep -q "\"step\":\"$2\",\"state\":\"$3\"" "$STATE/logs/$1.console"
}

pid_of() { # NODE
  "$KUBESEED" --json status -C "$STATE" "$SPEC" |
    python3 -c 'import json,sys
for n in json.load(sys.stdin)["nodes"]:
  if n["name"] == sys.argv[1]: print(n["pid"])' "$1"
}

# Pulls the plug: SIGKILL to the machine's QEMU.
cut_power() { # NODE
  pid=$(pid_of "$1") && [ -n "$pid" ] && kill -KILL "$pid"
}

# The node that has the endpoint's address.
holder() { # VIP NODE...
  vip=$1
  shift
  for node in "$@"; do
    if on "$node" "ip -4 -o addr" 2>/dev/null | grep -q " $vip/"; then
      echo "$node"
      return
    fi
  done
  return 1
}

# A write through the address, from NODE; only an acknowledged one counts. One
# whose answer was lost is there when it is asked for.
write_key() { # NODE NAME
  on "$1" "kubectl --kubeconfig /etc/kubernetes/admin.conf \
    --request-timeout 20s create configmap $2" ||
    on "$1" "kubectl --kubeconfig /etc/kubernetes/admin.conf \
      --request-timeout 20s get configmap $2"
}

answers_through_vip() { # NODE VIP
  on "$1" "curl -sf --max-time 5 --cacert /etc/kubernetes/pki/ca.crt \
    https://$2:6443/readyz" | grep -qx ok
}
