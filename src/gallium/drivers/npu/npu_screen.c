/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The screen: what the device and the driver can do, and the objects all contexts share.
 *
 * The capabilities describe a full-profile OpenCL 3.0 device to Rusticl, with images, half and
 * double precision, and sub-groups.
 */

#include "npu_screen.h"

#include <stdlib.h>

#include "util/log.h"
#include "util/ralloc.h"
#include "util/u_math.h"
#include "util/u_memory.h"
#include "util/u_screen.h"

#include "compiler/npu/npu_compile.h"
#include "npu_code_cache.h"
#include "npu_context.h"
#include "npu_drv_debug.h"
#include "npu_fence.h"
#include "npu_program.h"
#include "npu_public.h"
#include "npu_resource.h"
#include "npu_texture.h"

/* The architecture has no clock rate; applications that ask get the rate of its timestamps. */
#define NOMINAL_CLOCK_MHZ 1000

static const char *
npu_get_name(struct pipe_screen *pscreen)
{
   return npu_screen(pscreen)->info->name;
}

static const char *
npu_get_vendor(struct pipe_screen *pscreen)
{
   return "The NPU stack authors";
}

static void
npu_get_device_uuid(struct pipe_screen *pscreen, char *uuid)
{
   memcpy(uuid, npu_screen(pscreen)->info->device_uuid, PIPE_UUID_SIZE);
}

static void
npu_get_driver_uuid(struct pipe_screen *pscreen, char *uuid)
{
   memcpy(uuid, npu_screen(pscreen)->info->driver_uuid, PIPE_UUID_SIZE);
}

static int
npu_get_shader_param(struct pipe_screen *pscreen, enum pipe_shader_type shader,
                     enum pipe_shader_cap cap)
{
   if (shader != PIPE_SHADER_COMPUTE)
      return 0;

   switch (cap) {
   case PIPE_SHADER_CAP_SUPPORTED_IRS:
      return 1 << PIPE_SHADER_IR_NIR;
   case PIPE_SHADER_CAP_MAX_CONST_BUFFER0_SIZE:
      return NPU_MAX_ARGS_B;
   case PIPE_SHADER_CAP_MAX_CONST_BUFFERS:
      return PIPE_MAX_CONSTANT_BUFFERS; /* CL_DEVICE_MAX_CONSTANT_ARGS: they are plain pointers */
   case PIPE_SHADER_CAP_MAX_SAMPLER_VIEWS:
      return NPU_MAX_TEXTURES;
   case PIPE_SHADER_CAP_MAX_SHADER_IMAGES:
      return NPU_MAX_IMAGES;
   case PIPE_SHADER_CAP_MAX_TEXTURE_SAMPLERS:
      return NPU_MAX_SAMPLERS;
   case PIPE_SHADER_CAP_FP16:
   case PIPE_SHADER_CAP_FP16_CONST_BUFFERS:
   case PIPE_SHADER_CAP_INT16:
   case PIPE_SHADER_CAP_INTEGERS:
   case PIPE_SHADER_CAP_CONT_SUPPORTED:
   case PIPE_SHADER_CAP_INDIRECT_TEMP_ADDR:
   case PIPE_SHADER_CAP_INDIRECT_CONST_ADDR:
      return 1;
   case PIPE_SHADER_CAP_MAX_INSTRUCTIONS:
   case PIPE_SHADER_CAP_MAX_CONTROL_FLOW_DEPTH:
      return INT32_MAX;
   default:
      return 0;
   }
}

static uint64_t
max_alloc_B(const struct npu_screen *screen)
{
   return MIN3(screen->info->max_alloc_B, screen->info->mem_size_B, (uint64_t)NPU_MAX_BUFFER_B);
}

/* Rusticl asserts the size of each answer, see its ComputeParam trait. */
static int
answer(void *ret, const void *value, int size_B)
{
   if (ret)
      memcpy(ret, value, size_B);
   return size_B;
}

#define ANSWER_U32(x)        answer(ret, &(uint32_t){x}, sizeof(uint32_t))
#define ANSWER_U64(x)        answer(ret, &(uint64_t){x}, sizeof(uint64_t))
#define ANSWER_3U64(x, y, z) answer(ret, (const uint64_t[3]){x, y, z}, 3 * sizeof(uint64_t))

static int
npu_get_compute_param(struct pipe_screen *pscreen, enum pipe_shader_ir ir_type,
                      enum pipe_compute_cap param, void *ret)
{
   const struct npu_screen *screen = npu_screen(pscreen);
   const struct npu_device_info *info = screen->info;

