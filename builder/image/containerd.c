/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "image/containerd.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include <string.h>

int containerd_check(const struct spec *spec, struct error *err) {
  const char *file = spec->image.containerd.file;
  const char *wanted = spec->image.containerd.sha256;
  const char *where = spec->image.containerd.where;
  char hex[SHA256_HEX];
  if (!file)
    return 0;
  const char *why = file_unreadable(file);
  if (why)
    return error_at(err, where,
                    "'%s' names the file '%s': %s; write where it is, or leave "
                    "it out",
                    "containerd", file, why);
  if (sha256_file(file, hex, err) < 0)
    return -1;
  if (strcmp(hex, wanted) != 0)
    return error_at(err, where,
                    "'%s' has the SHA-256 %s and not that of 'sha256', %s; "
                    "fetch it again, or write the right one",
                    file, hex, wanted);
  return 0;
}

char *containerd_identity(const struct spec *spec) {
  return spec->image.containerd.file
             ? xasprintf("\ncontainerd %s", spec->image.containerd.sha256)
             : xstrdup("");
}
