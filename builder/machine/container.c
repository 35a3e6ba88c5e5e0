/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine/container.h"

#include "base/file.h"
#include "base/mem.h"
#include "machine/bridge.h"
#include "machine/cgroup.h"
#include "machine/forward.h"
#include "machine/power.h"
#include "machine/terminal.h"
#include "medium/medium.h"
#include "plan/ethernet.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>

/* systemd(1): start poweroff.target. */
#define POWEROFF_SIGNAL (SIGRTMIN + 4)

/* ext4's own, of linux/fs/ext4/ext4.h: from now on nothing reaches the disk,
 * not even what the journal holds. */
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 0x2

struct card {
  const char *name, *ethernet;
  struct mac mac;
};
DEFINE_VEC(card_vec, struct card);

struct launcher {
  const char *node, *uuid, *pidfile, *disk, *seed_path, *group;
  const char *console_path, *log_path;
  int network;
  struct card_vec cards;

  struct cgroup_vec cgroups;
  struct iso_volume seed;
  struct forward forwards[2];
  struct terminal terminal;
  int signals;
  struct power power;
  bool cut;
};

/* ---- The command line ---- */

enum {
  NODE = 0x100,
  UUID,
  PIDFILE,
  DISK,
  SEED,
  GROUP,
  CONSOLE,
  LOG,
  NETWORK,
  SSH,
  API,
  CARD
};

static const struct option options[] = {
    {"node", required_argument, NULL, NODE},
    {"uuid", required_argument, NULL, UUID},
    {"pidfile", required_argument, NULL, PIDFILE},
    {"disk", required_argument, NULL, DISK},
    {"seed", required_argument, NULL, SEED},
    {"group", required_argument, NULL, GROUP},
    {"console", required_argument, NULL, CONSOLE},
    {"log", required_argument, NULL, LOG},
    {&BRIDGE_ARGUMENT[2], required_argument, NULL, NETWORK},
    {"ssh", required_argument, NULL, SSH},
    {"api", required_argument, NULL, API},
    {"card", required_argument, NULL, CARD},
    {0}};

void container_argv(const char *program, const struct plan_node *node,
                    const struct node_ports *ports, const char *group,
                    struct strv *ret) {
  const char *n = node->name;
  strv_push_all(ret, program, CONTAINER_COMMAND, "--node", n, "--uuid",
                node->uuid, "--group", group, "--pidfile", NULL);
  strv_pushf(ret, "run/%s.pid", n);
  strv_push(ret, "--disk");
  strv_pushf(ret, "disks/%s.raw", n);
  strv_push(ret, "--seed");
  strv_pushf(ret, "seeds/%s.iso", n);
  strv_push(ret, "--console");
  strv_pushf(ret, "run/%s.console", n);
  strv_push(ret, "--log");
  strv_pushf(ret, "logs/%s.console", n);
  strv_push(ret, BRIDGE_ARGUMENT);
  strv_pushf(ret, "%d", ports->mcast);
  strv_push(ret, "--ssh");
  strv_pushf(ret, "%d", ports->ssh);
  strv_push(ret, "--api");
  strv_pushf(ret, "%d", ports->api);
  for (size_t i = 0; i < node->interfaces.n; i++) {
    const struct plan_interface *card = &node->interfaces.v[i];
    struct mac mac;
    char text[NET_TEXT];
    if (!ethernet_card(&node->interfaces, i, &mac))
      continue;
    strv_push(ret, "--card");
    strv_pushf(ret, "%s=%s%s%s", card->name, mac_format(&mac, text),
               *card->ethernet ? "@" : "", card->ethernet);
  }
}

static int add_card(struct launcher *l, char *text, struct error *err) {
  char *mac = strchr(text, '=');
  char *ethernet = strchr(text, '@');
  struct card *c = card_vec_add(&l->cards);
  if (mac)
    *mac++ = '\0';
  if (ethernet)
    *ethernet++ = '\0';
  c->name = text;
  c->ethernet = ethernet ? ethernet : "";
  if (!mac || !mac_parse(mac, &c->mac))
    return error_usage(err, "'%s' is not a card", text);
  return 0;
}

