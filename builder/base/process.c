/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/process.h"

#include "base/log.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* How much of a failed program's stderr an error quotes. */
#define TAIL_MAX ((size_t)2000)
#define TAIL_LINES 6
/* From SIGTERM to SIGKILL when a program outlives its timeout. */
#define KILL_GRACE 5.0
/* How long after a program's end its pipes are waited for, when something that
 * it started still holds them. */
#define PIPE_GRACE 2.0

static char *find_in_path(const char *program) {
  if (strchr(program, '/'))
    return access(program, X_OK) == 0 ? xstrdup(program) : NULL;
  /* Debian keeps mke2fs and friends where a user's PATH does not look. */
  const char *path = getenv("PATH");
  _cleanup_free_ char *dirs =
      xasprintf("%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
  char *save = NULL;
  for (char *d = strtok_r(dirs, ":", &save); d;
       d = strtok_r(NULL, ":", &save)) {
    _cleanup_free_ char *full = xasprintf("%s/%s", d, program);
    struct stat st;
    if (access(full, X_OK) == 0 && stat(full, &st) == 0 && S_ISREG(st.st_mode))
      return TAKE_PTR(full);
  }
  return NULL;
}

static int missing(const char *program, const char *package,
                   struct error *err) {
  if (package)
    return error_missing(err,
                         "the program '%s' is missing; it is in the Debian "
                         "package '%s' (apt-get install %s)",
                         program, package, package);
  return error_missing(err, "the program '%s' is missing", program);
}

int process_require(const char *program, const char *package,
                    struct error *err) {
  _cleanup_free_ char *path = find_in_path(program);
  return path ? 0 : missing(program, package, err);
}

/* What the child does between fork and exec: only async-signal-safe calls. */
struct child {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *dir;
  int in, out, errfd;
  int status_fd; /* errno of a failed exec goes here */
  bool detach;   /* it may outlive us */
  int death_signal;
  pid_t parent;
};

static _Noreturn void child_main(const struct child *c) {
  struct sigaction dfl = {.sa_handler = SIG_DFL};
  for (int s = 1; s < NSIG; s++)
    (void)sigaction(s, &dfl, NULL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  /* Its own group, so that what it starts is ended with it; and no terminal
   * that it could wait for an answer on. */
  (void)setsid();
  if (!c->detach) {
    /* Nothing we started may outlive us. */
    (void)prctl(PR_SET_PDEATHSIG, c->death_signal);
    if (getppid() != c->parent)
      _exit(127);
  }
  bool ok = dup2(c->in, 0) >= 0 && dup2(c->out, 1) >= 0 &&
            dup2(c->errfd, 2) >= 0 && (!c->dir || chdir(c->dir) == 0);
  if (ok) {
    /* status_fd stays open until exec closes it: it reports a failure. */
    int keep = dup2(c->status_fd, 3);
    if (keep == 3) {
      (void)fcntl(3, F_SETFD, FD_CLOEXEC);
      (void)syscall(SYS_close_range, 4U, ~0U, 0U);
    }
    execve(c->path, c->argv, c->envp);
  }
  int e = errno;
  if (write(c->status_fd == 3 || !ok ? c->status_fd : 3, &e, sizeof(e)) < 0)
    _exit(126);
  _exit(127);
}

extern char **environ;

/* Ours with p->env put over it; the strings are borrowed. */
static char **make_env(const struct process *p) {
  size_t n = 0;
  while (environ[n])
    n++;
  size_t extra = p->env ? p->env->n : 0;
  char **env = xcalloc(n + extra + 1, sizeof(*env));
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    bool replaced = false;
    for (size_t j = 0; j < extra && !replaced; j++) {
      size_t name = strcspn(p->env->v[j], "=") + 1;
      replaced = strncmp(environ[i], p->env->v[j], name) == 0;
    }
    if (!replaced)
      env[k++] = environ[i];
  }
  for (size_t j = 0; j < extra; j++)
    env[k++] = p->env->v[j];
  return env;
}

/* An ignored SIGCHLD, which a starter can leave us, throws exit statuses away
 * (wait(2)). */
static void want_statuses(void) {
  struct sigaction sa;
  if (sigaction(SIGCHLD, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
    (void)signal(SIGCHLD, SIG_DFL);
}

/* Forks and waits for exec to have happened. */
static int start(const struct process *p, int in, int out, int errfd,
                 bool detach, pid_t *ret_pid, struct error *err) {
  _cleanup_free_ char *path = find_in_path(p->argv->v[0]);
  if (!path)
    return missing(p->argv->v[0], p->package, err);
  _cleanup_free_ char **envp = make_env(p);
  int status[2];
  if (pipe2(status, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  _cleanup_close_ int status_read = status[0];
  _cleanup_close_ int status_write = status[1];
  struct child c = {
      .path = path,
      .argv = p->argv->v,
      .envp = envp,
      .dir = p->dir,
      .in = in,
      .out = out,
      .errfd = errfd,
      .status_fd = status_write,
      .detach = detach,
      .death_signal = p->death_signal ? p->death_signal : SIGTERM,
      .parent = getpid(),
  };
  want_statuses();
  pid_t pid = fork();
  if (pid < 0)
    return error_set(err, errno, "cannot start '%s'", path);
  if (pid == 0)
    child_main(&c);
  cleanup_close(&status_write);
  status_write = -1;
  int e = 0;
  ssize_t n;
  do
    n = read(status_read, &e, sizeof(e));
  while (n < 0 && errno == EINTR);
  if (n > 0) {
    (void)waitpid(pid, NULL, 0);
    return error_set(err, e, "cannot run '%s'", path);
  }
  *ret_pid = pid;
  return 0;
}

/* One output stream of a running child. */
struct stream {
  int fd;
  struct buf *collect; /* all of it, or NULL */
  struct buf tail;     /* the end of it, for errors */
  struct buf line;     /* the line so far, for on_line */
};

static void feed_lines(const struct process *p, struct stream *s,
                       const char *data, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (data[i] != '\n') {
      buf_add(&s->line, &data[i], 1);
      continue;
    }
    p->on_line(p->on_line_arg, s->line.data ? s->line.data : "");
    buf_done(&s->line);
  }
}

static void feed(const struct process *p, struct stream *s, const char *data,
                 size_t len) {
  if (s->collect)
    buf_add(s->collect, data, len);
  if (p->on_line)
    feed_lines(p, s, data, len);
  buf_add(&s->tail, data, len);
  if (s->tail.len > 2 * TAIL_MAX) {
    memmove(s->tail.data, s->tail.data + s->tail.len - TAIL_MAX, TAIL_MAX);
    s->tail.len = TAIL_MAX;
    s->tail.data[TAIL_MAX] = '\0';
  }
}

/* The last lines of a stream, joined for one message; the caller frees. */
static char *last_lines(const struct stream *s) {
  if (!s->tail.data)
    return xstrdup("");
  size_t end = s->tail.len;
  while (end > 0 && s->tail.data[end - 1] == '\n')
    end--;
  size_t begin = end;
  int lines = 0;
  while (begin > 0) {
    if (s->tail.data[begin - 1] == '\n' && ++lines == TAIL_LINES)
      break;
    begin--;
  }
  return xstrndup(s->tail.data + begin, end - begin);
}

struct run {
  const struct process *p;
  pid_t pid;
  int pidfd; /* readable when the child has ended; -1: asked for in turns */
  int in;    /* our end of the child's stdin, or -1 */
  size_t in_done;
  struct stream out, err;
  bool ended;       /* the child itself, which is not reaped yet */
  double deadline;  /* the next signal for its group; 0: none */
  double pipes_end; /* when its pipes are given up; 0: not yet known */
  double began;
  unsigned told; /* of which turn on_alive was told last */
  bool timed_out;
  bool too_much; /* more output than output_max */

  int signal_fd; /* signals that are meant for us, see catch_signals */
  sigset_t old_mask;
  int caught; /* one of them, or 0 */
};

/* The child is a group's leader and not reaped, so the number is its own. */
static void signal_group(const struct run *r, int signal) {
  (void)kill(-r->pid, signal);
}

static void write_input(struct run *r) {
  const char *data = r->p->input;
  ssize_t n = write(r->in, data + r->in_done, r->p->input_len - r->in_done);
  if (n > 0)
    r->in_done += (size_t)n;
  /* A reader that has gone (EPIPE) shows in its exit status. */
  if ((n < 0 && errno != EINTR && errno != EAGAIN) ||
      r->in_done == r->p->input_len) {
    (void)close(r->in);
    r->in = -1;
  }
}

static void read_stream(struct run *r, struct stream *s) {
  char chunk[8192];
  ssize_t n = read(s->fd, chunk, sizeof(chunk));
  if (n > 0) {
    feed(r->p, s, chunk, (size_t)n);
    if (s->collect && r->p->output_max && s->collect->len > r->p->output_max) {
      r->too_much = true;
      signal_group(r, SIGKILL);
      (void)close(s->fd);
      s->fd = -1;
    }
  } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
    (void)close(s->fd);
    s->fd = -1;
  }
}

static void close_pipes(struct run *r) {
  int *fds[] = {&r->in, &r->out.fd, &r->err.fd};
  for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
    cleanup_close(fds[i]);
    *fds[i] = -1;
  }
}

static void check_deadline(struct run *r) {
  double now = monotonic_seconds();
  if (r->deadline > 0 && now >= r->deadline) {
    bool again = r->timed_out || r->caught;
    signal_group(r, again ? SIGKILL : SIGTERM);
    r->timed_out = r->timed_out || !r->caught;
    r->deadline = now + KILL_GRACE;
  }
  if (r->pipes_end > 0 && now >= r->pipes_end) {
    signal_group(r, SIGKILL);
    close_pipes(r);
  }
}

/* Whether the child has ended; it stays a zombie, which keeps its number. */
static void check_ended(struct run *r) {
  siginfo_t info = {0};
  if (r->ended ||
      waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
      info.si_pid != r->pid)
    return;
  r->ended = true;
  r->pipes_end = monotonic_seconds() + PIPE_GRACE;
}

/* The group has no terminal, so Ctrl-C reaches only us: we pass it on, and end
 * of it when the group has. */
static void pass_on_signal(struct run *r) {
  struct signalfd_siginfo info;
  if (read(r->signal_fd, &info, sizeof(info)) != sizeof(info))
    return;
  r->caught = (int)info.ssi_signo;
  signal_group(r, r->caught);
  r->deadline = monotonic_seconds() + KILL_GRACE;
}

static void tell_alive(struct run *r) {
  const struct process *p = r->p;
  if (!p->on_alive || r->ended)
    return;
  unsigned turn = (unsigned)(monotonic_seconds() - r->began) / p->alive_every;
  if (turn == r->told)
    return;
  r->told = turn;
  p->on_alive(p->on_alive_arg, turn * p->alive_every);
}

/* How long poll may wait, in milliseconds. */
static int patience(const struct run *r) {
  if (!r->ended && r->pidfd < 0)
    return 20;
  if (r->deadline > 0 || r->pipes_end > 0)
    return 100;
  return r->p->on_alive ? 1000 : -1;
}

/* Until the child has ended and its pipes have, or are given up. */
static void pump(struct run *r) {
  while (!r->ended || r->out.fd >= 0 || r->err.fd >= 0) {
    struct pollfd fds[] = {
        {.fd = r->in, .events = POLLOUT},
        {.fd = r->out.fd, .events = POLLIN},
        {.fd = r->err.fd, .events = POLLIN},
        {.fd = r->ended ? -1 : r->pidfd, .events = POLLIN},
        {.fd = r->signal_fd, .events = POLLIN},
    };
    int n = poll(fds, ARRAY_SIZE(fds), patience(r));
    check_ended(r);
    check_deadline(r);
    tell_alive(r);
    if (n <= 0)
      continue;
    if (fds[0].revents && r->in >= 0)
      write_input(r);
    if (fds[1].revents && r->out.fd >= 0)
      read_stream(r, &r->out);
    if (fds[2].revents && r->err.fd >= 0)
      read_stream(r, &r->err);
    if (fds[4].revents)
      pass_on_signal(r);
  }
}

static int reap(struct run *r) {
  int status = 0;
  pid_t got;
  /* What was to end ends with all that it started. */
  if (r->timed_out || r->too_much || r->caught)
    signal_group(r, SIGKILL);
  do
    got = waitpid(r->pid, &status, 0);
  while (got < 0 && errno == EINTR);
  return got == r->pid ? status : -1;
}

/* ---- Signals that are meant for us ---- */

/* Holds back, in this thread, the signals that would end us here and now: not
 * those that are ignored (nohup) or are somebody else's to wait for. */
static int catch_signals(struct run *r, struct error *err) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  sigset_t set;
  sigemptyset(&set);
  (void)pthread_sigmask(SIG_BLOCK, NULL, &r->old_mask);
  for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
    struct sigaction sa;
    if (sigaction(signals[i], NULL, &sa) == 0 && sa.sa_handler == SIG_DFL &&
        !sigismember(&r->old_mask, signals[i]))
      sigaddset(&set, signals[i]);
  }
  r->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (r->signal_fd < 0)
    return error_set(err, errno, "cannot wait for signals");
  (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
  return 0;
}

/* Ends us by the signal that came, now that what we started is gone. */
static void release_signals(struct run *r) {
  if (r->signal_fd < 0)
    return;
  cleanup_close(&r->signal_fd);
  r->signal_fd = -1;
  if (r->caught)
    (void)kill(getpid(), r->caught);
  (void)pthread_sigmask(SIG_SETMASK, &r->old_mask, NULL);
}

/* ---- Running ---- */

/* Pipe for one direction; the child's end has O_CLOEXEC and is dup'ed there. */
static int make_pipe(int *ours, int *theirs, bool we_read, struct error *err) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) < 0)
    return error_set(err, errno, "cannot make a pipe");
  *ours = we_read ? fds[0] : fds[1];
  *theirs = we_read ? fds[1] : fds[0];
  return 0;
}