   switch (param) {
   case PIPE_COMPUTE_CAP_ADDRESS_BITS:
      return ANSWER_U32(64);
   case PIPE_COMPUTE_CAP_GRID_DIMENSION:
      return ANSWER_U64(3);
   case PIPE_COMPUTE_CAP_MAX_GRID_SIZE:
      return ANSWER_3U64(UINT32_MAX, UINT32_MAX, UINT32_MAX);
   case PIPE_COMPUTE_CAP_MAX_BLOCK_SIZE:
      return ANSWER_3U64(info->max_group_size, info->max_group_size, info->max_group_size);
   case PIPE_COMPUTE_CAP_MAX_THREADS_PER_BLOCK:
   case PIPE_COMPUTE_CAP_MAX_VARIABLE_THREADS_PER_BLOCK:
      return ANSWER_U64(info->max_group_size);
   case PIPE_COMPUTE_CAP_MAX_GLOBAL_SIZE:
      return ANSWER_U64(info->mem_size_B);
   case PIPE_COMPUTE_CAP_MAX_MEM_ALLOC_SIZE:
      return ANSWER_U64(max_alloc_B(screen));
   case PIPE_COMPUTE_CAP_MAX_LOCAL_SIZE:
      return ANSWER_U64(info->local_mem_B);
   case PIPE_COMPUTE_CAP_MAX_INPUT_SIZE:
      return ANSWER_U64(NPU_MAX_ARGS_B);
   case PIPE_COMPUTE_CAP_MAX_CLOCK_FREQUENCY:
      return ANSWER_U32(NOMINAL_CLOCK_MHZ);
   case PIPE_COMPUTE_CAP_MAX_COMPUTE_UNITS:
      return ANSWER_U32(info->num_cores);
   case PIPE_COMPUTE_CAP_SUBGROUP_SIZES:
      return ANSWER_U32(info->wave_size);
   case PIPE_COMPUTE_CAP_MAX_SUBGROUPS:
      return ANSWER_U32(DIV_ROUND_UP(info->max_group_size, info->wave_size));
   case PIPE_COMPUTE_CAP_IMAGES_SUPPORTED:
      return ANSWER_U32(1);
   default:
      return 0;
   }
}

static const void *
npu_get_compiler_options(struct pipe_screen *pscreen, enum pipe_shader_ir ir,
                         enum pipe_shader_type shader)
{
   return npu_nir_options();
}

static char *
npu_finalize_nir(struct pipe_screen *pscreen, struct nir_shader *nir)
{
   npu_nir_finalize(nir);
   return NULL;
}

static uint64_t
npu_get_timestamp(struct pipe_screen *pscreen)
{
   return npu_device_get_timestamp_ns(npu_screen(pscreen)->dev);
}

static void
npu_query_memory_info(struct pipe_screen *pscreen, struct pipe_memory_info *info)
{
   struct npu_screen *screen = npu_screen(pscreen);
   struct npu_memory_usage usage;

   if (npu_device_get_memory_usage(screen->dev, &usage))
      usage = (struct npu_memory_usage){.total_B = screen->info->mem_size_B};
   uint64_t used_B = usage.used_B - MIN2(usage.cached_B, usage.used_B);

   *info = (struct pipe_memory_info){
      .total_device_memory = usage.total_B / 1024,
      .avail_device_memory = (usage.total_B - MIN2(used_B, usage.total_B)) / 1024,
   };
}

static struct disk_cache *
npu_get_disk_shader_cache(struct pipe_screen *pscreen)
{
   return npu_screen(pscreen)->disk_cache;
}

static void
init_caps(struct npu_screen *screen)
{
   struct pipe_caps *caps = (struct pipe_caps *)&screen->base.caps;
   const struct npu_device_info *info = screen->info;

   u_init_pipe_screen_caps(&screen->base, 1);
   caps->graphics = false;
   caps->compute = true;
   caps->int64 = true;
   caps->shader_atomic_int64 = true;
   caps->shader_atomic_float = true;
   /* The device has them. With these and float atomics, the CTS adds to floats on the host at the same time, but not
    * atomically (host_atomics.h, at least up to v2026-07-09-00), and fails now and then. */
   caps->svm_atomics = screen->debug & NPU_DRV_SVM_ATOMICS;
   caps->shader_clock = true;
   caps->doubles = true;
   caps->nir_images_as_deref = false;
   caps->texture_sampler_independent = true;
   caps->image_store_formatted = true;
   caps->image_load_formatted = true;
   caps->max_texture_2d_size = NPU_MAX_IMAGE_SIZE;
   caps->max_texture_3d_levels = NPU_MAX_IMAGE_3D_LEVELS;
   caps->max_texture_array_layers = NPU_MAX_IMAGE_LAYERS;
   caps->max_texel_buffer_elements = max_alloc_B(screen); /* Rusticl divides by a texel */
   caps->linear_image_pitch_alignment = 1;
   caps->linear_image_base_address_alignment = 1;
   caps->linear_image_layers = true;
   caps->max_shader_buffer_size = max_alloc_B(screen);
   caps->query_timestamp = true;
   caps->timer_resolution = DIV_ROUND_UP(1000000000u, info->timestamp_hz);
   caps->device_reset_status_query = true;
   caps->uma = true; /* the CPU reaches buffers through coherent, cached mappings */
   caps->vendor_id = info->vendor_id;
   caps->device_id = info->device_id;
   caps->video_memory = info->mem_size_B >> 20;
   if (info->is_pci) {
      caps->pci_group = info->pci_domain;
      caps->pci_bus = info->pci_bus;
      caps->pci_device = info->pci_dev;
      caps->pci_function = info->pci_func;
   }
}

