/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Networks between pods (network.cni), and of those that run in the cluster
 * (flannel, calico and canal) which release goes with which version of
 * Kubernetes. Who wants another one names its image, with another tag, in
 * kubernetes.images.
 */
#pragma once

#include "spec/spec.h"

/* Whether the spec decides which pods are on which node: nobody in the cluster
 * does then. */
bool cni_has_node_pods(const struct spec *s);

/* The largest packet of pods when it is not their uplink's own, or 0. What
 * VXLAN puts before a packet is 50 bytes between addresses of IPv4 (RFC 7348,
 * 5). */
int cni_pod_mtu(const struct spec *s);

/* Whether packets of pods are handed to their node with their own addresses, so
 * that no router may be between. */
bool cni_is_on_wire(const struct spec *s);

/* Whether pods make the network, which are applied to the cluster. */
bool cni_runs_in_pods(enum cni c);

/* Whether flannel gives nodes their addresses of pods and leads to them. */
bool cni_has_flannel(enum cni c);

/* Whether flannel asks etcd itself, in place of the API server. */
bool cni_asks_etcd(const struct spec *s);

/* Whether pods' packets travel in VXLAN: network.vxlan counts only then. */
bool cni_has_vxlan(const struct spec *s);

/* The oldest version of Kubernetes that releases of it here are for, "1.24", or
 * NULL when s has one that they are for. */
const char *cni_too_old(const struct spec *s);

/* Adds to kubernetes.images those that network.cni needs and that are not there
 * with some tag. */
void cni_add_images(struct spec *s);

/* The image of the spec whose first len letters, all before the tag, are those
 * of name; borrowed; NULL: none. */
const char *cni_image(const struct spec *s, const char *name, size_t len);

/* The i-th image that network.cni needs, from 0; how long its name is before
 * the tag. NULL after the last. */
const char *cni_image_name(const struct spec *s, size_t i, size_t *ret_len);
