# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# kubeconfig --user: what an API server would know of somebody, and until when.

mkdir "$work/people"
anna=$work/people/anna.conf

certificate() { # FILE
  sed -n 's/^ *client-certificate-data: *"*\([^"]*\)"*$/\1/p' "$1" | base64 -d
}

gives_one() {
  rm -f "$anna"
  ks offline kubeconfig --user anna --group ops --group dev@example --for 8h \
    -o "$anna" || return 1
  certificate "$anna" >"$work/people/crt"
  [ "$(stat -c %a "$anna")" = 600 ] &&
    openssl verify -purpose sslclient -CAfile "$work/offline/pki/ca.crt" \
      "$work/people/crt" &&
    [ "$(openssl x509 -noout -subject -nameopt oneline -in "$work/people/crt")" = \
      "subject=O = ops, O = dev@example, CN = anna" ] &&
    openssl x509 -noout -checkend $((8 * 3600 - 60)) -in "$work/people/crt" &&
    ! openssl x509 -noout -checkend $((8 * 3600 + 60)) -in "$work/people/crt" &&
    grep -x 'current-context: "demo-anna"' "$anna" || return 1
  sed -n 's/^ *client-key-data: *"*\([^"]*\)"*$/\1/p' "$anna" | base64 -d |
    openssl pkey -pubout >"$work/people/pub" &&
    openssl x509 -noout -pubkey -in "$work/people/crt" | cmp - "$work/people/pub"
}
check "kubeconfig --user is a certificate of the CA with name, groups and an end" \
  gives_one

keeps_nothing() {
  find "$work/offline" -type f -exec sha256sum {} + | sort >"$work/people/before"
  ks offline kubeconfig --user bert -o - >"$work/people/bert" &&
    certificate "$work/people/bert" | openssl x509 -noout -subject &&
    find "$work/offline" -type f -exec sha256sum {} + | sort |
    cmp - "$work/people/before"
}
check "nothing of it is kept" keeps_nothing

with_rights() {
  rm -f "$anna" "$work/people/rights.yaml"
  ks offline kubeconfig --user anna@example -o "$anna" --role view --namespace dev \
    --manifest "$work/people/rights.yaml" || return 1
  python3 - "$work/people/rights.yaml" <<'END' || return 1
import sys, yaml
with open(sys.argv[1]) as f:
    o = yaml.safe_load(f)
assert o["kind"] == "RoleBinding" and o["metadata"]["namespace"] == "dev", o
assert o["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io",
                        "kind": "ClusterRole", "name": "view"}, o
assert [s["name"] for s in o["subjects"]] == ["anna@example"], o
END
  # As a manifest of a spec.
  spec rights 'manifests: [people/rights.yaml]'
  "$kubeseed" check "$work/rights.yaml" || return 1
  exits 2 ks offline kubeconfig --user anna -o - --role view \
    --manifest "$work/people/rights.yaml"
}
check "the manifest of somebody's rights is one for a spec" with_rights

refuses_person() { # WORDS ARGS...
  words=$1
  shift
  exits 2 ks offline kubeconfig "$@" >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep -F -e "$words" "$work/said"
}
check "no name of Kubernetes' own" refuses_person "begins with 'system:'" \
  --user system:admin -o -
check "no group of it, which no role takes away" refuses_person \
  "begins with 'system:'" --user anna --group system:masters -o -
check "no name that is two" refuses_person "has something else" \
  --user 'anna/O=x' -o -
check "no end after years" refuses_person "from 10m to 366d" \
  --user anna --for 400d -o -
check "no group for nobody" refuses_person "are for --user" --group ops
check "no place to put it" refuses_person "needs -o FILE" --user anna
check "no role without a manifest" refuses_person "belong together" --user anna \
  --role view -o -

of_copied() {
  exits 1 ks copied kubeconfig --user anna -o - >"$work/said" 2>&1 || return 1
  cat "$work/said"
  grep 'kubeadm kubeconfig user' "$work/said"
}
check "no CA's key here with pki.mode copied" of_copied
