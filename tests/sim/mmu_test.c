// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// The MMU: page sizes, permissions, malformed entries, invalidation, separation of address spaces,
// system memory. Accesses are made by the command processor (copies) and by kernels, which take
// different ways.

#include "sim_check.h"

#define VA 0x40000000ull /* not among the rig's allocations */

static struct npu_packet_copy
copy_packet(uint64_t dst, uint64_t src, uint64_t size_B)
{
   return (struct npu_packet_copy){.type = NPU_PACKET_COPY,
                                   .src_va = src,
                                   .dst_va = dst,
                                   .size_B = size_B};
}

/* A kernel that reads *a (64 bits) and one that writes it; args: a, result. */
static const char read_kernel[] = "rdsr s0, args\n ld_s.b64x2 s2, [s0]\n ld_s.b64 s4, [s2]\n"
                                  " st_s.b64 [s3], s4\n end\n";
static const char write_kernel[] = "rdsr s0, args\n ld_s.b64x2 s2, [s0]\n mov.b64 s4, 0x1234\n"
                                   " st_s.b64 [s2], s4\n end\n";

struct machine {
   struct npu_rig *rig;
   uint64_t read_va, write_va, args_va, result_va;
   uint64_t *args, *result;
};

static void
make_machine(struct machine *m)
{
   m->rig = sim_check_rig(1);
   m->read_va = sim_assemble(m->rig, read_kernel);
   m->write_va = sim_assemble(m->rig, write_kernel);
   m->args_va = npu_rig_alloc(m->rig, 64, NPU_RIG_R);
   m->result_va = npu_rig_alloc(m->rig, 4096, NPU_RIG_RW);
   m->args = npu_rig_ptr(m->rig, m->args_va);
   m->result = npu_rig_ptr(m->rig, m->result_va);
}

/* Runs a kernel on an address. */
static struct npu_rig_fault
touch(struct tap *tap, struct machine *m, uint64_t code_va, uint64_t va)
{
   m->args[0] = va;
   m->args[1] = m->result_va;
   m->result[0] = 0;
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(code_va, m->args_va, 1, 1);
   return sim_run(tap, m->rig, NPU_RIG_ASID, &dispatch, 1);
}

/* ---- cases ---------------------------------------------------------------------------------- */

static void
test_page_sizes(struct tap *tap)
{
   struct machine m;

   make_machine(&m);
   for (unsigned level = 0; level < 3; level++) {
      uint64_t page_B = 4096ull << 9 * level;
      uint64_t pa = npu_rig_alloc_pa(m.rig, page_B, page_B);
      uint64_t va = 1ull << 33;
      uint64_t last = page_B - 8;
      *(uint64_t *)npu_rig_pa_ptr(m.rig, pa + last) = 0xabc0 + level;
      npu_rig_set_pages(m.rig, NPU_RIG_ASID, va, pa, page_B, NPU_RIG_RW, level);
      npu_rig_invalidate(m.rig, NPU_RIG_ASID, va, page_B);
      CHECK_EQ(touch(tap, &m, m.read_va, va + last).type, NPU_FAULT_NONE);
      CHECK_EQ(m.result[0], 0xabc0 + level);
      CHECK_EQ(touch(tap, &m, m.write_va, va + last).type, NPU_FAULT_NONE);
      CHECK_EQ(*(uint64_t *)npu_rig_pa_ptr(m.rig, pa + last), 0x1234);
      struct npu_rig_fault fault = touch(tap, &m, m.read_va, va + page_B);
      CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
      CHECK_EQ(fault.address, va + page_B);
      fault = touch(tap, &m, m.read_va, va + page_B - 3);
      CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
      CHECK_EQ(fault.address, va + page_B);
      struct npu_packet_copy copy = copy_packet(m.result_va + 16, va + last, 8);
      CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &copy, 1).type, NPU_FAULT_NONE);
      CHECK_EQ(m.result[2], 0x1234);
      npu_rig_set_pages(m.rig, NPU_RIG_ASID, va, 0, page_B, 0, level);
      npu_rig_invalidate(m.rig, NPU_RIG_ASID, va, page_B);
      CHECK_EQ(touch(tap, &m, m.read_va, va + last).type, NPU_FAULT_UNMAPPED);
   }
   npu_rig_destroy(m.rig);
   tap_case(tap, "pages of 4 KiB, 2 MiB and 1 GiB map exactly their range");
}

