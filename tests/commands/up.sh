# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Machines that only pretend (tests/bin/qemu-system-x86_64): what `up` tells while
# it waits and at each end of it, what `status` shows of machines that are on, and
# that of what is typed at a console.

spec here ''
# Nothing of the user's own images is looked at.
XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME
image=$work/here.qcow2
qemu-img create -q -f qcow2 "$image" 64M || exit 1

event() { # STEP STATE: a line by which each machine tells how far it is
  printf '@kubeseed {"node":"@NODE@","step":"%s","state":"%s","uptime":9}' "$1" "$2"
  echo
}
starting=$(event network start | sed 's/}$/,"message":"for m1"}/')
ready=$(event ready 'done')

up() { # TEXT ARGS...: with machines that say TEXT; what it tells is in said
  FAKE_QEMU_CONSOLE="$1
"
  export FAKE_QEMU_CONSOLE
  shift
  timeout 20 "$kubeseed" up -C "$work/here" --image "$image" "$work/here.yaml" \
    "$@" >"$work/told" 2>"$work/said"
  status=$?
  cat "$work/told" "$work/said"
  return $status
}

off() {
  ks here down --now
}

given() { # on|off WORDS...: whether QEMU restricts the machine m2 with them
  restricted=$1
  shift
  off && up "$ready" "$@" m2 && cat "$work/here/run/m2.argv" &&
    grep -q "^user,.*,restrict=$restricted," "$work/here/run/m2.argv"
}

status() { # NODE...: for programs
  ks here status --json "$@" >"$work/json" 2>"$work/said"
  status=$?
  cat "$work/json" "$work/said"
  return $status
}

becomes() { # COMMAND...: it succeeds within ten seconds
  tenths=100
  until "$@"; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || return 1
    sleep 0.1
  done
}

suggests() { # COMMAND ARGS...: at the end, with the same state
  grep -qx "  kubeseed $1 -C $work/here $work/here.yaml${2:+ $2}" "$work/told"
}

# ---- It becomes ready ----

all_ready() {
  up "$ready" || return
  grep -qx 'demo: 3 of 3 nodes are ready after [0-9]* s' "$work/told" &&
    suggests ssh dead1 && suggests down &&
    grep -qx "  kubectl --kubeconfig $work/here/qemu.conf get nodes" \
      "$work/told" && grep -q 'm3 is switched on' "$work/said" &&
    grep -q 'm3 ready done' "$work/said" || return
  # KVM is faster than containers are, emulation is not.
  case $(cat "$work/said") in
  *"under KVM"*) ! grep "six times" "$work/said" ;;
  *) grep -q "six times" "$work/said" ;;
  esac
}
check "up tells when all are ready, and what next" all_ready

again() {
  up "" && grep -q "3 of 3 machines run already" "$work/said" &&
    grep -q "3 of 3 nodes are ready" "$work/told"
}
check "up of what runs looks at it again" again

ports_of() { # JQ
  jq -r "$1" "$work/here/run/ports.json"
}
shown() {
  ks here status >"$work/told" || return
  cat "$work/told"
  grep -q '^m2 .*ready' "$work/told" && ! grep -E ' (off|not here) ' "$work/told" &&
    grep -qx "m2: process $(cat "$work/here/run/m2.pid"), ssh on 127.0.0.1:$(
      ports_of .nodes.m2.ssh), API on 127.0.0.1:$(ports_of .nodes.m2.api)" \
      "$work/told"
}
check "status shows processes and ports" shown

for_programs_here() {
  status || return
  jq -e --argjson ssh "$(ports_of .nodes.m2.ssh)" \
    --argjson api "$(ports_of .nodes.m2.api)" \
    --argjson pid "$(cat "$work/here/run/m2.pid")" '.ready and .nodes[1] == {
      name: "m2", role: "control-plane", running: true, ready: true, state: "done",
      uptime: 9, boots: 1, step: "ready", message: null, pid: $pid, sshPort: $ssh,
      apiPort: $api}' "$work/json" && status m3 &&
    jq -e '.ready and [.nodes[].name] == ["m3"]' "$work/json"
}
check "status --json does, of one node as well" for_programs_here

