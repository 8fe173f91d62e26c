/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * npu-device without a virtual machine: this program is the monitor, and speaks vfio-user to the server in
 * a thread of its own. First what QEMU does, then what nobody should do. Speaks TAP.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "npu_isa/npu_regs.h"
#include "npu_pci.h"
#include "npu_sim.h"
#include "vfio_user_client.h"
#include "vfio_user_test.h"

static unsigned num_cases, num_failed;

void
ok(bool good, const char *format, ...)
{
   va_list args;

   va_start(args, format);
   printf("%sok %u - ", good ? "" : "not ", ++num_cases);
   vprintf(format, args);
   printf("\n");
   va_end(args);
   num_failed += !good;
   fflush(stdout);
}

static struct npu_sim *sim;

/* --------------------------------------------------------------------------- as a monitor does -- */

static void
test_handshake(void)
{
   connect_client();
   ok(call(VFU_DEVICE_GET_INFO, (uint32_t[4]){16}, 16) == EINVAL, "nothing goes before VERSION");
   ok(say_version() == 0, "VERSION");
   ok(reply_size > 4 && reply[reply_size - 1] == '\0' &&
         strstr((char *)reply + 4, "max_data_xfer_size"),
      "it is answered with capabilities");
   ok(say_version() == EINVAL, "VERSION comes once");

   ok(call(VFU_DEVICE_GET_INFO, (uint32_t[4]){16}, 16) == 0 && reply_size == 16, "GET_INFO");
   const uint32_t *info = (const uint32_t *)reply;
   ok(info[1] == (VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET) && info[2] == 9 && info[3] == 5,
      "a PCI device with 9 regions and 5 interrupts");

   struct vfio_region_info region = {.argsz = sizeof(region), .index = VFIO_PCI_BAR2_REGION_INDEX};
   ok(call(VFU_DEVICE_GET_REGION_INFO, &region, sizeof(region)) == 0, "GET_REGION_INFO of BAR 2");
   memcpy(&region, reply, sizeof(region));
   ok(region.size == npu_sim_mem_size_B(sim) && (region.flags & VFIO_REGION_INFO_FLAG_MMAP) &&
         reply_fd >= 0,
      "it can be mapped");
   uint8_t *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reply_fd, 0x10000);
   ok(map != MAP_FAILED, "and is");
   map[5] = 42;
   uint8_t byte = 0;
   ok(!region_read(VFIO_PCI_BAR2_REGION_INDEX, 0x10005, &byte, 1) && byte == 42,
      "the mapping and the region are the same memory");
   munmap(map, 4096);
   close(reply_fd);

   for (uint32_t i = 0; i < 9; i++) {
      region = (struct vfio_region_info){.argsz = sizeof(region), .index = i};
      bool there = i == 0 || i == 2 || i == 7;
      int ret = call(VFU_DEVICE_GET_REGION_INFO, &region, sizeof(region));
      memcpy(&region, reply, sizeof(region));
      ok(!ret && !!region.size == there, "region %u is %s", i, there ? "there" : "empty");
      if (reply_fd >= 0)
         close(reply_fd);
   }
   for (uint32_t i = 0; i < 5; i++) {
      struct vfio_irq_info irq = {.argsz = sizeof(irq), .index = i};
      uint32_t expected = i == VFIO_PCI_MSIX_IRQ_INDEX  ? NPU_PCI_NUM_VECTORS
                          : i == VFIO_PCI_ERR_IRQ_INDEX ? 1
                                                        : 0;
      int ret = call(VFU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq));
      memcpy(&irq, reply, sizeof(irq));
      ok(!ret && irq.count == expected, "interrupt %u has %u vectors", i, expected);
   }
   ok(hang_up() == 0, "hanging up is no error");
}

unsigned
find_capability(uint8_t id)
{
   unsigned at = config_read(0x34, 1);

   for (unsigned n = 0; at && n < 48; n++) {
      if (config_read(at, 1) == id)
         return at;
      at = config_read(at + 1, 1);
   }
   return 0;
}

