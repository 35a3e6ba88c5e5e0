/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/identity.h"

#include <string.h>

void plan_derive(const struct spec *s, const char *purpose, const char *node,
                 uint8_t out[static SHA256_BYTES]) {
  char subnet[NET_TEXT] = "";
  if (s->by_subnet)
    cidr_format(&s->network.subnet, subnet);
  /* A name has no '@'. */
  _cleanup_free_ char *text =
      xasprintf("kubeseed %s %s%s%s/%s", purpose, s->name,
                s->by_subnet ? "@" : "", subnet, node);
  sha256_raw(text, strlen(text), out);
}

void plan_mac(const struct spec *s, const char *purpose, const char *node,
              struct mac *ret) {
  uint8_t d[SHA256_BYTES];
  plan_derive(s, purpose, node, d);
  memcpy(ret->b, d, sizeof(ret->b));
  /* Locally administered, not multicast (IEEE 802, clause 8.4). */
  ret->b[0] = 0x02;
}

void plan_uuid(const struct spec *s, const char *node,
               char out[static PLAN_UUID]) {
  uint8_t d[SHA256_BYTES];
  plan_derive(s, "uuid", node, d);
  d[6] = (uint8_t)((d[6] & 0x0f) | 0x80);
  d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
  char *p = out;
  for (size_t i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      *p++ = '-';
    p += snprintf(p, 3, "%02x", d[i]);
  }
}
