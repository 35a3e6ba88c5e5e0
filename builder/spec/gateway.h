/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a spec says of what its gateway does for the other machines. */
#pragma once

#include "spec/interfaces.h"

/* Addresses that it gives by DHCP in one of its networks. */
struct spec_dhcp {
  char *interface; /* of the gateway; NULL: the cluster's */
  struct ip first, last;
  struct ip broadcast; /* absent: the network's last */
  struct ip router;    /* absent: see part/gateway.c */
  int hours;           /* how long somebody has one */
};
DEFINE_VEC(spec_dhcp_vec, struct spec_dhcp);

struct spec_gateway {
  char *wan; /* the interface that leads out; NULL: none */
  struct ip_vec forwarders;
  struct spec_dhcp_vec dhcp;
  char *tftp;      /* a folder; NULL: no TFTP */
  char *boot_file; /* of PXE, in it; NULL: none is told */
};
