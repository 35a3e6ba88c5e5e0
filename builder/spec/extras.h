/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an author may add to a node (struct spec_extras): how a path, a mode, an
 * owner, a setting, a module and a command must look.
 */
#pragma once

#include <stdbool.h>

/* Of letters that no shell and no unit file reads as something else. */
#define EXTRAS_PATH_RULE                                                       \
  "the absolute path of a file, like /etc/motd, of letters, digits and "       \
  "'_@%+=:,.~-', without '.' and '..'"
#define EXTRAS_PATH_PATTERN                                                    \
  "^(?=.{1,1000}$)(/(?!\\.{1,2}(/|$))[-A-Za-z0-9_@%+=:,.~]{1,255})+$"
bool extras_path_ok(const char *path);

/* chmod(1)'s octal form. Not the set-ID bits: cloud-init sets the owner behind
 * the mode, by which the kernel takes them away (chown(2)). Nor 0, which
 * cloud-init takes for none, and makes 0644 of. */
#define EXTRAS_MODE_RULE "a mode in octal like 0644, from 0001 to 0777"
#define EXTRAS_MODE_PATTERN "^0?(?!000)[0-7]{3}$"
bool extras_mode_parse(const char *text, unsigned *ret);

#define EXTRAS_OWNER_RULE                                                      \
  "a user and a group of the image, like root:root or www-data:www-data"
bool extras_owner_ok(const char *owner);

/* sysctl.d(5): parts with dots or slashes between them. */
#define EXTRAS_SYSCTL_RULE "a name like vm.max_map_count"
#define EXTRAS_SYSCTL_PATTERN "^[a-z0-9_]+([./][A-Za-z0-9_-]+)+$"
bool extras_sysctl_ok(const char *name);

/* A setting's value; modules-load.d(5); sh(1); a node's annotation. */
#define EXTRAS_LINE_PATTERN "^[^\\x00-\\x1f\\x7f]+$"
#define EXTRAS_MODULE_RULE "the name of a module, like dm_crypt"
#define EXTRAS_MODULE_PATTERN "^[A-Za-z0-9_-]{1,55}$"
/* A word of the kernel's command line, of letters that neither GRUB nor the
 * kernel takes for something else. */
#define EXTRAS_ARGUMENT_RULE                                                   \
  "an argument of the kernel, like hugepages=64, without blanks, quotes and "  \
  "any of \\ $ * ? [ ] { } # ; & | < >"
#define EXTRAS_ARGUMENT_PATTERN "^[-A-Za-z0-9_.,:=/@%+~^!()]+$"
/* As Go's net/http and curl take it in no_proxy. */
#define EXTRAS_HOST_RULE                                                       \
  "a name, a domain with a dot before it, an address or a network, like "      \
  ".example.org"
#define EXTRAS_HOST_PATTERN "^[-A-Za-z0-9._:/]+$"
#define EXTRAS_COMMAND_RULE "a text, one or more lines for a shell"
#define EXTRAS_COMMAND_PATTERN "^[^\\x00-\\x08\\x0b-\\x1f\\x7f]+$"
#define EXTRAS_ANNOTATION_PATTERN "^[^\\x00-\\x08\\x0b-\\x1f\\x7f]*$"
bool extras_line_ok(const char *text);
bool extras_module_ok(const char *name);
bool extras_argument_ok(const char *text);
bool extras_host_ok(const char *text);
bool extras_command_ok(const char *text);
bool extras_annotation_ok(const char *text);