static int open_log(const char *path, struct error *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0)
    (void)error_set(err, errno, "cannot open the log '%s'", path);
  return fd;
}

static int run_with_pipes(struct run *r, struct error *err) {
  const struct process *p = r->p;
  _cleanup_close_ int in = -1;
  _cleanup_close_ int out = -1;
  _cleanup_close_ int errfd = -1;
  if (p->input) {
    if (make_pipe(&r->in, &in, false, err) < 0)
      return -1;
    (void)fcntl(r->in, F_SETFL, O_NONBLOCK);
  } else {
    in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  }
  if (p->log_path && !p->output && !p->on_line) {
    out = open_log(p->log_path, err);
    if (out < 0)
      return -1;
    errfd = dup(out);
  } else if (make_pipe(&r->out.fd, &out, true, err) < 0 ||
             make_pipe(&r->err.fd, &errfd, true, err) < 0) {
    return -1;
  }
  if (start(p, in, out, errfd, false, &r->pid, err) < 0)
    return -1;
  r->pidfd = pidfd_open(r->pid, 0);
  return 0;
}

static void run_done(struct run *r) {
  release_signals(r);
  close_pipes(r);
  cleanup_close(&r->pidfd);
  buf_done(&r->out.tail);
  buf_done(&r->out.line);
  buf_done(&r->err.tail);
  buf_done(&r->err.line);
}

