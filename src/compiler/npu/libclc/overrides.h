/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * For the OpenCL C sources in this directory, which become one SPIR-V module: functions that
 * replace those of libclc (nir_shader_compiler_options::libclc_overrides). Their results must not
 * depend on contraction: libclc's callers compile them as exact.
 */

#ifndef NPU_LIBCLC_OVERRIDES_H
#define NPU_LIBCLC_OVERRIDES_H

#pragma OPENCL FP_CONTRACT OFF

#define OVERRIDE __attribute__((overloadable, noinline))

/* Declares the function of libclc that name(type) replaces, as libclc_name(type). */
#define ORIGINAL(name, type) type __attribute__((overloadable)) libclc_##name(type x)

/* name(parameters), a vector, is its first part and its second one. The parameters and what each
 * part is made of are lists in parentheses. */
#define OVERRIDE_PARTS(vector, name, parameters, first, second)                                    \
   vector OVERRIDE name parameters                                                                 \
   {                                                                                               \
      return (vector)(name first, name second);                                                    \
   }

/* The vector forms of name(type), element by element. */
#define OVERRIDE_VECTORS(name, type)                                                               \
   OVERRIDE_PARTS(type##2, name, (type##2 x), (x.x), (x.y))                                        \
   OVERRIDE_PARTS(type##3, name, (type##3 x), (x.xy), (x.z))                                       \
   OVERRIDE_PARTS(type##4, name, (type##4 x), (x.lo), (x.hi))                                      \
   OVERRIDE_PARTS(type##8, name, (type##8 x), (x.lo), (x.hi))                                      \
   OVERRIDE_PARTS(type##16, name, (type##16 x), (x.lo), (x.hi))

/* The same for name(type, type_y). */
#define OVERRIDE_VECTORS_2(name, type, type_y)                                                     \
   OVERRIDE_PARTS(type##2, name, (type##2 x, type_y##2 y), (x.x, y.x), (x.y, y.y))                 \
   OVERRIDE_PARTS(type##3, name, (type##3 x, type_y##3 y), (x.xy, y.xy), (x.z, y.z))               \
   OVERRIDE_PARTS(type##4, name, (type##4 x, type_y##4 y), (x.lo, y.lo), (x.hi, y.hi))             \
   OVERRIDE_PARTS(type##8, name, (type##8 x, type_y##8 y), (x.lo, y.lo), (x.hi, y.hi))             \
   OVERRIDE_PARTS(type##16, name, (type##16 x, type_y##16 y), (x.lo, y.lo), (x.hi, y.hi))

#endif