static int take_option(struct launcher *l, int c, char *value,
                       struct error *err) {
  const char **const texts[] = {&l->node,         &l->uuid,      &l->pidfile,
                                &l->disk,         &l->seed_path, &l->group,
                                &l->console_path, &l->log_path};
  if (c >= NODE && c <= LOG)
    *texts[c - NODE] = value;
  else if (c == NETWORK)
    l->network = (int)strtol(value, NULL, 10);
  else if (c == SSH || c == API)
    l->forwards[c - SSH].port = (int)strtol(value, NULL, 10);
  else if (c == CARD)
    return add_card(l, value, err);
  else
    return error_usage(err, "a launcher's option is wrong");
  return 0;
}

static int parse(struct launcher *l, int argc, char **argv, struct error *err) {
  for (int c; (c = getopt_long(argc, argv, ":", options, NULL)) != -1;)
    if (take_option(l, c, optarg, err) < 0)
      return -1;
  if (!l->node || !l->uuid || !l->pidfile || !l->disk || !l->seed_path ||
      !l->group || !l->console_path || !l->log_path)
    return error_usage(err, "'" CONTAINER_COMMAND "' is started by `up`");
  l->forwards[0].to = 22;
  l->forwards[1].to = 6443;
  return 0;
}

/* ---- Preparing ---- */

static int open_files(struct launcher *l, struct error *err) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, CONTAINER_POWER_BUTTON);
  sigaddset(&set, CONTAINER_PULL_PLUG);
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
    return error_set(err, errno, "cannot block signals");
  l->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (l->signals < 0)
    return error_set(err, errno, "cannot catch signals");
  return terminal_open(&l->terminal, l->log_path, l->console_path, err);
}

static int prepare(struct launcher *l, struct error *err) {
  if (medium_read(l->seed_path, &l->seed, err) < 0 ||
      cgroup_find(&l->cgroups, err) < 0 || open_files(l, err) < 0)
    return -1;
  cgroup_remove(&l->cgroups, l->group);
  /* Before the host's network is left. */
  for (size_t i = 0; i < ARRAY_SIZE(l->forwards); i++)
    if (forward_listen(&l->forwards[i], err) < 0)
      return -1;
  return bridge_enter(l->network, err);
}

/* ---- Switching on ---- */

/* As a kernel begins to speak: for what follows the log, a boot begins here. */
static int log_banner(const struct launcher *l, struct error *err) {
  struct utsname u = {0};
  (void)uname(&u);
  _cleanup_free_ char *line =
      xasprintf("Linux version %s, in a container", u.release);
  return terminal_note(&l->terminal, line, err);
}

/* While init waits: its groups and cards. */
static int equip(void *arg, pid_t pid, struct error *err) {
  const struct launcher *l = arg;
  if (cgroup_enter(&l->cgroups, l->group, pid, err) < 0)
    return -1;
  for (size_t i = 0; i < l->cards.n; i++)
    if (bridge_plug(&l->cards.v[i].mac, l->cards.v[i].name,
                    l->cards.v[i].ethernet, pid, err) < 0)
      return -1;
  return 0;
}

static int switch_on(struct launcher *l, struct error *err) {
  const struct power_options o = {.disk = l->disk,
                                  .uuid = l->uuid,
                                  .seed = &l->seed,
                                  .cgroups = &l->cgroups,
                                  .equip = equip,
                                  .arg = l};
  if (log_banner(l, err) < 0)
    return -1;
  return power_on(&o, &l->power, err);
}

/* ---- While it runs ---- */

/* Nothing more reaches the disk, and then nothing runs any more. */
static void pull_plug(struct launcher *l) {
  _cleanup_free_ char *path = xasprintf("/proc/%d/root", (int)l->power.pid);
  _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  uint32_t how = EXT4_GOING_FLAGS_NOLOGFLUSH;
  if (fd < 0 || ioctl(fd, EXT4_IOC_SHUTDOWN, &how) < 0)
    fprintf(stderr, "the power cut is not a real one: %s\n", strerror(errno));
  l->cut = true;
  (void)kill(l->power.pid, SIGKILL);
}

/* Whether init has ended, and how. */
static bool reap(struct launcher *l, int *ret_status) {
  bool ended = false;
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (pid == l->power.pid) {
      ended = true;
      *ret_status = status;
    }
  return ended;
}

