/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What runs in the cluster besides (addons): manifests that the first node
 * applies when it is ready, and looks at again at each boot. Each object has
 * the label kubeseed/addon with the add-on's name, by which all of it is found
 * when the spec has it no more.
 */
#include "spec/addons.h"
#include "part/addons-checks.h"
#include "part/judge-addons.h"
#include "part/part.h"
#include <string.h>

static bool applies_them(const struct plan_node *n) {
  return n->founder;
}

static const char *why(const struct plan *p, const struct plan_node *n) {
  if (!applies_them(n) || !p->spec->addons_written)
    return NULL;
  return p->spec->addons.n > 0 ? "applies the spec's add-ons"
                               : "removes the add-ons of an earlier spec";
}

#define OF(name, ADDON)                                                        \
  static bool name(const struct plan *p, const struct plan_node *n) {          \
    (void)n;                                                                   \
    return addon_of(p->spec, ADDON);                                           \
  }
OF(local_volumes, ADDON_LOCAL_VOLUMES)
OF(metallb, ADDON_METALLB)
OF(ingress, ADDON_INGRESS)
OF(metrics_server, ADDON_METRICS_SERVER)
OF(headlamp, ADDON_HEADLAMP)
OF(dashboard, ADDON_DASHBOARD)
OF(guestbook, ADDON_GUESTBOOK)
OF(kube_dns, ADDON_KUBE_DNS)

#define FILE_OF(name, when)                                                    \
  {                                                                            \
    ADDON_FOLDER name ".yaml", "user-data/addon-" name ".yaml", 0644, ROOT,    \
        when                                                                   \
  }

/* Of one add-on in the order of applying: kinds come before objects of them. */
static const struct part_file files[] = {
    {"/etc/kubeseed/addons.list", "user-data/addons.list", 0644, ROOT, NULL},
    {LIB "steps-addons.sh", "scripts/steps-addons.sh", 0644, ROOT, NULL},
    FILE_OF("local-volumes", local_volumes),
    FILE_OF("metallb-kinds", metallb),
    FILE_OF("metallb", metallb),
    FILE_OF("ingress", ingress),
    FILE_OF("metrics-server", metrics_server),
    FILE_OF("headlamp", headlamp),
    FILE_OF("dashboard", dashboard),
    FILE_OF("guestbook", guestbook),
    FILE_OF("kube-dns", kube_dns),
    {0},
};

static const struct part_step steps[] = {{"addons", NULL}, {0}};

/* Whether the file is of the add-on: NAME.yaml or NAME-WHAT.yaml. */
static bool is_file_of(const struct part_file *f, const char *name) {
  size_t folder = strlen(ADDON_FOLDER), len = strlen(name);
  return strncmp(f->path, ADDON_FOLDER, folder) == 0 &&
         strncmp(f->path + folder, name, len) == 0 &&
         strchr(".-", f->path[folder + len]);
}

/* For addons.list. */
static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  const struct spec *spec = p->spec;
  scope_set_list(s, "addon_files");
  if (!why(p, n))
    return;
  for (size_t i = 0; i < spec->addons.n; i++) {
    const char *name = addon_name(spec->addons.v[i].name);
    for (const struct part_file *f = files; f->path; f++) {
      if (!is_file_of(f, name) || !f->when(p, n))
        continue;
      struct scope *row = scope_add(s, "addon_files");
      scope_set(row, "name", name);
      scope_set(row, "path", f->path);
    }
  }
}

