#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# move-certificates.sh - puts received certificates where kubeadm looks
#
# Each key must fit its certificate; all belong to root, keys with mode 0600.
# The staging copy is wiped. Run again, it finds everything in place.
set -eu
staging=/var/lib/kubeseed/certificates
target=/etc/kubernetes

fail() {
  echo "move-certificates: $*" >&2
  exit 1
}

# Both give the same public key, or they are no pair.
fits() { # KEY CERTIFICATE-OR-PUBLIC-KEY
  case $2 in
  *.crt) public=$(openssl x509 -in "$2" -noout -pubkey) ;;
  *) public=$(cat "$2") ;;
  esac
  [ "$(openssl pkey -in "$1" -pubout)" = "$public" ] ||
    fail "the key '$1' does not fit '$2'"
}

place() { # MODE FILE...
  mode=$1
  shift
  for file in "$@"; do
    [ ! -e "$staging/$file" ] ||
      install -D -o root -g root -m "$mode" "$staging/$file" "$target/$file"
  done
}

wipe() { # FOLDER
  find "$1" -type f -exec shred -u -n 1 {} +
  rm -rf "$1"
}

# A power cut may have come in the middle of wiping: what is left is rubbish.
[ ! -d "$staging.old" ] || wipe "$staging.old"
# Others than those that are here: a member keeps its cluster's, whoever sends
# them. Who is not one yet takes the new, and nothing of the old: the first node
# has lost its disk and made the CAs anew.
if [ -e "$staging/pki/ca.crt" ] && [ -s $target/pki/ca.crt ] &&
  [ "$(cat "$staging/pki/ca.crt")" != "$(cat $target/pki/ca.crt)" ]; then
  if [ -s $target/kubelet.conf ]; then
    wipe "$staging"
    fail "what was received is of another cluster than this member's; not taken"
  fi
  wipe $target/pki
fi
if [ -d "$staging" ]; then
  cd "$staging"
  for ca in pki/ca pki/front-proxy-ca pki/etcd/ca; do
    [ ! -e $ca.key ] || fits $ca.key $ca.crt
  done
  [ ! -e pki/sa.key ] || fits pki/sa.key pki/sa.pub
  place 0600 pki/ca.key pki/front-proxy-ca.key pki/etcd/ca.key pki/sa.key \
    admin.conf
  place 0644 pki/ca.crt pki/front-proxy-ca.crt pki/etcd/ca.crt pki/sa.pub
  cd /
  sync -f /
  mv "$staging" "$staging.old"
  sync -f /
  wipe "$staging.old"
  sync -f /
fi
[ -s $target/pki/ca.crt ] ||
  fail "nothing was received; run copy-certificates.sh on a node that has them"
