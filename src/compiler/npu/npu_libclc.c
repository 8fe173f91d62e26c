/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Functions of the OpenCL library that libclc does not do precisely enough: written in OpenCL C
 * (libclc/overrides.cl), compiled to SPIR-V with this library, linked into what Mesa loads.
 */

#include "compiler/clc/nir_clc_helpers.h"

#include "npu_compile.h"
#include "compiler/npu/libclc/npu_libclc_overrides.h"

void
npu_libclc_register(void)
{
   nir_register_libclc_overrides(npu_nir_options(), npu_libclc_overrides,
                                 ARRAY_SIZE(npu_libclc_overrides));
}
