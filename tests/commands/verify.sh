# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# verify of a cluster in which all is well, as a node of it might answer. Takes soon
# of reach.sh.

mkdir "$work/ssh.well"
spec well 'endpoint: {address: 192.168.4.20}'
sed -i '/name: dead1/d; /name: m3/d' "$work/well.yaml"
check "seed of a cluster that is well" ks well seed

certificate() { # PATH FILE
  printf '@certificate %s\n' "$1"
  cat "$2"
}

says_node() {
  echo "@section addresses"
  printf '%s\n' 127.0.0.1/8 192.168.4.32/24 192.168.4.20/32
  printf '@section cloud-init\n{"v1": {"errors": []}}\n@section units\n'
  "$kubeseed" -q --json plan "$work/well.yaml" 2>/dev/null | jq -r '.nodes[0].units[] |
    "Id=\(.)\nLoadState=loaded\nActiveState=active\nSubState=running\n"'
  echo "@section certificates"
  for path in /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/apiserver.crt \
    /var/lib/kubelet/pki/kubelet-client-current.pem; do
    certificate $path "$work/well/pki/ca.crt"
  done
  cat <<'SAID'
@section etcd-health
{"health": "true"}
@section etcd-members
{"members": [{"ID": "1", "name": "m2",
  "peerURLs": ["https://192.168.4.32:2380"],
  "clientURLs": ["https://192.168.4.32:2379"]}]}
@section etcd-status
{"header": {"member_id": "1"}, "leader": "1"}
@section readyz
ok
@section end
SAID
}

says_cluster() {
  cat <<'SAID'
@section nodes
{"kind": "NodeList", "items": [{"metadata": {"name": "m2", "labels": {
  "node-role.kubernetes.io/control-plane": "",
  "node-role.kubernetes.io/master": ""}},
  "spec": {"taints": [{"key": "node-role.kubernetes.io/master",
    "effect": "NoSchedule"}]},
  "status": {"addresses": [{"type": "InternalIP", "address": "192.168.4.32"}],
    "conditions": [{"type": "Ready", "status": "True"}],
    "nodeInfo": {"kubeletVersion": "v1.20.2"}}}]}
@section pods
SAID
  jq -n '{items: [("kube-apiserver", "kube-controller-manager",
    "kube-scheduler", "kube-proxy") | {metadata: {name: ., labels:
    {(if . == "kube-proxy" then "k8s-app" else "component" end): .}},
    spec: {nodeName: "m2", containers: [{image: "k8s/\(.):v1.20.2"}]},
    status: {phase: "Running", conditions: [{type: "Ready", status: "True"}],
      containerStatuses: [{restartCount: 0, state: {running: {}}}]}}]}'
  cat <<'SAID'
@section deployments
{"items": []}
@section services
{"items": [{"metadata": {"name": "kube-dns"},
  "spec": {"clusterIP": "10.96.0.10"}}]}
@section end
SAID
}

says_pods() {
  cat <<'SAID'
@section wait
@section pods
reach-m2,m2,Running,10.244.0.7,
@section reach reach-m2
[{"endpoint": "http://10.244.0.7:2379", "health": true}]
@section end
SAID
}

# Asked in this order, and not for the last with --no-pods.
says_node >"$work/ssh.well/1"
says_cluster >"$work/ssh.well/2"
says_pods >"$work/ssh.well/3"
cat >"$work/ssh.well/m2.hook" <<'HOOK'
cd "$FAKE_SSH_DIR" && n=$(($(cat asked) + 1)) && echo $n >asked && cp $n m2.answer
HOOK

well() { # STATUS OPTIONS...
  wanted=$1
  shift
  echo 0 >"$work/ssh.well/asked"
  FAKE_SSH_DIR=$work/ssh.well exits "$wanted" soon "$kubeseed" verify "$@" \
    -C "$work/well" "$work/well.yaml" >"$work/said" 2>"$work/err"
  result=$?
  cat "$work/said" "$work/err"
  return $result
}

all_well() {
  well 0 --wait 60 && ! grep -E '^FAIL|^warn' "$work/said" &&
    grep -q '^ok .*1 connection' "$work/said" &&
    ! grep 'asking again\|failed' "$work/err" &&
    grep -q '^asking the API server' "$work/err" &&
    [ "$(cat "$work/ssh.well/asked")" -eq 3 ]
}
check "verify of a cluster that is well ends at once, and with 0" all_well

well_without_pods() {
  well 0 --no-pods --json --junit "$work/well.xml" && [ "$(cat "$work/ssh.well/asked")" -eq 2 ] &&
    jq -e '.ok and ([.checks[].id] | length == (unique | length)) and
      ([.checks[] | select(.state == "skip" and .id == "pods.reach")] |
        length == 1)' "$work/said" &&
    grep -q ' failures="0" .* skipped="3"' "$work/well.xml"
}
check "what was not asked for is no failure, and each check is told once" \
  well_without_pods

# What tutorials run is asked last, once, and each check is told.
says_tutorial() {
  printf '\n@section node\nm2\n\n@section A3.3 D10|kubectl get nodes -o wide\n'
  printf ' NAME\n m2\nstatus 0\n'
}
says_tutorial >"$work/ssh.well/4"
well_like_tutorial() {
  well 0 --like tutorial && [ "$(cat "$work/ssh.well/asked")" -eq 4 ] &&
    grep -q '^m2# kubectl get nodes -o wide$' "$work/said" &&
    grep -A 4 '^-- A3.3 D10$' "$work/said" | grep '^ok .*Ready' &&
    grep "^MEMBERS='https://192.168.4.32:2379'$" "$work/ssh.well/m2.script" &&
    grep "^OBJECTS='yes'$" "$work/ssh.well/m2.script" || return
  lines=$(grep -cE '^(ok|warn|skip) ' "$work/said")
  well 0 && [ "$(wc -l <"$work/said")" -eq "$lines" ] &&
    well 0 --like tutorial --json && jq -e '.tutorial[0].node == "m2"' "$work/said" &&
    well 2 --like book && grep "takes 'tutorial', not 'book'" "$work/err"
}
check "verify --like tutorial tells commands, answers and checks" well_like_tutorial

# Pods are started though something is wrong, for nobody asks again.
well_but_one() {
  sed -i 's/"health": "true"/"health": "false"/' "$work/ssh.well/1"
  well 1 && grep -q '^kubeseed: 1 of [0-9]* checks failed' "$work/err" &&
    grep -q '^ok .*1 connection' "$work/said" &&
    [ "$(grep -c '^FAIL' "$work/said")" -eq 1 ]
}
check "one check that fails ends it with 1" well_but_one
