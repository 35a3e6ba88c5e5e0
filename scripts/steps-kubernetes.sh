# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2119,SC2120,SC2034
#
# Control-plane nodes and workers: kubeadm, and what surrounds it.
# Sourced by bootstrap.

newline='
'

# Does FILE end as kubeadm and the kubelet end one of its kind? A power cut or a
# full disk leaves any beginning of it.
is_whole() { # FILE
  last=$(tail -n 1 "$1" && echo .)
  case $1,$last in
  *.crt,-----END*-----"$newline". | *.key,-----END*-----"$newline". | \
    *.pub,-----END*-----"$newline". | \
    *.pem,-----END*" KEY-----$newline". | \
    *.conf,*" client-key"*": "*"$newline". | *.conf,*" token: "*"$newline". | \
    */manifests/*.yaml,"status: {}$newline". | \
    */kubelet/config.yaml,"volumeStatsAggPeriod: "*"$newline". | \
    */kubeadm-flags.env,*\""$newline".) ;;
  *.crt,* | *.key,* | *.pub,* | *.pem,* | *.conf,* | */manifests/*.yaml,* | \
    */kubelet/config.yaml,* | */kubeadm-flags.env,*) return 1 ;;
  esac
}

# kubeadm takes an empty or cut-off key or kubeconfig for a broken one and gives
# up, as it does for a certificate without its key; the kubelet does not start with
# one. What is missing they make anew. A CA nobody could: it is in the seed, or
# synced before it is used. What else lies in /etc/kubernetes is the spec's.
drop_torn_files() {
  for folder in /etc/kubernetes/manifests /etc/kubernetes/pki; do
    [ ! -d "$folder" ] || find "$folder" -xdev -type f -size 0 -delete
  done
  # Further down are the volumes of pods that run.
  [ ! -d /var/lib/kubelet ] ||
    find /var/lib/kubelet -xdev -maxdepth 2 -type f -size 0 -delete
  for file in /etc/kubernetes/admin.conf /etc/kubernetes/super-admin.conf \
    /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf \
    /etc/kubernetes/controller-manager.conf /etc/kubernetes/scheduler.conf \
    /etc/kubernetes/manifests/*.yaml \
    /etc/kubernetes/pki/*.* /etc/kubernetes/pki/etcd/*.* \
    /var/lib/kubelet/config.yaml /var/lib/kubelet/kubeadm-flags.env \
    /var/lib/kubelet/pki/*; do
    case $ROLE,$file in
    control-plane,*/ca.* | control-plane,*/front-proxy-ca.* | *,*/sa.*) continue ;;
    esac
    if [ ! -f "$file" ] || is_whole "$file"; then continue; fi
    report wait "$file is cut off and is made anew"
    rm -f "$file"
  done
  for half in /etc/kubernetes/pki/*.* /etc/kubernetes/pki/etcd/*.*; do
    case $half in
    */ca.* | */front-proxy-ca.*) ;; # a node may have a CA without its key
    *.crt) [ -e "${half%.crt}.key" ] || rm -f "$half" ;;
    *.key) [ -e "${half%.key}.crt" ] || [ "${half##*/}" = sa.key ] ||
      rm -f "$half" ;;
    esac
  done
}

bootstrap_token() {
  sed -n 's/^ *tlsBootstrapToken: *"\(.*\)"$/\1/p' \
    /etc/kubeseed/kubeadm-join.yaml
}

# What the API server says to who has the seed's token, as a status of HTTP. The
# token goes to curl by its standard input: arguments are for everyone to see.
ask_by_token() { # PATH
  printf 'header = "Authorization: Bearer %s"\n' "$(bootstrap_token)" |
    curl -s -K - --max-time 10 --cacert /etc/kubeseed/ca.crt -o /dev/null \
      -w '%{http_code}' "https://$ENDPOINT/$1"
}

# Somebody may have closed what kubeadm publishes last to strangers. It asks for
# that all the same, and goes on when it is refused, unless it has nothing else to
# know the cluster by. What it reads with the token is there before the token is.
is_open_to_token() {
  if grep -q '^  bootstrapToken:' /etc/kubeseed/kubeadm-join.yaml; then
    why="$why: the first node is not ready, or somebody has closed what kubeadm \
needs to join by token (pki.discovery). On a control-plane node: kubectl -n \
kube-public create rolebinding cluster-info --role \
kubeadm:bootstrap-signer-clusterinfo --user system:anonymous; and anonymous-auth \
must be on"
    return 1
  fi
  told=$(ask_by_token api/v1/namespaces/kube-system/configmaps/kubeadm-config) ||
    return 1
  if [ "$told" = 200 ]; then
    [ "$code" != 401 ] || introduce_kubeadm
    return
  fi
  why="$why and $told to this seed's token: the first node is not ready, or the \
token has ended (then run 'kubeseed seed' for this node while the cluster runs)"
  return 1
}

