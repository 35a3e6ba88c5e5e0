# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2119,SC2120,SC2034
#
# Control-plane joins with kubeadm's own stacked etcd: strictly one at a time,
# and finished where kubeadm left off. Sourced by bootstrap.
#
# kubeadm adds the new member and waits only seconds for the answer. On a slow
# machine the member is added, the call has timed out, and kubeadm tries to add
# it again, for ever: two members of which one runs have no quorum. So whoever
# finds itself in the list starts its member itself.

etcd_manifest=/etc/kubernetes/manifests/etcd.yaml

# ---- Who founds ----
#
# One node does, and with an empty disk it cannot know whether it is new or has
# lost what it had. So the others, until they are members, tell at etcd's port for
# peers (etcd-empty) that they are "empty", or "joining" when they have seen a
# cluster. The founder joins when one is a member. It founds when
#
#   * all but one say that they are empty, and with it they are most; or
#   * nobody is missing, and nobody is a member: then no member is left.
#
# Members that only boot more slowly are not overlooked by that. The same must
# hold for the members of each earlier seed, whose cluster may be switched off.

peer_is_member() {
  for peer in $PEERS; do
    ! listens "${peer#*=}" 2379 || return 0
  done
  return 1
}

# Who says what: names in $agreed and $silent, and in $seen who saw a cluster.
ask_peers() {
  agreed=" $NODE "
  silent=
  seen=
  for peer in $PEERS; do
    name=${peer%%=*}
    answer=$(curl -s --max-time 5 "http://${peer#*=}:2380/") || answer=
    case $answer in
    empty*) agreed="$agreed$name " ;;
    joining*)
      agreed="$agreed$name "
      seen="$seen $name"
      ;;
    *) silent="$silent $name" ;;
    esac
  done
}

# Of NAMES, with commas between them, enough say that they are no members. The
# first one founds, and may have been alone in that.
enough_agree() { # NAMES
  case $agreed in
  *" ${1%%,*} "*) ;;
  *) return 1 ;;
  esac
  missing=0
  for name in $(printf '%s' "$1" | tr , ' '); do
    case $agreed in
    *" $name "*) ;;
    *) missing=$((missing + 1)) ;;
    esac
  done
  [ "$missing" -eq 0 ] ||
    { [ "$missing" -eq 1 ] && [ -z "$seen" ] && etcd_most_agree "$1"; }
}

founder_place_is_known() {
  place="join"
  ! peer_is_member || return 0
  place="found"
  ask_peers
  why="no answer from$silent; the disk is empty here, and others must tell that \
there is no cluster yet"
  [ -z "$seen" ] || why="no answer from$silent; the disk is empty here, and$seen \
saw a cluster: its members are needed"
  for names in "$ETCD_MEMBERS" $ETCD_EARLIER; do
    enough_agree "$names" || return
  done
}

founder_has_peer() {
  wait_for "most control-plane nodes to be on" founder_place_is_known
  [ "$place" = join ]
}

# Until this node's member of etcd is to have the port.
tell_empty() {
  word=empty
  [ ! -e "$cluster_seen" ] || word=joining
  echo "$word" >/run/kubeseed/etcd-members
  if [ ! -s "$etcd_manifest" ] && [ ! -d /var/lib/etcd/member ]; then
    systemctl start --no-block etcd-empty.service
  fi
}

# ---- One at a time ----
#
# Who changes etcd's membership has its name in a key of etcd's, and so does not
# depend on which of the others are on. The key goes with its lease when the power
# of its holder has failed for good.

turn_key=kubeseed/joining
turn_seconds=900

member_list() {
  etcd_ask "$ETCD_PEERS" member list
}

