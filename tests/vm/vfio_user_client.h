/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * A monitor in one page: speaks vfio-user to a server in a thread of this process. Functions that send a
 * command return 0, the errno of the reply, or -1 if none came.
 */

#ifndef VFIO_USER_CLIENT_H
#define VFIO_USER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_proto.h"
#include "vfu_server.h"

#define RAM_B     (4u << 20)
#define RAM_IOVA  0x100000ull
#define MAX_REPLY (VFU_MAX_TRANSFER_B + 4096)

/* What is served; set before connect_client(). */
extern struct vfu_server *server;

extern int sock;                 /* our end */
extern uint8_t reply[MAX_REPLY]; /* to the last command, without header */
extern uint32_t reply_size;
extern int reply_fd; /* that came with it, or -1 */

/* Memory at RAM_IOVA that was mapped without a file: the server asks for it, and is answered while a command
 * waits for its reply. */
extern uint8_t *asked_ram;
extern unsigned num_asked; /* how often it has asked */
extern bool refuse;        /* answer with an error */

/* Monitors do not answer while they wait for a reply themselves. With hold, what the server asks is kept until
 * answer_held(). */
extern bool hold;
extern unsigned num_held;
void answer_held(void);
/* Receives what the server asks until something is held. False: nothing comes. */
bool wait_until_held(int timeout_ms);
/* Takes what the server asks until it asks nothing for a millisecond. */
void take_questions(void);

void connect_client(void);
/* Returns what vfu_server_serve() did. */
int hang_up(void);
bool send_raw(const void *data, size_t size_B, const int *fds, unsigned num_fds);
int call_fds(unsigned command, const void *payload, uint32_t size_B, const int *fds,
             unsigned num_fds);
int call(unsigned command, const void *payload, uint32_t size_B);
int say_version(void);
int region_read(unsigned region, uint64_t offset, void *to, uint32_t count);
int region_write(unsigned region, uint64_t offset, const void *from, uint32_t count);
uint64_t reg_read(uint32_t reg);
void reg_write(uint32_t reg, uint64_t value);
uint32_t config_read(uint32_t offset, uint32_t size_B);
void config_write(uint32_t offset, uint32_t value, uint32_t size_B);
int dma_map(uint64_t address, uint64_t size_B, int fd, uint64_t offset);
int dma_unmap(uint64_t address, uint64_t size_B);
int set_irqs(uint32_t flags, uint32_t index, uint32_t start, uint32_t count, const int *fds,
             unsigned num_fds);

#endif
