# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What the tests with real machines share. A test sources this, sets SPEC and
# STATE, calls `check` for each thing it claims, and ends with `finish`. KIND is
# the kind of the machines, as for `up --machines`.

KUBESEED=${KUBESEED:-build/kubeseed}
KIND=${KIND:-qemu}
passed=0
failed=0

# check WHAT COMMAND...: one assertion; the output shows when it fails.
check() {
  what=$1
  shift
  code=0
  check_began=$(date +%s)
  "$@" >"$WORK/check.out" 2>&1 || code=$?
  took=$(($(date +%s) - check_began))
  [ "$took" -ge 5 ] && took=" ($took s)" || took=
  if [ "$code" -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok - $what$took"
  else
    failed=$((failed + 1))
    echo "not ok - $what$took"
    sed 's/^/    /' "$WORK/check.out"
  fi
}

# must WHAT COMMAND...: as check, but nothing after it makes sense without it.
# What this host lacks altogether (exit status 3) is not the test's failure, if it
# is the first thing asked for; later it may be a disk that is full.
must() {
  before=$failed
  check "$@"
  [ "$failed" -ne "$before" ] || return 0
  [ "$code" -ne 3 ] || [ "$((passed + before))" -ne 0 ] || exit 77
  finish
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# What asks an emulated machine keeps it from answering.
case $KIND in
container) PAUSE=1 ;;
*) PAUSE=3 ;;
esac

# within SECONDS COMMAND...: polls until COMMAND succeeds.
within() {
  deadline=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep "$PAUSE"
  done
}

# kubeseed_at STATE SPEC COMMAND ARGS...
kubeseed_at() {
  at_state=$1
  at_spec=$2
  command=$3
  shift 3
  [ "$command" != up ] || set -- --machines "$KIND" "$@"
  "$KUBESEED" "$command" -C "$at_state" "$at_spec" "$@"
}

ks() {
  kubeseed_at "$STATE" "$SPEC" "$@"
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

# any_header NAME: of one whose image boots any machine. All that take it share one.
any_header() { # NAME
  header "$1" | sed 's/debian: 12, disk: 8G/debian: 13, disk: 3G, kernel: generic, firmware: [firmware-bnx2]/'
}

lay_cable() { # LAUNCHER LAUNCHER
  nsenter -t "$1" -n ip link add cable type veth peer name cable netns "$2" &&
    nsenter -t "$1" -n ip link set cable master kubeseed0 up &&
    nsenter -t "$2" -n ip link set cable master kubeseed0 up
}

# share_network STATE-FOLDER: the machines of this cluster are to be on the network
# of that one's, which are on. No two clusters are by themselves: QEMU is given
# another number than `up` has picked. Containers are switched on here, and a cable
# leads from their bridge to the other one.
share_network() {
  if [ "$KIND" = container ]; then
    ks up --no-wait && lay_cable "$(cat "$STATE"/run/*.pid | head -n 1)" \
      "$(cat "$1"/run/*.pid | head -n 1)"
    return
  fi
  number=$(sed -n 's/^  "mcast": \([0-9]*\),$/\1/p' "$1/run/ports.json")
  [ -n "$number" ] || return 1
  mkdir -p "$WORK/shared" &&
    cat >"$WORK/shared/qemu-system-x86_64" <<QEMU || return
#!/bin/sh
for word; do
  shift
  set -- "\$@" "\$(printf %s "\$word" |
    sed 's/\(mcast=230\.0\.0\.1:\)[0-9]*/\1$number/')"
done
exec $(command -v qemu-system-x86_64) "\$@"
QEMU
  chmod +x "$WORK/shared/qemu-system-x86_64"
  PATH=$WORK/shared:$PATH
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

# not COMMAND...: the command fails.
not() {
  ! "$@"
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

# Not given up for a slower one, be the host as busy as it may. A container's is
# the host's.
clock_is_cheap() { # NODE
  [ "$KIND" = qemu ] || return 0
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

# How many members etcd lists, all of which are started; all of them must answer
# for themselves.
healthy_members() { # NODE
  etcdctl_on "$1" endpoint health --cluster >"$WORK/health" 2>&1 || return 1
  etcdctl_on "$1" member list >"$WORK/members" &&
    awk -F', ' '$2 != "started" { print; exit } END { print NR }' "$WORK/members"
}

leaders() { # NODE
  etcdctl_on "$1" -w json endpoint status --cluster |
    jq '[.[].Status | select(.leader == .header.member_id)] | length'
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
  grep -aq "\"step\":\"$2\",\"state\":\"$3\"" "$STATE/logs/$1.console"
}

# last_step NODE: the last step that its console tells of, and its state.
last_step() {
  sed -n 's/.*"step":"\([^"]*\)","state":"\([^"]*\)".*/\1 \2/p' \
    "$STATE/logs/$1.console" | tail -n 1
}

# in_step NODE STEP: it has begun that step last, and not ended it.
in_step() {
  last_step "$1"
  case $(last_step "$1") in
  "$2 start" | "$2 wait" | "$2 retry") ;;
  *) return 1 ;;
  esac
}

# The machine's process, at once: a step that is to be hit does not last.
pid_of() { # NODE
  pid=$(cat "$STATE/run/$1.pid") &&
    tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qx "run/$1.pid" && echo "$pid"
}

# The signal that pulls the plug of a machine's process. QEMU's writes are safe
# then, and a launcher sees to it that a container's are not.
case $KIND in
container) PULL=USR1 ;;
*) PULL=KILL ;;
esac

