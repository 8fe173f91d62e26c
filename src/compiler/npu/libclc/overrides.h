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

/* The vector forms of name(type), element by element. */
#define OVERRIDE_VECTORS(name, type)                                                               \
   type##2 OVERRIDE name(type##2 x)                                                                \
   {                                                                                               \
      return (type##2)(name(x.x), name(x.y));                                                      \
   }                                                                                               \
   type##3 OVERRIDE name(type##3 x)                                                                \
   {                                                                                               \
      return (type##3)(name(x.xy), name(x.z));                                                     \
   }                                                                                               \
   type##4 OVERRIDE name(type##4 x)                                                                \
   {                                                                                               \
      return (type##4)(name(x.lo), name(x.hi));                                                    \
   }                                                                                               \
   type##8 OVERRIDE name(type##8 x)                                                                \
   {                                                                                               \
      return (type##8)(name(x.lo), name(x.hi));                                                    \
   }                                                                                               \
   type##16 OVERRIDE name(type##16 x)                                                              \
   {                                                                                               \
      return (type##16)(name(x.lo), name(x.hi));                                                   \
   }

/* The same for name(type, type_y). */
#define OVERRIDE_VECTORS_2(name, type, type_y)                                                     \
   type##2 OVERRIDE name(type##2 x, type_y##2 y)                                                   \
   {                                                                                               \
      return (type##2)(name(x.x, y.x), name(x.y, y.y));                                            \
   }                                                                                               \
   type##3 OVERRIDE name(type##3 x, type_y##3 y)                                                   \
   {                                                                                               \
      return (type##3)(name(x.xy, y.xy), name(x.z, y.z));                                          \
   }                                                                                               \
   type##4 OVERRIDE name(type##4 x, type_y##4 y)                                                   \
   {                                                                                               \
      return (type##4)(name(x.lo, y.lo), name(x.hi, y.hi));                                        \
   }                                                                                               \
   type##8 OVERRIDE name(type##8 x, type_y##8 y)                                                   \
   {                                                                                               \
      return (type##8)(name(x.lo, y.lo), name(x.hi, y.hi));                                        \
   }                                                                                               \
   type##16 OVERRIDE name(type##16 x, type_y##16 y)                                                \
   {                                                                                               \
      return (type##16)(name(x.lo, y.lo), name(x.hi, y.hi));                                       \
   }

#endif