static void
test_permissions(struct tap *tap)
{
   struct machine m;
   uint64_t one = NPU_PAGE_SIZE_B;

   make_machine(&m);
   uint64_t pa = npu_rig_alloc_pa(m.rig, one, one);
   static const struct {
      unsigned perms;
      bool read, write;
   } cases[] = {
      {NPU_RIG_R, true, false},
      {NPU_RIG_RW, true, true},
      {NPU_RIG_X, false, false},
      {NPU_RIG_RX, true, false},
   };
   for (unsigned i = 0; i < 4; i++) {
      npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa, one, cases[i].perms);
      struct npu_rig_fault fault = touch(tap, &m, m.read_va, VA + 8);
      CHECK_EQ(fault.type, cases[i].read ? NPU_FAULT_NONE : NPU_FAULT_PERMISSION);
      if (!cases[i].read) {
         CHECK_EQ(fault.access, NPU_ACCESS_READ);
         CHECK_EQ(fault.address, VA + 8);
      }
      fault = touch(tap, &m, m.write_va, VA + 8);
      CHECK_EQ(fault.type, cases[i].write ? NPU_FAULT_NONE : NPU_FAULT_PERMISSION);
      if (!cases[i].write) {
         CHECK_EQ(fault.access, NPU_ACCESS_WRITE);
         CHECK_EQ(fault.address, VA + 8);
      }
      struct npu_packet_copy from = copy_packet(m.result_va, VA, 64),
                             to = copy_packet(VA, m.result_va, 64);
      CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &from, 1).type,
               cases[i].read ? NPU_FAULT_NONE : NPU_FAULT_PERMISSION);
      CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &to, 1).type,
               cases[i].write ? NPU_FAULT_NONE : NPU_FAULT_PERMISSION);
   }
   npu_rig_destroy(m.rig);
   tap_case(tap, "read and write permission");
}

static void
test_execute(struct tap *tap)
{
   struct machine m;
   struct npu_rig_fault fault;

   make_machine(&m);
   /* A page of code without X. */
   uint64_t data_va = npu_rig_alloc(m.rig, 4096, NPU_RIG_RW);
   memcpy(npu_rig_ptr(m.rig, data_va), npu_rig_ptr(m.rig, m.read_va), 64);
   fault = touch(tap, &m, data_va, m.result_va);
   CHECK_EQ(fault.type, NPU_FAULT_PERMISSION);
   CHECK_EQ(fault.access, NPU_ACCESS_EXECUTE);
   CHECK_EQ(fault.address, data_va);
   CHECK_EQ(fault.pc, data_va);
   CHECK(fault.in_kernel);
   /* Code that only can be executed. */
   uint64_t pa = npu_rig_alloc_pa(m.rig, 4096, 4096);
   memcpy(npu_rig_pa_ptr(m.rig, pa), npu_rig_ptr(m.rig, m.read_va), 64);
   npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa, 4096, NPU_RIG_X);
   CHECK_EQ(touch(tap, &m, VA, m.result_va).type, NPU_FAULT_NONE);
   fault = touch(tap, &m, m.read_va, VA);
   CHECK_EQ(fault.type, NPU_FAULT_PERMISSION);
   /* No code at all. */
   fault = touch(tap, &m, VA + 4096, m.result_va);
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_EXECUTE);
   CHECK_EQ(fault.address, VA + 4096);
   /* Mapping it later helps. */
   npu_rig_map(m.rig, NPU_RIG_ASID, VA + 4096, pa, 4096, NPU_RIG_X);
   CHECK_EQ(touch(tap, &m, VA + 4096, m.result_va).type, NPU_FAULT_NONE);
   npu_rig_destroy(m.rig);
   tap_case(tap, "execute permission");
}