# With a file of discovery that names no user kubeadm asks as anybody, and takes 401,
# unlike 403, for an answer that will be another one some day. Who has the token is
# told 403.
introduce_kubeadm() {
  conf=/etc/kubeseed/discovery.conf
  clusters=$(sed -n 's/^- name: .*/- name: kubernetes/; /^users:/q; p' "$conf") &&
    [ -n "$clusters" ] || return
  (
    umask 077
    keep "$conf" <<CONF
$clusters
users:
- name: token
  user:
    token: "$(bootstrap_token)"
contexts:
- name: token
  context:
    cluster: kubernetes
    user: token
current-context: token
CONF
  )
}

# kubeadm publishes it last of what a joining node needs.
cluster_is_open() {
  [ "$PKI_MODE" != copied ] || know_cluster_ca
  why="nothing listens there"
  listens "${ENDPOINT%:*}" "${ENDPOINT##*:}" || return 1
  status=0
  # As anybody.
  code=$(curl -sf --max-time 10 --cacert /etc/kubeseed/ca.crt -o /dev/null \
    -w '%{http_code}' \
    "https://$ENDPOINT/api/v1/namespaces/kube-public/configmaps/cluster-info") ||
    status=$?
  case $status,$code in
  0,*) ;;
  22,40[13])
    why="an API server answers, and says $code for cluster-info"
    ! is_open_to_token || return 0
    ;;
  22,*) why="an API server answers, which is not ready" ;;
  60,*) why="its certificate is not accepted: is the clock right ($(date -u +%F)), \
or does a machine of another cluster answer?" ;;
  *) why="no answer" ;;
  esac
  return "$status"
}

own_api_is_ready() {
  "$lib/check-apiserver" once
}

# As the kubelet, whose own word for it that is. kubectl would take ten times as
# long of an emulated machine's time.
node_is_ready() {
  why="the kubelet has not joined"
  kubelet_is_member || return 1
  why=
  curl -s --max-time 10 --cacert /etc/kubeseed/ca.crt \
    --cert /var/lib/kubelet/pki/kubelet-client-current.pem \
    "https://$ENDPOINT/api/v1/nodes/$NODE" | tr -d ' \n' |
    grep -q '{"type":"Ready","status":"True"' && return
  cri_is_there || why="containerd: $why"
  return 1
}

# With an etcd of its own the cluster's memory tells which other control planes
# are registered: such a one has an API server, or will have, whoever is on now. If
# none is, only this node can run one, and `kubeadm init` goes over what is there.
# No answer is not a no: the step is tried again.
peer_is_registered() {
  keys=$(etcd_ask "$ETCD_ASK" get --prefix --keys-only /registry/minions/) ||
    exit 1
  registered=
  for peer in $PEERS; do
    ! printf '%s\n' "$keys" | grep -qx "/registry/minions/${peer%%=*}" ||
      registered="$registered $peer"
  done
  [ -n "$registered" ]
}

# All of them may have got new disks at once. Then they are on, and wait for an API
# server as this node does; with the same CA it may as well run the first one. Whoever
# never came has none that could be waited for.
api_place_is_known() {
  place="join"
  all_on=yes
  for peer in $PEERS; do
    ! listens "${peer#*=}" 6443 || return 0
  done
  for peer in $registered; do
    listens "${peer#*=}" 22 || all_on=
  done
  place="found"
  if [ -z "$all_on" ]; then
    all_on_since=
    return 1
  fi
  all_on_since=${all_on_since:-$(uptime_seconds)}
  [ "$(uptime_seconds)" -ge $((all_on_since + 1800)) ]
}

peer_has_api() {
  all_on_since=
  wait_for "another control plane's API server, half an hour while all that the \
cluster knows are on" \
    api_place_is_known
  [ "$place" = join ]
}

# Does this node, the founder, join what others have? Only asked when its disk
# knows nothing. What it has found out once it keeps, before it does either: what
# kubeadm writes a power cut may take, when others have joined already.
joins_existing() {
  [ ! -e "$recorded/joining" ] || return 0
  [ ! -e "$recorded/initializing" ] || return 1
  if [ "$ETCD_MODE" = stacked ]; then
    founder_has_peer || return
  else
    peer_is_registered || return
    [ "$PKI_MODE" = copied ] || peer_has_api || return
  fi
  : >"$recorded/joining"
  sync
}

