# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Nodes that nobody founds or joins: each has its certificates and kubeconfigs
# from its seed, and starts what it runs. Sourced by bootstrap.

# How what a node runs comes to run there, as a pod or as a unit, is place_process
# of the bootstrapper's own file.

processes=/etc/kubeseed/processes # as the seed has them

# The seed may have been corrected since: then cloud-init has laid down one of another
# id. Not told by when files were written, for the clock may have been set meanwhile.
laid=/var/lib/cloud/data/instance-id
carried_out=/var/lib/kubeseed/seed-carried-out
if [ -e "$laid" ] && ! cmp -s "$laid" "$carried_out"; then
  rm -f "$recorded/kubelet" "$recorded/control-plane" "$recorded/objects"
  keep "$carried_out" <"$laid"
fi

# As the seed has it, but for what only the node knows: whether QEMU emulates its
# processor.
fit_process() { # FILE
  if [ -e /run/kubeseed/emulated ]; then
    sed -e '/ #native$/d' -e 's/^\( *\)#emulated /\1/' "$processes/$1"
  else
    sed -e 's/ #native$//' -e '/^ *#emulated /d' "$processes/$1"
  fi
}

# While etcd finds its members the kubelet may start already.
step_kubelet() {
  wait_for_cri
  place_process kube-proxy
  start_unit kubelet.service
}

# The API server comes when etcd has a quorum, and those that ask it when it
# answers: what starts earlier ends, and waits longer each time.
step_control_plane() {
  wait_for_etcd
  place_process kube-apiserver
  wait_for "this node's API server" own_api_or_cri
  place_process kube-controller-manager
  place_process kube-scheduler
}

# ---- The first objects ----

objects=/etc/kubeseed/objects

kubectl_here() {
  HOME=/root kubectl --kubeconfig "$conf" --request-timeout 60s "$@" </dev/null
}

objects_are_made() {
  kubectl_here -n kube-system get configmap kubeseed >/dev/null 2>&1
}

# What is there stays: a person may have changed it, and another node that comes at
# the same time makes the same.
create_missing() { # FILE
  said=$(kubectl_here create -f "$1" 2>&1) && return
  said=$(printf '%s\n' "$said" | grep -v -e ' created$' -e '(AlreadyExists)') ||
    return 0
  printf '%s\n' "$said"
  return 1
}

coredns_image() {
  ctr -n k8s.io images ls -q | grep '/coredns:' | head -n 1
}

# Whichever control plane is first makes them; a ConfigMap says that all are there.
make_objects() {
  for file in "$objects"/*.yaml; do
    report wait "kubectl create -f ${file##*/}"
    image=
    if grep -q @COREDNS@ "$file"; then
      image=$(coredns_image)
      if [ -z "$image" ]; then
        echo "containerd has no image of CoreDNS"
        return 1
      fi
    fi
    sed "s|@COREDNS@|$image|" "$file" >/run/kubeseed/objects.yaml
    create_missing /run/kubeseed/objects.yaml || return
  done
  said=$(kubectl_here -n kube-system create configmap kubeseed \
    --from-literal=objects=made 2>&1) || case $said in
  *AlreadyExists*) ;;
  *)
    echo "$said"
    return 1
    ;;
  esac
}

node_is_registered() {
  curl -sf --max-time 10 --cacert /etc/kubeseed/ca.crt -o /dev/null \
    --cert /var/lib/kubelet/pki/kubelet-client-current.pem \
    "https://$ADDRESS:6443/api/v1/nodes/$NODE"
}

# A kubelet may not say of its own node that it is one of the control plane's.
mark_node() {
  wait_for "the kubelet to register" node_is_registered
  set -- node-role.kubernetes.io/control-plane= \
    node.kubernetes.io/exclude-from-external-load-balancers=
  [ "$(minor_version)" -ge 24 ] || set -- "$@" node-role.kubernetes.io/master=
  kubectl_here label --overwrite node "$NODE" "$@"
}

# Administrators have no rights before the objects give them some: until then the
# only kubeconfig that needs none is asked. A power cut may leave it half shredded,
# and then it is not needed any more.
step_objects() {
  first_hour=/etc/kubeseed/super-admin.conf
  conf=/etc/kubernetes/admin.conf
  if ! objects_are_made; then
    [ ! -e "$first_hour" ] || conf=$first_hour
    objects_are_made || make_objects
  fi
  mark_node
  [ ! -e "$first_hour" ] || shred -u -n 1 "$first_hour"
}