static void
test_malformed(struct tap *tap)
{
   struct machine m;
   struct npu_rig_fault fault;

   make_machine(&m);
   uint64_t page_B = NPU_PAGE_SIZE_B, size_B = npu_sim_mem_size_B(npu_rig_sim(m.rig));
   uint64_t pa = npu_rig_alloc_pa(m.rig, page_B, page_B);
   uint64_t leaf = NPU_PTE_VALID__MASK | NPU_PTE_LEAF__MASK, read = NPU_PTE_READ__MASK;
   npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa, page_B, NPU_RIG_RW);
   const uint64_t bad0[] = {
      pa | leaf | NPU_PTE_WRITE__MASK, /* write without read */
      pa | leaf | read | 1ull << 5,    /* reserved bits */
      pa | leaf | read | 1ull << 63,
      pa | NPU_PTE_VALID__MASK | read, /* no leaf in level 0 */
      size_B | leaf | read,            /* outside the memory */
   };
   for (unsigned i = 0; i < sizeof(bad0) / sizeof(bad0[0]); i++) {
      *npu_rig_pte(m.rig, NPU_RIG_ASID, VA, 0) = bad0[i];
      npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, page_B);
      fault = touch(tap, &m, m.read_va, VA + 24);
      CHECK_EQ(fault.type, NPU_FAULT_BAD_PAGE_TABLE);
      CHECK_EQ(fault.address, VA + 24);
      struct npu_packet_copy copy = copy_packet(m.result_va, VA, 8);
      CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &copy, 1).type, NPU_FAULT_BAD_PAGE_TABLE);
   }
   /* An invalid entry may contain anything. */
   *npu_rig_pte(m.rig, NPU_RIG_ASID, VA, 0) = UINT64_MAX & ~NPU_PTE_VALID__MASK;
   npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, page_B);
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_UNMAPPED);
   /* The bits for software do not matter. */
   *npu_rig_pte(m.rig, NPU_RIG_ASID, VA, 0) = pa | leaf | read | NPU_PTE_SW__MASK;
   npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, page_B);
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_NONE);
   /* A table entry with a permission, a large page that is not aligned, a table outside the memory.
    */
   uint64_t table = *npu_rig_pte(m.rig, NPU_RIG_ASID, VA, 1);
   const uint64_t bad1[] = {table | read, pa | leaf | read, size_B | NPU_PTE_VALID__MASK};
   for (unsigned i = 0; i < 3; i++) {
      *npu_rig_pte(m.rig, NPU_RIG_ASID, VA, 1) = bad1[i];
      npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, page_B);
      CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_BAD_PAGE_TABLE);
   }
   npu_rig_destroy(m.rig);
   tap_case(tap, "malformed page table entries");
}

static void
test_invalidate(struct tap *tap)
{
   struct machine m;
   uint64_t page_B = NPU_PAGE_SIZE_B;

   make_machine(&m);
   struct npu_sim *sim = npu_rig_sim(m.rig);
   uint64_t pa = npu_rig_alloc_pa(m.rig, 8 * page_B, page_B);
   for (unsigned i = 0; i < 8; i++)
      *(uint64_t *)npu_rig_pa_ptr(m.rig, pa + i * page_B) = 100 + i;
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_UNMAPPED);
   /* The device keeps what it knows until it is told. */
   npu_rig_set_pages(m.rig, NPU_RIG_ASID, VA, pa, 8 * page_B, NPU_RIG_R, 0);
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_UNMAPPED);
   npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA + 2 * page_B, page_B);
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(touch(tap, &m, m.read_va, VA + 2 * page_B).type, NPU_FAULT_NONE);
   CHECK_EQ(m.result[0], 102);
   npu_sim_reg_write(sim, NPU_REG_TLB_CONTROL,
                     NPU_SET(NPU_TLB_CONTROL_ASID, NPU_RIG_ASID) | NPU_TLB_CONTROL_ALL__MASK);
   CHECK_EQ(npu_sim_reg_read(sim, NPU_REG_TLB_CONTROL) & NPU_TLB_CONTROL_BUSY__MASK, 0);
   for (unsigned i = 0; i < 8; i++) {
      CHECK_EQ(touch(tap, &m, m.read_va, VA + i * page_B).type, NPU_FAULT_NONE);
      CHECK_EQ(m.result[0], 100 + i);
   }
   /* Pages in reverse order, one by one, then a hole: each address is its own page. */
   for (unsigned i = 0; i < 8; i++)
      npu_rig_map(m.rig, NPU_RIG_ASID, VA + i * page_B, pa + (7 - i) * page_B, page_B, NPU_RIG_R);
   npu_rig_map(m.rig, NPU_RIG_ASID, VA + 3 * page_B, 0, page_B, 0);
   for (unsigned i = 0; i < 8; i++) {
      struct npu_rig_fault fault = touch(tap, &m, m.read_va, VA + i * page_B);
      CHECK_EQ(fault.type, i == 3 ? NPU_FAULT_UNMAPPED : NPU_FAULT_NONE);
      CHECK_EQ(m.result[0], i == 3 ? 0 : 107 - i);
   }
   /* A permission that is taken away is gone. */
   npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa, 8 * page_B, NPU_RIG_RW);
   CHECK_EQ(touch(tap, &m, m.write_va, VA + 4 * page_B).type, NPU_FAULT_NONE);
   npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa, 8 * page_B, NPU_RIG_R);
   CHECK_EQ(touch(tap, &m, m.write_va, VA + 4 * page_B).type, NPU_FAULT_PERMISSION);
   npu_rig_destroy(m.rig);
   tap_case(tap, "invalidation: nothing before it, everything after it");
}