# By its own ports, with its own host key.
reached() {
  sed -n '/^Host m2 /,/^Host m3 /p' "$work/here/ssh_config" >"$work/part"
  cat "$work/part"
  [ "$(stat -c %a "$work/here/ssh_config")" = 600 ] &&
    grep -qx "  HostName 127.0.0.1" "$work/part" &&
    grep -qx "  Port $(ports_of .nodes.m2.ssh)" "$work/part" &&
    grep -qx "  HostKeyAlias m2" "$work/part" &&
    ks here ssh m2 -- df -h </dev/null && grep -q ' m2 df -h$' \
    "$FAKE_SSH_DIR/m2.argv" && python3 - "$work/here/qemu.conf" \
    "$(ports_of .nodes.m3.api)" <<'PY'
import sys
import yaml
conf = yaml.safe_load(open(sys.argv[1]))
context, = (c["context"] for c in conf["contexts"] if c["name"] == "m3")
cluster, = (c["cluster"] for c in conf["clusters"]
            if c["name"] == context["cluster"])
assert cluster["server"] == "https://127.0.0.1:" + sys.argv[2], cluster
PY
}
check "ssh and kubectl reach each by its ports" reached

# ---- The console ----

# What is typed comes back from the machine; what follows Ctrl-] does not reach it.
# shellcheck disable=SC2094 # it is waited for there, and not read
typed() {
  {
    printf 'hello\n'
    becomes grep -qx hello "$work/screen" >&2
    printf 'bye\035never'
  } | timeout 20 "$kubeseed" console -C "$work/here" "$work/here.yaml" m2 \
    >"$work/screen" 2>"$work/said"
  status=$?
  cat "$work/screen" "$work/said"
  [ "$status" -eq 0 ] && grep -q 'Ctrl-] leaves' "$work/said" &&
    grep -qx 'left m2' "$work/said" &&
    becomes grep -q '^bye' "$work/here/logs/m2.console" &&
    ! grep never "$work/here/logs/m2.console"
}
check "a console passes on what is typed, up to Ctrl-]" typed

# A terminal sends each key at once, Ctrl-C as well, and is as before afterwards.
keys() {
  : >"$work/screen"
  {
    printf 'raw'
    becomes grep -q raw "$work/here/logs/m3.console" >&2
    printf '\003'
    becomes grep -q "$(printf 'raw\003')" "$work/here/logs/m3.console" >&2
    printf '\035'
  } | TERM=xterm timeout 20 python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' \
    sh -c '"$@"; echo "exit status $?"; stty -a' sh "$kubeseed" console \
    -C "$work/here" "$work/here.yaml" m3 >"$work/screen"
  cat -v "$work/screen"
  grep -q 'exit status 0' "$work/screen" &&
    grep -q ' icanon' "$work/screen" && grep -q '^isig' "$work/screen" &&
    grep -q "$(printf 'raw\003')" "$work/here/logs/m3.console"
}
check "a terminal sends each key, and is as before afterwards" keys

goes_with_it() {
  mkfifo "$work/nothing-typed"
  : >"$work/said"
  timeout 20 "$kubeseed" console -C "$work/here" "$work/here.yaml" m2 \
    <"$work/nothing-typed" >"$work/screen" 2>"$work/said" &
  exec 8>"$work/nothing-typed"
  becomes grep -q leaves "$work/said" && off && wait $!
  status=$?
  exec 8>&-
  cat "$work/said"
  [ "$status" -eq 0 ] && grep -qx 'left m2' "$work/said"
}
check "a console ends with its machine" goes_with_it
check "there is none of a machine that is off" \
  soon_fails "m2 is off; its log: --log" \
  "$kubeseed" console -C "$work/here" "$work/here.yaml" m2
check "its log is there" ks here console m2 --log
check "a node that was never on has none" \
  soon_fails "dead1 has no console log: it was never" \
  "$kubeseed" console -C "$work/offline" "$work/offline.yaml" dead1 -l

# ---- Other ends ----

goes_on() {
  up "$starting" --timeout 0.01 m2
  [ $? -eq 1 ] && grep -qF "only 0 of 1 nodes are ready after 0.01 min; the \
machines go on, \`kubeseed status -C $work/here $work/here.yaml\`" "$work/said"
}
check "up that waits no longer says what goes on" goes_on
# Says where it stands, and of a node without news nothing.
not_ready() {
  status m2
  [ $? -eq 1 ] && grep -q "0 of 1 nodes are ready" "$work/said" &&
    jq -e '(.ready | not) and .nodes[0].running and (.nodes[0].ready | not) and
      .nodes[0].state == "start" and .nodes[0].message == "for m1"' \
      "$work/json" || return
  status dead1
  [ $? -eq 1 ] && jq -e '.nodes[0] | .state == "off" and .pid == null' \
    "$work/json"
}
check "status of what is not ready fails, and says how far it is" not_ready
fails_beside() {
  FAKE_QEMU_FAIL='no such card' up "" --no-wait m2 m3
  [ $? -eq 1 ] && grep -q "no such card" "$work/said" &&
    grep -q "1 of 2 machines are on and go on" "$work/said"
}
check "up that fails says what goes on" fails_beside
check "it is switched off" off

