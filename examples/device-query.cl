// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* Writes down what the device tells the kernel about itself: the host compares it with the API's answers. */
kernel void
query(global uint *out)
{
   if (get_global_id(0) == 0) {
      out[0] = __OPENCL_VERSION__;
      out[1] = get_global_size(0);
      out[2] = get_local_size(0);
      out[3] = get_num_groups(0);
      out[4] = get_work_dim();
#ifdef __ENDIAN_LITTLE__
      out[5] = 1;
#endif
      out[6] = sizeof(size_t) * 8;
   }
}
