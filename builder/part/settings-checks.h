/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keys of kubernetes.apiServer (spec/settings.h) may say together. */
#pragma once

#include "part/part.h"

/* Rows of a table of checks, for the part that has API servers. */
#define SETTINGS_CHECKS                                                        \
  {settings_check_plugins,                                                     \
   {"kubernetes.version", "kubernetes.apiServer.admissionPlugins"}},           \
      {settings_check_ports, {"kubernetes.apiServer.nodePorts"}},              \
      {settings_check_addresses, {"kubernetes.apiServer.kubeletAddresses"}}, { \
    settings_check_webhook, {                                                  \
      "kubernetes.version", "kubernetes.apiServer.tokenWebhook"                \
    }                                                                          \
  }

void settings_check_plugins(const struct checking *c);
void settings_check_ports(const struct checking *c);
void settings_check_addresses(const struct checking *c);
void settings_check_webhook(const struct checking *c);
