/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 */

#ifndef NPU_SCREEN_H
#define NPU_SCREEN_H

#include "pipe/p_screen.h"
#include "util/hash_table.h"
#include "util/list.h"
#include "util/simple_mtx.h"
#include "util/slab.h"

#include "winsys/npu/npu_winsys.h"

struct disk_cache;
struct npu_program;

/* One device of this process. Every function of it may be called from any thread; what is not
 * constant after npu_screen_create() says which lock it needs.
 */
struct npu_screen {
   struct pipe_screen base;

   struct npu_device *dev;
   const struct npu_device_info *info; /* of dev, lives as long */
   uint32_t debug;                     /* enum npu_drv_debug_flag */
   struct disk_cache *disk_cache;      /* NULL: none */

   struct slab_parent_pool transfer_pool; /* struct pipe_transfer; has a lock of its own */

   simple_mtx_t svm_lock;
   struct list_head svm_buffers; /* struct npu_resource::svm_link; svm_lock */

   simple_mtx_t programs_lock;
   struct hash_table_u64 *programs; /* kernel_id -> struct npu_program *, not owned; programs_lock */
   uint32_t next_kernel_id;         /* programs_lock */
   struct npu_program *no_program;  /* stands for a program there was no memory for */
};

static inline struct npu_screen *
npu_screen(struct pipe_screen *pscreen)
{
   return (struct npu_screen *)pscreen;
}

/* Largest buffer the driver makes: Gallium's boxes are signed 32-bit numbers. */
#define NPU_MAX_BUFFER_B (1u << 30)

/* Largest block of kernel arguments: 4096 bytes of the application's, and what Rusticl appends. */
#define NPU_MAX_ARGS_B (64u << 10)

#endif
