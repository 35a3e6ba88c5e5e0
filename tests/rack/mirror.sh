#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The payload that Debian's archive can build, as the Kubernetes project would have
# it: a signed repository in pkgs.k8s.io's layout and a registry (Debian's
# docker-registry), both on loopback, under upstream's names. What is fetched from
# them is baked; so is the bundle that is made of it, without any network, and a node
# of that forms a cluster.
#
# What Debian does not have is stood in for: crictl says yes to everything, and
# CoreDNS answers nobody.
set -u
here=$(dirname "$0")
# shellcheck source=tests/e2e/functions.sh
. "$here/../e2e/functions.sh"

SPEC=$WORK/mirror.yaml
KUBE_NODE=m1
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kubeseed
payload=$cache/payload/debian-1.20.2
www=$WORK/www
deb=$www/core:/stable:/v1.20/deb
keys=$WORK/keys

# ---- What is served ----

stop() {
  exec 9>&-
  [ -z "${registry-}" ] || kill "$registry"
  rm -rf "$www" "$keys" "$WORK/registry" "$WORK/own" \
    "$WORK/deb" "$WORK/bundle.tar"
} 2>/dev/null
trap stop EXIT

pack() { # NAME VERSION: the tree $WORK/NAME
  mkdir -p "$WORK/$1/DEBIAN" &&
    printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: nobody <nobody@kubeseed.internal>\nDescription: for tests\n' \
      "$1" "$2" >"$WORK/$1/DEBIAN/control" &&
    dpkg-deb --root-owner-group -Znone --build "$WORK/$1" "$deb" && rm -r "${WORK:?}/$1"
}
repository() {
  rm -rf "$www" "$keys" && mkdir -p "$deb" "$WORK/kubernetes-cni/opt/cni/bin" \
    "$WORK/cri-tools/usr/bin" && cp "$payload"/debs/*.deb "$deb" || return
  plugins=$(echo "$cache"/apt/containernetworking-plugins_*.deb)
  dpkg-deb --fsys-tarfile "$plugins" | tar -xC "$WORK/kubernetes-cni/opt/cni/bin" \
    --strip-components=4 ./usr/lib/cni && pack kubernetes-cni 0.8.7-1.1 || return
  printf '#!/bin/sh\n' >"$WORK/cri-tools/usr/bin/crictl" &&
    chmod 755 "$WORK/cri-tools/usr/bin/crictl" && pack cri-tools 1.20.0-1.1 || return
  GNUPGHOME=$keys/gnupg
  export GNUPGHOME
  mkdir -p "$GNUPGHOME" && chmod 700 "$GNUPGHOME" &&
    gpg --batch --passphrase '' --quick-gen-key mirror@kubeseed.internal rsa2048 sign &&
    gpg --armor --export >"$keys/key.asc" && (
    cd "$deb" && apt-ftparchive packages . >Packages &&
      apt-ftparchive release . >"$keys/Release" && mv "$keys/Release" . &&
      gpg --batch --clearsign -o InRelease Release
  ) && gpgconf --kill all
}
serve_packages() {
  rm -f "$WORK/stop" && mkfifo "$WORK/stop" || return
  "$here/../payload/serve" "$WORK" <"$WORK/stop" >"$WORK/port" 9>&- &
  exec 9>"$WORK/stop"
  within 20 test -s "$WORK/port" && packages=127.0.0.1:$(cat "$WORK/port")
}
free_port() {
  python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
# Unpacked, for as a package it would serve this machine's whole network.
unpack_registry() {
  rm -rf "$WORK/deb" && mkdir "$WORK/deb" && (
    cd "$WORK/deb" || exit
    get="apt-get -q -o APT::Sandbox::User=root download docker-registry"
    $get || { apt-get -q update && $get; }
  ) && dpkg-deb -x "$WORK"/deb/docker-registry_*.deb "$WORK/deb" &&
    PATH=$PATH:$WORK/deb/usr/bin
}
serve_images() {
  registry_at=127.0.0.1:$(free_port)
  cat >"$WORK/registry.yml" <<YML
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $WORK/registry}}
http: {addr: $registry_at}
YML
  docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 9>&- &
  registry=$!
  within 20 curl -sf "http://$registry_at/v2/"
}
push() { # FILE NAME
  skopeo --insecure-policy copy --dest-tls-verify=false "oci-archive:$payload/$1" \
    "docker://$registry_at/$2"
}
fill() {
  rm -rf "$WORK/own" && dpkg-deb -x "$payload"/debs/kubeadm_*.deb "$WORK/own" || return
  HOME=$WORK/own "$WORK/own/usr/bin/kubeadm" config images list \
    --kubernetes-version v1.20.2 >"$WORK/wanted" || return
  while read -r name; do
    image=${name#*/}
    case $image in
    coredns*) file=images/pause.tar ;;
    *) file=images/$(basename "${image%:*}").tar ;;
    esac
    push "$file" "$image" || return
  done <"$WORK/wanted"
}

