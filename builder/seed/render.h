/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From plan and keys to the bytes of a seed: cloud-init's user-data, meta-data
 * and network-config (NoCloud; network-config version 2). Pure: the same plan,
 * keys and time give the same bytes, and nodes are rendered one at a time, in
 * any number of threads.
 */
#pragma once

#include "base/buf.h"
#include "pki/pki.h"
#include "plan/plan.h"
#include <time.h>

/* The three files of a node's seed. They hold secrets. */
struct seed {
  struct buf user_data;
  struct buf meta_data;
  struct buf network_config;
};

void seed_done(struct seed *s);
#define _cleanup_seed_ _cleanup_(seed_done)

/* What rendering the nodes of one cluster shares: parsed templates, names. */
struct render;

/*
 * time is when the seeds count as made, see pki_seed_time: nodes take a clock
 * that is far from it for wrong. earlier has the lists of members for which
 * seeds were made before, see members.h; NULL for none. plan, pki and earlier
 * are borrowed. The caller render_free's ret.
 */
int render_new(const struct plan *plan, const struct pki *pki, time_t time,
               const char *earlier, struct render **ret,
               struct error *err) _must_check_;

/*
 * Makes the files of a node once for all nodes whose files have the same bytes;
 * may be called for several nodes, before render_node is called for any. It
 * changes no seed: only how long they take. Nothing is done for files that an
 * earlier node had.
 */
int render_share(struct render *r, const struct plan_node *node,
                 struct error *err) _must_check_;

/* Bytes of the longest network-config that is parsed again. */
#define RENDER_NETWORK_CHECKED 4096

/*
 * The seed of one node: the files its plan lists and no others. All YAML that
 * is made is parsed again before it is used (that of files which nodes have
 * alike once, by render_share), but for a network-config with routes to more
 * nodes than RENDER_NETWORK_CHECKED has room for: a thousand times a thousand
 * take seconds, and one is made like the other. ret is the caller's.
 */
int render_node(const struct render *r, const struct plan_node *node,
                const struct pki_node *keys, struct seed *ret,
                struct error *err) _must_check_;

/* One way to the API server in a kubeconfig. */
struct kubeconfig_context {
  const char *name;
  const char *server; /* "https://host:port" */
};

/* A kubeconfig of the cluster's administrator, or of whoever's certificate
 * stands in its place; user is what the kubeconfig calls them. The first
 * context is current. */
int render_admin_conf(const struct render *r, const char *user,
                      const struct kubeconfig_context *contexts, size_t n,
                      struct buf *out, struct error *err) _must_check_;

void render_free(struct render *r);

static inline void render_freep(struct render **r) {
  render_free(*r);
}
#define _cleanup_render_ _cleanup_(render_freep)
