// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors
//
// Streams of wide vectors that meet a page they may not access, anywhere in what a wave moves: the fault is
// the interpreter's, all stores in front of the access to blame are done, and none behind it.
//
//    jit_stream_test CONFIGURATION

#include "../sim/sim_check.h"

#define NUM_BUFFERS 4 /* a, b; o and p, which are stored to */
#define FIRST_STORE 14
#define LANES       32u
#define VECTOR_B    32u
#define SPAN_B      (LANES * VECTOR_B)
#define PAGE_B      NPU_PAGE_SIZE_B
#define OLD         0x5a

/* Words 0 to 13; then the stores of o, and of p if there are any. */
static const char head_text[] = "   rdsr s0, args\n"
                                "   ld_s.b64x4 s4, [s0]\n"
                                "   ld_x.b32x4 v0, [s4 + lane*32]\n"
                                "   ld_x.b32x4 v4, [s4 + lane*32 + 16]\n"
                                "   ld_x.b32x4 v8, [s5 + lane*32]\n"
                                "   ld_x.b32x4 v12, [s5 + lane*32 + 16]\n"
                                "   iadd.i32 v16, v0, v8\n"
                                "   iadd.i32 v17, v1, v9\n"
                                "   iadd.i32 v18, v2, v10\n"
                                "   iadd.i32 v19, v3, v11\n"
                                "   iadd.i32 v20, v4, v12\n"
                                "   iadd.i32 v21, v5, v13\n"
                                "   iadd.i32 v22, v6, v14\n"
                                "   iadd.i32 v23, v7, v15\n"
                                "   st_x.b32x4 [s6 + lane*32], v16\n"
                                "   st_x.b32x4 [s6 + lane*32 + 16], v20\n";
static const char more_text[] = "   st_x.b32x4 [s7 + lane*32 + 16], v20\n"
                                "   st_x.b32x4 [s7 + lane*32], v16\n";

struct side {
   struct npu_rig *rig;
   uint64_t code_va, args_va;
   struct {
      uint64_t va, pa;   /* of two pages */
      uint32_t offset_B; /* of the vectors in them */
   } buffer[NUM_BUFFERS];
};

/* A page of a buffer. */
struct trouble {
   unsigned buffer, page, perms;
   uint32_t before_B; /* bytes of the vectors that are in its first page */
};

static struct side
create(const char *configuration, bool more)
{
   struct npu_sim_config config;
   struct side side;
   char text[2048], *error;

   npu_sim_config_parse(&config, configuration);
   config.num_cores = 1;
   config.mem_size_B = 64 << 20;
   side.rig = npu_rig_create(&config, &error);
   if (!side.rig) {
      printf("Bail out! %s\n", error ? error : "not enough memory");
      exit(1);
   }
   snprintf(text, sizeof(text), "%s%s   end\n", head_text, more ? more_text : "");
   side.code_va = sim_assemble(side.rig, text);
   side.args_va = npu_rig_alloc(side.rig, 64, NPU_RIG_R);
   for (unsigned i = 0; i < NUM_BUFFERS; i++) {
      side.buffer[i].va = 0x40000000u + 16 * PAGE_B * i;
      side.buffer[i].pa = npu_rig_alloc_pa(side.rig, 2 * PAGE_B, PAGE_B);
   }
   return side;
}

static uint8_t *
memory(const struct side *side, unsigned buffer)
{
   return npu_rig_pa_ptr(side->rig, side->buffer[buffer].pa);
}

static struct npu_rig_fault
run(struct tap *tap, struct side *side, const struct trouble *trouble)
{
   uint64_t *args = npu_rig_ptr(side->rig, side->args_va), rng = trouble->before_B + 1;

   for (unsigned i = 0; i < NUM_BUFFERS; i++) {
      bool bad = i == trouble->buffer;
      uint64_t va = side->buffer[i].va, pa = side->buffer[i].pa;
      npu_rig_map(side->rig, NPU_RIG_ASID, va, pa, 2 * PAGE_B, NPU_RIG_RW);
      if (bad)
         npu_rig_map(side->rig, NPU_RIG_ASID, va + trouble->page * PAGE_B,
                     pa + trouble->page * PAGE_B, PAGE_B, trouble->perms);
      /* All of them lie in two pages, at addresses that are multiples of nothing. */
      side->buffer[i].offset_B = PAGE_B - (bad ? trouble->before_B : 333 + 100 * i);
      args[i] = va + side->buffer[i].offset_B;
      for (unsigned k = 0; k < 2 * PAGE_B; k++)
         memory(side, i)[k] = i < 2 ? (uint8_t)(tap_random(&rng) >> 40) : OLD;
   }
   struct npu_packet_dispatch d = npu_rig_dispatch(side->code_va, side->args_va, 1, LANES);
   struct npu_rig_fault fault = sim_run(tap, side->rig, NPU_RIG_ASID, &d, 1);
   fault.time_ns = fault.seqno = 0;
   return fault;
}

