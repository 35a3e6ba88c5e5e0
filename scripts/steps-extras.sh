# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# What the spec adds to the node. Sourced by bootstrap.

# The kernel's modules and settings, which systemd sees to at every later boot.
# A container has its host's kernel, which is not its to change.
step_settings() {
  if systemd-detect-virt -cq; then
    echo "a container: modules and sysctls are its host's"
    return 0
  fi
  if [ -e /etc/modules-load.d/spec.conf ]; then
    grep -v '^#' /etc/modules-load.d/spec.conf | xargs modprobe -a --
  fi
  if [ -e /etc/sysctl.d/95-spec.conf ]; then
    sysctl -q -p /etc/sysctl.d/95-spec.conf
  fi
}

# With what a login of root has and a unit does not: by HOME kubectl finds the
# administrator's /root/.kube/config, and programs of one's own are in /usr/local.
run_commands() { # FILE
  HOME=/root PATH=/usr/local/sbin:/usr/local/bin:$PATH sh -e "$lib/$1"
}

step_commands_before() {
  run_commands commands-before
}

# As the kubelet, who may change its own Node object but for some of its labels.
# Nobody may before that object is there.
annotate() {
  code=$(curl -s --max-time 10 --cacert /etc/kubeseed/ca.crt \
    --cert /var/lib/kubelet/pki/kubelet-client-current.pem -X PATCH \
    -H 'Content-Type: application/merge-patch+json' \
    --data-binary "@$lib/annotations.json" -o /dev/null -w '%{http_code}' \
    "https://$ENDPOINT/api/v1/nodes/$NODE") || code=none
  why="its answer: $code"
  [ "$code" = 200 ]
}

step_annotations() {
  wait_for "the API server to take the node's annotations" annotate
}

step_commands_after() {
  run_commands commands-after
}
