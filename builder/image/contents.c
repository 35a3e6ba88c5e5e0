/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/contents.h"

#include "base/embedded.h"
#include "base/mem.h"
#include "state/cache.h"
#include <string.h>

const char *contents_suite(const struct spec *spec) {
  return spec->image.debian == 12 ? "bookworm" : "trixie";
}

/* A bake keeps there what it used and nothing else, so each has its own. */
char *contents_apt(const struct spec *spec) {
  return spec->image.debian == 12 ? cache_path("apt")
                                  : cache_path("apt-trixie");
}

/* A line of the list: a package, and the releases that it is for. */
static void add_line(char *line, const char *release, struct buf *out) {
  char *save = NULL;
  line[strcspn(line, "#")] = '\0';
  const char *name = strtok_r(line, " ", &save);
  const char *only = strtok_r(NULL, " ", &save);
  bool wanted = !only;
  for (; only; only = strtok_r(NULL, " ", &save))
    wanted |= strcmp(only, release) == 0;
  if (name && wanted)
    buf_addf(out, "%s ", name);
}

static void add_listed(const struct spec *spec, struct buf *out) {
  const struct embedded *list = embedded_find(CONTENTS_RECIPE "/packages");
  _cleanup_free_ char *release = xasprintf("%d", spec->image.debian);
  _cleanup_free_ char *text = xstrndup((const char *)list->data, list->len);
  char *save = NULL;
  for (char *line = strtok_r(text, "\n", &save); line;
       line = strtok_r(NULL, "\n", &save))
    add_line(line, release, out);
}

static void add_all(const struct strv *names, struct buf *out) {
  for (size_t i = 0; i < names->n; i++)
    buf_addf(out, " %s", names->v[i]);
}

/* What the author adds to nodes, as far as images have to do with it. */
struct added {
  bool disks;
  struct strv locales, keyboards; /* none twice, as the spec has them */
};

static void added_done(struct added *a) {
  strv_done(&a->locales);
  strv_done(&a->keyboards);
}

static void add_once(const char *text, struct strv *to) {
  if (text && !strv_has(to, text))
    strv_push(to, text);
}

static void look_at(const struct spec_extras *e, struct added *a) {
  a->disks |= e->disks.n > 0;
  add_once(e->locale, &a->locales);
  add_once(e->keyboard, &a->keyboards);
}

static void find_added(const struct spec *spec, struct added *ret) {
  look_at(&spec->extras, ret);
  for (size_t i = 0; i < spec->roles.n; i++)
    look_at(&spec->roles.v[i].extras, ret);
  for (size_t i = 0; i < spec->entry_extras.n; i++)
    look_at(&spec->entry_extras.v[i], ret);
}

/* Too large for images that do not need them, with what they stand on; what
 * holds an address is in resource-agents. */
static const char *const pacemaker[] = {
    "corosync", "pacemaker", "pacemaker-cli-utils", "resource-agents"};

/* What the author names, and what his keys need. */
static void add_wanted(const struct spec *spec, struct buf *out) {
  _cleanup_(added_done) struct added a = {0};
  struct strv needed = {0};
  find_added(spec, &a);
  if (a.disks)
    strv_push(&needed, "e2fsprogs");
  if (a.locales.n > 0)
    strv_push(&needed, "locales");
  if (a.keyboards.n > 0)
    strv_push(&needed, "console-setup");
  if (spec_count(spec, ROLE_GATEWAY) > 0)
    strv_push(&needed, "dnsmasq");
  if (spec->endpoint.provider == PROVIDER_PACEMAKER)
    for (size_t i = 0; i < ARRAY_SIZE(pacemaker); i++)
      strv_push(&needed, pacemaker[i]);
  add_all(&spec->image.packages, out);
  for (size_t i = 0; i < needed.n; i++)
    if (!strv_has(&spec->image.packages, needed.v[i]))
      buf_addf(out, " %s", needed.v[i]);
  strv_done(&needed);
}

char *contents_locales(const struct spec *spec) {
  _cleanup_(added_done) struct added a = {0};
  find_added(spec, &a);
  return strv_join(&a.locales, " ");
}

char *contents_keyboards(const struct spec *spec) {
  _cleanup_(added_done) struct added a = {0};
  find_added(spec, &a);
  return strv_join(&a.keyboards, " ");
}

static const char *kernel(const struct spec *spec) {
  switch (spec->image.kernel) {
  case KERNEL_CLOUD:
    return "linux-image-cloud-amd64";
  case KERNEL_GENERIC:
    break;
  }
  return "linux-image-amd64";
}

char *contents_packages(const struct spec *spec, const struct payload *p) {
  _cleanup_buf_ struct buf out = {0};
  add_listed(spec, &out);
  buf_adds(&out, kernel(spec));
  if (!payload_has_etcd(p))
    buf_adds(&out, " etcd-server etcd-client");
  add_wanted(spec, &out);
  add_all(&spec->image.firmware, &out);
  return buf_take(&out);
}

const char *contents_components(const struct spec *spec) {
  return spec->image.firmware.n > 0 ? "main non-free-firmware" : "main";
}

char *contents_identity(const struct spec *spec) {
  _cleanup_buf_ struct buf out = {0};
  buf_addf(&out, "debian %d\nkernel %s\ntimezone %s\npackages",
           spec->image.debian, kernel(spec), spec->image.timezone);
  add_wanted(spec, &out);
  buf_adds(&out, "\nfirmware");
  add_all(&spec->image.firmware, &out);
  buf_adds(&out, "\n");
  _cleanup_free_ char *locales = contents_locales(spec);
  if (*locales)
    buf_addf(&out, "locales %s\n", locales);
  return buf_take(&out);
}