static void
test_separation(struct tap *tap)
{
   struct machine m;
   uint64_t page_B = NPU_PAGE_SIZE_B;
   struct npu_rig_fault fault;

   make_machine(&m);
   uint64_t pa1 = npu_rig_alloc_pa(m.rig, page_B, page_B),
            pa2 = npu_rig_alloc_pa(m.rig, page_B, page_B);
   *(uint64_t *)npu_rig_pa_ptr(m.rig, pa1) = 111;
   *(uint64_t *)npu_rig_pa_ptr(m.rig, pa2) = 222;
   npu_rig_map(m.rig, NPU_RIG_ASID, VA, pa1, page_B, NPU_RIG_R);
   npu_rig_make_vm(m.rig, 2);
   npu_rig_map(m.rig, 2, VA, pa2, page_B, NPU_RIG_R);
   /* Space 2 has a command buffer and a result of its own. */
   uint64_t ring_pa = npu_rig_alloc_pa(m.rig, page_B, page_B);
   uint64_t result_pa = npu_rig_alloc_pa(m.rig, page_B, page_B);
   npu_rig_map(m.rig, 2, VA + page_B, ring_pa, page_B, NPU_RIG_R);
   npu_rig_map(m.rig, 2, VA + 2 * page_B, result_pa, page_B, NPU_RIG_RW);
   uint64_t seqno = npu_rig_submit(m.rig, 0, NPU_RIG_ASID, NULL, 0);
   CHECK(npu_rig_wait(m.rig, 0, seqno, 5000));

   struct npu_packet_copy *packets = npu_rig_pa_ptr(m.rig, ring_pa);
   packets[0] = copy_packet(VA + 2 * page_B, VA, 8);
   struct npu_packet_exec exec = {.type = NPU_PACKET_EXEC,
                                  .asid = 2,
                                  .num_packets = 1,
                                  .va = VA + page_B,
                                  .seqno = 77,
                                  .context_id = 9};
   npu_rig_push(m.rig, 0, &exec);
   CHECK(npu_rig_wait(m.rig, 0, npu_rig_submit(m.rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK(!npu_rig_pop_fault(m.rig, &fault));
   CHECK_EQ(*(uint64_t *)npu_rig_pa_ptr(m.rig, result_pa), 222);
   struct npu_packet_copy copy = copy_packet(m.result_va, VA, 8);
   CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &copy, 1).type, NPU_FAULT_NONE);
   CHECK_EQ(m.result[0], 111);

   /* What only the other space maps does not exist here. */
   packets[0] = copy_packet(VA + 2 * page_B, m.result_va, 8);
   npu_rig_push(m.rig, 0, &exec);
   CHECK(npu_rig_wait(m.rig, 0, npu_rig_submit(m.rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK(npu_rig_pop_fault(m.rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.asid, 2);
   CHECK_EQ(fault.context_id, 9);
   CHECK_EQ(fault.seqno, 77);
   CHECK_EQ(fault.address, m.result_va);
   CHECK_EQ(fault.pc, VA + page_B);

   /* A space that does not exist. */
   exec.asid = 3;
   npu_rig_push(m.rig, 0, &exec);
   CHECK(npu_rig_wait(m.rig, 0, npu_rig_submit(m.rig, 0, NPU_RIG_ASID, NULL, 0), 5000));
   CHECK(npu_rig_pop_fault(m.rig, &fault));
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.access, NPU_ACCESS_COMMAND);
   CHECK_EQ(fault.asid, 3);
   npu_rig_destroy(m.rig);
   tap_case(tap, "address spaces do not see each other");
}

static void
test_limits(struct tap *tap)
{
   struct machine m;
   struct npu_rig_fault fault;

   make_machine(&m);
   uint64_t caps = npu_sim_reg_read(npu_rig_sim(m.rig), NPU_REG_CAPS);
   uint64_t top = 1ull << NPU_GET(caps, NPU_CAPS_VA_BITS);
   uint64_t pa = npu_rig_alloc_pa(m.rig, 4096, 4096);
   npu_rig_map(m.rig, NPU_RIG_ASID, top - 4096, pa, 4096, NPU_RIG_RW);
   CHECK_EQ(touch(tap, &m, m.write_va, top - 8).type, NPU_FAULT_NONE);
   CHECK_EQ(*(uint64_t *)npu_rig_pa_ptr(m.rig, pa + 4088), 0x1234);
   fault = touch(tap, &m, m.read_va, top - 4);
   CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
   CHECK_EQ(fault.address, top);
   const uint64_t wild[] = {top,        top + 4096,     1ull << 40, 1ull << 47,
                            1ull << 63, UINT64_MAX - 7, UINT64_MAX};
   for (unsigned i = 0; i < sizeof(wild) / sizeof(wild[0]); i++) {
      fault = touch(tap, &m, m.write_va, wild[i]);
      CHECK_EQ(fault.type, NPU_FAULT_UNMAPPED);
      CHECK_EQ(fault.address, wild[i]);
   }
   /* The host's own addresses are nothing special. */
   int host_variable = 0;
   CHECK_EQ(touch(tap, &m, m.write_va, (uint64_t)(uintptr_t)&host_variable).type,
            NPU_FAULT_UNMAPPED);
   CHECK_EQ(host_variable, 0);
   npu_rig_destroy(m.rig);
   tap_case(tap, "the end of the address space");
}

/* ---- system memory -------------------------------------------------------------------------- */

static uint8_t system_memory[3 * 4096];

static bool
host_read(void *data, uint64_t address, void *to, size_t size_B)
{
   if (address >= sizeof(system_memory) || size_B > sizeof(system_memory) - address)
      return false;
   memcpy(to, system_memory + address, size_B);
   return true;
}

static bool
host_write(void *data, uint64_t address, const void *from, size_t size_B)
{
   if (address >= sizeof(system_memory) || size_B > sizeof(system_memory) - address)
      return false;
   memcpy(system_memory + address, from, size_B);
   return true;
}

static void
test_system_memory(struct tap *tap)
{
   struct machine m;
   struct npu_rig_fault fault;
   const struct npu_sim_host_ops ops = {.read = host_read, .write = host_write};

   make_machine(&m);
   /* 4 pages, of which the host has 3. */
   npu_rig_set_pages(m.rig, NPU_RIG_ASID, VA, NPU_PA_SYSTEM, 4 * 4096, NPU_RIG_RW, 0);
   npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, 4 * 4096);
   CHECK_EQ(touch(tap, &m, m.read_va, VA).type, NPU_FAULT_MEMORY_ERROR);
   npu_sim_set_host_dma(npu_rig_sim(m.rig), &ops);
   CHECK_EQ(touch(tap, &m, m.write_va, VA + 4092).type, NPU_FAULT_NONE);
   CHECK_EQ(system_memory[4092], 0x34);
   CHECK_EQ(system_memory[4093], 0x12);
   system_memory[4096 + 3] = 0x77;
   CHECK_EQ(touch(tap, &m, m.read_va, VA + 4092).type, NPU_FAULT_NONE);
   CHECK_EQ(m.result[0], 0x7700000000001234);
   fault = touch(tap, &m, m.read_va, VA + 3 * 4096 + 16);
   CHECK_EQ(fault.type, NPU_FAULT_MEMORY_ERROR);
   CHECK_EQ(fault.address, VA + 3 * 4096 + 16);
   for (unsigned i = 0; i < 3 * 4096; i++)
      system_memory[i] = (uint8_t)(i * 7);
   struct npu_packet_copy copy = copy_packet(m.result_va, VA + 4000, 4096);
   CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &copy, 1).type, NPU_FAULT_NONE);
   CHECK(!memcmp(m.result, system_memory + 4000, 4096));
   /* Atomics work there, too. */
   memset(system_memory, 0, 8);
   uint64_t atomic_va = sim_assemble(m.rig, "rdsr s0, args\n ld_s.b64x2 s2, [s0]\n mov.b32 v0, 0\n"
                                            " atom_iadd_o.i32 v1, [s2 + zx(v0)<<0], 3\n"
                                            " st_u.b32 [s3 + lane], v1\n end\n");
   m.args[0] = VA;
   struct npu_packet_dispatch dispatch = npu_rig_dispatch(atomic_va, m.args_va, 1, 32);
   CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &dispatch, 1).type, NPU_FAULT_NONE);
   CHECK_EQ(system_memory[0], 96);
   CHECK_EQ(((uint32_t *)m.result)[31], 93);
   npu_rig_destroy(m.rig);
   tap_case(tap, "system memory");
}