# cut_power NODE...: pulls the plugs, all at the same moment.
cut_power() {
  cut_nodes=$*
  set -- "$@" --
  while [ "$1" != -- ]; do
    pid=$(pid_of "$1") && [ -n "$pid" ] || return 1
    shift
    set -- "$@" "$pid"
  done
  shift
  kill -s "$PULL" "$@" && for pid; do
    within 60 gone "$pid" || return 1
  done
  for node in $cut_nodes; do was_real "$node" || return 1; done
}

# Nothing that was written unsynced has outlived a container's power cut. Its
# launcher begins its words anew with each start.
was_real() { # NODE
  [ "$KIND" = container ] || return 0
  [ -f "$STATE/logs/$1.container" ] &&
    ! grep 'not a real one' "$STATE/logs/$1.container"
}

gone() { # PID
  ! kill -0 "$1" 2>/dev/null
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

# quickly SECONDS COMMAND...: as within, for what is over soon.
quickly() {
  old_pause=$PAUSE
  PAUSE=0.1
  within "$@"
  quick=$?
  PAUSE=$old_pause
  return "$quick"
}

# ---- Machines that `up` does not start ----

# As it has them, but for the processor, which is QEMU's own.
ACCEL=tcg,thread=single
! grep -qEw 'vmx|svm' /proc/cpuinfo || [ ! -w /dev/kvm ] || ACCEL=kvm

# power_on NAME ARGS...: with these devices. $STATE/NAME.qmp is where orders go to.
power_on() {
  name=$1
  shift
  mkdir -p "$STATE/logs"
  : >"$STATE/logs/$name.console"
  qemu-system-x86_64 -nodefaults -display none -accel "$ACCEL" -m 1024 \
    -serial "file:$STATE/logs/$name.console" \
    -qmp "unix:$STATE/$name.qmp,server=on,wait=off" "$@" &
  echo $! >"$STATE/$name.pid"
}

power_off() { # NAME
  kill "$(cat "$STATE/$1.pid")" && rm "$STATE/$1.pid"
}

all_off() {
  for file in "$STATE"/*.pid; do
    [ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || :
  done
}

# ---- Containers ----

# has_file NODE PATH: on the disk of a container, asked without a program in it,
# so that it is known at once.
has_file() {
  launcher=$(cat "$STATE/run/$1.pid") &&
    init=$(cut -d ' ' -f 1 "/proc/$launcher/task/$launcher/children") &&
    [ -n "$init" ] && [ -e "/proc/$init/root$2" ]
}

# bridge NODE COMMAND...: beside the bridge that the machines are plugged into.
bridge() {
  launcher=$(cat "$STATE/run/$1.pid") || return
  shift
  nsenter -t "$launcher" -n "$@"
}

# The end of a node's cable that is plugged into the bridge.
plug_of() { # NODE
  "$KUBESEED" --json plan "$SPEC" | python3 -c 'import json, sys
for n in json.load(sys.stdin)["nodes"]:
  if n["name"] == sys.argv[1]: print("v" + n["mac"].replace(":", ""))' "$1"
}

# How long the machines that run have been on, in seconds.
seconds_on() {
  for file in "$STATE"/run/*.pid; do
    ps -o etimes= -p "$(cat "$file")"
  done | sort -n | tail -n 1 | tr -d ' '
}

# ---- A log of writes ----

# Somebody on the machines' network writes one key after the other through the
# endpoint's address. $WORK/acknowledged has a line for each that was, with the
# second; what was not counts for nothing.
writer_start() { # NODE
  [ -x "$KUBECTL" ] || unpack_kubectl || return
  bridge "$1" ip addr replace 192.168.4.250/24 dev kubeseed0 || return
  : >"$WORK/acknowledged"
  writes=$((${writes:-0} + 1))
  launcher=$(cat "$STATE/run/$1.pid")
  nsenter -t "$launcher" -n sh -c '
    i=0
    while :; do
      i=$((i + 1))
      "$1" --kubeconfig "$2/admin.conf" --request-timeout 5s \
        create configmap "$3-$i" >/dev/null 2>&1 &&
        echo "$3-$i $(date +%s)" >>"$4/acknowledged"
    done' - "$KUBECTL" "$STATE" "w$writes" "$WORK" &
  writer=$!
}

acknowledged() { # COUNT: at least so many writes have been
  [ "$(wc -l <"$WORK/acknowledged")" -ge "$1" ]
}

acknowledged_since() { # SECOND
  [ "$(tail -n 1 "$WORK/acknowledged" | cut -d ' ' -f 2)" -gt "$1" ]
}

writer_stop() {
  [ -n "${writer:-}" ] || return 0
  kill -KILL "$writer"
  wait "$writer" 2>/dev/null
  writer=
}

# Whatever was acknowledged is there.
nothing_is_lost() {
  kube get configmaps -o name | sed 's,.*/,,' | sort >"$WORK/there" || return 1
  cut -d ' ' -f 1 "$WORK/acknowledged" | sort >"$WORK/promised"
  echo "$(wc -l <"$WORK/promised") writes were acknowledged; lost:"
  ! comm -23 "$WORK/promised" "$WORK/there" | grep .
}