static void flush_line(const struct process *p, struct stream *s) {
  if (p->on_line && s->line.len > 0)
    p->on_line(p->on_line_arg, s->line.data);
}

/* Words an ending that is not exit status 0. */
static int ending_error(const struct run *r, int status, struct error *err) {
  const char *name = r->p->argv->v[0];
  _cleanup_free_ char *tail = last_lines(&r->err);
  if (!*tail) {
    free(tail);
    tail = last_lines(&r->out);
  }
  const char *sep = *tail ? ":\n" : "";
  if (r->timed_out)
    return error_set(err, 0, "'%s' did not end within %u s%s%s", name,
                     r->p->timeout, sep, tail);
  if (r->too_much)
    return error_set(err, 0, "'%s' printed more than %zu bytes", name,
                     r->p->output_max);
  if (WIFSIGNALED(status))
    return error_set(err, 0, "'%s' was ended by signal %d (%s)%s%s", name,
                     WTERMSIG(status), strsignal(WTERMSIG(status)), sep, tail);
  return error_set(err, 0, "'%s' failed with exit status %d%s%s", name,
                   WEXITSTATUS(status), sep, tail);
}

static int run(const struct process *p, bool any_status, int *ret_status,
               struct error *err) {
  _cleanup_(run_done) struct run r = {
      .p = p,
      .pidfd = -1,
      .in = -1,
      .out = {.fd = -1, .collect = p->output},
      .err = {.fd = -1},
      .signal_fd = -1,
  };
  if (catch_signals(&r, err) < 0 || run_with_pipes(&r, err) < 0)
    return -1;
  if (p->timeout)
    r.deadline = monotonic_seconds() + p->timeout;
  r.began = monotonic_seconds();
  pump(&r);
  int status = reap(&r);
  flush_line(p, &r.out);
  flush_line(p, &r.err);
  if (r.too_much || r.timed_out)
    return ending_error(&r, status, err);
  if (any_status && WIFEXITED(status)) {
    *ret_status = WEXITSTATUS(status);
    return 0;
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return ending_error(&r, status, err);
  return 0;
}

int process_run(const struct process *p, struct error *err) {
  return run(p, false, NULL, err);
}

int process_status(const struct process *p, int *ret_status,
                   struct error *err) {
  return run(p, true, ret_status, err);
}

int process_spawn_detached(const struct process *p, pid_t *ret_pid,
                           struct error *err) {
  _cleanup_close_ int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  _cleanup_close_ int out =
      open_log(p->log_path ? p->log_path : "/dev/null", err);
  if (out < 0)
    return -1;
  _cleanup_close_ int errfd = dup(out);
  return start(p, in, out, errfd, true, ret_pid, err);
}

int process_exec(const struct process *p, struct error *err) {
  _cleanup_free_ char *path = find_in_path(p->argv->v[0]);
  if (!path)
    return missing(p->argv->v[0], p->package, err);
  _cleanup_free_ char **envp = make_env(p);
  /* What we ignore stays ignored through exec. */
  (void)signal(SIGPIPE, SIG_DFL);
  execve(path, p->argv->v, envp);
  return error_set(err, errno, "cannot run '%s'", path);
}
