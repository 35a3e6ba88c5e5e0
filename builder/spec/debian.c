/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/debian.h"

#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool one_of(char c, const char *of) {
  return c && strchr(of, c);
}

bool deb_name_ok(const char *name) {
  size_t n = strlen(name);
  return n >= 2 && strspn(name, SMALL DIGITS "-+.") == n &&
         one_of(name[0], SMALL DIGITS) && name[n - 1] != '-';
}

bool zone_name_ok(const char *name) {
  for (int part = 0; part < 3; part++) {
    if (!one_of(*name, LETTERS SMALL DIGITS))
      return false;
    name += strspn(name, LETTERS SMALL DIGITS "-_+");
    if (*name != '/')
      return !*name;
    name++;
  }
  return false;
}
