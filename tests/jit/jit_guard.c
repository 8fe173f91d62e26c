// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The process that compares: see jit_compare.h.
//
// It is forked before this process has made a device, and gets programs and gives verdicts through a pair of
// sockets. LLVM may loop for ever, which only the end of the process ends, so that is what happens to one
// that takes too long.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jit_compare.h"

static bool
move(int fd, void *data, size_t size_B, bool to)
{
   for (size_t done = 0; done < size_B;) {
      ssize_t n = to ? send(fd, (char *)data + done, size_B - done, MSG_NOSIGNAL)
                     : recv(fd, (char *)data + done, size_B - done, 0);
      if (n < 0 && errno == EINTR)
         continue;
      if (n <= 0)
         return false;
      done += (size_t)n;
   }
   return true;
}

/* The life of the process: its exit status. */
static int
serve(const char *configuration, int fd)
{
   static struct jit_program program;
   struct jit_compare *compare = jit_compare_create(configuration);

   if (!compare)
      return EXIT_FAILURE;
   while (move(fd, &program, sizeof(program), false)) {
      struct jit_verdict verdict = jit_compare_run(compare, &program);
      if (!move(fd, &verdict, sizeof(verdict), true))
         return EXIT_FAILURE;
   }
   jit_compare_destroy(compare);
   return EXIT_SUCCESS;
}

static bool
start(struct jit_guard *guard)
{
   int fds[2];

   fflush(NULL);
   if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
      return false;
   guard->pid = fork();
   if (guard->pid == 0) {
      close(fds[0]);
      exit(serve(guard->configuration, fds[1]));
   }
   close(fds[1]);
   if (guard->pid < 0) {
      close(fds[0]);
      guard->pid = 0;
      return false;
   }
   guard->socket = fds[0];
   return true;
}

/* Waits for the process. `text`: how it ended, or NULL. True: in good order. */
static bool
reap(struct jit_guard *guard, char *text, size_t size_B)
{
   int status = 0;

   close(guard->socket);
   while (waitpid(guard->pid, &status, 0) < 0 && errno == EINTR)
      ;
   guard->pid = 0;
   if (text && WIFSIGNALED(status))
      snprintf(text, size_B, "the process was ended by signal %d (%s)", WTERMSIG(status),
               strsignal(WTERMSIG(status)));
   else if (text)
      snprintf(text, size_B, "the process ended with status %d", WEXITSTATUS(status));
   return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

struct jit_verdict
jit_guard_run(struct jit_guard *guard, const struct jit_program *program)
{
   struct jit_verdict verdict = {.good = false};
   struct jit_program copy = *program;

   if (!guard->limit_s) {
      if (!guard->here && !(guard->here = jit_compare_create(guard->configuration)))
         exit(EXIT_FAILURE);
      return jit_compare_run(guard->here, program);
   }
   if (!guard->pid && !start(guard)) {
      snprintf(verdict.text, sizeof(verdict.text), "no process: %s", strerror(errno));
      return verdict;
   }
   struct pollfd ready = {.fd = guard->socket, .events = POLLIN};
   move(guard->socket, &copy, sizeof(copy), true);
   if (poll(&ready, 1, (int)guard->limit_s * 1000) == 0) {
      kill(guard->pid, SIGKILL);
      reap(guard, NULL, 0);
      snprintf(verdict.text, sizeof(verdict.text), "not finished after %u s", guard->limit_s);
   } else if (!move(guard->socket, &verdict, sizeof(verdict), false)) {
      verdict = (struct jit_verdict){.good = false};
      reap(guard, verdict.text, sizeof(verdict.text));
   }
   return verdict;
}

bool
jit_guard_finish(struct jit_guard *guard)
{
   jit_compare_destroy(guard->here);
   guard->here = NULL;
   if (!guard->pid)
      return true;
   shutdown(guard->socket, SHUT_RDWR);
   return reap(guard, NULL, 0);
}
