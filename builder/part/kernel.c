/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The spec's arguments of the kernel. GRUB takes them from a file of the node's
 * disk (images/debian/tree/boot/grub), into which the node's first step writes
 * them before it starts the machine once more. */
#include "part/part.h"
#include <string.h>

static const char *why(const struct plan *p, const struct plan_node *n) {
  (void)p;
  return n->extras.arguments.n > 0 ? "the spec has arguments for its kernel"
                                   : NULL;
}

static const struct part_file files[] = {
    {LIB "kernel-arguments", "user-data/kernel-arguments", 0644, ROOT, NULL},
    {LIB "steps-kernel.sh", "scripts/steps-kernel.sh", 0644, ROOT, NULL},
    {0},
};

static const struct part_step steps[] = {{"kernel-arguments", NULL}, {0}};

static void node_values(const struct plan *p, const struct plan_node *n,
                        struct scope *s) {
  if (!why(p, n))
    return;
  _cleanup_free_ char *words = strv_join(&n->extras.arguments, " ");
  scope_set(s, "kernel_arguments", words);
}

/* ---- What a spec may say ---- */

/* Arguments by which the machine would not come up, would come up as another
 * one, or would be heard no more. */
static const struct reserved {
  const char *name; /* with a value: this one alone */
  const char *why;
} reserved[] = {
    {"init", "the machine would run another program in place of systemd"},
    {"rdinit", "the machine would run another program in place of systemd"},
    {"root", "the image knows where its root is"},
    {"rootfstype", "the image knows where its root is"},
    {"rootflags", "the image knows where its root is"},
    {"ro", "nodes write to their root"},
    {"rw", "the image says so already"},
    {"initrd", "the image has its own"},
    {"noinitrd", "the image has its own"},
    {"BOOT_IMAGE", "the image has its own kernel"},
    {"console", "what a node tells of its first boot goes to the last of the "
                "consoles, which is the image's ttyS0"},
    {"ds", "a node's seed is the medium with the label cidata"},
    {"ci.ds", "a node's seed is the medium with the label cidata"},
    {"ci.di.policy", "a node's seed is the medium with the label cidata"},
    {"cloud-init", "a node is made by cloud-init"},
    {"cloud-config-url", "what cloud-init does is in the seed; write "
                         "cloudConfig"},
    {"url", "what cloud-init does is in the seed; write cloudConfig"},
    {"cc:", "what cloud-init does is in the seed; write cloudConfig"},
    {"network-config", "a node's network follows from the spec"},
    {"ip", "a node's network follows from the spec"},
    {"cgroup_disable=memory", "no kubelet starts without it"},
    {"cgroup_disable=cpu", "no kubelet starts without it"},
    {"cgroup_disable=cpuset", "no kubelet starts without it"},
    {"cgroup_disable=pids", "no kubelet starts without it"},
    {"break", "the node would not begin"},
    {"single", "the node would not begin"},
    {"emergency", "the node would not begin"},
    {"rescue", "the node would not begin"},
    {"s", "the node would not begin"},
    {"S", "the node would not begin"},
    {"1", "the node would not begin"},
    {"-b", "the node would not begin"},
    {"--", "what is behind it is not the kernel's"},
    {"systemd.unit", "the node would not begin"},
    {"systemd.machine_id", "it is another one on each machine"},
    {"systemd.hostname", "it follows from the node's name"},
    {"systemd.mask", "a node needs its units"},
    {"systemd.run", "write commands"},
    {"systemd.volatile", "nodes keep what is on their root"},
};

static const struct reserved reserved6 = {"ipv6.disable=1",
                                          "nodes have addresses of IPv6"};

/* Whether text is name, or has a value for it. */
static bool is_named(const char *text, const char *name) {
  size_t n = strlen(name);
  return strncmp(text, name, n) == 0 &&
         (!text[n] || text[n] == '=' || name[n - 1] == ':');
}

static const struct reserved *find_reserved(const struct spec *s,
                                            const char *text) {
  for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
    if (is_named(text, reserved[i].name))
      return &reserved[i];
  return spec_has_ipv6(s) && is_named(text, reserved6.name) ? &reserved6 : NULL;
}

static void check_place_of(const struct checking *c,
                           const struct spec_extras *e,
                           const struct yaml_node *around) {
  const struct yaml_node *list = yaml_get(around, "kernelArguments");
  for (size_t i = 0; i < e->arguments.n; i++) {
    const struct reserved *r = find_reserved(c->spec, e->arguments.v[i]);
    if (r)
      yaml_fault(c->err, list->child[i],
                 "the kernel's argument '%s' cannot be one of yours: %s",
                 r->name, r->why);
  }
}

static void check_all(const struct checking *c) {
  check_each_extras(c, check_place_of);
}

/* GRUB's file is one of 1024 bytes, of which a power cut may leave the half:
 * all that is ours is in the first sector. */
#define LENGTH_MAX 450

static size_t length(const struct spec_extras *e) {
  size_t n = 0;
  for (size_t i = 0; e && i < e->arguments.n; i++)
    n += strlen(e->arguments.v[i]) + 1;
  return n;
}

static bool check_length(const struct checking *c, const struct spec_node *n) {
  const struct spec *s = c->spec;
  size_t all = length(&s->extras) + length(spec_role_extras(s, n->role)) +
               length(&s->entry_extras.v[n->entry]);
  if (all <= LENGTH_MAX)
    return true;
  yaml_fault(c->err, check_node_place(c, n, "kernelArguments"),
             "the arguments for the kernel of '%s' are longer than %d letters",
             n->name, LENGTH_MAX);
  return false;
}

static void check_lengths(const struct checking *c) {
  check_each_node(c, check_length);
}

static const struct spec_check checks[] = {
    {check_all, {"kernelArguments", "roles", "nodes", "network"}},
    {check_lengths, {"kernelArguments", "roles", "nodes"}},
    {0},
};

const struct part part_kernel = {
    .name = "kernel",
    .why = why,
    .checks = checks,
    .files = files,
    .steps = steps,
    .node_values = node_values,
};