/* Those that come after init's end are the next run's, or nobody's: its number
 * may be another's by then. */
static bool take_signals(struct launcher *l, int *ret_status) {
  struct signalfd_siginfo info;
  bool ended = false;
  while (!ended && read(l->signals, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGCHLD)
      ended = reap(l, ret_status);
    else if (info.ssi_signo == CONTAINER_POWER_BUTTON)
      (void)kill(l->power.pid, POWEROFF_SIGNAL);
    else
      pull_plug(l);
  }
  return ended;
}

/* Until init ends. */
static int run(struct launcher *l, int *ret_status, struct error *err) {
  enum { SIGNALS = TERMINAL_POLLS, FORWARDS };
  for (;;) {
    struct pollfd p[FORWARDS + ARRAY_SIZE(l->forwards)];
    terminal_wanted(&l->terminal, l->power.console, p);
    p[SIGNALS] = (struct pollfd){.fd = l->signals, .events = POLLIN};
    for (size_t i = 0; i < ARRAY_SIZE(l->forwards); i++)
      p[FORWARDS + i] =
          (struct pollfd){.fd = l->forwards[i].listener, .events = POLLIN};
    if (poll(p, ARRAY_SIZE(p), -1) < 0) {
      if (errno == EINTR)
        continue;
      return error_set(err, errno, "cannot wait");
    }
    terminal_serve(&l->terminal, l->power.console, p);
    for (size_t i = 0; i < ARRAY_SIZE(l->forwards); i++)
      if (p[FORWARDS + i].revents)
        forward_accept(&l->forwards[i], l->power.network);
    if (p[SIGNALS].revents && take_signals(l, ret_status))
      return 0;
  }
}

/* ---- The end ---- */

/* reboot(2) in a PID namespace: how it killed its init tells which it was. */
static bool wants_reboot(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP;
}

static bool is_off(const struct launcher *l, int status) {
  return l->cut || (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
         (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static int judge(const struct launcher *l, int status, struct error *err) {
  if (is_off(l, status))
    return 0;
  if (WIFSIGNALED(status))
    return error_set(err, 0, "init was ended by signal %d (%s)",
                     WTERMSIG(status), strsignal(WTERMSIG(status)));
  return error_set(err, 0, "init ended with exit status %d",
                   WEXITSTATUS(status));
}

static int live(struct launcher *l, struct error *err) {
  _cleanup_free_ char *pid = xasprintf("%d\n", (int)getpid());
  int status;
  bool again;
  if (switch_on(l, err) < 0 ||
      file_write(l->pidfile, pid, strlen(pid), 0600, err) < 0)
    return -1;
  do {
    status = 0;
    if (run(l, &status, err) < 0)
      return -1;
    terminal_drain(&l->terminal, l->power.console);
    power_done(&l->power);
    cgroup_remove(&l->cgroups, l->group);
    again = !l->cut && wants_reboot(status);
    if (again && switch_on(l, err) < 0)
      return -1;
  } while (again);
  return judge(l, status, err);
}

static void launcher_done(struct launcher *l) {
  power_done(&l->power);
  cgroup_remove(&l->cgroups, l->group ? l->group : "");
  if (l->pidfile)
    (void)unlink(l->pidfile);
  if (l->console_path)
    (void)unlink(l->console_path);
  cgroup_vec_done(&l->cgroups);
  iso_volume_done(&l->seed);
  free(l->cards.v);
  terminal_done(&l->terminal);
  cleanup_close(&l->signals);
}

int container_main(int argc, char **argv, struct error *err) {
  _cleanup_(launcher_done) struct launcher l = {
      .terminal = TERMINAL_NONE,
      .signals = -1,
      .power = POWER_NONE,
      .forwards = {{.listener = -1}, {.listener = -1}}};
  optind = 0;
  if (parse(&l, argc, argv, err) < 0 || prepare(&l, err) < 0)
    return -1;
  if (live(&l, err) == 0)
    return 0;
  /* Whoever sees that the pid file is gone reads why. */
  error_print(err, "kubeseed", stderr);
  error_done(err);
  return -1;
}