# The key's value is "NODE LEASE".
turn_is_ours() {
  why="most members of etcd are needed, and do not answer"
  holder=$(etcd_ask "$ETCD_PEERS" get --print-value-only $turn_key) || return 1
  if [ -z "$holder" ]; then
    lease=$(etcd_ask "$ETCD_PEERS" lease grant $turn_seconds) || return 1
    lease=${lease#lease }
    lease=${lease%% *}
    etcd_ask "$ETCD_PEERS" txn >/dev/null <<TXN || return 1
create("$turn_key") = "0"

put --lease=$lease $turn_key "$NODE $lease"


TXN
    holder=$(etcd_ask "$ETCD_PEERS" get --print-value-only $turn_key) ||
      return 1
    [ -n "$holder" ] || return 1
  fi
  why="${holder%% *} is joining"
  [ "${holder%% *}" = "$NODE" ] || return 1
  lease=${holder#* }
  etcd_ask "$ETCD_PEERS" lease keep-alive --once "$lease" >/dev/null
}

# A member that was added and does not run is that of a node which came to grief
# while it joined. It has no data that anybody needs, and etcd adds no other
# beside it. When its node comes back, it joins anew.
others_have_joined() {
  list=$(member_list) || return 1
  own=$(etcd_own_line "$list")
  stray=$(printf '%s\n' "$list" | grep -e ', unstarted, ' -e ', true$' |
    grep -vxF -e "$own") || return 0
  stray=$(printf '%s\n' "$stray" | head -n 1)
  lost=${stray#*, https://}
  lost=${lost%%:2380*}
  why="the member $lost of etcd is joining"
  ! listens "$lost" 2379 || return 1
  report wait "removing the etcd member $lost, which does not run"
  etcd_ask "$ETCD_PEERS" member remove "${stray%%,*}"
  return 1
}

# The next one comes when this node's API server has most of its work behind it:
# on machines that share a slow host two at once take each other's time.
turn_is_over() {
  [ "$(uptime_seconds)" -ge "$turn_ends" ] || own_api_is_ready
}

end_turn() {
  turn_ends=$(($(uptime_seconds) + 300))
  wait_for "this node's API server, before others join" turn_is_over
  give_turn_back
}

# One that was taken before a power cut is known to etcd alone.
give_turn_back() {
  holder=$(etcd_ask "$ETCD_PEERS" get --print-value-only $turn_key) || holder=
  [ "${holder%% *}" != "$NODE" ] ||
    etcd_ask "$ETCD_PEERS" lease revoke "${holder#* }" >/dev/null || :
}

# ---- Data that etcd cannot start with ----

# The sum of the numbers that the kubelet gives the logs of etcd's containers,
# which it starts again and again: one more each time, or two.
container_numbers() {
  sum=0
  for file in /var/log/pods/kube-system_etcd-"$NODE"_*/etcd/*.log; do
    [ -e "$file" ] || continue
    number=${file##*/}
    sum=$((sum + ${number%.log}))
  done
}

# Its container ends again and again since this node waits, and most of the others
# are there; or its data has been put aside.
member_is_damaged() {
  if [ ! -d /var/lib/etcd/member ] || [ ! -s "$etcd_manifest" ]; then
    list=$(member_list) || return
    own=$(etcd_own_line "$list")
    # Or it has never started, and the others have given it up.
    [ ! -s "$etcd_manifest" ] || [ -z "$own" ] || ! member_can_start "$own"
    return
  fi
  container_numbers
  [ "$sum" -ge "${numbers_before:=$sum}" ] || numbers_before=$sum
  [ $((sum - numbers_before)) -ge 6 ] || return
  ! listens "$ADDRESS" 2379 && disk_has_room || return
  why="etcd ends again and again; its log is in /var/log/pods"
  list=$(member_list) && etcd_peers_have_quorum
}

# Kept for a person to look at. The cluster has all of it.
put_data_aside() {
  [ -d /var/lib/etcd/member ] || return 0
  aside=/var/lib/kubeseed/etcd-damaged-$(date +%s)
  report wait "etcd cannot start with its data, which is kept in $aside; this \
node joins the others as a new member"
  rm -f "$etcd_manifest"
  sync
  mv /var/lib/etcd/member "$aside"
  sync
}

# A member whose join is long done gets another place in etcd.
rejoin_etcd() {
  put_data_aside
  list=$(member_list)
  own=$(etcd_own_line "$list")
  begin_join
  etcd_ask "$ETCD_PEERS" member add "$NODE" --peer-urls "https://$ADDRESS:2380"
  list=$(member_list)
  finish_member "$list"
  wait_for "this node's etcd member to vote" own_member_votes
  end_turn
}

# ---- Joins ----

# The client certificate that kubeadm makes too, but only during the join.
etcd_client_certificate() {
  [ -s "$ETCD_CERT.crt" ] ||
    kubeadm init phase certs etcd-healthcheck-client \
      --cert-dir /etc/kubernetes/pki --kubernetes-version "v$VERSION"
}

# From 1.29 on kubeadm adds a member that has no vote yet, and may have been cut
# off before it gave it one. etcd refuses as long as the member is behind.
own_member_votes() {
  list=$(member_list) || return 1
  own=$(etcd_own_line "$list")
  case $own in
  *", true") etcd_ask "$ETCD_PEERS" member promote "${own%%,*}" || return ;;
  esac
  etcd_ask "https://$ADDRESS:2379" endpoint health >/dev/null 2>&1
}

own_member_votes_or_damage() {
  ! own_member_votes || return 0
  member_is_damaged && damaged=yes
}

# Starts the member that kubeadm added and never started.
finish_member() {
  report wait "starting the etcd member that kubeadm added"
  systemctl stop etcd-empty.service
  mkdir -p "${etcd_manifest%/*}"
  # The payload names the image, or it is the one that this kubeadm uses.
  image=$(kubeadm config images list --kubernetes-version "v$VERSION" \
    2>/dev/null | grep /etcd:) || image=
  if [ -z "$image" ] && grep -q @IMAGE@ /etc/kubeseed/etcd-pod.yaml; then
    echo "kubeadm does not tell etcd's image"
    return 1
  fi
  sed -e "s|@INITIAL_CLUSTER@|$(initial_cluster "$1")|" \
    -e "s|@IMAGE@|$image|" /etc/kubeseed/etcd-pod.yaml | keep "$etcd_manifest"
}

# With the first the kubelet asks to be let in. kubeadm deletes it before its
# successor, kubelet.conf, is on the disk; then the second takes its place.
bootstrap_conf=/etc/kubernetes/bootstrap-kubelet.conf
bootstrap_copy=/var/lib/kubeseed/bootstrap-kubelet.conf

# The kubelet runs static pods also while it waits to be let in, which from 1.33
# on it asks of this node's own API server: that needs this member.
kubelet_can_run() {
  if kubelet_is_member; then return 0; fi
  [ -s "$bootstrap_conf" ] || [ ! -s "$bootstrap_copy" ] ||
    install -m 0600 "$bootstrap_copy" "$bootstrap_conf" || return
  [ -s /var/lib/kubelet/config.yaml ] &&
    [ -s /var/lib/kubelet/kubeadm-flags.env ] && [ -s "$bootstrap_conf" ]
}

# Whether that member of the list, ours, can start with this disk.
member_can_start() { # OWN-LINE
  kubelet_can_run || return 1
  [ -d /var/lib/etcd/member ] || [ "${1#*, started, }" = "$1" ]
}

# The membership in the form of etcdctl's list, as a member without a quorum tells
# it, that answers nothing else: at the port for peers, and maybe an old one.
members_told() {
  for peer in $PEERS; do
    told=$(curl -s --http1.1 --connect-timeout 5 --max-time 10 \
      --cacert "$ETCD_CA" --cert "$ETCD_CERT.crt" --key "$ETCD_CERT.key" \
      "https://${peer#*=}:2380/members") || continue
    case $told in \[*) ;; *) continue ;; esac
    printf '%s\n' "$told" | tr '{' '\n' | sed -n \
      -e 's/.*"id":\([0-9]*\),"peerURLs":\["\([^"]*\)"\]/\1, \2, /' \
      -e 's/^\([^ ]* \)\([^ ]* \).*"name":"\([^"]*\)".*/\1started, \3, \2/p' \
      -e 's/^\([^ ]* \)\([^ ]* \)[^ ]*$/\1unstarted, , \2/p'
    return
  done
  return 1
}

