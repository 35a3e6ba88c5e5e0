# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# Kubelets ask the cluster for certificates (servingCertificates rotated). Sourced by
# bootstrap.

# Where there is no kubeadm: a kubelet that renews its own certificate has a link lead
# to the newest, and takes no file in its place. A power cut leaves the file or the link.
step_kubelet_link() {
  current=/var/lib/kubelet/pki/kubelet-client-current.pem
  if [ -L "$current" ]; then return 0; fi
  first=${current%current.pem}seed.pem
  cp -p "$current" "$first"
  sync "$first"
  ln -sfn "$first" "$current.new"
  mv -T "$current.new" "$current"
}

# What kubelets ask for their ports is approved by a service, now and at every later
# boot; what a later seed brings is read by itself.
step_approver() {
  ln -sfn /etc/systemd/system/kubeseed-approver.service \
    /etc/systemd/system/multi-user.target.wants
  systemctl start --no-block kubeseed-approver.service
}