must "the payload of Debian's archive" "$KUBESEED" -q payload seeds/single.yaml
must "a registry of Debian's" unpack_registry
must "a repository of its packages" repository
must "is served" serve_packages
must "so is a registry" serve_images
must "that has its images" fill

# ---- What comes of it ----

# Nothing of the user's but Debian's packages.
XDG_CACHE_HOME=$WORK/cache
export XDG_CACHE_HOME
fresh() {
  rm -rf "$XDG_CACHE_HOME" "$STATE" "$WORK/payload.lock.json" "$WORK/bundle.tar" &&
    mkdir -p "$XDG_CACHE_HOME/kubeseed" && cp -r "$cache/apt" "$XDG_CACHE_HOME/kubeseed"
}
must "a cache of its own" fresh
spec() { # PAYLOAD
  header mirror | sed "s|^kubernetes: .*|kubernetes: {version: 1.20.2, payload: $1}|"
  echo 'nodes: [{name: m1, role: control-plane, memory: 3G}]'
}
spec "{source: pkgs.k8s.io, packages: \"http://$packages/core:/stable:/\", registry: \"http://$registry_at\", key: $keys/key.asc}" \
  >"$SPEC"
bake() {
  image=$("$KUBESEED" -q image "$SPEC") && [ -s "$image" ]
}
must "a payload is fetched" "$KUBESEED" -q payload "$SPEC"
check "the lock has upstream's names" jq -e \
  '.payloads[].images["k8s.gcr.io/kube-apiserver:v1.20.2"].index' "$WORK/payload.lock.json"
must "an image is baked of it" bake
check "the lock has its containerd" jq -e \
  '.payloads[].containerd["debian 12"] | startswith("1.6.")' "$WORK/payload.lock.json"
check "and the image is the same as before that" sh -c \
  '[ "$("$0" -q image "$1")" = "$2" ]' "$KUBESEED" "$SPEC" "$image"
check "nothing in it is amiss" "$KUBESEED" image --check "$image"
must "a bundle of it" "$KUBESEED" -q payload "$SPEC" --bundle "$WORK/bundle.tar"
kill "$registry"
registry=
exec 9>&-
rm -rf "$XDG_CACHE_HOME"
spec bundle.tar >"$SPEC"
check "the bundle is whole" "$KUBESEED" -q payload "$SPEC" --verify
without_network() {
  image=$(unshare -n "$KUBESEED" -q image "$SPEC") && [ -s "$image" ]
}
must "an image is baked of the bundle, without a network" without_network
check "nothing in it is amiss either" "$KUBESEED" image --check "$image"
must "a machine of it comes up" ks up
check "its node is Ready" within 60 all_ready 1
check "etcd is the image's, as the host's unit" on m1 \
  'systemctl is-active etcd && etcd --version | grep -F "etcd Version: 3.4.23"'
names() {
  kube get pods -n kube-system -o jsonpath='{..image}' | tr ' ' '\n' |
    grep -x k8s.gcr.io/kube-apiserver:v1.20.2
}
check "its pods have upstream's images" names
check "the machine is switched off" ks down --now
rm -rf "$XDG_CACHE_HOME"
finish
