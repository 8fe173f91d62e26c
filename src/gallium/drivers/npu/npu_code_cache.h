/* SPDX-License-Identifier: MIT */
/* Copyright © 2026 The NPU stack authors */

#ifndef NPU_CODE_CACHE_H
#define NPU_CODE_CACHE_H

struct disk_cache;

/* Opens the user's on-disk cache of NPU code for devices of an architecture version. Any thread.
 * Returns NULL if there is to be none (Mesa's environment variables) or it cannot be opened. What
 * is put into it before exit() is in it for the next process. */
struct disk_cache *npu_code_cache_open(unsigned arch_version);

/* Writes what is waiting and frees the cache, which may be NULL. */
void npu_code_cache_close(struct disk_cache *cache);

#endif
