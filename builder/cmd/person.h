/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kubeseed kubeconfig --user: a kubeconfig for somebody, and the manifest that
 * gives them rights.
 */
#pragma once

#include "base/strv.h"
#include "cmd/cli.h"
#include <getopt.h>
#include <time.h>

struct person_options {
  const char *name; /* --user; NULL: nobody is meant */
  struct strv groups;
  time_t seconds;        /* --for; 0: a day */
  const char *role;      /* of Kubernetes, for the manifest */
  const char *namespace; /* where; NULL: everywhere */
  const char *manifest;  /* the file to write; NULL: none */
};

/* For getopt_long, with first as the value of the first of them. */
#define PERSON_OPTIONS(first)                                                  \
  {"user", required_argument, NULL, (first)},                                  \
      {"group", required_argument, NULL, (first) + 1},                         \
      {"for", required_argument, NULL, (first) + 2},                           \
      {"role", required_argument, NULL, (first) + 3},                          \
      {"namespace", required_argument, NULL, (first) + 4}, {                   \
    "manifest", required_argument, NULL, (first) + 5                           \
  }

/* Takes the i-th of them, counted from 0. */
int person_option(int i, const char *value, struct person_options *ret,
                  struct error *err) _must_check_;

/* Whether they make sense together; with_file: there is a place for the
 * kubeconfig, which is not one through ports of this host. */
int person_check(const struct person_options *o, bool with_file,
                 struct error *err) _must_check_;

/* Writes the manifest, over what is there with force, and gives the
 * kubeconfig's text. */
int person_conf(const struct cli *cli, const struct cluster *c,
                const struct person_options *o, bool force, struct buf *ret,
                struct error *err) _must_check_;
