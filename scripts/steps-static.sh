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
  fit_process "$1.yaml" | sed "s|@IMAGES@|$images|" |
    keep "/etc/kubernetes/manifests/$1.yaml"
}
