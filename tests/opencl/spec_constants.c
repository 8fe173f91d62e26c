// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Specialization constants of SPIR-V modules: a constant of each scalar type keeps the value of the module,
 * takes one of its own size from the host, and takes none of any other size. */

#include "cl_api.h"

#include <string.h>

#define SPEC_ID 7

/* A type of the module. The value that the host sets has no byte twice, so that none can get lost. */
struct scalar {
   const char *name;
   const char *extension; /* which the device needs for it; NULL if none */
   unsigned size_B;
   bool is_float;
   uint64_t in_module, from_host;
};

static const struct scalar scalars[] = {
   {"char", NULL, 1, false, 0x11, 0xa5},
   {"short", NULL, 2, false, 0x1122, 0xa5b6},
   {"int", NULL, 4, false, 0x11223344, 0xa5b6c7d8},
   {"long", NULL, 8, false, 0x1122334455667788, 0xa5b6c7d8e9fa0b1c},
   {"half", "cl_khr_fp16", 2, true, 0x3c01, 0xb5c6},
   {"float", NULL, 4, true, 0x3f800001, 0xb5b6c7d8},
   {"double", "cl_khr_fp64", 8, true, 0x3ff0000000000001, 0xb5b6c7d8e9fa0b1c},
};

struct module {
   uint32_t words[128];
   unsigned num;
};

static void
instruction(struct module *module, unsigned opcode, unsigned num, const uint32_t *operands)
{
   module->words[module->num++] = (num + 1) << 16 | opcode;
   memcpy(module->words + module->num, operands, num * 4);
   module->num += num;
}

#define INSTRUCTION(module, opcode, ...)                                                           \
   instruction(module, opcode, sizeof((uint32_t[]){__VA_ARGS__}) / 4, (uint32_t[]){__VA_ARGS__})

/* kernel void f(global T *p) { *p = constant; } */
static void
assemble(struct module *module, const struct scalar *scalar)
{
   enum {
      VOID = 1,
      SCALAR,
      POINTER,
      SIGNATURE,
      CONSTANT,
      KERNEL,
      PARAMETER,
      LABEL,
      BOUND
   };
   static const uint32_t header[] = {0x07230203, 0x00010000, 0, BOUND, 0};
   const uint32_t low = (uint32_t)scalar->in_module, high = (uint32_t)(scalar->in_module >> 32);
   const uint32_t bits = scalar->size_B * 8;

   memcpy(module->words, header, sizeof(header));
   module->num = 5;
   INSTRUCTION(module, 17, 4);  /* OpCapability Addresses */
   INSTRUCTION(module, 17, 6);  /* OpCapability Kernel */
   INSTRUCTION(module, 17, 39); /* Int8 */
   INSTRUCTION(module, 17, 22); /* Int16 */
   INSTRUCTION(module, 17, 11); /* Int64 */
   if (scalar->is_float && bits != 32)
      INSTRUCTION(module, 17, bits == 16 ? 9 : 10); /* Float16, Float64 */
   INSTRUCTION(module, 14, 2, 2);                   /* OpMemoryModel Physical64 OpenCL */
   INSTRUCTION(module, 15, 6, KERNEL, 0x66);        /* OpEntryPoint Kernel "f" */
   INSTRUCTION(module, 71, CONSTANT, 1, SPEC_ID);   /* OpDecorate SpecId */
   INSTRUCTION(module, 19, VOID);                   /* OpTypeVoid */
   if (scalar->is_float)
      INSTRUCTION(module, 22, SCALAR, bits); /* OpTypeFloat */
   else
      INSTRUCTION(module, 21, SCALAR, bits, 0);       /* OpTypeInt */
   INSTRUCTION(module, 32, POINTER, 5, SCALAR);       /* OpTypePointer CrossWorkgroup */
   INSTRUCTION(module, 33, SIGNATURE, VOID, POINTER); /* OpTypeFunction */
   if (bits == 64)
      INSTRUCTION(module, 50, SCALAR, CONSTANT, low, high); /* OpSpecConstant */
   else
      INSTRUCTION(module, 50, SCALAR, CONSTANT, low);
   INSTRUCTION(module, 54, VOID, KERNEL, 0, SIGNATURE);             /* OpFunction */
   INSTRUCTION(module, 55, POINTER, PARAMETER);                     /* OpFunctionParameter */
   INSTRUCTION(module, 248, LABEL);                                 /* OpLabel */
   INSTRUCTION(module, 62, PARAMETER, CONSTANT, 2, scalar->size_B); /* OpStore Aligned */
   instruction(module, 253, 0, NULL);                               /* OpReturn */
   instruction(module, 56, 0, NULL);                                /* OpFunctionEnd */
}

static void
release_program(void *handle)
{
   clReleaseProgram(handle);
}

static cl_program
create(const struct scalar *scalar)
{
   struct module module;
   cl_int error;

   assemble(&module, scalar);
   cl_program program = clCreateProgramWithIL(clt.context, module.words, module.num * 4, &error);
   clt_require(error, "clCreateProgramWithIL");
   clt_defer(release_program, program);
   return program;
}

/* Builds and runs the kernel; its result has to be the value that is wanted, and no more than that. */
static void
check_value(const struct scalar *scalar, cl_program program, uint64_t want)
{
   const uint64_t untouched = 0x7e7e7e7e7e7e7e7e;
   cl_mem mem = clt_buffer(8, &untouched);
   uint64_t got = 0, expected = untouched;

   CLT_CALL(clBuildProgram(program, 1, &clt.device, "", NULL, NULL));
   cl_kernel kernel = clt_kernel_of(program, "f");
   clt_arg_mem(kernel, 0, mem);
   clt_launch_1d(kernel, 1, 1);
   clt_read(mem, 0, sizeof(got), &got);
   memcpy(&expected, &want, scalar->size_B); /* little endian, as the host is */
   CLT_CHECK(got == expected, "the buffer holds 0x%llx, expected 0x%llx", (unsigned long long)got,
             (unsigned long long)expected);
}

static void
test_scalar(const void *arg)
{
   const struct scalar *scalar = arg;
   const uint64_t wide[2] = {scalar->from_host, 0};

   if (scalar->extension && !clt_has_extension(scalar->extension))
      clt_skip("the device has no %s", scalar->extension);
   check_value(scalar, create(scalar), scalar->in_module);

   cl_program program = create(scalar);
   for (unsigned size_B = 0; size_B <= sizeof(wide); size_B++) {
      if (size_B != scalar->size_B)
         CLT_EXPECT(clSetProgramSpecializationConstant(program, SPEC_ID, size_B, wide),
                    CL_INVALID_VALUE);
   }
   CLT_EXPECT(clSetProgramSpecializationConstant(program, SPEC_ID, scalar->size_B, NULL),
              CL_INVALID_VALUE);
   CLT_CALL(clSetProgramSpecializationConstant(program, SPEC_ID, scalar->size_B, wide));
   check_value(scalar, program, scalar->from_host);
}

int
main(int argc, char **argv)
{
   clt_init(argc, argv, "specialization constants");
   for (size_t i = 0; i < CLT_ARRAY_SIZE(scalars); i++)
      clt_run(test_scalar, &scalars[i], "%s", scalars[i].name);
   return clt_done();
}