static const struct {
  const char *name;
  enum addon addon;
  size_t i; /* of its images */
} images[] = {
    {"metallb_controller_image", ADDON_METALLB, 0},
    {"metallb_speaker_image", ADDON_METALLB, 1},
    {"ingress_image", ADDON_INGRESS, 0},
    {"metrics_server_image", ADDON_METRICS_SERVER, 0},
    {"headlamp_image", ADDON_HEADLAMP, 0},
    {"dashboard_image", ADDON_DASHBOARD, 0},
    {"dashboard_scraper_image", ADDON_DASHBOARD, 1},
    {"guestbook_redis_image", ADDON_GUESTBOOK, 0},
    {"guestbook_follower_image", ADDON_GUESTBOOK, 1},
    {"guestbook_frontend_image", ADDON_GUESTBOOK, 2},
    {"kube_dns_image", ADDON_KUBE_DNS, 0},
    {"kube_dns_dnsmasq_image", ADDON_KUBE_DNS, 1},
    {"kube_dns_sidecar_image", ADDON_KUBE_DNS, 2},
};

/* Those of MetalLB 0.15 (config/crd/bases), in the version that it keeps. */
static const struct {
  const char *plural, *singular, *kind, *api;
} metallb_kinds[] = {
    {"bfdprofiles", "bfdprofile", "BFDProfile", "v1beta1"},
    {"bgpadvertisements", "bgpadvertisement", "BGPAdvertisement", "v1beta1"},
    {"bgppeers", "bgppeer", "BGPPeer", "v1beta2"},
    {"communities", "community", "Community", "v1beta1"},
    {"configurationstates", "configurationstate", "ConfigurationState",
     "v1beta1"},
    {"ipaddresspools", "ipaddresspool", "IPAddressPool", "v1beta1"},
    {"l2advertisements", "l2advertisement", "L2Advertisement", "v1beta1"},
    {"servicebgpstatuses", "servicebgpstatus", "ServiceBGPStatus", "v1beta1"},
    {"servicel2statuses", "servicel2status", "ServiceL2Status", "v1beta1"},
};

static void set_metallb(const struct spec *spec, struct scope *s) {
  const struct spec_addon *a = addon_of(spec, ADDON_METALLB);
  scope_set_flag(s, "has_metallb", a);
  scope_set_list(s, "metallb_addresses");
  for (size_t i = 0; a && i < a->addresses.n; i++)
    scope_set(scope_add(s, "metallb_addresses"), "addresses",
              a->addresses.v[i]);
  scope_set_list(s, "metallb_kinds");
  for (size_t i = 0; a && i < ARRAY_SIZE(metallb_kinds); i++) {
    struct scope *row = scope_add(s, "metallb_kinds");
    scope_set(row, "plural", metallb_kinds[i].plural);
    scope_set(row, "singular", metallb_kinds[i].singular);
    scope_set(row, "kind", metallb_kinds[i].kind);
    scope_set(row, "api", metallb_kinds[i].api);
  }
}

static void values(const struct part_input *in, struct scope *s) {
  const struct spec *spec = in->plan->spec;
  if (spec->addons.n == 0)
    return;
  for (size_t i = 0; i < ARRAY_SIZE(images); i++)
    scope_set(s, images[i].name,
              addon_image(spec, images[i].addon, images[i].i));
  set_metallb(spec, s);
  scope_set_flag(s, "has_ingress", addon_of(spec, ADDON_INGRESS));
  scope_set_flag(s, "ingress_is_old", addon_is_old(spec, ADDON_INGRESS));
  scope_set(s, "disruption_api",
            version_disruption_api(&spec->kubernetes.version));
  scope_set_flag(s, "metrics_by_stats",
                 addon_is_old(spec, ADDON_METRICS_SERVER));
  /* Where there is no kubeadm the cluster's CA has signed theirs. */
  scope_set_flag(s, "kubelets_sign_themselves", plan_by_kubeadm(in->plan));
  /* Speakers leave nodes alone that are kept out of load balancing, as control
   * planes are. */
  scope_set_flag(s, "has_workers", spec_count(spec, ROLE_WORKER) > 0);
}

const struct part part_addons = {
    .name = "addons",
    .why = why,
    .checks = addons_checks,
    .files = files,
    .steps = steps,
    .values = values,
    .node_values = node_values,
    .verify = judge_addons,
};
