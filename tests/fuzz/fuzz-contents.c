/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a medium, and as the user-data of one: whatever they are, what
 * is told of them ends, and shows no control characters.
 */
#include "base/mem.h"
#include "seed/contents.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1700000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void show(const struct volume *v) {
  _cleanup_contents_ struct contents c = {0};
  char *text = NULL;
  size_t len = 0;
  contents_read(v, NOW, &c);
  FILE *out = open_memstream(&text, &len);
  if (!out)
    abort();
  contents_print(v, &c, NOW, out);
  json_decref(contents_json(v, &c));
  (void)fclose(out);
  for (size_t i = 0; i < len; i++)
    if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7F)
      abort();
  free(text);
}

static void add(struct volume *v, const char *name, const void *data,
                size_t len) {
  struct volume_file *f = volume_file_vec_add(&v->files);
  f->name = xstrdup(name);
  buf_add(&f->data, data, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  _cleanup_volume_ struct volume v = {.form = "folder"}, any = {0};
  _cleanup_error_ struct error err = {0};
  if (len == 0)
    return 0;
  add(&v, "meta-data", data, len);
  add(&v, "network-config", data, len);
  add(&v, "user-data", data, len);
  show(&v);
  if (volume_parse(data, len, &any, &err) == 0)
    show(&any);
  else if (err.n_faults == 0)
    abort();
  return 0;
}
