/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What runs in the cluster besides (addons): which settings are whose, and
 * which release of each goes with which version of Kubernetes. Who wants
 * another one names its image, with another tag, in kubernetes.images.
 */
#pragma once

#include "spec/spec.h"

/* Where nodes have the manifests of add-ons. */
#define ADDON_FOLDER "/etc/kubeseed/addons/"

/* By which its objects are known in the cluster. */
#define ADDON_LABEL "kubeseed/addon"

/* Each API server is asked for each object by one question after the other, of
 * which kubectl asks five a second. */
#define ADDON_VOLUMES_MAX 500

/* The spec's add-on of that kind, borrowed; NULL: it has none. */
const struct spec_addon *addon_of(const struct spec *s, enum addon a);

/* Whether the cluster's DNS is CoreDNS, as kubeadm has it: neither kube-dns
 * nor, for want of an image, none. */
bool addons_leave_coredns(const struct spec *s);

/* What the deployment of the cluster's DNS is called. */
const char *addon_dns_name(const struct spec *s);

/* Whose setting the key of an entry is: false for "name", which is everybody's.
 */
bool addon_setting(const char *key, enum addon *ret);

/* The i-th image that it needs, from 0, as the spec has it: with another tag
 * when kubernetes.images says so; borrowed. NULL after the last. */
const char *addon_image(const struct spec *s, enum addon a, size_t i);

/* Adds to kubernetes.images those that its add-ons need and that are not there
 * with some tag. */
void addons_add_images(struct spec *s);

/* Whether its release for this version of Kubernetes is an older one, which is
 * told otherwise what to do: metrics-server before 0.6, ingress-nginx before
 * 1.9. */
bool addon_is_old(const struct spec *s, enum addon a);

/* The oldest version of Kubernetes that releases of it here are for, "1.21", or
 * NULL when the spec has one that they are for. */
const char *addon_too_old(const struct spec *s, enum addon a);

/* Why nobody should begin with it, as the end of a sentence that begins with
 * its name; NULL: it is looked after. */
const char *addon_retired(enum addon a);

/* A range of addresses: a network, or the first and the last one. */
#define ADDRESS_RANGE_RULE                                                     \
  "a network or the first and the last address, like "                         \
  "192.168.4.200-192.168.4.220"
#define ADDRESS_RANGE_PATTERN "^[0-9A-Fa-f.:]+[-/][0-9A-Fa-f.:]+$"
bool addon_range_parse(const char *text, struct ip *first, struct ip *last);
bool addon_range_ok(const char *text);

/* Whether a folder of nodes may be full of volumes: nothing of the node itself
 * is there. */
bool addon_path_ok(const char *path);
