/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * Prints where OpenCL says that the accelerator is plugged in (cl_khr_pci_bus_info), in the words of the kernel:
 * "0000:00:03.0". Exit status 1: the device does not have the extension.
 */

#define CL_TARGET_OPENCL_VERSION 300

#include <CL/cl.h>
#include <CL/cl_ext.h>
#include <stdio.h>
#include <string.h>

#define TRY(call)                                                                                  \
   do {                                                                                            \
      cl_int error_ = (call);                                                                      \
      if (error_ != CL_SUCCESS) {                                                                  \
         printf("%s: error %d\n", #call, error_);                                                  \
         return 2;                                                                                 \
      }                                                                                            \
   } while (0)

int
main(void)
{
   cl_device_pci_bus_info_khr info;
   char extensions[8192] = "";
   cl_platform_id platform;
   cl_device_id device;

   TRY(clGetPlatformIDs(1, &platform, NULL));
   TRY(clGetDeviceIDs(platform, CL_DEVICE_TYPE_ACCELERATOR, 1, &device, NULL));
   TRY(clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof(extensions), extensions, NULL));
   cl_int error = clGetDeviceInfo(device, CL_DEVICE_PCI_BUS_INFO_KHR, sizeof(info), &info, NULL);
   if (!strstr(extensions, CL_KHR_PCI_BUS_INFO_EXTENSION_NAME)) {
      printf("no " CL_KHR_PCI_BUS_INFO_EXTENSION_NAME ", the query says %d\n", error);
      return error == CL_INVALID_VALUE ? 1 : 2;
   }
   TRY(error);
   printf("%04x:%02x:%02x.%x\n", info.pci_domain, info.pci_bus, info.pci_device, info.pci_function);
   return 0;
}
