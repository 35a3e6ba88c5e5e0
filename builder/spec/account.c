/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "spec/account.h"

#include "base/mem.h"
#include <string.h>

#define ACCOUNT_MAX_LEN 32
#define LETTERS "abcdefghijklmnopqrstuvwxyz_"

bool account_name_ok(const char *name) {
  size_t len = strlen(name);
  if (len == 0 || len > ACCOUNT_MAX_LEN || !strchr(LETTERS, *name))
    return false;
  size_t plain = strspn(name, LETTERS "0123456789.-");
  /* A '$' at the end, as Samba has it for machines. */
  return plain == len || (plain == len - 1 && name[plain] == '$');
}

#define HASH_LETTERS "./$,=0123456789" LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HASH_MIN 20
#define HASH_MAX 400

bool account_password_ok(const char *hash) {
  static const char *const methods[] = {"$y$",  "$gy$", "$7$", "$2a$",
                                        "$2b$", "$2y$", "$6$", "$5$"};
  for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
    size_t n = strlen(methods[i]);
    if (strncmp(hash, methods[i], n) != 0)
      continue;
    size_t rest = strlen(hash + n);
    return rest >= HASH_MIN && rest <= HASH_MAX &&
           strspn(hash + n, HASH_LETTERS) == rest && !strchr(hash, '_');
  }
  return false;
}

#define NAME(name) name,

static bool among(const char *name, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(name, names[i]) == 0)
      return true;
  return false;
}

static const char *const users[] = {ACCOUNT_USERS(NAME)};
static const char *const groups[] = {ACCOUNT_GROUPS(NAME)};

static bool of_systemd(const char *name) {
  return strncmp(name, ACCOUNT_SYSTEMD, strlen(ACCOUNT_SYSTEMD)) == 0;
}

bool account_is_user(const char *name, size_t len) {
  _cleanup_free_ char *user = xstrndup(name, len);
  return among(user, users, ARRAY_SIZE(users)) || of_systemd(user);
}

bool account_is_group(const char *name) {
  static const char *const pairs[] = {ACCOUNT_PAIRS(NAME)};
  return among(name, pairs, ARRAY_SIZE(pairs)) ||
         among(name, groups, ARRAY_SIZE(groups)) || of_systemd(name);
}

const char *account_taken(const char *name) {
  if (strcmp(name, "root") == 0)
    return "as whom nobody may log in; write another name: each user may use "
           "sudo";
  if (among(name, users, ARRAY_SIZE(users)) || of_systemd(name))
    return "a system user of the image, with whom nobody can log in; write "
           "another name";
  if (among(name, groups, ARRAY_SIZE(groups)))
    return "a group of the image, so Debian makes no user of that name; write "
           "another one";
  return NULL;
}