static void
test_config_space(void)
{
   connect_client();
   say_version();
   ok(config_read(0, 4) == (NPU_PCI_VENDOR_ID | NPU_PCI_DEVICE_ID << 16), "vendor and device");
   ok(config_read(8, 4) >> 8 == 0x120000, "class: processing accelerator");
   ok(config_read(0x3d, 1) == 0, "no INTx");

   config_write(0x10, 0xffffffff, 4);
   ok(config_read(0x10, 4) == (uint32_t)~(NPU_BAR_SIZE_B - 1), "BAR 0 says how large it is");
   config_write(0x18, 0xffffffff, 4);
   config_write(0x1c, 0xffffffff, 4);
   uint64_t bar2 = config_read(0x18, 4) | (uint64_t)config_read(0x1c, 4) << 32;
   ok((bar2 & 0xf) == 0xc && ~(bar2 & ~0xfull) + 1 == npu_sim_mem_size_B(sim),
      "BAR 2 as well; it is 64-bit and prefetchable");
   ok(find_capability(0x01) && find_capability(0x11) && find_capability(0x10),
      "capabilities: power management, MSI-X, PCI Express");

   unsigned msix = find_capability(0x11), pm = find_capability(0x01), pcie = find_capability(0x10);
   ok((config_read(msix + 2, 2) & 0x7ff) == NPU_PCI_NUM_VECTORS - 1, "MSI-X table size");
   ok(config_read(pcie + 4, 4) & 1u << 28, "function-level reset is offered");

   reg_write(NPU_REG_SCRATCH, 0x1234567890abcdefull);
   ok(reg_read(NPU_REG_SCRATCH) == 0x1234567890abcdefull, "a register holds its value");
   config_write(pcie + 8, 0x8000, 2);
   ok(reg_read(NPU_REG_SCRATCH) == 0, "function-level reset");
   reg_write(NPU_REG_SCRATCH, 7);
   config_write(pm + 4, 3, 2);
   ok(reg_read(NPU_REG_SCRATCH) == UINT64_MAX, "in D3hot, registers read as ones");
   config_write(pm + 4, 0, 2);
   ok(reg_read(NPU_REG_SCRATCH) == 0 &&
         NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE,
      "back in D0 it was reset");

   uint32_t low, high;
   reg_write(NPU_REG_SCRATCH, 0x1111111122222222ull);
   region_read(VFIO_PCI_BAR0_REGION_INDEX, NPU_REG_SCRATCH, &low, 4);
   region_read(VFIO_PCI_BAR0_REGION_INDEX, NPU_REG_SCRATCH + 4, &high, 4);
   ok(low == 0x22222222 && high == 0x11111111, "halves of a register are read");
   high = 0xaaaa;
   low = 0xbbbb;
   region_write(VFIO_PCI_BAR0_REGION_INDEX, NPU_REG_SCRATCH + 4, &high, 4);
   region_write(VFIO_PCI_BAR0_REGION_INDEX, NPU_REG_SCRATCH, &low, 4);
   ok(reg_read(NPU_REG_SCRATCH) == 0xaaaa0000bbbbull, "halves of a register are written");
   hang_up();
}

bool
run_fence(uint8_t *ram, uint64_t seqno)
{
   const struct npu_packet_fence fence = {
      .type = NPU_PACKET_FENCE,
      .irq = 1,
      .seqno = seqno,
      .write_pa = NPU_PA_SYSTEM | (RAM_IOVA + 0x2000),
   };

   memcpy(ram, &fence, sizeof(fence));
   reg_write(NPU_REG_QUEUE_CONTROL(0), 0);
   reg_write(NPU_REG_QUEUE_RING_BASE(0), NPU_PA_SYSTEM | RAM_IOVA);
   reg_write(NPU_REG_QUEUE_RING_SIZE(0), 4);
   reg_write(NPU_REG_QUEUE_CONTROL(0), NPU_QUEUE_CONTROL_ENABLE__MASK);
   reg_write(NPU_REG_INT_ACK, NPU_INT_ACK_FENCE__MASK);
   reg_write(NPU_REG_INT_ENABLE, NPU_INT_ENABLE_FENCE__MASK);
   reg_write(NPU_REG_QUEUE_TAIL(0), 1);
   for (unsigned i = 0; i < 500; i++) {
      if (__atomic_load_n((uint64_t *)(ram + 0x2000), __ATOMIC_ACQUIRE) == seqno)
         return true;
      if (ram == asked_ram)
         reg_read(NPU_REG_ID); /* answers what the server asks */
      usleep(1000);
   }
   return false;
}

static bool
fires(int event_fd, int timeout_ms)
{
   struct pollfd poll_in = {.fd = event_fd, .events = POLLIN};
   uint64_t count;

   return poll(&poll_in, 1, timeout_ms) == 1 && read(event_fd, &count, sizeof(count)) == 8;
}

