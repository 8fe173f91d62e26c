/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Two users of one device who do not trust each other, each a process with a user id of its own: what the
 * cases of vm-isolation-test are made of. Helpers end their process with a message when they fail.
 */

#ifndef VM_ISOLATION_H
#define VM_ISOLATION_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "drm.h"
#include "drm/npu_accel.h"
#include "npu_isa/npu_regs.h"

#define DEVICE "/dev/accel/accel0"

/* What the victim's memory holds, and nobody else may ever see. */
#define SECRET 0x5ec2e75ec2e75ec2ull

/* What the victim tells the attacker, who thus knows more than an attacker could. */
struct word {
   uint64_t offset; /* for mmap */
   uint64_t va;
   uint32_t handle, vm, ctx, syncobj;
   int fd; /* number of the descriptor of an exported buffer */
};

struct isolation_case {
   const char *name;
   /* The victim gets a socket to the attacker and the other way round; returning is success. */
   void (*victim)(int to);
   void (*attacker)(int to);
};

extern const struct isolation_case isolation_read_cases[], isolation_stop_cases[];
extern const unsigned num_isolation_read_cases, num_isolation_stop_cases;

/* Ends the process unless the condition holds. */
void require(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define REQUIRE(condition)                                                                         \
   require(condition, "%s:%d: %s (%s)", __func__, __LINE__, #condition, strerror(errno))
/* The call fails with this errno. */
#define REFUSED(call, error)                                                                       \
   do {                                                                                            \
      errno = 0;                                                                                   \
      long long got_ = (long long)(call);                                                          \
      require(got_ == -1 && errno == (error), "%s:%d: %s is %lld (%s)", __func__, __LINE__, #call, \
              got_, strerror(errno));                                                              \
   } while (0)

void tell(int to, const void *data, size_t size_B);
void hear(int from, void *data, size_t size_B);
/* Both meet here. */
void meet(int other);

int64_t now_ms(void);

/* A place to work. */
struct user {
   int fd;
   uint32_t vm, ctx, timeline;
   uint64_t point;
   uint8_t *cmd; /* a page, at CMD_VA */
};
#define CMD_VA 0x100000ull

struct user user_open(void);
uint32_t user_bo(const struct user *user, uint32_t flags, uint64_t size_B);
void *user_map(const struct user *user, uint32_t handle, uint64_t size_B);
void user_bind(const struct user *user, uint32_t handle, uint64_t va, uint64_t size_B, bool exec);
uint32_t user_ctx(struct user *user);
/* Submits packets in the context; returns the point that is signalled at the end. */
uint64_t user_submit(struct user *user, const void *packets, unsigned num);
/* Waits; the state the context has then. */
struct drm_npu_ctx_get_state user_finish(struct user *user, uint64_t point);
/* A copy, run to its end; must succeed. */
void user_copy(struct user *user, uint64_t dst_va, uint64_t src_va, uint64_t size_B);
/* A dispatch of one group of 32 items, or more groups; code is at code_va. */
struct npu_packet_dispatch user_dispatch(uint64_t code_va, uint64_t args_va, uint32_t groups,
                                         uint32_t local_B, uint32_t private_B, uint64_t scratch_va);

#endif
