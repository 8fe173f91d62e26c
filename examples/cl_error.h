// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

#ifndef CL_ERROR_H
#define CL_ERROR_H

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 300
#endif
#include <CL/cl.h>

/* The name of an OpenCL error code as the specification spells it ("CL_INVALID_VALUE"). A code that
 * is not in the table gives "unknown OpenCL error". The string is static. */
const char *cl_error_name(cl_int error);

#endif
