/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/addons.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "spec/images.h"
#include "spec/payload-facts.h"
#include <string.h>

const struct spec_addon *addon_of(const struct spec *s, enum addon a) {
  for (size_t i = 0; i < s->addons.n; i++)
    if (s->addons.v[i].name == (int)a)
      return &s->addons.v[i];
  return NULL;
}

bool addons_leave_coredns(const struct spec *s) {
  return payload_facts(s->kubernetes.payload)->coredns &&
         !addon_of(s, ADDON_KUBE_DNS);
}

const char *addon_dns_name(const struct spec *s) {
  return addon_of(s, ADDON_KUBE_DNS) ? "kube-dns" : "coredns";
}

static const struct {
  const char *key;
  enum addon addon;
} settings[] = {
    {"addresses", ADDON_METALLB},
    {"volumes", ADDON_LOCAL_VOLUMES},
    {"size", ADDON_LOCAL_VOLUMES},
    {"path", ADDON_LOCAL_VOLUMES},
};

bool addon_setting(const char *key, enum addon *ret) {
  for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
    if (strcmp(settings[i].key, key) == 0) {
      *ret = settings[i].addon;
      return true;
    }
  return false;
}

#define N_IMAGES 3

/* Each release's images, for versions up to 1.LAST; the last row of each is for
 * all newer ones as well. */
static const struct release {
  enum addon addon;
  int last;
  bool old;
  const char *images[N_IMAGES];
} releases[] = {
/* Its README, "Compatibility Matrix". */
#define METRICS(tag) "registry.k8s.io/metrics-server/metrics-server:" tag
    {ADDON_METRICS_SERVER, 24, true, {METRICS("v0.5.2")}},
    {ADDON_METRICS_SERVER, 26, false, {METRICS("v0.6.4")}},
    {ADDON_METRICS_SERVER, 30, false, {METRICS("v0.7.2")}},
    {ADDON_METRICS_SERVER, 33, false, {METRICS("v0.8.1")}},
    {ADDON_METRICS_SERVER, 0, false, {METRICS("v0.9.0")}},
/* Its README, "Supported Versions table"; 1.15 has been tested up to 1.35. */
#define INGRESS(tag) "registry.k8s.io/ingress-nginx/controller:" tag
    {ADDON_INGRESS, 24, true, {INGRESS("v1.3.1")}},
    {ADDON_INGRESS, 25, false, {INGRESS("v1.9.6")}},
    {ADDON_INGRESS, 27, false, {INGRESS("v1.11.8")}},
    {ADDON_INGRESS, 28, false, {INGRESS("v1.12.8")}},
    {ADDON_INGRESS, 29, false, {INGRESS("v1.13.9")}},
    {ADDON_INGRESS, 30, false, {INGRESS("v1.14.5")}},
    {ADDON_INGRESS, 0, false, {INGRESS("v1.15.1")}},
    {ADDON_METALLB,
     0,
     false,
     {"quay.io/metallb/controller:v0.15.3", "quay.io/metallb/speaker:v0.15.3"}},
    {ADDON_HEADLAMP, 0, false, {"ghcr.io/headlamp-k8s/headlamp:v0.45.0"}},
    {ADDON_DASHBOARD,
     0,
     false,
     {"docker.io/kubernetesui/dashboard:v2.7.0",
      "docker.io/kubernetesui/metrics-scraper:v1.0.8"}},
/* cloud.google.com/kubernetes-engine/docs/tutorials/guestbook. */
#define SAMPLE "us-docker.pkg.dev/google-samples/containers/gke/"
    {ADDON_GUESTBOOK,
     0,
     false,
     {"docker.io/library/redis:6.0.5", SAMPLE "gb-redis-follower:v2",
      SAMPLE "gb-frontend:v5"}},
/* cluster/addons/dns/kube-dns/kube-dns.yaml.in of Kubernetes. */
#define DNS(name) "registry.k8s.io/dns/k8s-dns-" name ":1.22.28"
    {ADDON_KUBE_DNS,
     0,
     false,
     {DNS("kube-dns"), DNS("dnsmasq-nanny"), DNS("sidecar")}},
};

