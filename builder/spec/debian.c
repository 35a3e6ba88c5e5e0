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

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define CAPITAL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool locale_name_ok(const char *text) {
  if (strcmp(text, "C.UTF-8") == 0)
    return true;
  size_t n = strspn(text, SMALL);
  return (n == 2 || n == 3) && text[n] == '_' &&
         strspn(text + n + 1, CAPITAL) == 2 &&
         strcmp(text + n + 3, ".UTF-8") == 0;
}

bool keyboard_name_ok(const char *text) {
  size_t n = strspn(text, SMALL);
  if (n < 2 || n > 8)
    return false;
  size_t more = text[n] == ':' ? strspn(text + n + 1, SMALL "0123456789_-") : 0;
  return !text[n] ||
         (text[n] == ':' && more > 0 && more <= 32 && !text[n + 1 + more]);
}
