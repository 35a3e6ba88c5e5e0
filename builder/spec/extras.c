/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/extras.h"

#include "spec/account.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define WORD LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "_-"

#define PATH_MAX_LEN 1000 /* the kernel's 4095 less what is put before it */
#define PART_MAX_LEN 255
#define MODULE_MAX_LEN 55 /* the kernel's MODULE_NAME_LEN */

static bool part_ok(const char *part, size_t len) {
  if (len == 0 || len > PART_MAX_LEN || strspn(part, WORD "@%+=:,.~") < len)
    return false;
  return !(part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')));
}

bool extras_path_ok(const char *path) {
  if (*path != '/' || strlen(path) > PATH_MAX_LEN)
    return false;
  while (*path) {
    size_t len = strcspn(path + 1, "/");
    if (!part_ok(path + 1, len))
      return false;
    path += 1 + len;
  }
  return true;
}

bool extras_mode_parse(const char *text, unsigned *ret) {
  size_t len = strlen(text);
  if (len < 3 || len > 4 || strspn(text, "01234567") != len ||
      (len == 4 && *text != '0'))
    return false;
  *ret = (unsigned)strtoul(text, NULL, 8);
  return *ret != 0;
}

bool extras_owner_ok(const char *owner) {
  const char *colon = strchr(owner, ':');
  return colon && account_is_user(owner, (size_t)(colon - owner)) &&
         account_is_group(colon + 1);
}

bool extras_sysctl_ok(const char *name) {
  size_t first = strspn(name, LOWER DIGITS "_");
  if (first == 0 || !name[first])
    return false;
  for (name += first; *name;) {
    size_t len = strspn(name + 1, WORD);
    if (!strchr("./", *name) || len == 0)
      return false;
    name += 1 + len;
  }
  return true;
}

static bool has_control(const char *text, const char *allowed) {
  for (; *text; text++)
    if (((unsigned char)*text < ' ' || *text == '\x7f') &&
        !strchr(allowed, *text))
      return true;
  return false;
}

bool extras_line_ok(const char *text) {
  return *text && !has_control(text, "");
}

bool extras_module_ok(const char *name) {
  size_t len = strlen(name);
  return len > 0 && len <= MODULE_MAX_LEN && strspn(name, WORD) == len;
}

bool extras_host_ok(const char *text) {
  return *text && strspn(text, WORD ".:/") == strlen(text);
}

bool extras_argument_ok(const char *text) {
  return *text && strspn(text, WORD ".,:=/@%+~^!()") == strlen(text);
}

bool extras_annotation_ok(const char *text) {
  return !has_control(text, "\t\n");
}

bool extras_command_ok(const char *text) {
  return *text && !has_control(text, "\t\n");
}
