# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# CAs and keys of a user's own, made by openssl and ssh-keygen: what is taken is what
# signs, and what could never work is told.

own=$work/own
mkdir "$own"

# NAME SUBJECT [OPTION...]: a CA, with the options of `openssl req`.
own_ca() {
  name=$1
  subject=$2
  shift 2
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -keyout "$own/$name.key" -out "$own/$name.crt" -subj "/CN=$subject" -days 3000 \
    -addext keyUsage=critical,keyCertSign,cRLSign "$@" 2>/dev/null
}

# NAME: one that the root signed, and behind it the root; in the older form of keys
# with parameters before it.
own_intermediate() {
  openssl ecparam -name prime256v1 -genkey >"$own/$1.key" 2>/dev/null &&
    openssl req -new -key "$own/$1.key" -subj "/CN=$1" |
    openssl x509 -req -CA "$own/root.crt" -CAkey "$own/root.key" -days 2000 \
      -CAcreateserial -extfile "$own/extensions" >"$own/$1.crt" 2>/dev/null &&
    cat "$own/root.crt" >>"$own/$1.crt"
}

printf '%s\n' basicConstraints=critical,CA:TRUE,pathlen:0 \
  keyUsage=critical,keyCertSign >"$own/extensions"
own_ca root 'a root'
own_ca etcd 'my etcd'
own_ca front 'my front proxy'
own_intermediate kube
openssl genrsa -traditional 2048 >"$own/sa.key" 2>/dev/null
ssh-keygen -q -t ed25519 -N '' -C mine -f "$own/ssh"

own_spec() { # NAME KUBERNETES ETCD
  spec "$1" "pki:
  algorithm: ecdsa-p256
  authorities:
    kubernetes: {cert: $own/$2.crt, key: $own/$2.key}
    etcd: {cert: own/$3.crt, key: own/$3.key}
    frontProxy: {cert: own/front.crt, key: own/front.key}
    serviceAccounts: {key: own/sa.key}
    ssh: {key: own/ssh}"
}

same_key() { # PRIVATE PRIVATE
  openssl pkey -in "$1" -pubout >"$work/one" && openssl pkey -in "$2" -pubout |
    cmp - "$work/one"
}

signs() {
  own_spec taken kube etcd
  "$kubeseed" check "$work/taken.yaml" && ks taken seed || return 1
  pki=$work/taken/pki
  same_key "$own/kube.key" "$pki/ca.key" && same_key "$own/sa.key" "$pki/sa.key" &&
    same_key "$own/etcd.key" "$pki/etcd/ca.key" &&
    same_key "$own/front.key" "$pki/front-proxy-ca.key" || return 1
  # Of the chain what signs, and not whose other CAs nobody knows.
  [ "$(grep -c BEGIN "$pki/ca.crt")" -eq 1 ] &&
    openssl verify -partial_chain -trusted "$pki/ca.crt" "$pki/admin.crt" &&
    openssl verify -CAfile "$own/root.crt" -untrusted "$own/kube.crt" \
      "$pki/admin.crt" &&
    openssl verify -CAfile "$own/etcd.crt" "$pki/nodes/m2/etcd-peer.crt" || return 1
  ssh-keygen -y -f "$own/ssh" | cut -d ' ' -f 2 >"$work/one"
  cut -d ' ' -f 2 "$pki/ssh-ca/ca.pub" | cmp - "$work/one" || return 1
  [ "$(find "$pki" -name '*.key' -perm /077 | wc -l)" -eq 0 ]
}
check "a cluster with CAs and keys of one's own" signs

