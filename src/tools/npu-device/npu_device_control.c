/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The control socket. One client at a time; a client that says nothing for ten seconds is dropped.
 */

#include "npu_device_control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

const char npu_device_control_help[] =
   "  dead              registers read as ones, writes and interrupts are lost\n"
   "  remove            dead, and gone from the bus\n"
   "  deaf              doorbells are lost until heal\n"
   "  lose-doorbells N  the next N doorbells are lost\n"
   "  lose-irqs N|all   the next N interrupts are lost\n"
   "  slow US           every register access takes US microseconds longer\n"
   "  hang N [VA]       the next N command buffers (of those at VA) never end, until killed\n"
   "  stall N [VA]      ... are not begun, and their queue is stuck until a reset\n"
   "  page-fault N [VA] ... cannot be fetched: page fault\n"
   "  ecc N [VA]        ... cannot be fetched: uncorrectable memory error\n"
   "  heal              none of these any more\n"
   "  status            print counters\n";

static bool
parse_number(const char *text, uint64_t max, uint64_t *out)
{
   char *end;

   if (*text < '0' || *text > '9')
      return false;
   errno = 0;
   unsigned long long value = strtoull(text, &end, 0);
   if (errno || *end || value > max)
      return false;
   *out = value;
   return true;
}

static bool
parse_number32(const char *text, uint32_t max, uint32_t *out)
{
   uint64_t value;

   if (!parse_number(text, max, &value))
      return false;
   *out = (uint32_t)value;
   return true;
}

/* Defects of command buffers: a count and perhaps an address. */
static bool
apply_job_defect(struct npu_pci *pci, const char *word, const char *count_text, const char *va_text)
{
   static const struct {
      const char *word;
      enum npu_sim_defect defect;
   } names[] = {
      {"hang", NPU_SIM_DEFECT_HANG},
      {"stall", NPU_SIM_DEFECT_STALL},
      {"page-fault", NPU_SIM_DEFECT_PAGE_FAULT},
      {"ecc", NPU_SIM_DEFECT_ECC},
   };

   for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
      if (strcmp(word, names[i].word))
         continue;
      uint32_t count;
      uint64_t va = 0;
      if (!parse_number32(count_text, UINT32_MAX, &count) ||
          (*va_text && !parse_number(va_text, UINT64_MAX, &va)))
         return false;
      npu_pci_inject_job(pci, names[i].defect, count, va);
      return true;
   }
   return false;
}

/* Changes *defects, all but those of command buffers. False: not understood. */
static bool
apply(struct npu_pci_defects *defects, const char *word, const char *argument)
{
   if (!strcmp(word, "lose-doorbells"))
      return parse_number32(argument, UINT32_MAX, &defects->lose_doorbells);
   if (!strcmp(word, "lose-irqs")) {
      if (!strcmp(argument, "all")) {
         defects->lose_irqs = UINT32_MAX;
         return true;
      }
      return parse_number32(argument, UINT32_MAX - 1, &defects->lose_irqs);
   }
   if (!strcmp(word, "slow"))
      return parse_number32(argument, 1000000, &defects->slow_us);

   if (*argument)
      return false;
   if (!strcmp(word, "dead"))
      defects->dead = true;
   else if (!strcmp(word, "remove"))
      defects->removed = true;
   else if (!strcmp(word, "deaf"))
      defects->deaf = true;
   else if (!strcmp(word, "heal"))
      *defects = (struct npu_pci_defects){0};
   else
      return false;
   return true;
}

void
npu_device_control(struct npu_pci *pci, const char *command, char *answer, size_t size)
{
   char word[32] = "", argument[32] = "", second[32] = "", rest[2] = "";
   struct npu_pci_defects defects;
   struct npu_pci_state state;

   npu_pci_get_state(pci, &state, &defects);
   int words = sscanf(command, "%31s %31s %31s %1s", word, argument, second, rest);
   if (words == 1 && !strcmp(word, "status")) {
      snprintf(answer, size,
               "ok reads %llu writes %llu doorbells %llu interrupts %llu lost %llu resets %llu "
               "dma-errors %llu",
               (unsigned long long)state.reg_reads, (unsigned long long)state.reg_writes,
               (unsigned long long)state.doorbells, (unsigned long long)state.irqs,
               (unsigned long long)state.irqs_lost, (unsigned long long)state.resets,
               (unsigned long long)state.dma_errors);
   } else if ((words == 2 || words == 3) && apply_job_defect(pci, word, argument, second)) {
      snprintf(answer, size, "ok");
   } else if ((words == 1 || words == 2) && apply(&defects, word, argument)) {
      npu_pci_inject(pci, &defects);
      if (!strcmp(word, "heal"))
         npu_pci_inject_job(pci, NPU_SIM_DEFECT_NONE, 0, 0);
      snprintf(answer, size, "ok");
   } else {
      snprintf(answer, size, "error: not understood: %s", command);
   }
}

struct control {
   struct npu_pci *pci;
   int fd;
};

static void
serve(struct npu_pci *pci, int fd)
{
   const struct timeval patience = {.tv_sec = 10};
   char line[128], answer[512];
   size_t used = 0;

   setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
   for (;;) {
      ssize_t got = recv(fd, line + used, sizeof(line) - 1 - used, 0);
      if (got <= 0)
         break;
      used += (size_t)got;
      line[used] = '\0';
      for (char *end; (end = strchr(line, '\n'));) {
         *end = '\0';
         npu_device_control(pci, line, answer, sizeof(answer) - 1);
         strcat(answer, "\n");
         if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
            return;
         used -= (size_t)(end + 1 - line);
         memmove(line, end + 1, used + 1);
      }
      if (used == sizeof(line) - 1)
         break; /* no command is so long */
   }
}

static void *
control_main(void *data)
{
   struct control *control = data;

   for (;;) {
      int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
      if (fd < 0) {
         if (errno == EINTR || errno == ECONNABORTED)
            continue;
         break;
      }
      serve(control->pci, fd);
      close(fd);
   }
   close(control->fd);
   free(control);
   return NULL;
}

int
npu_device_control_start(struct npu_pci *pci, const char *path)
{
   struct sockaddr_un address = {.sun_family = AF_UNIX};
   struct control *control = calloc(1, sizeof(*control));
   pthread_t thread;

   if (!control)
      return -ENOMEM;
   if (strlen(path) >= sizeof(address.sun_path)) {
      free(control);
      return -ENAMETOOLONG;
   }
   strcpy(address.sun_path, path);
   control->pci = pci;
   control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
   unlink(path);
   if (control->fd < 0 || bind(control->fd, (struct sockaddr *)&address, sizeof(address)) ||
       listen(control->fd, 4) || pthread_create(&thread, NULL, control_main, control))
   {
      int ret = errno ? -errno : -EAGAIN;
      if (control->fd >= 0)
         close(control->fd);
      free(control);
      return ret;
   }
   pthread_detach(thread);
   return 0;
}
