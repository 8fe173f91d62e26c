/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

/*
 * Core dumps of the kernel driver (kernel/npu_coredump.c): from text to a structure, and from there
 * to a report for people. A dump may be cut, edited or made up: everything in it is checked before it
 * is used, what is missing is zero or empty, and nothing is ever refused but a text that does not
 * begin like a dump. Safe from any thread, one dump at a time.
 */

#ifndef NPU_DUMP_H
#define NPU_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "drm.h"
#include "drm/npu_accel.h"

/* 64-bit words of memory side by side, as they stand in the dump. */
struct npu_dump_memory {
   uint64_t va;
   uint64_t *words;
   size_t num_words;
};

/* A command buffer, or what lies around the packet that faulted. */
struct npu_dump_packets {
   uint64_t va;          /* of the first packet; 0: where the memory begins */
   uint64_t num_packets; /* that it has, in the dump or not; 0: not known */
   struct npu_dump_memory *runs;
   size_t num_runs;
};

struct npu_dump_binding {
   uint64_t va, size_B, offset_B;
   char rights[4]; /* "rwx" with '-' for what is not allowed */
   char *place;    /* "device" or "system" */
   char *label;    /* escaped as in the dump; NULL: none */
};

struct npu_dump_register {
   char *name;
   int index; /* of an array of registers, else -1 */
   uint64_t value;
};

struct npu_dump_ring_packet {
   uint32_t index; /* counted from the start of the queue */
   uint64_t words[8];
};

struct npu_dump {
   unsigned version;
   char *kernel, *device, *process; /* "" if missing */
   uint64_t arch_version, num_cores, resets;
   uint64_t pid, context, asid, priority, jobs_submitted, jobs_completed;
   struct drm_npu_fault fault;

   struct npu_dump_register *registers;
   size_t num_registers;

   int64_t queue; /* hardware queue of the ring, -1: none */
   uint64_t tail;
   struct npu_dump_ring_packet *ring;
   size_t num_ring;

   struct npu_dump_packets *cmdbufs; /* of the job; the last one may be [packets] */
   size_t num_cmdbufs;

   struct npu_dump_packets code;

   struct npu_dump_binding *bindings;
   size_t num_bindings;

   bool complete;     /* it has its last line */
   size_t num_odd;    /* lines that were not understood */
   size_t first_odd;  /* number of the first of them, from 1 */
   bool is_in_kernel; /* short for fault.flags & DRM_NPU_FAULT_IN_KERNEL */
};

/* Parses `size` bytes, which need no NUL. NULL and a static message in *error if that is no dump or
 * memory runs out. */
struct npu_dump *npu_dump_parse(const char *text, size_t size, const char **error);
void npu_dump_free(struct npu_dump *dump);

/* The binding that contains an address, or NULL. */
const struct npu_dump_binding *npu_dump_find_binding(const struct npu_dump *dump, uint64_t va);
/* Reads `num` words. False if the dump does not have all of them. */
bool npu_dump_read(const struct npu_dump_packets *memory, uint64_t va, uint64_t *words, size_t num);

enum npu_dump_flags {
   NPU_DUMP_ALL = 1 << 0,    /* all code, all packets, all registers and bindings */
   NPU_DUMP_COLOUR = 1 << 1, /* with escape sequences for a terminal */
};

void npu_dump_report(FILE *out, const struct npu_dump *dump, unsigned flags);

/* Parts of the report. */
void npu_dump_print_code(FILE *out, const struct npu_dump *dump, unsigned flags);
void npu_dump_print_cmdbufs(FILE *out, const struct npu_dump *dump, unsigned flags);
void npu_dump_print_ring(FILE *out, const struct npu_dump *dump, unsigned flags);
void npu_dump_print_registers(FILE *out, const struct npu_dump *dump, unsigned flags);
/* The dispatch that faulted, from the command buffers of the job: the one whose kernel_id and code
 * match. False if the dump does not have it, or several that differ. */
struct npu_packet_dispatch;
bool npu_dump_find_dispatch(const struct npu_dump *dump, struct npu_packet_dispatch *dispatch);

/* Colours, empty strings without NPU_DUMP_COLOUR. */
const char *npu_dump_bold(unsigned flags);
const char *npu_dump_red(unsigned flags);
const char *npu_dump_plain(unsigned flags);

#endif
