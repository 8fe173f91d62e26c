/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Memory of the client without a file: the device reaches it by messages on the socket that brings register accesses,
 * and the client, as monitors do, answers none while it waits for a reply itself. So no command may wait for the
 * device. Here each one that could comes while the device waits for an answer.
 */

#include "vfio_user_test.h"

#include <linux/vfio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "npu_isa/npu_regs.h"
#include "vfio_user_client.h"

/* Memory of the client without a file: all by messages. */
void
test_messages(void)
{
   uint64_t seqno = 10;

   asked_ram = calloc(1, RAM_B);
   connect_client();
   say_version();
   ok(dma_map(RAM_IOVA, RAM_B, -1, 0) == 0, "DMA_MAP without a file");
   config_write(4, 6, 2);
   num_asked = 0;
   ok(run_fence(asked_ram, ++seqno) && num_asked >= 2, "a ring runs by messages");
   uint64_t busy = 1;
   reg_write(NPU_REG_RESET, NPU_RESET_BUSY__MASK);
   for (unsigned i = 0; i < 2000 && busy; i++) {
      busy = reg_read(NPU_REG_RESET) & NPU_RESET_BUSY__MASK;
      usleep(500);
   }
   ok(!busy && run_fence(asked_ram, ++seqno), "a reset by register, and again");

   /* Unanswered: the device waits, the thread that receives does not. */
   const struct npu_packet_fence fence = {.type = NPU_PACKET_FENCE,
                                          .seqno = 99,
                                          .write_pa = NPU_PA_SYSTEM | (RAM_IOVA + 0x2000)};
   struct pollfd poll_in = {.fd = sock, .events = POLLIN};
   memcpy(asked_ram + NPU_PACKET_SIZE_B, &fence, sizeof(fence));
   reg_write(NPU_REG_QUEUE_TAIL(0), 2);
   ok(poll(&poll_in, 1, 5000) == 1, "the server asks by itself");
   config_write(find_capability(0x10) + 8, 0x8000, 2);
   ok(true, "function-level reset while it waits");
   uint64_t id = UINT64_MAX;
   for (unsigned i = 0; i < 2000 && id == UINT64_MAX; i++) {
      id = reg_read(NPU_REG_ID);
      usleep(500);
   }
   ok(NPU_GET(id, NPU_ID_MAGIC) == NPU_ID_MAGIC_VALUE, "it comes to its end");
   config_write(4, 6, 2);
   ok(run_fence(asked_ram, ++seqno), "and the device works");

   refuse = true;
   reg_write(NPU_REG_QUEUE_TAIL(0), 2);
   for (unsigned i = 0; i < 2000 && !reg_read(NPU_REG_FAULT_STATUS); i++)
      usleep(500);
   ok(NPU_GET(reg_read(NPU_REG_FAULT_INFO), NPU_FAULT_INFO_TYPE) == NPU_FAULT_MEMORY_ERROR,
      "an access the client refuses is a memory error");
   refuse = false;
   ok(call(VFU_DEVICE_RESET, NULL, 0) == 0, "RESET");
   config_write(4, 6, 2);
   ok(run_fence(asked_ram, ++seqno), "works afterwards");

   /* Nobody answers any more. */
   memcpy(asked_ram + NPU_PACKET_SIZE_B, &fence, sizeof(fence));
   reg_write(NPU_REG_QUEUE_TAIL(0), 2);
   poll_in.fd = sock;
   poll(&poll_in, 1, 5000);
   ok(hang_up() == 0, "hanging up while the server asks");

   connect_client();
   say_version();
   const struct vfu_header stray = {.id = 77,
                                    .command = VFU_DMA_READ,
                                    .size = sizeof(stray),
                                    .flags = VFU_FLAG_REPLY};
   ok(send_raw(&stray, sizeof(stray), NULL, 0) && config_read(0, 2) == NPU_PCI_VENDOR_ID,
      "a reply to nothing is ignored");
   ok(hang_up() == 0, "hang up");
   free(asked_ram);
   asked_ram = NULL;
}

/* ------------------------------------------------------------ commands while the device waits -- */