# `kubeadm init` writes a few hundred objects, one after the other. With the
# leader beside the API server no write has to go to another machine and back
# before it goes to the others. It is faster, not more: a failure is no matter.
lead_etcd() {
  status=$(etcd_ask "$ETCD_ASK" endpoint status --cluster) || return 0
  # A leader's line says "true, false", for it is no learner, and the others' say
  # "false" first: as the fifth field, or from etcd 3.6 on as the ninth.
  leader=$(printf '%s\n' "$status" |
    sed -n -e 's/, false, .*//' -e 's/, .*, true$//p')
  own=$(printf '%s\n' "$status" |
    awk -F', ' -v url="https://$ADDRESS:2379" '$1 == url { print $2 }')
  [ -n "$leader" ] && [ -n "$own" ] || return 0
  [ "$leader" = "https://$ADDRESS:2379" ] ||
    etcd_ask "$leader" move-leader "$own" || :
}

minor_version() {
  minor=${VERSION#*.}
  echo "${minor%%.*}"
}

# kubeadm_patched ARGUMENT...: with the seed's changes to kubeadm's static pods.
# From 1.22 on the configuration names their folder, and from 1.23 on no flag may
# (kubernetes pulls 103063 and 104065); before 1.19 there are none.
kubeadm_patched() {
  case $(minor_version) in
  19 | 20 | 21) set -- "$@" --experimental-patches /etc/kubeseed/patches ;;
  esac
  kubeadm "$@"
}

