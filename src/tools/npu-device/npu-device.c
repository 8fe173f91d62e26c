/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * npu-device: the NPU as a PCI device of a virtual machine. Serves the model over vfio-user on a
 * UNIX socket to an unmodified monitor (QEMU 10.1 or newer: vfio-user-pci). One process is one
 * device; when the monitor goes, it resets and waits for the next one.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <poll.h>
#include <unistd.h>

#include "npu_device_control.h"
#include "npu_sim.h"
#include "vfu_server.h"

struct options {
   const char *socket, *control, *model;
   const char *inject[16];
   unsigned num_inject;
   bool once, verbose;
};

static void
usage(FILE *to)
{
   fprintf(
      to,
      "usage: npu-device --socket PATH [OPTION...]\n"
      "\n"
      "Serves the NPU as a PCI device over vfio-user on the UNIX socket PATH, to one virtual "
      "machine\n"
      "after the other, until it is interrupted. With QEMU:\n"
      "\n"
      "  qemu-system-x86_64 ... -m 1G \\\n"
      "    -object memory-backend-memfd,id=mem0,size=1G,share=on -machine memory-backend=mem0 \\\n"
      "    -device "
      "'{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"PATH\"}}'\n"
      "\n"
      "  -s, --socket PATH    where to listen\n"
      "  -m, --model WORDS    how the accelerator is modelled, e.g. \"interp,cores=2,mem=1G\"\n"
      "                       (default: the environment variable NPU_SIM)\n"
      "  -c, --control PATH   listen for commands that inject defects on this UNIX socket\n"
      "  -i, --inject COMMAND carry out such a command at the start; may be repeated\n"
      "  -1, --once           serve one virtual machine only\n"
      "  -v, --verbose        print every message\n"
      "  -h, --help           this text\n"
      "\n"
      "Commands, one a line, each answered by a line \"ok\" or \"error: ...\":\n"
      "%s",
      npu_device_control_help);
}

/* False: say how to use it and fail. */
static bool
parse_options(int argc, char **argv, struct options *options)
{
   static const struct option names[] = {
      {"socket", required_argument, NULL, 's'},  {"model", required_argument, NULL, 'm'},
      {"control", required_argument, NULL, 'c'}, {"inject", required_argument, NULL, 'i'},
      {"once", no_argument, NULL, '1'},          {"verbose", no_argument, NULL, 'v'},
      {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
   };
   const unsigned max_inject = sizeof(options->inject) / sizeof(options->inject[0]);

   for (int c; (c = getopt_long(argc, argv, "s:m:c:i:1vh", names, NULL)) != -1;) {
      switch (c) {
      case 's':
         options->socket = optarg;
         break;
      case 'm':
         options->model = optarg;
         break;
      case 'c':
         options->control = optarg;
         break;
      case 'i':
         if (options->num_inject == max_inject) {
            fprintf(stderr, "npu-device: more than %u --inject\n", max_inject);
            return false;
         }
         options->inject[options->num_inject++] = optarg;
         break;
      case '1':
         options->once = true;
         break;
      case 'v':
         options->verbose = true;
         break;
      case 'h':
         usage(stdout);
         exit(0);
      default:
         return false;
      }
   }
   if (optind < argc) {
      fprintf(stderr, "npu-device: unexpected argument \"%s\"\n", argv[optind]);
      return false;
   }
   if (!options->socket)
      fprintf(stderr, "npu-device: --socket is missing\n");
   return options->socket;
}

static int
listen_at(const char *path)
{
   struct sockaddr_un address = {.sun_family = AF_UNIX};

   if (strlen(path) >= sizeof(address.sun_path)) {
      fprintf(stderr, "npu-device: %s: the path is too long for a socket\n", path);
      return -1;
   }
   strcpy(address.sun_path, path);
   unlink(path);
   int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
   if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4)) {
      fprintf(stderr, "npu-device: %s: %s\n", path, strerror(errno));
      if (fd >= 0)
         close(fd);
      return -1;
   }
   return fd;
}

/* A descriptor that becomes readable when the process shall end. All threads block these signals. */
static int
make_stop_fd(void)
{
   sigset_t signals;

   sigemptyset(&signals);
   sigaddset(&signals, SIGINT);
   sigaddset(&signals, SIGTERM);
   sigaddset(&signals, SIGHUP);
   pthread_sigmask(SIG_BLOCK, &signals, NULL);
   return signalfd(-1, &signals, SFD_CLOEXEC);
}

static struct npu_sim *
create_model(const char *words)
{
   struct npu_sim_config config;
   char *error = NULL;

   if (words) {
      if (!npu_sim_config_parse(&config, words))
         return NULL;
   } else if (!npu_sim_config_from_env(&config, "NPU_SIM")) {
      return NULL;
   }
   if (config.mem_size_B & (config.mem_size_B - 1)) {
      fprintf(stderr,
              "npu-device: the size of the memory must be a power of two, as all BARs are\n");
      return NULL;
   }
   struct npu_sim *sim = npu_sim_create(&config, &error);
   if (!sim)
      fprintf(stderr, "npu-device: %s\n", error ? error : "the model could not be made");
   free(error);
   return sim;
}

static int
serve_all(const struct options *options, struct vfu_server *server, int listen_fd, int stop_fd)
{
   for (;;) {
      struct pollfd polls[2] = {
         {.fd = listen_fd, .events = POLLIN},
         {.fd = stop_fd, .events = POLLIN},
      };
      if (poll(polls, 2, -1) < 0 && errno != EINTR)
         return 1;
      if (polls[1].revents)
         return 0;
      if (!polls[0].revents)
         continue;

      int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
      if (fd < 0)
         continue;
      int ret = vfu_server_serve(server, fd, stop_fd);
      if (options->once)
         return ret ? 1 : 0;
   }
}

int
main(int argc, char **argv)
{
   struct options options = {0};

   if (!parse_options(argc, argv, &options)) {
      fprintf(stderr, "npu-device --help says how to use it\n");
      return 2;
   }

   int stop_fd = make_stop_fd(), ret = 1;
   struct npu_sim *sim = create_model(options.model);
   struct vfu_server *server = sim ? vfu_server_create(sim, options.verbose) : NULL;
   if (server) {
      struct npu_pci *pci = vfu_server_get_pci(server);
      bool good = true;

      for (unsigned i = 0; i < options.num_inject; i++) {
         char answer[512];
         npu_device_control(pci, options.inject[i], answer, sizeof(answer));
         if (strncmp(answer, "ok", 2)) {
            fprintf(stderr, "npu-device: %s\n", answer);
            good = false;
         }
      }
      int error = good && options.control ? npu_device_control_start(pci, options.control) : 0;
      if (error) {
         fprintf(stderr, "npu-device: %s: %s\n", options.control, strerror(-error));
         good = false;
      }
      int listen_fd = good ? listen_at(options.socket) : -1;
      if (listen_fd >= 0) {
         ret = serve_all(&options, server, listen_fd, stop_fd);
         close(listen_fd);
         unlink(options.socket);
         if (options.control)
            unlink(options.control);
      }
   }
   /* The control thread may still be looking at the device: the process ends under it. */
   fflush(stdout);
   _exit(ret);
}
