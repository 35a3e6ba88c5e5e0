# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# A control-plane node whose kubelet registers no node
# (kubernetes.kubelet.controlPlanes absent). Sourced by bootstrap behind
# steps-no-kubeadm.sh and steps-kubernetes.sh, whose functions these are instead: there
# is no node to mark, or to wait for. Its API server is what makes it ready.

mark_node() {
  return 0
}

ready_worker() {
  return 0
}
