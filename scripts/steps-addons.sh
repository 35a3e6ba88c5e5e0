# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# What runs in the cluster besides, which the first node applies. Sourced by
# bootstrap.

addons=/etc/kubeseed/addons.list # of the seed: an add-on and a file of it, in order
# The ConfigMap in kube-system that says of each what has become of it: "applied" and
# the digest of its manifests, or why not. It is the cluster's, whoever is its first
# node now and whichever disk that has.
addon_record=kubeseed-addons
addon_failures=/run/kubeseed/addons.failed # a line for each attempt since the boot

# Looked at again at every boot.
rm -f "$recorded/addons"

addon_kubectl() {
  HOME=/root kubectl --kubeconfig /etc/kubernetes/admin.conf \
    --request-timeout 60s "$@" </dev/null
}

addon_names() {
  awk '!seen[$1]++ { print $1 }' "$addons"
}

addon_files() { # NAME
  sed -n "s|^$1 ||p" "$addons"
}

addon_digest() { # NAME
  for file in $(addon_files "$1"); do
    cat "$file"
  done | sha256sum | cut -d ' ' -f 1
}

# A line for each, its name and what has become of it.
read_addon_record() {
  addon_kubectl -n kube-system get configmap "$addon_record" --ignore-not-found -o \
    'go-template={{range $name, $state := .data}}{{$name}} {{$state}}{{"\n"}}{{end}}'
}

make_addon_record() {
  said=$(addon_kubectl -n kube-system create configmap "$addon_record" 2>&1) ||
    case $said in
    *AlreadyExists*) ;;
    *)
      echo "$said"
      return 1
      ;;
    esac
}

note_addon() { # NAME [STATE]; without one it is forgotten
  clean "${2-}"
  state="\"$text\""
  [ -n "$text" ] || state=null
  addon_kubectl -n kube-system patch configmap "$addon_record" --type merge \
    -p "{\"data\":{\"$1\":$state}}"
}

# Whether it has been applied as the seed has it, and nothing of it is gone.
addon_is_there() { # NAME DIGEST
  printf '%s\n' "$addon_states" | grep -qxF "$1 applied $2" || return 1
  for file in $(addon_files "$1"); do
    addon_kubectl get -f "$file" -o name >/dev/null 2>&1 || return 1
  done
}

# As in step_manifests; but before 1.22, where --server-side became stable, an API
# server ends such a request for an object of the kind APIService without an answer.
apply_addon_file() { # FILE
  set -- apply -f "$1"
  [ "$(minor_version)" -lt 22 ] || set -- "$@" --server-side --force-conflicts
  addon_kubectl "$@"
}

apply_addon() { # NAME
  digest=$(addon_digest "$1")
  if addon_is_there "$1" "$digest"; then return; fi
  for file in $(addon_files "$1"); do
    report wait "add-on $1: kubectl apply -f ${file##*/}"
    if said=$(apply_addon_file "$file" 2>&1); then continue; fi
    printf '%s\n' "$said"
    note_addon "$1" "failed: $(printf '%s\n' "$said" | tail -n 1)"
    return 1
  done
  note_addon "$1" "applied $digest" || return
  report wait "add-on $1: applied"
}

# Of all kinds that add-ons have; what has been made from these goes with them. A
# volume that a pod has, and what is in a namespace, may take a while.
drop_addon() { # NAME
  kinds=deployments.apps,daemonsets.apps,services,configmaps,secrets
  kinds=$kinds,serviceaccounts,roles.rbac.authorization.k8s.io
  kinds=$kinds,rolebindings.rbac.authorization.k8s.io
  kinds=$kinds,clusterroles.rbac.authorization.k8s.io
  kinds=$kinds,clusterrolebindings.rbac.authorization.k8s.io
  kinds=$kinds,poddisruptionbudgets.policy,apiservices.apiregistration.k8s.io
  kinds=$kinds,storageclasses.storage.k8s.io,persistentvolumes
  kinds=$kinds,customresourcedefinitions.apiextensions.k8s.io,namespaces
  [ "$(minor_version)" -lt 19 ] ||
    kinds=$kinds,ingresses.networking.k8s.io,ingressclasses.networking.k8s.io
  report wait "add-on $1: kubectl delete, the spec has it no more"
  addon_kubectl delete "$kinds" --all-namespaces -l "kubeseed/addon=$1" \
    --ignore-not-found --wait=false || return
  note_addon "$1"
}

# One that fails keeps no other from being applied; what has succeeded is not applied
# again when the step is.
step_addons() {
  addon_states=$(read_addon_record)
  [ -n "$addon_states" ] || make_addon_record
  failed=
  for name in $(printf '%s\n' "$addon_states" | cut -d ' ' -f 1); do
    addon_names | grep -qxF "$name" || drop_addon "$name" || failed="$failed $name"
  done
  for name in $(addon_names); do
    apply_addon "$name" || failed="$failed $name"
  done
  [ -n "$failed" ] || return 0
  echo "add-ons that are not as the spec has them:$failed"
  echo >>"$addon_failures"
  others_wait || return 1
  report wait "goes on without the add-ons$failed until the next boot"
}

# Other nodes wait for what comes behind it: some minutes must do.
others_wait() {
  [ "${STEPS%addons}" = "$STEPS" ] &&
    [ "$(wc -l <"$addon_failures")" -ge 10 ]
}