static void
test_dma_and_interrupts(bool sealed)
{
   int ram_fd = memfd_create("ram", MFD_CLOEXEC | MFD_ALLOW_SEALING);
   const char *how = sealed ? "mapped" : "through system calls";

   if (ftruncate(ram_fd, RAM_B))
      return;
   if (sealed)
      fcntl(ram_fd, F_ADD_SEALS, F_SEAL_SHRINK);
   uint8_t *ram = mmap(NULL, RAM_B, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);

   connect_client();
   say_version();
   ok(dma_map(RAM_IOVA, RAM_B, ram_fd, 0) == 0, "DMA_MAP, %s", how);
   config_write(4, 2, 2);
   ok(!run_fence(ram, 1), "without bus mastering there is no DMA");
   config_write(4, 6, 2);
   ok(run_fence(ram, 2), "a ring in memory of the client runs");

   int event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
   ok(set_irqs(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0,
               1, &event_fd, 1) == 0,
      "SET_IRQS with an eventfd");
   ok(fires(event_fd, 1000), "the interrupt that came before is fired now");
   ok(run_fence(ram, 3) && fires(event_fd, 1000), "an interrupt");
   ok(set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
               NULL, 0) == 0 &&
         fires(event_fd, 1000),
      "SET_IRQS triggers an interrupt");
   ok(set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 0,
               NULL, 0) == 0,
      "SET_IRQS takes the eventfds away");
   ok(run_fence(ram, 4) && !fires(event_fd, 50), "no interrupt then");

   /* Split it: what is left on both sides works, what is between does not. */
   ok(dma_unmap(RAM_IOVA + 0x2000, 0x1000) == 0, "DMA_UNMAP in the middle");
   ok(!run_fence(ram, 5), "what is unmapped is not written");
   ok(dma_map(RAM_IOVA + 0x2000, 0x1000, ram_fd, 0x2000) == 0 && run_fence(ram, 6),
      "mapped again it is");
   ok(dma_map(RAM_IOVA, 0x1000, ram_fd, 0) == EEXIST, "a range is not mapped twice");
   ok(dma_unmap(0x80000000, 0x1000) == 0, "unmapping nothing is no error");
   ok(dma_unmap(0x10000000, UINT64_MAX - 0xfff) == 0, "a range past the end of addresses");
   ok(dma_map(0xfffff000, 0x1000, -1, 0) == 0, "memory without a file is accepted");

   ok(hang_up() == 0, "hang up");
   connect_client();
   say_version();
   config_write(4, 6, 2);
   ok(!run_fence(ram, 7), "the next client has none of the memory of the last");
   hang_up();
   close(event_fd);
   munmap(ram, RAM_B);
   close(ram_fd);
}

/* A file that shrinks behind the server's back. */
static void
test_shrinking_file(void)
{
   int ram_fd = memfd_create("ram", MFD_CLOEXEC);

   if (ftruncate(ram_fd, RAM_B))
      return;
   uint8_t *ram = mmap(NULL, RAM_B, PROT_READ | PROT_WRITE, MAP_SHARED, ram_fd, 0);
   connect_client();
   say_version();
   config_write(4, 6, 2);
   dma_map(RAM_IOVA, RAM_B, ram_fd, 0);
   ok(run_fence(ram, 1), "a file that can shrink works");
   munmap(ram, RAM_B);
   ok(!ftruncate(ram_fd, 0), "and is cut to nothing");
   reg_write(NPU_REG_QUEUE_TAIL(0), 2);
   usleep(100000);
   ok(NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE, "the server survives it");
   hang_up();
   close(ram_fd);
}

/* ------------------------------------------------------------------------ as nobody should do -- */

static void
test_bad_sizes(void)
{
   static const struct {
      const char *name;
      unsigned command;
      uint32_t size_B; /* of the payload, all zeros */
   } cases[] = {
      {"DMA_MAP that is too short", VFU_DMA_MAP, sizeof(struct vfu_dma_map) - 1},
      {"DMA_MAP with a small argsz", VFU_DMA_MAP, sizeof(struct vfu_dma_map)},
      {"DMA_UNMAP that is too short", VFU_DMA_UNMAP, 3},
      {"GET_INFO that is too short", VFU_DEVICE_GET_INFO, 15},
      {"GET_INFO with a small argsz", VFU_DEVICE_GET_INFO, 16},
      {"GET_REGION_INFO that is too short", VFU_DEVICE_GET_REGION_INFO, 8},
      {"GET_IRQ_INFO that is too short", VFU_DEVICE_GET_IRQ_INFO, 0},
      {"SET_IRQS that is too short", VFU_DEVICE_SET_IRQS, sizeof(struct vfio_irq_set) - 4},
      {"REGION_READ that is too short", VFU_REGION_READ, 15},
      {"REGION_WRITE that is too short", VFU_REGION_WRITE, 1},
      {"REGION_WRITE with more data than it says", VFU_REGION_WRITE,
       sizeof(struct vfu_region_access) + 8},
   };
   static const uint8_t zeros[256];

   connect_client();
   say_version();
   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
      ok(call(cases[i].command, zeros, cases[i].size_B) == EINVAL, "%s", cases[i].name);
   ok(call(VFU_DEVICE_GET_REGION_IO_FDS, zeros, 16) == ENOTSUP,
      "GET_REGION_IO_FDS is not supported");
   ok(call(VFU_DIRTY_PAGES, zeros, 16) == ENOTSUP, "DIRTY_PAGES is not supported");
   ok(call(0, zeros, 16) == ENOTSUP && call(999, zeros, 16) == ENOTSUP, "unknown commands");
   ok(NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE,
      "the device still answers");
   hang_up();
}

