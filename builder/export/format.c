/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export/format.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/word.h"
#include <string.h>

const struct export_format *const export_formats[] = {
    &export_raw,        &export_raw_zst,
    &export_qcow2,      &export_vdi,
    &export_vmdk,       &export_ova,
    &export_virtualbox, &export_libvirt,
    &export_disk,       NULL};

const struct export_format *export_format_find(const char *name,
                                               struct error *err) {
  enum { MAX = ARRAY_SIZE(export_formats) };
  const char *names[MAX];
  _cleanup_buf_ struct buf all = {0};
  size_t n = 0;
  for (; export_formats[n]; n++) {
    names[n] = export_formats[n]->name;
    if (strcmp(names[n], name) == 0)
      return export_formats[n];
    buf_addf(&all, "%s%s",
             n == 0                  ? ""
             : export_formats[n + 1] ? ", "
                                     : " or ",
             names[n]);
  }
  const char *near = nearest_word(name, names, n);
  if (near)
    error_usage(err, "--to: unknown format '%s'; did you mean '%s'? It is %s",
                name, near, all.data);
  else
    error_usage(err, "--to: unknown format '%s'; it is %s", name, all.data);
  return NULL;
}

const struct plan_node *export_node(const struct export_job *job, size_t i) {
  return &job->plan->nodes.v[job->nodes[i]];
}

char *export_path(const struct export_job *job, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  _cleanup_free_ char *name = xvasprintf(fmt, ap);
  va_end(ap);
  return xasprintf("%s/%s", job->dir, name);
}