/* Offsets in asked_ram; run_fence() has its ring at 0 and its fence word at 0x2000. */
#define FENCE_WORD  0x2000u
#define COMMANDS    0x3000u /* a NOP */
#define VM_TABLE    0x10000u
#define OTHER_TABLE 0x14000u /* the same, with nothing mapped */
#define ASID        1u
#define COMMANDS_VA 0x1000u

static uint64_t seqno = 100;

static uint64_t
system_pa(uint32_t offset)
{
   return NPU_PA_SYSTEM | (RAM_IOVA + offset);
}

static void
put64(uint32_t offset, uint64_t value)
{
   memcpy(asked_ram + offset, &value, sizeof(value));
}

/* An address space with one page. */
static void
write_page_table(void)
{
   const uint64_t table = NPU_PTE_VALID__MASK;

   put64(VM_TABLE + 64 * ASID, table | system_pa(VM_TABLE + 0x1000));
   put64(VM_TABLE + 0x1000, table | system_pa(VM_TABLE + 0x2000));
   put64(VM_TABLE + 0x2000, table | system_pa(VM_TABLE + 0x3000));
   put64(VM_TABLE + 0x3000 + 8 * (COMMANDS_VA >> 12),
         table | NPU_PTE_LEAF__MASK | NPU_PTE_READ__MASK | system_pa(COMMANDS));
   asked_ram[COMMANDS] = NPU_PACKET_NOP;
}

/* What run_fence() leaves room for behind its packet. */
static void
write_exec(unsigned slot)
{
   const struct npu_packet_exec exec = {
      .type = NPU_PACKET_EXEC,
      .asid = ASID,
      .num_packets = 1,
      .va = COMMANDS_VA,
      .context_id = 1,
   };

   memcpy(asked_ram + slot * NPU_PACKET_SIZE_B, &exec, sizeof(exec));
}

/* Sets the device up and has it use the address space, so that there is something to invalidate. */
static bool
start_device(void)
{
   const struct npu_packet_fence fence = {
      .type = NPU_PACKET_FENCE,
      .seqno = ++seqno,
      .write_pa = system_pa(FENCE_WORD),
   };

   config_write(4, 6, 2);
   reg_write(NPU_REG_VM_TABLE_BASE, system_pa(VM_TABLE));
   if (!run_fence(asked_ram, ++seqno))
      return false;
   write_exec(1);
   memcpy(asked_ram + 2 * NPU_PACKET_SIZE_B, &fence, sizeof(fence));
   put64(FENCE_WORD, 0);
   reg_write(NPU_REG_QUEUE_TAIL(0), 3);
   for (unsigned i = 0; i < 5000; i++) {
      uint64_t now;
      memcpy(&now, asked_ram + FENCE_WORD, sizeof(now));
      if (now == fence.seqno)
         return !reg_read(NPU_REG_FAULT_STATUS);
      take_questions();
   }
   return false;
}

static bool
reg_becomes(uint32_t reg, uint64_t mask, uint64_t expected)
{
   for (unsigned i = 0; i < 5000; i++) {
      if ((reg_read(reg) & mask) == expected)
         return true;
      take_questions();
   }
   return false;
}

static void
write_tlb_control(void)
{
   reg_write(NPU_REG_TLB_CONTROL, NPU_SET(NPU_TLB_CONTROL_ASID, ASID) | NPU_TLB_CONTROL_ALL__MASK);
}

/* The device fetches a packet of its ring. */
static void
ring_doorbell(void)
{
   write_exec(3);
   reg_write(NPU_REG_QUEUE_TAIL(0), 4);
}

/* It has the packet, and fetches what that is about through the address space. */
static void
fetch_commands(void)
{
   ring_doorbell();
   wait_until_held(5000);
   answer_held();
}

/* A register write whose reply must come before anything the server asks is answered. */
static int
write_reg_status(uint32_t reg, uint64_t value)
{
   return region_write(VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value));
}

static int
write_config_status(uint32_t offset, uint16_t value)
{
   return region_write(VFIO_PCI_CONFIG_REGION_INDEX, offset, &value, sizeof(value));
}