/* Many small mappings: more than the host has room for are looked up in software. */
static void
test_many_runs(struct tap *tap)
{
   struct machine m;
   const unsigned num = 4000;

   make_machine(&m);
   uint64_t pa = npu_rig_alloc_pa(m.rig, num * 4096ull, 4096);
   for (unsigned i = 0; i < num; i++) {
      *(uint64_t *)npu_rig_pa_ptr(m.rig, pa + i * 4096ull) = 5000 + i;
      npu_rig_set_pages(m.rig, NPU_RIG_ASID, VA + i * 4096ull, pa + (num - 1 - i) * 4096ull, 4096,
                        NPU_RIG_R, 0);
   }
   npu_rig_invalidate(m.rig, NPU_RIG_ASID, VA, num * 4096ull);
   for (unsigned i = 0; i < num; i += 399) {
      CHECK_EQ(touch(tap, &m, m.read_va, VA + i * 4096ull).type, NPU_FAULT_NONE);
      CHECK_EQ(m.result[0], 5000 + num - 1 - i);
   }
   uint64_t copy_va = npu_rig_alloc(m.rig, num * 4096ull, NPU_RIG_RW);
   struct npu_packet_copy copy = copy_packet(copy_va, VA, num * 4096ull);
   CHECK_EQ(sim_run(tap, m.rig, NPU_RIG_ASID, &copy, 1).type, NPU_FAULT_NONE);
   for (unsigned i = 0; i < num; i++) {
      uint64_t value = *(uint64_t *)((uint8_t *)npu_rig_ptr(m.rig, copy_va) + i * 4096ull);
      if (value != 5000 + num - 1 - i) {
         tap_problem(tap, "page %u has %" PRIu64, i, value);
         break;
      }
   }
   npu_rig_destroy(m.rig);
   tap_case(tap, "thousands of scattered pages");
}

int
main(void)
{
   struct tap tap = {0};

   test_page_sizes(&tap);
   test_permissions(&tap);
   test_execute(&tap);
   test_malformed(&tap);
   test_invalidate(&tap);
   test_separation(&tap);
   test_limits(&tap);
   test_system_memory(&tap);
   test_many_runs(&tap);
   return tap_done(&tap);
}
