/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login names that a node can be given: Debian's useradd and sudo must take
 * them, and the image must not have them already. useradd makes a group of the
 * same name, so groups count as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the image has when it is baked: base-passwd's, and those of the packages
 * in images/debian/packages; tests/consumers compares. */
#define ACCOUNT_PAIRS(X)                                                       \
  X("root")                                                                    \
  X("daemon")                                                                  \
  X("bin")                                                                     \
  X("sys")                                                                     \
  X("games")                                                                   \
  X("man")                                                                     \
  X("lp")                                                                      \
  X("mail")                                                                    \
  X("news")                                                                    \
  X("uucp")                                                                    \
  X("proxy")                                                                   \
  X("www-data")                                                                \
  X("backup")                                                                  \
  X("list")                                                                    \
  X("irc")                                                                     \
  X("etcd")                                                                    \
  X("messagebus")                                                              \
  X("haproxy")

/* Users whose group has another name. */
#define ACCOUNT_ALONE(X)                                                       \
  X("sync")                                                                    \
  X("nobody")                                                                  \
  X("_apt")                                                                    \
  X("sshd")

#define ACCOUNT_USERS(X) ACCOUNT_PAIRS(X) ACCOUNT_ALONE(X)

/* Groups without a user. */
#define ACCOUNT_GROUPS(X)                                                      \
  X("adm")                                                                     \
  X("tty")                                                                     \
  X("disk")                                                                    \
  X("kmem")                                                                    \
  X("dialout")                                                                 \
  X("fax")                                                                     \
  X("voice")                                                                   \
  X("cdrom")                                                                   \
  X("floppy")                                                                  \
  X("tape")                                                                    \
  X("sudo")                                                                    \
  X("audio")                                                                   \
  X("dip")                                                                     \
  X("operator")                                                                \
  X("src")                                                                     \
  X("shadow")                                                                  \
  X("utmp")                                                                    \
  X("video")                                                                   \
  X("sasl")                                                                    \
  X("plugdev")                                                                 \
  X("staff")                                                                   \
  X("users")                                                                   \
  X("nogroup")                                                                 \
  X("input")                                                                   \
  X("sgx")                                                                     \
  X("kvm")                                                                     \
  X("render")                                                                  \
  X("_ssh")

/* And all that systemd makes for its services. */
#define ACCOUNT_SYSTEMD "systemd-"

/* adduser(8)'s own rule (NAME_REGEX) and '_' and '.', which useradd(8), sudo
 * and ssh take as well; useradd's limit. */
#define ACCOUNT_RULE                                                           \
  "a name of a-z, 0-9, '_', '-' and '.', a letter or '_' first, at most 32 "   \
  "long"
#define ACCOUNT_PATTERN "[a-z_]([a-z0-9_.-]{0,30}[a-z0-9_.$-])?"

bool account_name_ok(const char *name);

/* Whether a file of the image can belong to the user of the first len bytes of
 * name, or to the group. */
bool account_is_user(const char *name, size_t len);
bool account_is_group(const char *name);

/* crypt(5), "Available hashing methods", those that Debian has: yescrypt and
 * its kin, bcrypt, SHA-512, SHA-256. */
#define ACCOUNT_PASSWORD_RULE                                                  \
  "the hash of a password, as `openssl passwd -6` makes it; never the "        \
  "password itself"
#define ACCOUNT_PASSWORD_PATTERN                                               \
  "^\\$(y|gy|7|2[aby]|6|5)\\$[./A-Za-z0-9$,=]{20,400}$"
bool account_password_ok(const char *hash);

/* What is wrong with a name that the image has already, for behind the name
 * itself ("a group of ..."); NULL when it has none. */
const char *account_taken(const char *name);