static int
do_vm_table_base(void)
{
   int ret = write_reg_status(NPU_REG_VM_TABLE_BASE, system_pa(VM_TABLE));
   return ret ? ret : reg_read(NPU_REG_VM_TABLE_BASE) != system_pa(VM_TABLE);
}

static int
do_reset(void)
{
   int ret = write_reg_status(NPU_REG_RESET, NPU_RESET_BUSY__MASK);
   return ret ? ret : !(reg_read(NPU_REG_RESET) & NPU_RESET_BUSY__MASK);
}

static int
do_reset_and_set_up(void)
{
   int ret = do_reset();
   if (!ret)
      ret = write_reg_status(NPU_REG_VM_TABLE_BASE, system_pa(OTHER_TABLE));
   for (unsigned q = 0; !ret && q < NPU_NUM_QUEUES; q++) {
      ret = write_reg_status(NPU_REG_QUEUE_RING_BASE(q), system_pa(0));
      ret = ret ? ret : write_reg_status(NPU_REG_QUEUE_RING_SIZE(q), 4);
      ret = ret ? ret : write_reg_status(NPU_REG_QUEUE_CONTROL(q), 1);
   }
   return ret;
}

static int
do_invalidation(void)
{
   return write_reg_status(NPU_REG_TLB_CONTROL, NPU_SET(NPU_TLB_CONTROL_ASID, ASID));
}

static int
do_queue_restart(void)
{
   int ret = write_reg_status(NPU_REG_QUEUE_CONTROL(0), 0);
   return ret ? ret : write_reg_status(NPU_REG_QUEUE_CONTROL(0), 1);
}

static int
do_kill(void)
{
   int ret = write_reg_status(NPU_REG_QUEUE_KILL_CONTEXT(0), 1);
   return ret ? ret : write_reg_status(NPU_REG_QUEUE_CONTROL(0), NPU_QUEUE_CONTROL_KILL__MASK);
}

static int
do_function_reset(void)
{
   return write_config_status(find_capability(0x10) + 8, 0x8000);
}

static int
do_sleep(void)
{
   int ret = write_config_status(find_capability(0x01) + 4, 3);
   return ret ? ret : write_config_status(find_capability(0x01) + 4, 0);
}

static int
do_bus_master_off(void)
{
   return write_config_status(4, 2);
}

static int
do_device_reset(void)
{
   return call(VFU_DEVICE_RESET, NULL, 0);
}

static int
do_unmap(void)
{
   int ret = dma_unmap(RAM_IOVA, RAM_B);
   return ret ? ret : dma_map(RAM_IOVA, RAM_B, -1, 0);
}

static int
do_unmap_all(void)
{
   const struct vfu_dma_unmap all = {.argsz = sizeof(all), .flags = VFU_DMA_UNMAP_ALL};
   int ret = call(VFU_DMA_UNMAP, &all, sizeof(all));
   return ret ? ret : dma_map(RAM_IOVA, RAM_B, -1, 0);
}

static int
do_read_all(void)
{
   int ret = 0;
   for (uint32_t reg = 0; !ret && reg < 0x1800; reg += 8) {
      uint64_t value;
      ret = region_read(VFIO_PCI_BAR0_REGION_INDEX, reg, &value, sizeof(value));
   }
   return ret;
}

static int
do_write_all(void)
{
   int ret = 0;
   for (uint32_t reg = 0; !ret && reg < 0x1800; reg += 8)
      ret = write_reg_status(reg, 1);
   return ret;
}

static const struct command {
   const char *name;
   int (*send)(void); /* 0: it was answered, and well */
} held_commands[] = {
   {"VM_TABLE_BASE", do_vm_table_base},
   {"RESET", do_reset},
   {"RESET and all that follows it", do_reset_and_set_up},
   {"TLB_CONTROL", do_invalidation},
   {"a queue is stopped and started", do_queue_restart},
   {"a kill", do_kill},
   {"function-level reset", do_function_reset},
   {"D3hot and back", do_sleep},
   {"bus mastering off", do_bus_master_off},
   {"DEVICE_RESET", do_device_reset},
   {"DMA_UNMAP and DMA_MAP", do_unmap},
   {"DMA_UNMAP of everything", do_unmap_all},
   {"reads of all registers", do_read_all},
   {"writes of all registers", do_write_all},
};

