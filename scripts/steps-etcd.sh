# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The etcd that every member knows from its seed ("founding"): a systemd unit
# with a fixed membership list, so the members find each other in any order and
# kubeadm never changes the membership. Sourced by bootstrap.

# etcd_ask ENDPOINTS ARGS...: etcdctl as this member.
etcd_ask() {
  endpoints=$1
  shift
  ETCDCTL_API=3 etcdctl --endpoints "$endpoints" --dial-timeout 3s \
    --command-timeout 10s --cacert "$ETCD_CA" \
    --cert "$ETCD_CERT.crt" --key "$ETCD_CERT.key" "$@"
}

# The members that do not even take a connection, for the console.
silent_members() {
  printf '%s\n' "$ETCD_PEERS" | tr , '\n' | while read -r url; do
    status=0
    curl -sk --connect-timeout 2 --max-time 4 -o /dev/null "$url" || status=$?
    case $status in
    6 | 7 | 28) printf ' %s' "${url#https://}" ;;
    esac
  done
}

# /health answers with a read that needs a quorum. One member that says so is
# enough; curl is asked and not etcdctl because it costs a tenth of it.
etcd_is_healthy() {
  printf '%s\n' "$ETCD_ASK" | tr , '\n' | while read -r url; do
    curl -s --max-time 5 --cacert "$ETCD_CA" --cert "$ETCD_CERT.crt" \
      --key "$ETCD_CERT.key" "$url/health"
  done | grep -q '"health":"true"' && return 0
  silent=$(silent_members)
  why=${silent:+no answer from$silent: are they on, and are the addresses right?}
  return 1
}

# The line of this node in the member list of the others:
#   ID, STATUS, NAME, PEER-URLS, CLIENT-URLS, LEARNER
etcd_own_line() {
  printf '%s\n' "$1" | grep ", https://$ADDRESS:2380,"
}

# etcd_join_existing LIST: the cluster lives and this disk holds no data. A
# member that once ran must not come back empty under its old identity: it may
# have promised entries that it no longer has. So it is replaced by a new one.
etcd_join_existing() {
  own=$(etcd_own_line "$1") || own=
  name=$(printf '%s' "$own" | cut -d, -f3 | tr -d ' ')
  if [ -n "$name" ]; then
    report wait "replacing the etcd member whose data is gone"
    etcd_ask "$ETCD_PEERS" member remove "${own%%,*}"
    own=
  fi
  # A member without a name was added before and has never run: it is ours.
  if [ -z "$own" ]; then
    etcd_ask "$ETCD_PEERS" member add "$NODE" \
      --peer-urls "https://$ADDRESS:2380"
  fi
  sed -i 's/^ETCD_INITIAL_CLUSTER_STATE=.*/ETCD_INITIAL_CLUSTER_STATE=existing/' \
    /etc/default/etcd
}

# Whether any other member takes connections: etcdctl costs seconds to find out.
a_peer_listens() {
  for url in $(printf '%s' "$ETCD_PEERS" | tr , ' '); do
    hostport=${url#https://}
    if timeout 3 bash -c "exec 3<>'/dev/tcp/${hostport%:*}/${hostport##*:}'" \
      2>/dev/null; then return 0; fi
  done
  return 1
}

# With an empty disk: is there a cluster already, and was this node in it?
etcd_find_place() {
  a_peer_listens || return 0
  list=$(etcd_ask "$ETCD_PEERS" member list 2>/dev/null) || return 0
  own=$(etcd_own_line "$list") || own=
  # A member that has run has told the others where its clients find it.
  case "$own" in
  *", $NODE, "*", https://$ADDRESS:2379"*) ;;
  *", $NODE, "*) return 0 ;; # a founder that comes late
  esac
  etcd_join_existing "$list"
}

# What this disk's etcd was founded with. etcd keeps that in its data and does
# not read the seed's any more.
etcd_founded_with=/var/lib/kubeseed/etcd-initial-cluster

etcd_initial_cluster() {
  sed -n 's/^ETCD_INITIAL_CLUSTER=//p' /etc/default/etcd
}

step_etcd() {
  if [ ! -d /var/lib/etcd/member ] && [ -n "$ETCD_PEERS" ]; then
    etcd_find_place
  fi
  etcd_initial_cluster >"$etcd_founded_with"
  start_unit etcd.service
}

# Until there was a quorum the seed may be corrected: an address was wrong. Then
# what was founded with the old one is nobody's.
step_etcd_member() {
  if [ "$(cat "$etcd_founded_with")" != "$(etcd_initial_cluster)" ]; then
    report wait "founding etcd anew: the seed names other members than before"
    systemctl stop etcd.service
    rm -rf /var/lib/etcd/member
    step_etcd
  fi
  ready_etcd
}

ready_etcd() {
  wait_for "etcd to have a quorum (its members: $ETCD_MEMBERS)" etcd_is_healthy
}
