# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Machines that are off or do not answer: nobody waits for them, and nobody who
# waits holds the state.

# 192.168.4.41 and .42 take connections and say nothing; ssh to them would take
# a minute.
cat >"$work/mute.yaml" <<SPEC
apiVersion: kubeseed/v1
kind: Cluster
name: mute
kubernetes: {version: 1.20.2, payload: debian}
network: {subnet: 192.168.4.0/24}
nodes:
  - {name: silent1, role: control-plane, address: 192.168.4.41}
  - {name: silent2, role: control-plane, address: 192.168.4.42}
  - {name: dead3, role: control-plane, address: 192.168.4.43}
SPEC

soon() { # COMMAND...: it ends within 20 s, or LIMIT
  timeout "${LIMIT:-20}" "$@"
  status=$?
  [ "$status" -ne 124 ] || echo "not within ${LIMIT:-20} s"
  return $status
}

soon_fails() { # WORDS COMMAND...
  words=$1
  shift
  exits 1 soon "$@" >"$work/said" 2>&1 || {
    cat "$work/said"
    return 1
  }
  cat "$work/said"
  grep -q "$words" "$work/said"
}

begins() { # NAME ARGS...
  name=$1
  shift
  soon "$kubeseed" "$@" >"$work/$name.said" 2>&1 &
  echo $! >"$work/$name.pid"
}

has_failed() { # NAME WORDS
  exits 1 wait "$(cat "$work/$1.pid")"
  result=$?
  cp "$work/$1.said" "$work/said"
  cat "$work/said"
  [ "$result" -eq 0 ] && grep -q "$2" "$work/said"
}

seed_says() {
  soon "$kubeseed" seed -C "$work/mute" "$work/mute.yaml" silent1 \
    >"$work/said" 2>&1 || return 1
  cat "$work/said"
  tail -n 1 "$work/said" | grep -q "no control plane answers"
}
check "seed of a node before any is on does not wait, and tells the end" seed_says
sed 's/^pki:.*//; /^network/a etcd: {mode: stacked}\npki: {mode: copied}' \
  "$work/mute.yaml" >"$work/mute-copied.yaml"
check "seed of that with keys of the first node" \
  "$kubeseed" seed -C "$work/mute-copied" "$work/mute-copied.yaml"

# Of this one's nodes the first is off, and the others say nothing of themselves.
spec patient ''
check "seed of a cluster that is waited for" ks patient seed
mkdir "$work/ssh.patient"
for node in m2 m3; do
  echo "@section end" >"$work/ssh.patient/$node.answer"
done

# All at once, since each waits; this one until up.sh has ended.
FAKE_SSH_DIR=$work/ssh.patient LIMIT=60 begins patient verify --wait 15 \
  --junit "$work/patient.xml" -C "$work/patient" "$work/patient.yaml"
begins ssh ssh -C "$work/mute" "$work/mute.yaml" silent1 true
begins verify verify -C "$work/mute" "$work/mute.yaml"
begins kubeconfig kubeconfig -C "$work/mute-copied" "$work/mute-copied.yaml"
check "ssh to a machine that is off does not wait" \
  has_failed ssh "silent1 does not answer ssh at 192.168.4.41 within"
check "kubeconfig from machines that are off does not wait, and names all" \
  has_failed kubeconfig \
  "silent1 does not.*; silent2 does not.*; dead3 does not"
check "verify of machines that are off does not wait" \
  has_failed verify "silent2 does not answer ssh at 192.168.4.42 within"
only_one_fails() {
  [ "$(grep -c '^FAIL' "$work/said")" -eq 1 ] && ! grep '^ok' "$work/said" &&
    grep -q "1 of 12 checks failed, 11 could not be made" "$work/said" &&
    [ "$(grep -c silent2 "$work/said")" -eq 1 ] &&
    ! grep "starting a pod\|asking the API" "$work/said"
}
check "and it calls nothing ok of which it knows nothing" only_one_fails