#define NUM_HELD_COMMANDS (sizeof(held_commands) / sizeof(held_commands[0]))

/* The connection is of no use any more, and the server may not even see that it ends. */
static void
give_up(const char *what)
{
   printf("Bail out! %s: no answer\n", what);
   exit(1);
}

/* After everything: the device has come to an end with what it did, and works. */
static bool
recovers(void)
{
   hold = false;
   answer_held();
   bool good = reg_becomes(NPU_REG_ID, UINT32_MAX, NPU_ID_MAGIC_VALUE) &&
               reg_becomes(NPU_REG_TLB_CONTROL, NPU_TLB_CONTROL_BUSY__MASK, 0) &&
               reg_becomes(NPU_REG_RESET, NPU_RESET_BUSY__MASK, 0);
   reg_write(NPU_REG_RESET, NPU_RESET_BUSY__MASK);
   return good && reg_becomes(NPU_REG_RESET, NPU_RESET_BUSY__MASK, 0) && start_device();
}

static void
test_command_while(const char *when, void (*begin)(void), const struct command *command)
{
   hold = true;
   begin();
   bool waits = wait_until_held(5000);
   int ret = waits ? command->send() : 0;
   if (ret < 0) {
      ok(false, "%s while %s", command->name, when);
      give_up(command->name);
   }
   bool good = recovers();
   ok(waits && !ret && good, "%s while %s is answered, and the device goes on%s", command->name,
      when,
      !waits ? " (it did not wait)"
      : ret  ? " (answered wrongly)"
             : "");
}

/* What was written behind a register that waits counts when the device gets there, in order. */
static void
test_order(void)
{

   hold = true;
   write_tlb_control();
   bool waits = wait_until_held(5000);
   reg_write(NPU_REG_VM_TABLE_BASE, system_pa(OTHER_TABLE));
   write_exec(3);
   reg_write(NPU_REG_QUEUE_TAIL(0), 4);
   uint64_t base = reg_read(NPU_REG_VM_TABLE_BASE);
   hold = false;
   answer_held();
   ok(waits && base == system_pa(OTHER_TABLE) &&
         reg_becomes(NPU_REG_QUEUE_HEAD(0), UINT32_MAX, 4) &&
         NPU_GET(reg_read(NPU_REG_FAULT_INFO), NPU_FAULT_INFO_TYPE) == NPU_FAULT_UNMAPPED,
      "a doorbell behind VM_TABLE_BASE behind an invalidation finds the new table");
   recovers();
}

/* Any order of them. */
static void
test_random_commands(void)
{
   unsigned seed = 7, rounds = 400;

   for (unsigned i = 0; i < rounds; i++) {
      unsigned n = rand_r(&seed) % (NUM_HELD_COMMANDS + 4);
      if (n < NUM_HELD_COMMANDS) {
         if (held_commands[n].send() < 0)
            give_up(held_commands[n].name);
      } else if (n == NUM_HELD_COMMANDS) {
         write_tlb_control();
      } else if (n == NUM_HELD_COMMANDS + 1) {
         ring_doorbell(); /* which may be ignored */
      } else if (n == NUM_HELD_COMMANDS + 2) {
         hold = true;
      } else {
         hold = false;
         answer_held();
         start_device();
      }
   }
   ok(recovers(), "%u commands, held back or not, and the device goes on", rounds);
}

void
test_held_messages(void)
{
   asked_ram = calloc(1, RAM_B);
   write_page_table();
   connect_client();
   say_version();
   dma_map(RAM_IOVA, RAM_B, -1, 0);
   ok(start_device(), "page tables that are read by messages");
   for (unsigned i = 0; i < NUM_HELD_COMMANDS; i++) {
      test_command_while("an invalidation waits for memory", write_tlb_control, &held_commands[i]);
      test_command_while("a packet waits for memory", ring_doorbell, &held_commands[i]);
      test_command_while("a job waits for memory", fetch_commands, &held_commands[i]);
   }
   test_order();
   test_random_commands();
   ok(hang_up() == 0, "hang up");
   free(asked_ram);
   asked_ram = NULL;
}