static void
test_bad_values(void)
{
   uint8_t bytes[64] = {0};
   int fd = memfd_create("ram", MFD_CLOEXEC), pipes[2];

   connect_client();
   say_version();
   if (ftruncate(fd, 0x4000) || pipe(pipes))
      return;
   ok(dma_map(RAM_IOVA, 0x8000, fd, 0) == EINVAL, "DMA_MAP past the end of the file");
   ok(dma_map(RAM_IOVA, 0x1000, fd, UINT64_MAX - 0xfff) == EINVAL, "DMA_MAP with a huge offset");
   ok(dma_map(RAM_IOVA, 0, fd, 0) == EINVAL, "DMA_MAP of nothing");
   ok(dma_map(RAM_IOVA + 1, 0x1000, fd, 0) == EINVAL, "DMA_MAP of half a page");
   ok(dma_map(UINT64_MAX - 0xfff, 0x2000, fd, 0) == EINVAL, "DMA_MAP past the end of addresses");
   ok(dma_map(RAM_IOVA, 0x1000, pipes[0], 0) == EINVAL, "DMA_MAP of a pipe");
   const struct vfu_dma_map two = {.argsz = sizeof(two),
                                   .flags = 3,
                                   .address = RAM_IOVA,
                                   .size = 0x1000};
   ok(call_fds(VFU_DMA_MAP, &two, sizeof(two), pipes, 2) == EINVAL, "DMA_MAP with two descriptors");
   const struct vfu_dma_unmap flags = {.argsz = sizeof(flags), .flags = 4};
   ok(call(VFU_DMA_UNMAP, &flags, sizeof(flags)) == EINVAL, "DMA_UNMAP with an unknown flag");

   ok(region_read(VFIO_PCI_BAR0_REGION_INDEX, NPU_BAR_SIZE_B, bytes, 8) == EINVAL,
      "read behind a region");
   ok(region_read(VFIO_PCI_BAR0_REGION_INDEX, NPU_BAR_SIZE_B - 4, bytes, 8) == EINVAL,
      "read over the end of a region");
   ok(region_read(VFIO_PCI_BAR0_REGION_INDEX, UINT64_MAX, bytes, 8) == EINVAL, "read far away");
   ok(region_read(VFIO_PCI_BAR1_REGION_INDEX, 0, bytes, 8) == EINVAL, "read of an empty region");
   ok(region_read(77, 0, bytes, 8) == EINVAL, "read of a region that does not exist");
   ok(region_write(VFIO_PCI_BAR2_REGION_INDEX, npu_sim_mem_size_B(sim) - 4, bytes, 8) == EINVAL,
      "write over the end of the memory");
   ok(region_write(VFIO_PCI_CONFIG_REGION_INDEX, 4095, bytes, 4) == EINVAL,
      "write over the end of configuration space");
   const struct vfu_region_access huge = {.count = UINT32_MAX};
   ok(call(VFU_REGION_READ, &huge, sizeof(huge)) == EINVAL, "read of 4 GiB");

   const uint32_t eventfds = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
   ok(set_irqs(eventfds, VFIO_PCI_MSIX_IRQ_INDEX, 0, NPU_PCI_NUM_VECTORS + 1, NULL, 0) == EINVAL,
      "SET_IRQS of too many vectors");
   ok(set_irqs(eventfds, VFIO_PCI_MSIX_IRQ_INDEX, UINT32_MAX, 1, NULL, 0) == EINVAL,
      "SET_IRQS of vector 2^32 - 1");
   ok(set_irqs(eventfds, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, pipes, 2) == EINVAL,
      "SET_IRQS with too many descriptors");
   ok(set_irqs(eventfds, 77, 0, 1, NULL, 0) == EINVAL, "SET_IRQS of an unknown interrupt");
   ok(set_irqs(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
               NULL, 0) == EINVAL,
      "SET_IRQS without its data");
   ok(set_irqs(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_MASK, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
               NULL, 0) == EINVAL,
      "SET_IRQS that masks");
   ok(NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE,
      "the device still answers");
   ok(hang_up() == 0, "hang up");
   close(fd);
   close(pipes[0]);
   close(pipes[1]);
}

