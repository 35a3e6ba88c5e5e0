/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/cni.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "spec/images.h"
#include <string.h>

#define N_IMAGES 4

/* Each release's images, for versions up to 1.LAST; the last row of each is for
 * all newer ones as well. */
static const struct release {
  enum cni cni;
  int last;
  const char *images[N_IMAGES];
} releases[] = {
    /* Its README has "For Kubernetes v1.17+"; the images are those of its
     * manifest, Documentation/kube-flannel.yml. */
    {CNI_FLANNEL,
     0,
     {"ghcr.io/flannel-io/flannel:v0.28.9",
      "ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3"}},
/* What each has been tested with: docs.tigera.io/calico/3.NN/getting-started/
 * kubernetes/requirements. 3.26: 1.24 to 1.28; 3.28: 1.27 to 1.30; 3.29: 1.29
 * to 1.32; 3.31: 1.32 to 1.35; 3.32: 1.34 to 1.36. */
#define CALICO(registry, tag)                                                  \
  registry "/calico/node:" tag, registry "/calico/cni:" tag,                   \
      registry "/calico/kube-controllers:" tag
    {CNI_CALICO, 26, {CALICO("docker.io", "v3.26.5")}},
    {CNI_CALICO, 28, {CALICO("docker.io", "v3.28.5")}},
    {CNI_CALICO, 31, {CALICO("docker.io", "v3.29.7")}},
    {CNI_CALICO, 33, {CALICO("quay.io", "v3.31.7")}},
    {CNI_CALICO, 0, {CALICO("quay.io", "v3.32.1")}},
/* And the flannel that calico's own manifest has beside it,
 * manifests/canal.yaml.
 */
#define FLANNEL "docker.io/flannel/flannel:v0.24.4"
    {CNI_CANAL, 26, {CALICO("docker.io", "v3.26.5"), FLANNEL}},
    {CNI_CANAL, 28, {CALICO("docker.io", "v3.28.5"), FLANNEL}},
    {CNI_CANAL, 31, {CALICO("docker.io", "v3.29.7"), FLANNEL}},
    {CNI_CANAL, 33, {CALICO("quay.io", "v3.31.7"), FLANNEL}},
    {CNI_CANAL, 0, {CALICO("quay.io", "v3.32.1"), FLANNEL}},
};

/* The last minor version that is too old for any of them. */
static const struct {
  enum cni cni;
  int last;
  const char *from;
} too_old[] = {
    {CNI_FLANNEL, 16, "1.17"},
    {CNI_CALICO, 23, "1.24"},
    {CNI_CANAL, 23, "1.24"},
};

bool cni_has_node_pods(const struct spec *s) {
  return s->network.cni == CNI_BRIDGE || s->network.cni == CNI_VXLAN;
}

#define USUAL_MTU 1500
#define VXLAN_BYTES 50

int cni_pod_mtu(const struct spec *s) {
  int mtu = s->network.mtu;
  if (!cni_has_vxlan(s))
    return mtu;
  return (mtu ? mtu : USUAL_MTU) - VXLAN_BYTES;
}

bool cni_is_on_wire(const struct spec *s) {
  return s->network.cni == CNI_BRIDGE ||
         (cni_has_flannel(s->network.cni) &&
          s->network.flannel.backend == FLANNEL_HOST_GW);
}

bool cni_runs_in_pods(enum cni c) {
  return c == CNI_FLANNEL || c == CNI_CALICO || c == CNI_CANAL;
}

bool cni_has_flannel(enum cni c) {
  return c == CNI_FLANNEL || c == CNI_CANAL;
}

bool cni_asks_etcd(const struct spec *s) {
  return s->network.cni == CNI_FLANNEL &&
         s->network.flannel.store == FLANNEL_ETCD;
}

bool cni_has_vxlan(const struct spec *s) {
  enum cni c = s->network.cni;
  return c == CNI_VXLAN || c == CNI_CALICO ||
         (cni_has_flannel(c) && s->network.flannel.backend == FLANNEL_VXLAN);
}

const char *cni_too_old(const struct spec *s) {
  for (size_t i = 0; i < ARRAY_SIZE(too_old); i++)
    if (too_old[i].cni == s->network.cni &&
        version_up_to(&s->kubernetes.version, too_old[i].last))
      return too_old[i].from;
  return NULL;
}

static const struct release *find(const struct spec *s) {
  for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
    if (releases[i].cni == s->network.cni &&
        (releases[i].last == 0 ||
         version_up_to(&s->kubernetes.version, releases[i].last)))
      return &releases[i];
  return NULL;
}

const char *cni_image(const struct spec *s, const char *name, size_t len) {
  _cleanup_free_ char *plain = xasprintf("%.*s", (int)len, name);
  return image_named(&s->kubernetes.images, plain);
}

void cni_add_images(struct spec *s) {
  const struct release *r = find(s);
  for (size_t i = 0; r && i < N_IMAGES && r->images[i]; i++)
    image_add(&s->kubernetes.images, r->images[i]);
}

const char *cni_image_name(const struct spec *s, size_t i, size_t *ret_len) {
  const struct release *r = find(s);
  if (!r || i >= N_IMAGES || !r->images[i])
    return NULL;
  *ret_len = image_name_length(r->images[i]);
  return r->images[i];
}