dies() {
  FAKE_QEMU_DIE=1 up "$starting" m2
  [ $? -eq 1 ] && grep -q "m2 has ended; its QEMU said:" "$work/said" &&
    grep -q "fake QEMU: end of its time" "$work/said"
}
check "a machine that ends while it is waited for is told with its last words" dies

child_of() { # PID
  tr -d ' ' <"/proc/$1/task/$1/children"
}

# Whoever ends `up` ends no machine; while it waits it holds nothing.
ended_by() { # SIGNAL
  up "$starting" m2 &
  waiting=$!
  becomes grep -q 'm2 is switched on' "$work/said" &&
    becomes flock -n "$work/here/lock" true || return
  # Below the subshell is timeout(1), and below that `up`.
  kill "-$1" "$(child_of "$(child_of "$waiting")")" || return
  wait "$waiting"
  [ $? -eq 1 ] && grep -q "interrupted with 0 of 1 nodes ready" "$work/said" &&
    kill -0 "$(cat "$work/here/run/m2.pid")" && off
}
for signal in INT TERM HUP; do
  : >"$work/said"
  check "up ends by SIG$signal, its machines do not" ended_by $signal
done

killed() {
  : >"$work/said"
  up "$starting" m2 &
  waiting=$!
  becomes grep -q 'm2 is switched on' "$work/said" &&
    kill -KILL "$(cat "$work/here/run/m2.pid")" || return
  wait "$waiting"
  [ $? -eq 1 ] && cat "$work/said" && grep -qF "m2 has ended, its QEMU without \
a word; its last lines: \`kubeseed console -C $work/here $work/here.yaml m2 --log\`" \
    "$work/said"
}
check "one that is killed has no last words" killed

in_order() {
  up "" --no-wait --order m3,m2 --stagger 0.4 m2 m3 || return
  grep -o 'm[23] is switched on' "$work/said" | tr -d '\n' |
    grep -qx 'm3 is switched onm2 is switched on' &&
    grep -qF "the machines are on; \`kubeseed status -C $work/here" "$work/said"
}
check "up starts them in the order that is asked for" in_order
check "they are switched off" off

quietly() {
  up "$ready" -q m2 && [ ! -s "$work/told" ] && [ ! -s "$work/said" ]
}
check "up -q says nothing" quietly
quietly_late() {
  up "" -q --timeout 0.01 m2 m3
  [ $? -eq 1 ] && grep -q "^kubeseed: only 1 of 2 nodes are ready" "$work/said"
}
check "but what has failed" quietly_late
check "they are switched off once more" off

# With a way out when it is told so, and each time anew.
check "up --internet gives a way out" given off --internet
check "and tells that nobody there answers for names" \
  grep -q 'nodes ask 192.168.4.1 for names, .*10.0.2.3' "$work/said"
late() {
  up "$ready" --internet && grep -q 'those that run already keep' "$work/said" &&
    grep -q '^user,.*,restrict=off,' "$work/here/run/m3.argv"
}
check "up --internet tells of what runs already" late
check "there is none without" given on
check "and off again" off

# Another Kubernetes, of which not even the key is there.
with_disks() {
  sed 's/payload: debian/payload: {key: none.asc}/; s/1\.20\.2/1.34.2/' \
    "$work/here.yaml" >"$work/keyless.yaml" &&
    timeout 20 "$kubeseed" up --no-wait -C "$work/here" "$work/keyless.yaml" m2
}
check "a machine that has a disk needs neither image nor payload" with_disks
check "all is put away" ks here destroy --all --yes

# ---- What was begun in reach.sh ----

# A pod is started when all else is well, or in the last round.
is_patient() {
  has_failed patient "checks fail so far (dead1 does not answer ssh" &&
    [ "$(grep -c 'asking again' "$work/said")" -eq 1 ] &&
    [ "$(grep -c '^IMAGE=' "$work/ssh.patient/m2.script")" -eq 1 ] &&
    grep -q '<testsuite .* time="1[0-9]' "$work/patient.xml"
}
check "verify --wait asks again, and starts pods at the end" is_patient