stays() {
  sha256sum "$work"/taken/seeds/* >"$work/seeds.before"
  ks taken seed && sha256sum -c --quiet "$work/seeds.before" || return 1
  # The state has them; the files may be elsewhere from now on.
  spec taken ''
  mv "$own/kube.key" "$own/kube.away"
  ks taken seed && sha256sum -c --quiet "$work/seeds.before"
  status=$?
  mv "$own/kube.away" "$own/kube.key"
  return "$status"
}
check "the state keeps them when the spec does not name them any more" stays

other_is_refused() {
  own_spec taken root etcd
  exits 2 ks taken seed 2>"$work/said" || return 1
  cat "$work/said"
  grep 'pki.authorities.kubernetes is not the key that this cluster has' \
    "$work/said" && same_key "$own/kube.key" "$work/taken/pki/ca.key"
}
check "a cluster keeps its CA" other_is_refused

renewed() {
  openssl req -x509 -key "$own/etcd.key" -subj '/CN=my etcd' -days 3500 \
    -addext keyUsage=critical,keyCertSign >"$own/renewed.crt" 2>/dev/null
  cp "$own/etcd.key" "$own/renewed.key"
  own_spec taken kube renewed
  ks taken seed && cmp "$own/renewed.crt" "$work/taken/pki/etcd/ca.crt" &&
    openssl verify -CAfile "$own/renewed.crt" \
      "$work/taken/pki/nodes/m2/etcd-peer.crt"
}
check "another certificate of the same CA's key is taken" renewed

# What each is told, as the Kubernetes CA.
unfit() { # NAME WORDS
  own_spec unfit "$1" etcd
  exits 2 "$kubeseed" check "$work/unfit.yaml" >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -F "unfit.yaml:9:" "$work/said" | grep -F -e "$2"
}

cp "$own/root.key" "$own/other.key"
cp "$own/etcd.crt" "$own/other.crt"
check "a key of another CA" unfit other 'the key does not fit the certificate'

own_ca leaf leaf -addext basicConstraints=critical,CA:FALSE
check "a certificate that is no CA's" unfit leaf "the certificate is not a CA's"

cat "$own/root.crt" "$own/etcd.crt" >"$own/chain.crt"
cp "$own/root.key" "$own/chain.key"
check "a chain that is none" unfit chain 'each be signed by the next'

own_ca names names -addext nameConstraints=critical,permitted\;DNS:corp.example
check "a CA for other names" unfit names "it may not sign for this cluster's nodes"

openssl pkey -in "$own/root.key" -aes256 -passout pass:x -out "$own/pass.key"
cp "$own/root.crt" "$own/pass.crt"
check "a key behind a pass phrase" unfit pass 'without pass phrase'

openssl req -x509 -newkey rsa:1024 -nodes -keyout "$own/weak.key" -out \
  "$own/weak.crt" -subj /CN=weak -addext keyUsage=critical,keyCertSign 2>/dev/null
check "a key with too few bits" unfit weak 'RSA takes 2048 or more'

openssl req -x509 -newkey ed25519 -nodes -keyout "$own/edwards.key" -out \
  "$own/edwards.crt" -subj /CN=e -addext keyUsage=critical,keyCertSign 2>/dev/null
check "a kind of key that kubeadm does not read" unfit edwards \
  'neither RSA nor ECDSA'

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:secp256k1 -nodes -keyout \
  "$own/curve.key" -out "$own/curve.crt" -subj /CN=c \
  -addext keyUsage=critical,keyCertSign 2>/dev/null
check "a curve that kubeadm does not know" unfit curve 'on none of the curves'

openssl req -x509 -key "$own/sa.key" -out "$own/rsa.crt" -subj /CN=rsa \
  -addext keyUsage=critical,keyCertSign 2>/dev/null
cp "$own/sa.key" "$own/rsa.key"
check "another algorithm than the spec's" unfit rsa 'write `algorithm: rsa-2048`'

openssl x509 -req -in "$(openssl req -new -key "$own/root.key" -subj /CN=past \
  -out "$own/past.csr" && echo "$own/past.csr")" -key "$own/root.key" -days -1 \
  -extfile "$own/extensions" -out "$own/past.crt" 2>/dev/null
cp "$own/root.key" "$own/past.key"
check "a CA that has ended" unfit past 'the certificate ended on'

no_secret_is_told() {
  key=$(sed -n 2p "$own/kube.key")
  "$kubeseed" plan --json "$work/taken.yaml" >"$work/said" 2>&1 &&
    grep -q '"ownKeys"' "$work/said" && ! grep -F -e "$key" "$work/said"
}
check "plan names which keys are one's own, and shows none" no_secret_is_told
