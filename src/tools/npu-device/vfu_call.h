/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Messages from the server to the client: accesses to memory of the client that it has not passed as a file.
 *
 * Threads: vfu_calls_access() comes from any thread but the one that receives messages, which must be free to
 * hand the replies in. Everything that writes to the socket holds the send lock.
 */

#ifndef VFU_CALL_H
#define VFU_CALL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_proto.h"

struct vfu_calls;

/* NULL without memory. */
struct vfu_calls *vfu_calls_create(void);
void vfu_calls_destroy(struct vfu_calls *calls);

/* A connection begins; it ends (fd -1), and with it all calls. The descriptor stays the caller's. */
void vfu_calls_connect(struct vfu_calls *calls, int fd);
/* While it is on, calls fail: those under way at once, others when they come. Replies to them are ignored. */
void vfu_calls_refuse(struct vfu_calls *calls, bool on);

/* The lock to hold while writing to the socket. */
pthread_mutex_t *vfu_calls_send_lock(struct vfu_calls *calls);

/* Reads into to or writes from from (the other is NULL) by messages, and waits for the replies. False: refused
 * or aborted, a part may be done.
 */
bool vfu_calls_access(struct vfu_calls *calls, uint64_t address, void *to, const void *from,
                      size_t size_B);

/* A reply was received; payload is what follows the header. False: it makes no sense. */
bool vfu_calls_reply(struct vfu_calls *calls, const struct vfu_header *header,
                     const uint8_t *payload, size_t size_B);

#endif
