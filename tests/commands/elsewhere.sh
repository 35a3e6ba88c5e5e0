# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# CAs whose keys are elsewhere: seed asks, openssl signs as a user would, and the next
# run takes what was signed; what does not serve is told, and no key is made twice.

away=$work/far
mkdir "$away"

# NAME: a CA whose key the spec never sees.
away_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$away/$1.key" -out "$away/$1.crt" -subj "/CN=$1" -days 3000 \
    -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
}
away_ca kubernetes
away_ca etcd
away_ca front-proxy

away_spec() { # NAME
  cat >"$work/$1.yaml" <<SPEC
apiVersion: kubeseed/v1
kind: Cluster
name: demo
kubernetes: {version: 1.34.2, bootstrapper: static-pods}
network: {subnet: 192.168.4.0/24}
pki:
  authorities:
    kubernetes: {cert: far/kubernetes.crt}
    etcd: {cert: far/etcd.crt}
    frontProxy: {cert: far/front-proxy.crt}
nodes:
  - {name: m1, address: 192.168.4.31}
  - {name: w1, role: worker, address: 192.168.4.41}
SPEC
}

# STATE [DAYS]: as the manual has it.
sign() {
  for csr in "$1"/pki/requests/*/*.csr; do
    ca=$(basename "$(dirname "$csr")")
    openssl x509 -req -in "$csr" -CA "$away/$ca.crt" -CAkey "$away/$ca.key" \
      -copy_extensions copyall -days "${2-365}" -out "${csr%.csr}.crt" 2>/dev/null ||
      return 1
  done
}

asks() {
  away_spec away
  exits 1 ks away seed 2>"$work/said" || return 1
  cat "$work/said"
  grep '17 certificates are to be signed by a CA whose key is elsewhere' "$work/said" &&
    [ ! -e "$work/away/seeds" ] && [ ! -e "$work/away/pki/ca.key" ] &&
    [ "$(find "$work/away/pki/requests" -name '*.csr' | wc -l)" -eq 17 ] &&
    openssl req -in "$work/away/pki/requests/kubernetes/m1.apiserver.csr" \
      -noout -verify -text >"$work/text" 2>&1 &&
    grep 'DNS:kubernetes.default.svc' "$work/text" &&
    grep 'IP Address:192.168.4.31' "$work/text" &&
    grep 'TLS Web Server Authentication' "$work/text"
}
check "seed asks for what it cannot sign" asks

asks_the_same() {
  sha256sum "$work"/away/pki/requests/*/* "$work"/away/pki/nodes/*/*.key \
    >"$work/before"
  exits 1 ks away seed && sha256sum -c --quiet "$work/before" &&
    exits 1 ks away seed --check
}
check "and for the same once more, with the same keys" asks_the_same

# Each as some CA would make it.
refused() { # REQUEST WORDS OPTION...
  request=$work/away/pki/requests/$1
  words=$2
  shift 2
  openssl x509 -req -in "$request.csr" -CA "$away/kubernetes.crt" \
    -CAkey "$away/kubernetes.key" -days 365 -out "$request.crt" "$@" 2>/dev/null ||
    return 1
  exits 1 ks away seed >"$work/said" 2>&1
  status=$?
  cat "$work/said"
  grep -F -e "$words" "$work/said" || status=1
  rm "$request.crt"
  return "$status"
}
all='-copy_extensions copyall'
check "no extensions" refused kubernetes/m1.apiserver \
  "'pki/requests/kubernetes/m1.apiserver.crt': the alternative name m1 is not in it"
# shellcheck disable=SC2086
check "another user" refused kubernetes/m1.scheduler \
  "CN must be 'system:kube-scheduler'" $all -subj /CN=system:admin
# shellcheck disable=SC2086
check "another group" refused kubernetes/w1.kubelet 'each O a group' \
  $all -subj /O=system:masters/CN=system:node:w1
# shellcheck disable=SC2086
check "another CA" refused etcd/m1.etcd-peer 'does not verify' $all
printf '%s\n' extendedKeyUsage=serverAuth >"$away/server"
check "another usage" refused kubernetes/m1.scheduler 'lacks clientAuth' \
  -extfile "$away/server"
printf '%s\n' keyUsage=keyEncipherment >"$away/no-signature"
check "a key that may not sign" refused kubernetes/m1.scheduler \
  'lacks digitalSignature' -extfile "$away/no-signature"
printf '%s\n' basicConstraints=CA:TRUE keyUsage=keyCertSign >"$away/as-ca"
check "a CA" refused kubernetes/m1.scheduler "it is a CA's" -extfile "$away/as-ca"

other_key() {
  cp "$away/etcd.crt" "$work/away/pki/requests/kubernetes/m1.kubelet.crt"
  exits 1 ks away seed >"$work/said" 2>&1
  status=$?
  rm "$work/away/pki/requests/kubernetes/m1.kubelet.crt"
  cat "$work/said"
  [ "$status" -eq 0 ] && grep 'not for the key of the request beside it' "$work/said"
}
check "a certificate of another key" other_key

takes() {
  sign "$work/away" || return 1
  rm "$work/away/pki/requests/etcd/m1.etcd-peer.crt"
  exits 1 ks away seed >"$work/said" 2>&1 || return 1
  grep '1 certificate is to be signed' "$work/said" || return 1
  # What was taken is not asked for again.
  [ "$(find "$work/away/pki/requests" -name '*.csr')" = \
    "$work/away/pki/requests/etcd/m1.etcd-peer.csr" ] &&
    sign "$work/away" && ks away seed && ks away seed --check &&
    [ -z "$(find "$work/away/pki/requests" -type f)" ] &&
    openssl verify -CAfile "$away/etcd.crt" "$work/away/pki/nodes/m1/etcd-peer.crt" &&
    openssl verify -CAfile "$away/kubernetes.crt" "$work/away/pki/admin.crt" &&
    "$kubeseed" inspect "$work/away/seeds/m1.iso" >"$work/said" &&
    ! grep -F "$(sed -n 2p "$away/kubernetes.key")" -r "$work/away"
}
check "what is signed is taken, and the rest asked for" takes

stays() {
  sha256sum "$work"/away/seeds/*.iso >"$work/before"
  ks away seed && sha256sum -c --quiet "$work/before"
}
check "the same seeds again" stays

# A CA of a company adds to the subject.
renews() {
  request=$work/away/pki/requests/kubernetes/m1.scheduler
  mkdir -p "$(dirname "$request")"
  openssl req -new -key "$work/away/pki/nodes/m1/scheduler.key" \
    -subj /C=DE/CN=system:kube-scheduler |
    openssl x509 -req -CA "$away/kubernetes.crt" -CAkey "$away/kubernetes.key" \
      -days 1 -out "$request.crt" 2>/dev/null
  ks away seed && [ ! -e "$request.crt" ] || return 1
  openssl x509 -noout -subject -in "$work/away/pki/nodes/m1/scheduler.crt" |
    grep 'C = DE'
}
check "a certificate is replaced, and more in its subject allowed" renews

address() {
  sed -i 's/address: 192.168.4.41/address: 192.168.4.42/' "$work/away.yaml"
  exits 1 ks away seed >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep '1 certificate is to be signed' "$work/said" &&
    [ -e "$work/away/pki/requests/kubernetes/w1.kubelet-server.csr" ] &&
    sign "$work/away" && ks away seed
}
check "another address needs another certificate" address

keeps() {
  cp "$away/kubernetes.crt" "$away/kept.crt"
  away_ca kubernetes
  exits 2 ks away seed >"$work/said" 2>&1
  status=$?
  cp "$away/kept.crt" "$away/kubernetes.crt"
  cat "$work/said"
  [ "$status" -eq 0 ] && grep 'is not the key that this cluster has' "$work/said"
}
check "a cluster keeps its CA, whose key is elsewhere" keeps

no_person() {
  exits 1 ks away kubeconfig --user eve -o - >"$work/said" 2>&1
  cat "$work/said"
  grep "the CA's key is elsewhere" "$work/said"
}
check "a person's certificate is asked for elsewhere" no_person

# kubeadm joins nodes, but knows nothing of etcd's members.
by_kubeadm() {
  spec etcd-away "pki:
  authorities: {etcd: {cert: far/etcd.crt}}"
  exits 1 ks etcd-away seed && sign "$work/etcd-away" && ks etcd-away seed &&
    [ -e "$work/etcd-away/pki/ca.key" ] && [ ! -e "$work/etcd-away/pki/etcd/ca.key" ]
}
check "with kubeadm the key of etcd's CA may be elsewhere" by_kubeadm

# From here to there and back.
moves() {
  spec moving ''
  ks moving seed || return 1
  cp "$work/moving/pki/etcd/ca.crt" "$away/moved.crt"
  cp "$work/moving/pki/etcd/ca.key" "$away/moved.key"
  spec moving "pki:
  authorities: {etcd: {cert: far/moved.crt}}"
  sha256sum "$work"/moving/seeds/*.iso >"$work/before"
  exits 2 ks moving seed >"$work/said" 2>&1 || return 1
  grep "has no key, but '.*/pki/etcd/ca.key' is one" "$work/said" || return 1
  rm "$work/moving/pki/etcd/ca.key"
  ks moving seed && sha256sum -c --quiet "$work/before" || return 1
  spec moving "pki:
  authorities: {etcd: {cert: far/moved.crt, key: far/moved.key}}"
  ks moving seed && cmp "$away/moved.key" "$work/moving/pki/etcd/ca.key" || return 1
  rm "$work/moving/pki/etcd/ca.key"
  spec moving ''
  exits 1 ks moving seed >"$work/said" 2>&1
  grep "etcd/ca.key': the file is missing" "$work/said"
}
check "a key goes elsewhere, and comes back" moves

leaves_nothing() {
  away_spec gone
  exits 1 ks gone seed
  echo mine >"$work/gone/mine"
  ks gone destroy --all --yes >"$work/said" 2>&1
  cat "$work/said"
  rm "$work/gone/mine"
  [ ! -e "$work/gone/pki" ]
}
check "destroy --all removes requests" leaves_nothing
