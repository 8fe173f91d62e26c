/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Compiles OpenCL C with the compiler under test and runs it on the model, without a driver.
 */

#ifndef FRONT_RUN_H
#define FRONT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front_program; /* a compiled source */
struct front_device;  /* a model of the accelerator */

struct front_program *front_program_create(const char *source, const char *name,
                                           const char *const *options, unsigned num_options);
void front_program_destroy(struct front_program *program);

struct front_device *front_device_create(void);
void front_device_destroy(struct front_device *device);

/* An argument: a buffer that the kernel may read and write, or a value, or local memory. */
struct front_arg {
   enum {
      FRONT_BUFFER,
      FRONT_VALUE,
      FRONT_LOCAL
   } kind;
   void *data; /* buffer: copied to the device before and back after the run; value: its bytes */
   size_t size_B;
};

struct front_launch {
   uint32_t groups[3];
   uint16_t block[3];
   bool rows; /* compile for rows of waves */
};

struct npu_cl_kernel;

/* Compiles and runs a kernel of which the NIR is known. args as below. */
bool front_run_kernel(struct front_device *device, const struct npu_cl_kernel *kernel,
                      const char *name, const struct front_launch *launch,
                      const struct front_arg *args, unsigned num_args);

/* Compiles and runs a kernel. False, with a message on standard output as a TAP comment, if
 * anything fails. */
bool front_run(struct front_device *device, struct front_program *program, const char *kernel,
               const struct front_launch *launch, const struct front_arg *args, unsigned num_args);

#endif
