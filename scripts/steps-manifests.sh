# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154
#
# The spec's manifests, which the first node applies. Sourced by bootstrap.

manifests=/etc/kubeseed/manifests.list # of the seed: a digest and a file, in order
applied=/var/lib/kubeseed/manifests    # those of its lines that have been

# The seed may have been corrected since.
[ ! -e "$recorded/manifests" ] || cmp -s "$manifests" "$applied" ||
  rm -f "$recorded/manifests"

# With --server-side the API server keeps who has set what; kubectl would keep all
# of an object in one of its annotations, which is too small for many a
# CustomResourceDefinition. What somebody else has set is as the manifest says
# again.
apply_manifest() { # FILE
  set -- apply -f "$1"
  [ "$(minor_version)" -lt 18 ] || set -- "$@" --server-side --force-conflicts
  HOME=/root kubectl --kubeconfig /etc/kubernetes/admin.conf \
    --request-timeout 60s "$@" </dev/null
}

# Each once: a retry begins with the one that failed, as when it needs a kind that
# the one before it has only just brought. They may hold secrets, and go when
# cloud-init writes them no more (step_wipe).
step_manifests() {
  [ -e "$applied" ] || : >"$applied"
  while read -r digest manifest; do
    if grep -qxF "$digest $manifest" "$applied"; then continue; fi
    report wait "kubectl apply -f ${manifest##*/}"
    apply_manifest "$manifest"
    { cat "$applied" && echo "$digest $manifest"; } | keep "$applied"
  done <"$manifests"
  keep "$applied" <"$manifests"
}
