/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/images.h"

#include <string.h>

size_t image_name_length(const char *image) {
  const char *tag = strrchr(image, ':');
  return tag && !strchr(tag, '/') ? (size_t)(tag - image) : strlen(image);
}

const char *image_named(const struct strv *images, const char *name) {
  size_t len = image_name_length(name);
  for (size_t i = 0; i < images->n; i++)
    if (image_name_length(images->v[i]) == len &&
        strncmp(images->v[i], name, len) == 0)
      return images->v[i];
  return NULL;
}

void image_add(struct strv *images, const char *image) {
  if (!image_named(images, image))
    strv_push(images, image);
}
