#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# copy-certificates.sh [NODE...] - hands this node's CAs to other nodes
#
# The control-plane nodes get what `kubeadm join --control-plane` must find, the
# workers the Kubernetes CA's certificate to know the cluster by. Runs by itself
# while the cluster forms; by hand it does the same again. No password and no
# trust on first use: the seeds certify the keys of both sides.
set -eu

# shellcheck source=/dev/null
. /etc/kubeseed/node.env
keys=/etc/kubeseed/ssh

# send ADDRESS FILE...: over there receive-certificates takes them in.
send() {
  address=$1
  shift
  tar -C /etc/kubernetes -cf - "$@" |
    ssh -F none -i $keys/copy_key -o CertificateFile=$keys/copy_key-cert.pub \
      -o UserKnownHostsFile=$keys/known_hosts -o StrictHostKeyChecking=yes \
      -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=10 \
      "root@$address" receive-certificates
}

wanted() {
  [ $# -gt 1 ] || return 0
  name=$1
  shift
  for one in "$@"; do
    [ "$one" != "$name" ] || return 0
  done
  return 1
}

for peer in $COPY_TO; do
  name=${peer%%=*}
  address=${peer#*=}
  wanted "$name" "$@" || continue
  case $peer in
  *=control-plane)
    send "${address%%=*}" pki/ca.crt pki/ca.key pki/sa.key pki/sa.pub \
      pki/front-proxy-ca.crt pki/front-proxy-ca.key \
      pki/etcd/ca.crt pki/etcd/ca.key admin.conf
    ;;
  *) send "${address%%=*}" pki/ca.crt ;;
  esac
  echo "$name has the certificates"
done