# Data is that of one member, whatever the list says. Without any the member must
# never have run: the other one of two has all that it could have.
told_list_will_do() { # LIST
  [ ! -d /var/lib/etcd/member ] || return 0
  set -- "$(printf '%s\n' "$1" | wc -l)" /var/lib/kubeseed/etcd-damaged-*
  [ "$1" -eq 2 ] && [ ! -e "$2" ]
}

# In the middle of a join this node's member may be the one that etcd lacks for
# a quorum; then there will be no API to wait for before it runs.
revive_member() {
  kubelet_can_run && [ ! -s "$etcd_manifest" ] || return 0
  if ! list=$(member_list 2>/dev/null); then
    list=$(members_told) || return 0
    told_list_will_do "$list" || return 0
  fi
  own=$(etcd_own_line "$list")
  [ -n "$own" ] || return 0
  ! member_can_start "$own" || finish_member "$list"
}

cluster_is_open_with_us() {
  etcd_client_certificate
  revive_member
  ! cluster_is_open || return 0
  ! peer_is_member || why="$why; etcd runs elsewhere, of which most members are \
needed"
  return 1
}

# What the kubelet runs with must be on the disk before etcd's membership changes:
# a member that cannot start any more would cost the second one's quorum. From 1.33
# on the kubelet is let in only after that, by an API server of its own.
start_kubelet_first() {
  if kubelet_is_member; then return 0; fi
  later=control-plane-join
  [ "$(minor_version)" -lt 33 ] ||
    later=etcd-join,kubelet-wait-bootstrap,$later,wait-control-plane
  kubeadm_join "$later"
  [ ! -s "$bootstrap_conf" ] ||
    install -m 0600 "$bootstrap_conf" "$bootstrap_copy"
  sync
}

