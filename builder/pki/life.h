/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long certificates live, where the spec does not say it.
 */
#pragma once

/*
 * What we sign ourselves unless pki.validity.leaf is written: longer than
 * kubeadm's one year, because a founding etcd whose certificates end stops, and
 * kubeadm, which renews its own at each upgrade, does not know these. Never
 * longer than the CA.
 */
#define PKI_LEAF_DAYS 1825

/* A certificate with less left than this is made anew. */
#define PKI_RENEW_DAYS 30

/* Certificates begin this long ago: lab machines have wrong clocks. */
#define PKI_BACKDATE_HOURS 24