static void
npu_screen_destroy(struct pipe_screen *pscreen)
{
   struct npu_screen *screen = npu_screen(pscreen);

   npu_code_cache_close(screen->disk_cache);
   slab_destroy_parent(&screen->transfer_pool);
   npu_program_unref(screen->no_program);
   _mesa_hash_table_u64_destroy(screen->programs);
   simple_mtx_destroy(&screen->programs_lock);
   simple_mtx_destroy(&screen->svm_lock);
   npu_device_close(screen->dev);
   ralloc_free(screen);
}

/* Whether the driver can run on a device of this description. */
static bool
check_device(const struct npu_device_info *info)
{
   const char *why = NULL;

   if (info->arch_version != 1)
      why = "has an architecture version this driver does not know";
   else if (info->wave_size != NPU_SUBGROUP_SIZE || info->max_group_size < 1 || !info->num_cores ||
            !info->waves_per_core)
      why = "describes itself inconsistently";
   else if (info->timestamp_hz != 1000000000)
      why = "has timestamps that are not in nanoseconds";

   if (why)
      mesa_loge("%s %s (architecture version %u)", info->name, why, info->arch_version);
   return !why;
}

bool
npu_screen_is_pci(struct pipe_screen *pscreen)
{
   return npu_screen(pscreen)->info->is_pci;
}

struct pipe_screen *
npu_screen_create(const struct pipe_screen_config *config)
{
   struct npu_screen *screen = rzalloc(NULL, struct npu_screen);
   if (!screen)
      return NULL;

   screen->debug = npu_drv_debug_parse(getenv("NPU_DEBUG"));
   screen->dev = npu_device_open();
   if (!screen->dev)
      goto err_free;
   screen->info = npu_device_get_info(screen->dev);
   if (!check_device(screen->info))
      goto err_close;
   screen->programs = _mesa_hash_table_u64_create(screen);
   screen->no_program = npu_program_create_empty(screen);
   if (!screen->programs || !screen->no_program)
      goto err_close;
   simple_mtx_init(&screen->programs_lock, mtx_plain);
   simple_mtx_init(&screen->svm_lock, mtx_plain);
   list_inithead(&screen->svm_buffers);
   screen->next_kernel_id = 1;
   slab_create_parent(&screen->transfer_pool, sizeof(struct pipe_transfer), 16);
   if (!(screen->debug & NPU_DRV_NO_CACHE))
      screen->disk_cache = npu_code_cache_open(screen->info->arch_version);

   struct pipe_screen *base = &screen->base;
   base->destroy = npu_screen_destroy;
   base->get_name = npu_get_name;
   base->get_vendor = npu_get_vendor;
   base->get_device_vendor = npu_get_vendor;
   base->get_device_uuid = npu_get_device_uuid;
   base->get_driver_uuid = npu_get_driver_uuid;
   base->get_shader_param = npu_get_shader_param;
   base->get_compute_param = npu_get_compute_param;
   base->get_compiler_options = npu_get_compiler_options;
   base->finalize_nir = npu_finalize_nir;
   base->is_format_supported = npu_is_format_supported;
   base->get_timestamp = npu_get_timestamp;
   base->query_memory_info = npu_query_memory_info;
   base->get_disk_shader_cache = npu_get_disk_shader_cache;
   base->context_create = npu_context_create;
   npu_resource_screen_init(screen);
   npu_fence_screen_init(screen);
   init_caps(screen);
   return base;

err_close:
   npu_program_unref(screen->no_program);
   npu_device_close(screen->dev);
err_free:
   ralloc_free(screen);
   return NULL;
}