without_pods() {
  exits 1 ks offline verify --no-pods --json >"$work/json" 2>"$work/said"
  result=$?
  cat "$work/json" "$work/said"
  [ "$result" -eq 0 ] && jq -e '.cluster == "demo" and (.ok | not) and
    (.checks[] | select(.id == "pods.reach") | .state == "skip" and
      .detail == "--no-pods")' "$work/json"
}
check "verify --json is for programs" without_pods

# What opens haproxy's statistics goes to who runs it.
has_secret() {
  spec balanced 'endpoint: {address: 192.168.4.20, provider: haproxy}'
  sed -i -e '/dead1/d' -e 's/m2, role: control-plane/lb1, role: load-balancer/' \
    "$work/balanced.yaml" && ks balanced seed || return 1
  answer lb1 /dev/null
  exits 1 ks balanced verify --no-pods || return 1
  grep -qF "STATS_SECRET='$(cat "$work/balanced/pki/stats.secret")'" \
    "$FAKE_SSH_DIR/lb1.script"
}
check "verify asks haproxy with the cluster's password" has_secret

without_ssh() {
  exits 3 env PATH="$work" "$kubeseed" ssh -C "$work/offline" \
    "$work/offline.yaml" m2 2>"$work/said"
  result=$?
  cat "$work/said"
  [ "$result" -eq 0 ] && grep -q 'apt-get install openssh-client' "$work/said"
}
check "without the program ssh its package is named" without_ssh

never_seeded() {
  cp -r "$work/offline" "$work/bare" && cp "$work/offline.yaml" "$work/bare.yaml" &&
    rm "$work/bare/ssh_config" || return 1
  soon_fails "there is no '$work/bare/ssh_config' to reach m2 by; .*seed" \
    "$kubeseed" ssh -C "$work/bare" "$work/bare.yaml" m2 &&
    soon_fails "there is no '$work/bare/ssh_config' to reach the nodes by; .*seed" \
      "$kubeseed" verify -C "$work/bare" "$work/bare.yaml"
}
check "without ssh_config it is said what writes it" never_seeded

check "ssh to a machine that refuses says so" \
  soon_fails "dead3 does not answer ssh at 192.168.4.43: Connection refused" \
  "$kubeseed" ssh -C "$work/mute" "$work/mute.yaml" dead3 true

# The lock is tried for by the stand-in of ssh.
holds_no_lock() {
  rm -f "$work/free"
  echo "flock -n '$work/late/lock' touch '$work/free'" \
    >"$FAKE_SSH_DIR/m2.hook"
  answer m2 /dev/null
  soon "$kubeseed" seed -C "$work/late" "$work/late.yaml" m2
  rm "$FAKE_SSH_DIR/m2.hook"
  grep -q '^asking m2 to take' "$work/out" || return 1
  [ -e "$work/free" ]
}
spec late ''
check "seed asks the cluster without holding the state, and says so" \
  holds_no_lock

off_is_off() {
  mkdir -p "$work/late/run" &&
    echo '{"mcast": 50000, "nodes": {"m2": {"ssh": 20001}}}' \
      >"$work/late/run/ports.json" &&
    soon_fails 'm2 is off' "$kubeseed" verify --no-pods -C "$work/late" \
      "$work/late.yaml" &&
    soon_fails 'm2 is off' "$kubeseed" ssh -C "$work/late" "$work/late.yaml" m2
}
check "a machine of ours that is off is not looked for elsewhere" off_is_off

elsewhere() {
  soon_fails "no machine of 'mute' was ever switched on here" "$kubeseed" \
    status -C "$work/mute" "$work/mute.yaml" &&
    grep -q '^silent1 .* not here ' "$work/said" && ! grep -q ' off ' \
    "$work/said" || return 1
  "$kubeseed" --json status -C "$work/mute" "$work/mute.yaml" 2>"$work/said" |
    jq -e '[.nodes[].state] | unique == ["not here"]'
}
check "status of machines elsewhere does not call them off" elsewhere