/* The last minor version that is too old for any of them. MetalLB's speakers
 * ask for discovery.k8s.io/v1; ingress-nginx from 1.0 on for
 * networking.k8s.io/v1, and the table of its README begins here. */
static const struct {
  enum addon addon;
  int last;
  const char *from;
} too_old[] = {
    {ADDON_METALLB, 20, "1.21"},
    {ADDON_INGRESS, 19, "1.20"},
    {ADDON_METRICS_SERVER, 15, "1.16"},
};

static const struct release *find(const struct spec *s, enum addon a) {
  for (size_t i = 0; i < ARRAY_SIZE(releases); i++)
    if (releases[i].addon == a &&
        (releases[i].last == 0 ||
         version_up_to(&s->kubernetes.version, releases[i].last)))
      return &releases[i];
  return NULL;
}

const char *addon_image(const struct spec *s, enum addon a, size_t i) {
  const struct release *r = find(s, a);
  if (!r || i >= N_IMAGES || !r->images[i])
    return NULL;
  const char *own = image_named(&s->kubernetes.images, r->images[i]);
  return own ? own : r->images[i];
}

void addons_add_images(struct spec *s) {
  const char *image;
  for (size_t k = 0; k < s->addons.n; k++)
    for (size_t i = 0;
         (image = addon_image(s, (enum addon)s->addons.v[k].name, i)); i++)
      image_add(&s->kubernetes.images, image);
}

bool addon_is_old(const struct spec *s, enum addon a) {
  const struct release *r = find(s, a);
  return r && r->old;
}

const char *addon_too_old(const struct spec *s, enum addon a) {
  for (size_t i = 0; i < ARRAY_SIZE(too_old); i++)
    if (too_old[i].addon == a &&
        version_up_to(&s->kubernetes.version, too_old[i].last))
      return too_old[i].from;
  return NULL;
}

/* github.com/kubernetes-retired/dashboard; kubernetes.io, "Ingress NGINX
 * Retirement: What You Need to Know". */
const char *addon_retired(enum addon a) {
  if (a == ADDON_DASHBOARD)
    return "is archived: nobody mends it; headlamp shows the same";
  if (a == ADDON_INGRESS)
    return "is retired: nobody mends it since March 2026; what comes after it "
           "is the Gateway API, which your manifests can bring";
  return NULL;
}

bool addon_range_parse(const char *text, struct ip *first, struct ip *last) {
  struct cidr net;
  bool host_bits;
  if (cidr_parse(text, &net, &host_bits) && !host_bits) {
    *first = net.base;
    *last = cidr_last(&net);
    return true;
  }
  const char *dash = strchr(text, '-');
  if (!dash)
    return false;
  _cleanup_free_ char *begin = xasprintf("%.*s", (int)(dash - text), text);
  return ip_parse(begin, first) && ip_parse(dash + 1, last) &&
         first->family == last->family;
}

bool addon_range_ok(const char *text) {
  struct ip first, last;
  return addon_range_parse(text, &first, &last);
}

/* hier(7); and what the kubelet, containerd, etcd and kubeseed keep. */
static const char *const taken[] = {
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/var/log",
    "/home",
    "/libx32",
    "/var/tmp",
    "/var/run",
    "/opt/cni",
    "/var/lib/kubelet",
    "/var/lib/etcd",
    "/var/lib/containerd",
    "/var/lib/kubeseed",
    "/var/lib/cloud",
    "/var/lib/cni",
    "/var/lib/dpkg",
};

/* Whether one of the folders is the other, or in it. */
static bool overlap(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b), less = n < m ? n : m;
  return strncmp(a, b, less) == 0 &&
         (n == m || (n < m ? b[less] : a[less]) == '/');
}

bool addon_path_ok(const char *path) {
  for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
    if (overlap(taken[i], path))
      return false;
  return true;
}
