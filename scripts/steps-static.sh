# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# Bootstrapper static-pods: what a node runs is a pod that its kubelet finds there.
# Sourced by bootstrap.

# Leaves in $images what stands before "/kube-proxy:VERSION" in the name of the
# image that this disk has.
find_images() {
  name=$(ctr -n k8s.io images ls -q | grep "/kube-proxy:v$VERSION\$" |
    head -n 1)
  why="containerd has no image kube-proxy:v$VERSION"
  images=${name%/*}
  [ -n "$images" ]
}

place_process() { # NAME
  images=
  if grep -q @IMAGES@ "$processes/$1.yaml"; then
    wait_for "containerd" find_images
  fi
  mkdir -p /etc/kubernetes/manifests
  fit_process "$1.yaml" | sed "s|@IMAGES@|$images|" >/run/kubeseed/pod.yaml
  for patch in "/etc/kubeseed/patches/$1"*; do
    [ ! -e "$patch" ] || patch_pod "$patch"
  done
  keep "/etc/kubernetes/manifests/$1.yaml" </run/kubeseed/pod.yaml
}

# One of kubernetes.patches, in the order of their names and with the type that the
# name has, as kubeadm would. It asks no API server.
patch_pod() { # FILE
  type=strategic
  case ${1##*/} in
  *+json.*) type=json ;;
  *+merge.*) type=merge ;;
  esac
  HOME=/root kubectl patch --local -f /run/kubeseed/pod.yaml --type "$type" \
    -p "$(cat "$1")" -o yaml >/run/kubeseed/patched.yaml
  mv /run/kubeseed/patched.yaml /run/kubeseed/pod.yaml
}
