/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names that Debian has and a spec may say: of packages and of time zones.
 * Whether there is one of that name is seen when the image is baked.
 */
#pragma once

#include <stdbool.h>

/* Debian Policy 5.6.1, but for a "-" at the end, which tells apt to remove it.
 */
#define DEB_RULE "the name of a Debian package, like tcpdump"
#define DEB_PATTERN "^[a-z0-9][-a-z0-9+.]*[a-z0-9+.]$"
bool deb_name_ok(const char *name);

/* tzdata's: parts with slashes between them. */
#define ZONE_RULE "a time zone like Europe/Berlin, or UTC"
#define ZONE_PATTERN                                                           \
  "^[A-Za-z0-9][-A-Za-z0-9_+]*(/[A-Za-z0-9][-A-Za-z0-9_+]*){0,2}$"
/* Of glibc's, those in UTF-8; and of X.Org's layouts of keyboards. Whether
 * Debian has one is seen when the image is baked. */
#define LOCALE_RULE "a locale in UTF-8 like de_DE.UTF-8"
#define LOCALE_PATTERN "^(C|[a-z]{2,3}_[A-Z]{2})\\.UTF-8$"
bool locale_name_ok(const char *text);
#define KEYBOARD_RULE "a layout like de, or one with a variant like ch:fr"
#define KEYBOARD_PATTERN "^[a-z]{2,8}(:[a-z0-9_-]{1,32})?$"
bool keyboard_name_ok(const char *text);

bool zone_name_ok(const char *name);