/* Byte k of the result. */
static uint8_t
result(const struct side *side, unsigned k)
{
   uint32_t a, b, sum;
   uint8_t bytes[4];

   memcpy(&a, memory(side, 0) + side->buffer[0].offset_B + k / 4 * 4, 4);
   memcpy(&b, memory(side, 1) + side->buffer[1].offset_B + k / 4 * 4, 4);
   sum = a + b;
   memcpy(bytes, &sum, 4);
   return bytes[k % 4];
}

/* What is in o and p if the instruction at word `fault` did not come to its end. */
static void
check_memory(struct tap *tap, const struct side *side, unsigned fault, bool more)
{
   for (unsigned i = 2; i < NUM_BUFFERS; i++) {
      for (unsigned k = 0; k < 2 * PAGE_B; k++) {
         uint32_t at = k - side->buffer[i].offset_B;
         bool moved = at < SPAN_B && (i == 2 || more);
         unsigned store = FIRST_STORE + 2 * (i - 2) + ((at / 16 ^ i) & 1);
         uint8_t found = memory(side, i)[k];
         if ((found == OLD && (!moved || store >= fault)) ||
             (moved && store <= fault && found == result(side, at)))
            continue;
         tap_problem(tap, "fault at word %u: byte %u of buffer %u is %#x", fault, at, i, found);
         return;
      }
   }
}

static void
compare(struct tap *tap, struct side sides[2], const struct trouble *trouble, bool more)
{
   char text[2][256];
   unsigned word = 0;

   for (unsigned i = 0; i < 2; i++) {
      struct npu_rig_fault fault = run(tap, &sides[i], trouble);
      npu_rig_describe_fault(&fault, text[i], sizeof(text[i]));
      word = fault.type ? (unsigned)(fault.pc - sides[i].code_va) / 8 : UINT32_MAX;
      check_memory(tap, &sides[i], word, more);
   }
   if (strcmp(text[0], text[1]))
      tap_problem(tap, "buffer %u, %u bytes: interp: %s, jit: %s", trouble->buffer,
                  trouble->before_B, text[0], text[1]);
   bool unused = trouble->buffer == 3 && !more;
   if ((word != UINT32_MAX) != ((trouble->before_B < SPAN_B || trouble->page == 0) && !unused))
      tap_problem(tap, "buffer %u, %u bytes: fault at word %u", trouble->buffer, trouble->before_B,
                  word);
}

int
main(int argc, char **argv)
{
   static const uint32_t distances_B[] = {1,   3,   15,   16,   17,   31,   32,
                                          33,  479, 480,  495,  496,  511,  512,
                                          513, 992, 1007, 1008, 1009, 1023, SPAN_B};
   struct tap tap = {0};
   char text[256];

   for (unsigned more = 0; more < 2; more++) {
      struct side sides[2] = {create("interp", more), create(argc > 1 ? argv[1] : "jit", more)};
      for (unsigned buffer = 0; buffer < NUM_BUFFERS; buffer++) {
         for (unsigned perms = 0; perms <= (buffer < 2 ? 0 : NPU_RIG_R); perms++) {
            for (unsigned i = 0; i < 2 * sizeof(distances_B) / sizeof(distances_B[0]); i++)
               compare(&tap, sides, &(struct trouble){buffer, i % 2, perms, distances_B[i / 2]},
                       more);
            snprintf(text, sizeof(text), "%s stores, faults in %c, which cannot be %s",
                     more ? "four" : "two", "abop"[buffer], perms ? "written to" : "accessed");
            tap_case(&tap, text);
         }
      }
      npu_rig_destroy(sides[0].rig);
      npu_rig_destroy(sides[1].rig);
   }
   return tap_done(&tap);
}