/* Headers after which nothing can be found any more end the connection, and only that. */
static void
test_broken_protocol(void)
{
   static const struct {
      const char *name;
      struct vfu_header header;
      size_t size_B; /* that is sent of it */
      int result;
   } cases[] = {
      {"a message that is smaller than its header", {1, VFU_VERSION, 15, 0, 0}, 16, -EPROTO},
      {"a message of 4 GiB", {1, VFU_VERSION, UINT32_MAX, 0, 0}, 16, -EPROTO},
      {"neither command nor reply", {1, VFU_VERSION, 16, 2, 0}, 16, -EPROTO},
      {"half a header", {1, VFU_VERSION, 16, 0, 0}, 7, 0},
      {"a header without its payload", {1, VFU_VERSION, 100, 0, 0}, 16, 0},
   };

   for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
      connect_client();
      send_raw(&cases[i].header, cases[i].size_B, NULL, 0);
      shutdown(sock, SHUT_WR);
      ok(hang_up() == cases[i].result, "%s", cases[i].name);
   }
}

/* Whatever comes, the server neither dies nor leaks what it was given. */
static unsigned
count_fds(void)
{
   unsigned count = 0;

   for (int fd = 0; fd < 1024; fd++)
      count += fcntl(fd, F_GETFD) >= 0;
   return count;
}

static void
test_random_messages(void)
{
   unsigned seed = 1, before = count_fds(), rounds = 3000;
   uint32_t payload[64];
   int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), fds[4] = {fd, fd, fd, fd};

   connect_client();
   say_version();
   for (unsigned i = 0; i < rounds; i++) {
      unsigned command = rand_r(&seed) % 17;
      for (unsigned j = 0; j < 64; j++) {
         unsigned kind = rand_r(&seed) % 4;
         payload[j] = kind == 0   ? 0
                      : kind == 1 ? (unsigned)rand_r(&seed) % 64
                      : kind == 2 ? 0x1000u << rand_r(&seed) % 20
                                  : (unsigned)rand_r(&seed);
      }
      /* Memory of the whole machine would be read and written; the rest may be as it likes. */
      if (command == VFU_REGION_WRITE)
         payload[3] = rand_r(&seed) % 64;
      if (call_fds(command, payload, rand_r(&seed) % sizeof(payload), fds, rand_r(&seed) % 5) < 0) {
         ok(false, "message %u (command %u) has no answer", i, command);
         break;
      }
      if (reply_fd >= 0)
         close(reply_fd);
   }
   ok(call(VFU_DEVICE_RESET, NULL, 0) == 0 &&
         NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE,
      "%u random messages are answered, and the device can be reset", rounds);
   hang_up();
   close(fd);
   ok(count_fds() == before, "no descriptor is lost");
}

static void
test_defects(void)
{
   struct npu_pci *pci = vfu_server_get_pci(server);

   connect_client();
   say_version();
   npu_pci_inject(pci, &(struct npu_pci_defects){.dead = true});
   ok(reg_read(NPU_REG_ID) == UINT64_MAX, "a dead device reads as ones");
   ok(config_read(0, 2) == NPU_PCI_VENDOR_ID, "but is still on the bus");
   npu_pci_inject(pci, &(struct npu_pci_defects){.removed = true});
   ok(config_read(0, 4) == UINT32_MAX, "a removed one is not");
   npu_pci_inject(pci, &(struct npu_pci_defects){0});
   ok(NPU_GET(reg_read(NPU_REG_ID), NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE, "healed it answers");
   hang_up();
}

int
main(void)
{
   struct npu_sim_config config;
   char *error = NULL;

   signal(SIGPIPE, SIG_IGN);
   npu_sim_config_parse(&config, "interp,cores=1,mem=64M,va-bits=30");
   sim = npu_sim_create(&config, &error);
   server = sim ? vfu_server_create(sim, false) : NULL;
   if (!server) {
      printf("Bail out! %s\n", error ? error : "no server");
      return 1;
   }
   test_handshake();
   test_config_space();
   test_dma_and_interrupts(true);
   test_dma_and_interrupts(false);
   test_messages();
   test_held_messages();
   test_shrinking_file();
   test_bad_sizes();
   test_bad_values();
   test_broken_protocol();
   test_random_messages();
   test_defects();
   vfu_server_destroy(server);
   npu_sim_destroy(sim);
   printf("1..%u\n", num_cases);
   return num_failed ? 1 : 0;
}