# Leads to where the cluster is as it was before this node was ever added.
begin_join() {
  if [ -n "$own" ]; then
    # The member belongs to a disk that is gone. Not a matter of turns: as long as
    # it is there, etcd adds nobody.
    report wait "removing the etcd member whose data is gone"
    etcd_ask "$ETCD_PEERS" member remove "${own%%,*}"
  fi
  wait_for "this node's turn to join etcd" turn_is_ours
  wait_for "etcd to have no member that is half added" others_have_joined
  rm -rf "$etcd_manifest" /var/lib/etcd/member
  start_kubelet_first
  turn_is_ours
  systemctl stop etcd-empty.service
}

# The phase that adds the member, which votes by now. From 1.33 on that is another
# one; it adds nothing twice, but gives the vote to one that has it and waits in
# vain for a better answer than "can only promote a learner member".
finish_join() {
  if [ "$(minor_version)" -ge 33 ]; then
    kubeadm_join etcd-join
  else
    kubeadm_join control-plane-join/etcd
  fi
}

# What state the join is in, told by the member list and this disk.
join_stacked() {
  note_cluster
  tell_empty
  list=$(member_list)
  own=$(etcd_own_line "$list")
  if [ -z "$own" ] || ! member_can_start "$own"; then
    begin_join
    if kubeadm_join kubelet-start; then
      end_turn
      return
    fi
    list=$(member_list)
    own=$(etcd_own_line "$list")
    [ -n "$own" ] || return 1
  fi
  [ -s "$etcd_manifest" ] || finish_member "$list"
  damaged=
  wait_for "this node's etcd member to vote" own_member_votes_or_damage
  if [ -n "$damaged" ]; then
    put_data_aside
    return 1
  fi
  finish_join
  end_turn
}