# What the seed's changes add where QEMU emulates the processor.
patch_for_emulated() {
  [ ! -e /run/kubeseed/emulated ] ||
    install -m 0644 /etc/kubeseed/emulated/* /etc/kubeseed/patches/
}

# The member beside it, or any of those that it asks.
wait_for_etcd() {
  case $ETCD_MODE in
  founding) ready_etcd ;;
  external) wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" \
    etcd_is_healthy ;;
  esac
}

# The first node only. Run again after a power cut it goes over what exists:
# kubeadm keeps keys and files that are there and rewrites the rest.
step_kubeadm_init() {
  start_unit kubelet.service
  wait_for_etcd
  wait_for_cri
  drop_torn_files
  # A founder with a new disk must not found the cluster a second time.
  if joins_existing; then
    if [ "$PKI_MODE" = copied ]; then
      forget_own_certificates
      receive_certificates \
        "the CAs; run copy-certificates.sh $NODE on another control-plane node"
    fi
    join_cluster
    return
  fi
  : >"$recorded/initializing"
  sync
  [ "$ETCD_MODE" != founding ] || lead_etcd
  patch_for_emulated
  report wait "kubeadm init"
  kubeadm_patched init --config /etc/kubeseed/kubeadm.yaml --skip-token-print \
    --skip-phases "$INIT_SKIP"
  [ "$PKI_MODE" != copied ] || know_cluster_ca
}

# With a kubeconfig of its own the kubelet has joined the cluster; it runs with
# what kubeadm wrote before.
kubelet_is_member() {
  set -- /etc/kubernetes/kubelet.conf /var/lib/kubelet/config.yaml \
    /var/lib/kubelet/pki/kubelet-client-current.pem
  [ -n "${BOOTSTRAPPER-}" ] || set -- "$@" /var/lib/kubelet/kubeadm-flags.env
  for file; do
    [ -s "$file" ] || return 1
  done
}

# The phases of a join that a repeated one leaves out: kubeadm refuses to add a
# node twice.
join_skip() {
  if kubelet_is_member; then
    printf '%s,kubelet-start' "$JOIN_SKIP"
  else
    printf '%s' "$JOIN_SKIP"
  fi
}

# kubeadm_join [PHASES]: leaves out PHASES as well.
kubeadm_join() {
  report wait "kubeadm join"
  skip=$(join_skip)${1:+,$1}
  set -- join --config /etc/kubeseed/kubeadm-join.yaml --skip-phases "$skip"
  if [ "$ROLE" != control-plane ]; then
    kubeadm "$@"
    return
  fi
  # Called in a condition, where `set -e` is no help.
  patch_for_emulated || return
  kubeadm_patched "$@"
}

# 401 is for a token that the cluster does not know (any more).
token_is_valid() {
  code=$(ask_by_token api) || return 1
  [ "$code" -eq 200 ] || [ "$code" -eq 403 ]
}

# What time it is for the API server, which judges tokens by its own clock.
api_time() {
  at=$(curl -s --max-time 10 --cacert /etc/kubeseed/ca.crt -o /dev/null -D - \
    "https://$ENDPOINT/api" | tr -d '\r' | sed -n 's/^[Dd]ate: //p')
  [ -n "$at" ] && date -u -d "$at" +%s
}

# Certificates and tokens that one machine makes are not valid yet, or not any
# more, for another whose clock is minutes away.
clock_agrees() {
  why="the API server does not tell its own"
  there=$(api_time) || return 1
  here=$(date +%s)
  why="it says $(date -u -d "@$here" '+%F %H:%M:%S'), the API server's says \
$(date -u -d "@$there" '+%F %H:%M:%S')"
  [ $((here - there)) -le 300 ] && [ $((there - here)) -le 300 ]
}

expiration_in() { # SECONDS
  now=$(api_time) && date -u -d "@$((now + $1))" +%Y-%m-%dT%H:%M:%SZ
}

# A control-plane node holds the CA key, so it can let itself and others in.
renew_token() { # SECONDS
  token=$(bootstrap_token)
  expiration=$(expiration_in "$1") || return
  status=0
  (
    umask 077
    kubeadm init phase kubeconfig admin --kubeconfig-dir /run/kubeseed \
      --cert-dir /etc/kubernetes/pki --control-plane-endpoint "$ENDPOINT" \
      --apiserver-advertise-address "$ADDRESS" \
      --kubernetes-version "v$VERSION"
  ) || status=$?
  [ "$status" -ne 0 ] || kubectl --kubeconfig /run/kubeseed/admin.conf apply \
    --validate=false -f - <<SECRET || status=$?
apiVersion: v1
kind: Secret
metadata:
  name: bootstrap-token-${token%%.*}
  namespace: kube-system
type: bootstrap.kubernetes.io/token
stringData:
  token-id: "${token%%.*}"
  token-secret: "${token#*.}"
  expiration: "$expiration"
  usage-bootstrap-authentication: "true"
  usage-bootstrap-signing: "true"
  auth-extra-groups: system:bootstrappers:kubeadm:default-node-token
SECRET
  rm -f /run/kubeseed/admin.conf
  return "$status"
}

# The token is deleted once all nodes have joined: who comes later, or comes
# back with an empty disk, needs it again.
ensure_token() {
  # A worker with a kubeconfig of its own does not show it any more.
  if [ "$ROLE" = worker ] && kubelet_is_member; then return 0; fi
  if token_is_valid; then return 0; fi
  case $ROLE in
  control-plane) renew_token 3600 ;;
  *) wait_for "a valid bootstrap token: this seed's is not known to the \
cluster (any more); run 'kubeseed seed' for this node while the cluster runs" \
    token_is_valid ;;
  esac
}

wait_until_open() { # CONDITION
  wait_for "the first node to open the cluster at https://$ENDPOINT" "$1"
  wait_for "this machine's clock to be that of the others; set the one that is \
wrong" clock_agrees
  ensure_token
}

# A control plane's join starts an API server while kubeadm waits, for five
# minutes at most, for the kubelet to be let in. On machines that share a slow
# host two joins at once take each other's time until both have failed. So the
# node before this one goes first, when it is on; but nobody depends on it: one
# that makes no progress is not waited for any longer than kubeadm would. Where
# nothing is emulated all join at once: it takes seconds, and etcd is not changed.
predecessor_goes_first() {
  [ "$(uptime_seconds)" -lt "$turn_comes" ] || return 0
  listens "$PREDECESSOR_ADDRESS" 22 || return 0
  curl -sf --max-time 10 --cacert /etc/kubeseed/ca.crt -o /dev/null \
    "https://$PREDECESSOR_ADDRESS:6443/readyz"
}

wait_for_turn() {
  [ -e /run/kubeseed/emulated ] || return 0
  turn_comes=$(($(uptime_seconds) + 300))
  wait_for "$PREDECESSOR, which is on, to join first" predecessor_goes_first
}

join_cluster() {
  # What came when this node waited already, and its power was cut over it.
  [ ! -d /var/lib/kubeseed/certificates ] || /root/bin/move-certificates.sh
  # Cut off when kubeadm had done its work. A second time it would skip that, but
  # from 1.31 on ask the cluster with a token that may have been deleted.
  if [ "$ROLE" = worker ] && kubelet_is_member; then return 0; fi
  wait_for_cri
  # Once the endpoint listens each question costs curl and the API server a TLS
  # handshake; the answer is minutes away.
  POLL=10
  if [ "$ROLE" = control-plane ] && [ "$ETCD_MODE" = stacked ]; then
    wait_until_open cluster_is_open_with_us
    join_stacked
  else
    wait_until_open cluster_is_open
    [ "$ROLE" != control-plane ] || wait_for_turn
    kubeadm_join
  fi
}

step_kubeadm_join() {
  start_unit kubelet.service
  drop_torn_files
  case $ROLE,$ETCD_MODE in
  control-plane,founding) ready_etcd ;;
  control-plane,stacked) tell_empty ;;
  esac
  join_cluster
}

# kubectl for root on the node, as `kubeadm init` tells a person to do it.
step_kubeconfig() {
  install -d -m 0700 /root/.kube
  ln -sf /etc/kubernetes/admin.conf /root/.kube/config
}

# What the pods send out of the cluster carries the node's address.
step_pod_network() {
  start_unit nftables.service
}

own_api_or_cri() {
  ! own_api_is_ready || return 0
  cri_is_there || why="containerd: $why"
  return 1
}

# An API server whose etcd has damaged data never is. Leaves in $damaged whether
# a stacked one has to join anew.
own_api_or_damage() {
  ! own_api_or_cri || return 0
  [ -z "$why" ] || return 1
  case $ETCD_MODE in
  founding) etcd_is_in_place || : ;;
  stacked) ! member_is_damaged || { damaged=yes && return; } ;;
  esac
  return 1
}

ready_control_plane() {
  damaged=
  wait_for "this node's API server" own_api_or_damage
  if [ -n "$damaged" ]; then
    rejoin_etcd
    wait_for "this node's API server" own_api_or_cri
  fi
  [ "$ETCD_MODE" != stacked ] || give_turn_back
  ready_worker
}

ready_worker() {
  wait_for "the node to be Ready" node_is_ready
}

# kubeadm marks a control-plane node as the last thing of its join.
all_have_joined() {
  nodes=$(kubectl --kubeconfig /etc/kubernetes/admin.conf \
    --request-timeout 20s get nodes --no-headers) || return 1
  printf '%s\n' "$nodes" | awk -v all="$EXPECTED" -v peers="$PEERS" '
    $2 ~ /^Ready/ { ready++ }
    $3 ~ /control-plane|master/ { marked++ }
    END { exit !(ready >= all && marked > split(peers, others, " ")) }'
}

# A node that has only just joined and loses its power may come back without
# what it joined with, and need the token again. By then it is missed.
all_have_joined_for_good() {
  all_have_joined && sleep 60 && all_have_joined
}

# While somebody is missing the token is kept valid, a day at a time, so that it
# ends soon when this node does. That begins when it is first asked for, and lasts
# as long as the spec allows. The secret part is only in the cluster: here it has
# been wiped.
token_kept_since=/var/lib/kubeseed/token-kept-since

keep_token() {
  now=$(api_time) || return
  [ -s "$token_kept_since" ] || echo "$now" | keep "$token_kept_since" || return
  token_is_kept || return
  [ "$now" -ge "${token_due:-0}" ] || return 0
  expiration=$(expiration_in 86400) || return
  kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system patch secret \
    "bootstrap-token-$TOKEN_ID" --type merge \
    -p "{\"stringData\":{\"expiration\":\"$expiration\"}}" || return
  token_due=$((now + 21600))
}

token_is_kept() {
  [ ! -s "$token_kept_since" ] ||
    [ "$now" -lt $(($(cat "$token_kept_since") + JOIN_DAYS * 86400)) ]
}

nobody_needs_token() {
  if all_have_joined_for_good; then return 0; fi
  now=$(api_time) || return 1
  if ! token_is_kept; then
    report wait "not all nodes have joined, after $JOIN_DAYS days \
(kubernetes.joinDays); for one that comes now run 'kubeseed seed'"
    return 0
  fi
  why=
  keep_token || why="the token has ended, or cannot be kept; for a node that \
comes now run 'kubeseed seed'"
  return 1
}

# The first node, once everybody is there: a token that nobody needs is only a
# way in. It is named by its public part.
step_tidy() {
  # kubectl costs seconds of an emulated machine's time, and elsewhere others are
  # joining.
  QUICK=0
  [ ! -e /run/kubeseed/emulated ] || POLL=60
  wait_for "all $EXPECTED nodes to have joined, to delete the bootstrap token" \
    nobody_needs_token
  kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system delete secret \
    --ignore-not-found "bootstrap-token-$TOKEN_ID"
}
