/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all commands share: the command table's row, the global options, and
 * loading a spec into a plan with its state folder.
 */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "machine/kind.h"
#include "plan/plan.h"
#include "state/state.h"
#include <getopt.h>

struct command;

/* The global options, filled in by main, and a command's words. */
struct cli {
  const struct command *command;
  const char *state_dir; /* -C, or NULL */
  bool json;             /* --json */
  bool warns; /* the command makes something of a spec, or tells its faults */
  struct log log; /* stderr; -q and -v */

  /* Of words_take. */
  const char *spec;
  char *found;  /* the spec that nobody named, for main to free */
  char **names; /* what stands behind it, n_names of them */
  int n_names;
};

/* argv[0] is the command's name. Results go to stdout, the rest to cli->log. */
typedef int command_fn(struct cli *cli, int argc, char **argv,
                       struct error *err);

struct command {
  const char *name;
  const char *args;    /* "SPEC [NODE...]" */
  const char *summary; /* one line for the list */
  const char *help;    /* options and examples */
  command_fn *run;
};

/* A spec with its plan and, once opened, its state folder. */
struct cluster {
  struct spec spec;
  struct plan plan; /* points into spec: do not move the struct */
  struct state state;
  const struct machine_kind *kind; /* of its machines; with the state */
  bool takes_sealed; /* to be set before the state is opened: a sealed one, too
                      */
};

/* state_target of a spec's path; the caller frees. */
char *cli_target(const struct cli *cli, const char *spec_path);

/* Reads, checks and plans the spec, "-" being standard input; warnings are
 * logged. */
int cluster_load(const struct cli *cli, const char *spec_path,
                 struct cluster *ret, struct error *err) _must_check_;

/* Opens the state folder (see state_open) and, with lock, locks it. */
int cluster_open_state(const struct cli *cli, struct cluster *c, bool create,
                       bool lock, struct error *err) _must_check_;

/* Fails as cluster_open_state would, for who does much else before that needs
 * the state; opens nothing. */
int cluster_check_state(const struct cli *cli, struct cluster *c,
                        struct error *err) _must_check_;

/* For commands that only look: opens the state folder without a lock; where
 * there is none, c->state knows where it is to be and nothing else. */
int cluster_look_at_state(const struct cli *cli, struct cluster *c,
                          bool *ret_none, struct error *err) _must_check_;

/* For commands that end something: locks the state folder where there is one,
 * else ret_none is set, and there is nothing to end. */
int cluster_open_if_any(const struct cli *cli, struct cluster *c,
                        bool *ret_none, struct error *err) _must_check_;

void cluster_done(struct cluster *c);

#define _cleanup_cluster_ _cleanup_(cluster_done)

/*
 * The nodes named in names (argv style, n of them; all nodes when n is 0) as
 * indexes into plan->nodes: a set, each node once, in the order in which they
 * are first named. An unknown name is a usage error that lists the known ones.
 * The caller frees *ret.
 */
int cluster_select(const struct cluster *c, char **names, int n, size_t **ret,
                   size_t *ret_n, struct error *err) _must_check_;

/*
 * Puts those of the n nodes of sel first that order ("a,b,...") names, in that
 * order; a name that stands there again changes nothing. A name that is not
 * one of them, or none at all, is a usage error, and sel is then in any order.
 */
int cluster_order(const struct cluster *c, const char *order, size_t *sel,
                  size_t n, struct error *err) _must_check_;

/*
 * getopt_long for a command: returns the option's character, -1 at the end, or
 * '?' after setting err. shortopts is as there, without a colon in front. The
 * global options are handled by main.
 */
int cli_getopt(int argc, char **argv, const char *shortopts,
               const struct option *longopts, struct error *err);

/* What getopt_long, which has just returned c ('?' or ':'), did not like; see
 * names where the options are told. Returns -1. */
int cli_bad_option(int c, char **argv, const struct option *longopts,
                   const char *see, struct error *err);

/* The options that every command takes, before or after its name. */
enum { CLI_JSON = 0x1000, CLI_VERSION };
extern const struct option cli_globals[];

/*
 * The value of an option --NAME that is a time: text in units of 1 or 60
 * seconds, at most a million of them. Error: a usage error that names both.
 */
int cli_seconds(const char *name, const char *text, double unit, double *ret,
                struct error *err) _must_check_;

/* Bytes of a spec at most. The YAML reader has its own limit; this one only
 * bounds the memory. */
#define CLI_SPEC_MAX ((size_t)2 << 20)

/* Whether the file that --image names is a whole qcow2 image (image/whole.h);
 * else a usage error that says where one comes from (target: see cli_target).
 */
int cli_check_image(const char *path, const char *target,
                    struct error *err) _must_check_;

command_fn cmd_init, cmd_check, cmd_explain, cmd_schema, cmd_plan, cmd_payload,
    cmd_image, cmd_seed, cmd_inspect, cmd_certs, cmd_up, cmd_status,
    cmd_console, cmd_ssh, cmd_verify, cmd_kubeconfig, cmd_export, cmd_down,
    cmd_destroy, cmd_seal, cmd_unseal;
