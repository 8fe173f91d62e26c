/* SPDX-License-Identifier: MIT
 * Copyright © 2026 The NPU stack authors
 *
 * The pipe loader of the NPU's OpenCL driver.
 *
 * Rusticl finds its devices through Mesa's pipe loader. Mesa's own knows render nodes and software
 * rasterizers; an accelerator is neither (it is a node under /dev/accel, or the model in this
 * process), so this file answers the same three calls for it and nothing else. The winsys decides
 * which transport reaches the device, so there is always exactly one candidate here; a screen that
 * cannot be created means that there is no NPU, and Rusticl skips it.
 *
 * It misses: several NPUs in one machine.
 */

#include "pipe-loader/pipe_loader.h"
#include "pipe-loader/pipe_loader_priv.h"
#include "pipe/p_screen.h"
#include "util/u_memory.h"
#include "util/xmlconfig.h"

#include "compiler/npu/npu_compile.h"
#include "npu_public.h"

/* The name by which Rusticl's RUSTICL_ENABLE and its list of default drivers know the driver. */
static char driver_name[] = "npu";

static struct pipe_screen *
create_screen(struct pipe_loader_device *dev, const struct pipe_screen_config *config, bool sw_vk)
{
   struct pipe_screen *screen = npu_screen_create(config);

   /* Whether there is a bus address to tell (cl_khr_pci_bus_info) is known only now. */
   if (screen && npu_screen_is_pci(screen))
      dev->type = PIPE_LOADER_DEVICE_PCI;
   return screen;
}

static const struct driOptionDescription *
get_driconf(struct pipe_loader_device *dev, unsigned *count)
{
   *count = 0;
   return NULL;
}

static void
release(struct pipe_loader_device **dev)
{
   driDestroyOptionCache(&(*dev)->option_cache);
   driDestroyOptionInfo(&(*dev)->option_info);
   FREE(*dev);
   *dev = NULL;
}

static const struct pipe_loader_ops npu_loader_ops = {
   .create_screen = create_screen,
   .get_driconf = get_driconf,
   .release = release,
};

/* Fills up to "ndev" entries of "devs" (which may be NULL if it is 0) and returns how many there
 * are. The caller owns the devices and gives them back to pipe_loader_release().
 */
int
pipe_loader_probe(struct pipe_loader_device **devs, int ndev, bool with_zink)
{
   if (ndev < 1)
      return 1;

   struct pipe_loader_device *dev = CALLOC_STRUCT(pipe_loader_device);
   if (!dev)
      return 0;

   dev->type = PIPE_LOADER_DEVICE_PLATFORM;
   dev->driver_name = driver_name;
   dev->ops = &npu_loader_ops;
   devs[0] = dev;
   return 1;
}

/* Returns the screen of a probed device, or NULL if there is no usable NPU behind it. */
struct pipe_screen *
pipe_loader_create_screen(struct pipe_loader_device *dev, bool driver_name_is_inferred)
{
   /* The library of built-in functions is loaded right after the screen. */
   npu_libclc_register();

   if (!dev->option_info.info)
      driParseOptionInfo(&dev->option_info, NULL, 0);

   const struct pipe_screen_config config = {
      .driver_name_is_inferred = driver_name_is_inferred,
      .options = &dev->option_cache,
      .options_info = &dev->option_info,
   };
   return dev->ops->create_screen(dev, &config, false);
}

/* Gives back "ndev" devices that pipe_loader_probe() returned. */
void
pipe_loader_release(struct pipe_loader_device **devs, int ndev)
{
   for (int i = 0; i < ndev; i++)
      devs[i]->ops->release(&devs[i]);
}
