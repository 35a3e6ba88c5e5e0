# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# flannel's settings in etcd, where it looks for them when it is not told of the API
# server. Sourced by bootstrap of the first node.

flannel=/etc/kubeseed/flannel

# etcd answers JSON over HTTP as well, with keys and values as base64; any member will
# do. What is there already, from before a disk was lost, is as the seed says again.
flannel_is_told() {
  for url in $(tr , ' ' <"$flannel/endpoints"); do
    why=$(printf '{"key":"%s","value":"%s"}' \
      "$(printf /coreos.com/network/config | base64 -w 0)" \
      "$(base64 -w 0 "$flannel/config.json")" |
      curl -sS --max-time 20 --cacert "$flannel/ca.crt" --cert "$flannel/client.crt" \
        --key "$flannel/client.key" -d @- "$url/v3/kv/put" 2>&1) || :
    case $why in *'"revision"'*) return 0 ;; esac
  done
  return 1
}

step_flannel() {
  wait_for "etcd to take flannel's settings" flannel_is_told
}
